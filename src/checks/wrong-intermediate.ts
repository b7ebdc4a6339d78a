import { sameName } from '../x509/name-match.js'
import { defineCheck, type Finding } from './check.js'
import { type CertificateFact, called, factOf, positions } from './support/certificates.js'
import { chainOf, isSelfIssued } from './support/chain.js'
import { noAnchor } from './support/no-anchor.js'
import { applySteps, confirm, importSteps, removeStep } from './support/steps.js'
import { affected, safe, sentence } from './support/wording.js'

interface Evidence {
  /** What stands where the issuer should. */
  readonly wrong: CertificateFact | null
  readonly child: CertificateFact
  /** Whether the key of `wrong` signed `child`: then it is an issuer, but one that leads to no anchor. */
  readonly signed: boolean
  readonly wantedKeyIdentifier: string | null
  readonly replacements: readonly { readonly certificate: CertificateFact; readonly from: string }[]
}

export const wrongIntermediate = defineCheck<Evidence>({
  id: 'wrong-intermediate',
  severity: 'error',
  title: 'The server sends the wrong intermediate certificate',
  sources: [
    'RFC 5280 §6.1.3',
    'conscrypt TrustManagerImpl.java@android-6.0.1_r1 (first name match) and @android-7.0.0_r1 (all candidates)',
  ],
  rules: ['wrong-key'],
  run(context) {
    const troubles = noAnchor(context).filter(({ wrong }) => wrong.length > 0)
    const findings = troubles.map(({ endpoint, chain, wrong }): Finding<Evidence> => {
      const impostor = chain.impostors.find(({ issuerSent }) => !issuerSent) ?? chain.impostors[0]
      const child = impostor?.child ?? chain.leaf
      const first = positions(endpoint).find(
        ({ index, certificate }) => index > 0 && sameName(certificate.subject, child.issuer),
      )
      const culprit = impostor?.certificate ?? first?.certificate
      return {
        endpoint: endpoint.id,
        releases: wrong,
        evidence: {
          wrong: culprit ? factOf(culprit, endpoint) : null,
          child: factOf(child, endpoint),
          signed: impostor === undefined,
          wantedKeyIdentifier: child.authorityKeyIdentifier?.keyIdentifier ?? null,
          replacements: endpoint.missing.map(({ certificate, from }) => ({
            certificate: factOf(certificate),
            from: safe(from),
          })),
        },
      }
    })
    const harmless = context.endpoints
      .filter((endpoint) => !troubles.some((trouble) => trouble.endpoint === endpoint))
      .flatMap((endpoint) => {
        const stray = chainOf(endpoint)?.impostors.find(({ certificate }) => !isSelfIssued(certificate))
        return stray === undefined
          ? []
          : [
              {
                endpoint: endpoint.id,
                releases: [],
                severity: 'info' as const,
                evidence: {
                  wrong: factOf(stray.certificate, endpoint),
                  child: factOf(stray.child, endpoint),
                  signed: false,
                  wantedKeyIdentifier: stray.child.authorityKeyIdentifier?.keyIdentifier ?? null,
                  replacements: [],
                },
              },
            ]
      })
    return [...findings, ...harmless]
  },
  message({ wrong, child, signed, wantedKeyIdentifier }, finding, context) {
    const who = affected(finding.releases, context)
    if (wrong === null) return `${sentence(who)} does not get from ${called(child)} to the root that it has.`
    if (signed) {
      return `${called(wrong)} did issue ${called(child)} but leads to no root that Android has. ${sentence(who)} takes the first certificate of that name and looks no further.`
    }
    const keys = `its key identifier is ${wrong.keyIdentifier ?? 'absent'}, ${wantedKeyIdentifier ?? 'another'} is wanted`
    const consequence =
      finding.severity === 'info'
        ? 'Android finds its way without it: harmless, but worth removing.'
        : `${sentence(who)} finds no way to a root.`
    return `${called(wrong)} has the name of the issuer of ${called(child)} but another key: it did not sign it (${keys}). ${consequence}`
  },
  steps({ wrong, replacements }, finding, context) {
    return [
      ...(wrong ? [removeStep(finding, wrong)] : []),
      ...(replacements.length > 0
        ? importSteps(context, finding, replacements)
        : applySteps(context, finding)),
      confirm(context, finding, wrong ? `"${wrong.name}" is sent with the wanted key` : 'it is accepted'),
    ]
  },
})
