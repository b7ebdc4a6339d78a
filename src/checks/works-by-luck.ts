import { defineCheck, type Finding } from './check.js'
import { type CertificateFact, factOf, findCertificate } from './support/certificates.js'
import { findsNoAnchor } from './support/no-anchor.js'
import { applySteps, confirm, importSteps, type Source } from './support/steps.js'
import { affected, listSome, safe } from './support/wording.js'

interface Evidence {
  /** Certificates that the app must have met on another server. */
  readonly needs: readonly CertificateFact[]
  readonly on: 'remembered-intermediate' | 'security-patch'
  readonly missing: readonly Source[]
}

export const worksByLuck = defineCheck<Evidence>({
  id: 'works-by-luck',
  severity: 'warning',
  title: 'The server works only on some phones, by luck',
  sources: [
    'conscrypt TrustedCertificateIndex.java, TrustManagerImpl.java@android-16.0.0_r2',
    'conscrypt commit 198aca1f (2016-03: remembered intermediates are no anchors)',
  ],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap((endpoint) => {
      const groups = new Map<string, Finding<Evidence>>()
      for (const verdict of endpoint.verdicts) {
        if (verdict.kind !== 'depends' || verdict.on === 'app-configuration' || !findsNoAnchor(verdict))
          continue
        const key = [verdict.on, ...verdict.needs].join()
        groups.set(key, {
          endpoint: endpoint.id,
          releases: [...(groups.get(key)?.releases ?? []), verdict.release],
          evidence: {
            needs: verdict.needs.flatMap((sha256) => {
              const certificate = findCertificate(endpoint, sha256)
              return certificate ? [factOf(certificate)] : []
            }),
            on: verdict.on,
            missing: endpoint.missing.map(({ certificate, from }) => ({
              certificate: factOf(certificate),
              from: safe(from),
            })),
          },
        })
      }
      return [...groups.values()]
    }),
  message({ needs, on }, finding, context) {
    const names = listSome(needs.map(({ name }) => `"${name}"`)) || 'the missing intermediate'
    return on === 'security-patch'
      ? `${affected(finding.releases, context)} accepts this only before or after a certain security patch (${names}); two phones of one release can differ.`
      : `The chain lacks ${names}. An app on ${affected(finding.releases, context)} accepts the server only if its process met ${needs.length > 1 ? 'them' : 'it'} on another server since it was started; the next phone, or the same one tomorrow, refuses.`
  },
  steps: ({ missing }, finding, context) => [
    ...(missing.length > 0 ? importSteps(context, finding, missing) : applySteps(context, finding)),
    confirm(context, finding, 'it is accepted without --remembered'),
  ],
})
