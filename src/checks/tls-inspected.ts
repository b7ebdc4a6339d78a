import type { Release } from '../android/releases.js'
import { say, type Words } from '../words/words.js'
import { type Advice, type Case, defineCheck, found } from './check.js'
import { confirming } from './support/advice.js'
import { type Beside, beside, concerned, counting, seenOf } from './support/answers.js'
import { type InspectionSign, inspectedIn, viewsOf } from './support/vantages.js'

export interface Evidence extends Beside {
  readonly vantage: string
  readonly sign: InspectionSign
}

/**
 * Of cases that are joined only: one place alone cannot tell a device in between from the server. What is found here is no
 * other check's business, for it is not the server's answer.
 */
export const tlsInspected = defineCheck({
  id: 'tls-inspected',
  title: 'A device in between answers with a certificate of its own',
  sources: [
    'Zscaler Help, "Choosing the CA Certificate for SSL Inspection"',
    'Forcepoint SMC online help, "Define trusted certificate authorities for TLS inspection"',
    'frameworks/base NetworkSecurityConfig.java (user-added authorities from Android 7)',
  ],
  rules: [],
  seesInspected: true,
  run: (farm) => {
    if (viewsOf(farm).length === 0)
      return { status: 'not-applicable', why: 'the farm was looked at from one place' }
    const signs = inspectedIn(farm)
    return found<Evidence>(
      seenOf(farm).flatMap((seen): Case<Evidence>[] => {
        const { subject, verdicts } = seen
        const sign = signs.get(subject.id)
        if (!sign || subject.kind !== 'served') return []
        const refusing = verdicts.flatMap(({ release, verdict }): Release[] =>
          verdict.kind === 'accepted' ? [] : [release],
        )
        return [
          {
            facet: sign.kind,
            subject: subject.id,
            releases: counting(farm, refusing),
            severity: counting(farm, refusing).length > 0 ? 'critical' : 'warning',
            certificate: sign.certificate,
            evidence: { vantage: subject.vantage!, sign, ...beside(farm, refusing) },
          },
        ]
      }),
    )
  },
  tell(evidence, told) {
    const { vantage, sign } = evidence
    const own: Words =
      sign.kind === 'product'
        ? say`From ${vantage}, the certificate comes from an authority of ${sign.product}, which issues one for every site it inspects`
        : say`From ${vantage}, the certificate has the names and both dates of ${{ certificate: sign.original }}, which ${sign.from} is shown, but another key and another issuer, as TLS inspection makes them`
    const consequence =
      told.releases.length + evidence.others.length > 0
        ? say`${concerned(evidence, told)} refuses it on that network, and so do apps where users or device management installed its root. The AD FS servers are not the cause, and what they send there cannot be seen.`
        : [
            'Phones accept it by a root that they were given. What the AD FS servers send there cannot be seen.',
          ]
    return say`${own}. ${consequence}`
  },
  brief: ({ sign }) =>
    sign.kind === 'product'
      ? say`TLS inspection (${sign.product}) answers`
      : ['TLS inspection answers, not the server'],
  actions: (): readonly Advice[] => [{ action: { verb: 'exempt' }, by: 'network-admin' }, confirming],
})
