import { say } from '../words/words.js'
import { algorithmName } from '../x509/algorithm-name.js'
import { defineCheck, found } from './check.js'
import { applying, confirming, importing, reissuing, removing, renewing } from './support/advice.js'
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
      ? say`${whichList(evidence, told)}${called(evidence.certificate)} is signed with ${inWords(evidence.algorithm)}; ${concerned(evidence, told)} ${refusing(evidence)} the server. A root may be signed so, a certificate below it may not.`
      : say`${{ untrusted: evidence.details.join('; ') }}: ${concerned(evidence, told)} ${refusing(evidence)} the server.`,
  brief: ({ certificate, algorithm }) =>
    certificate
      ? say`${{ certificate: certificate.sha256 }} is signed with ${inWords(algorithm)}`
      : ['a signature is weak'],
  actions: ({ certificate }, told) => {
    if (!certificate || certificate.position === 0)
      return [reissuing(certificate?.sha256 ?? null, { kind: 'stronger-signature' }), confirming]
    // A successor that was found is what to import; else the authority must make one.
    const successors = shownAt(told.farm, told.subjects).flatMap(({ repair }) => repair?.add ?? [])
    if (successors.length === 0) return renewing(certificate.sha256, { kind: 'stronger-signature' })
    return [
      ...importing(successors.map((added) => added.certificate.sha256)),
      ...removing(told, certificate.sha256),
      ...applying(told),
    ]
  },
})

/** The hash is what is weak; the whole name is in the evidence. */
const inWords = (algorithm: string | null): string =>
  /^md[25]|sha-?1(?!\d)/i
    .exec(algorithm ?? '')?.[0]
    .toUpperCase()
    .replace(/^SHA-?1$/, 'SHA-1') ??
  algorithm ??
  'a weak algorithm'
