import { say } from '../words/words.js'
import { algorithmName } from '../x509/algorithm-name.js'
import { defineCheck, found } from './check.js'
import { applying, confirming, importing, reissuing, removing } from './support/advice.js'
import { called, concerned, shownAt } from './support/answers.js'
import { whichList } from './support/lists.js'
import { type RefusalEvidence, refusalCases, refusing } from './support/refusals.js'

export interface Evidence extends RefusalEvidence {
  readonly algorithm: string | null
}

const rules = ['weak-signature'] as const

export const weakSignature = defineCheck({
  id: 'weak-signature',
  title: 'A certificate is signed with an algorithm that Android refuses',
  sources: [
    'conscrypt ChainStrengthAnalyzer.java@android-5.0.0_r1, @android-6.0.0_r1, @android-10.0.0_r1 (commit 1d6a0b84)',
    'libcore security.properties jdk.certpath.disabledAlgorithms',
  ],
  rules,
  run: (farm) =>
    found(
      refusalCases(farm, rules).map((one) => {
        const certificate = farm.certificates.get(one.certificate ?? '')
        const algorithm = certificate ? algorithmName(certificate.signatureAlgorithm) : null
        return { ...one, evidence: { ...one.evidence, algorithm } }
      }),
    ),
  tell: (evidence: Evidence, told) =>
    evidence.certificate
      ? say`${whichList(evidence, told)}${called(evidence.certificate)} is signed with ${evidence.algorithm ?? 'a weak algorithm'}; ${concerned(evidence, told)} ${refusing(evidence)} the server. A root may be signed so, a certificate below it may not.`
      : say`${{ untrusted: evidence.details.join('; ') }}: ${concerned(evidence, told)} ${refusing(evidence)} the server.`,
  actions: ({ certificate }, told) => {
    if (!certificate || certificate.position === 0)
      return [reissuing(certificate?.sha256 ?? null, { kind: 'stronger-signature' }), confirming]
    // A successor that was found is what to import; else the authority must make one.
    const successors = shownAt(told.farm, told.subjects).flatMap(({ repair }) => repair?.add ?? [])
    const renewed = reissuing(null, { kind: 'intermediate-renewed', certificate: certificate.sha256 })
    return [
      ...(successors.length > 0 ? importing(successors.map((added) => added.certificate.sha256)) : [renewed]),
      ...removing(told, certificate.sha256),
      ...applying(told),
    ]
  },
})
