import { defineCheck, type Finding } from './check.js'
import { type CertificateFact, called, factOf, leafOf, observationOf } from './support/certificates.js'
import { confirm, reissueSteps } from './support/steps.js'
import { distinctLogs, embeddedTimestamps } from './support/timestamps.js'
import { daysBetween, plural } from './support/wording.js'

interface Evidence {
  readonly certificate: CertificateFact
  readonly logs: number
  readonly wanted: number
}

/** Lifetime up to which two logs are enough (conscrypt PolicyImpl). */
const shortLivedDays = 180

export const tooFewSct = defineCheck<Evidence>({
  id: 'too-few-sct',
  severity: 'warning',
  title: 'The certificate is in too few Certificate Transparency logs',
  sources: [
    'RFC 6962 §3.3',
    'google/conscrypt PolicyImpl.java',
    'frameworks/base NetworkSecurityConfig.java (2026, apps targeting API 37)',
  ],
  rules: [],
  run(context) {
    if (!context.releases.includes('17')) return []
    return context.endpoints.flatMap((endpoint): Finding<Evidence>[] => {
      const leaf = leafOf(endpoint)
      const accepted = endpoint.verdicts.some(({ kind, release }) => kind === 'accepted' && release === '17')
      if (!leaf || !accepted) return []
      const inHandshake = observationOf(endpoint.outcome)?.signedCertificateTimestamps ?? null
      const embedded = distinctLogs(embeddedTimestamps(leaf))
      const wanted = daysBetween(leaf.notBefore, leaf.notAfter) <= shortLivedDays ? 2 : 3
      const logs = Math.max(embedded, distinctLogs(inHandshake))
      // Public authorities log every certificate; none at all is the mark of a private one.
      if (logs === 0 || embedded >= wanted || distinctLogs(inHandshake) >= 2) return []
      return [
        {
          endpoint: endpoint.id,
          releases: ['17'],
          evidence: { certificate: factOf(leaf, endpoint), logs, wanted },
        },
      ]
    })
  },
  message: ({ certificate, logs, wanted }) =>
    `${called(certificate)} carries proof of ${plural(logs, 'Certificate Transparency log')}; Android 17 wants ${wanted} in apps that target API 37, unless they trust user-installed or bundled authorities. Older apps and releases do not ask.`,
  steps: (_evidence, finding, context) => [
    ...reissueSteps(
      context,
      finding,
      'with embedded timestamps of enough logs (every public authority offers that)',
    ).slice(0, -1),
    'Or the makers of the app: exempt the domain from Certificate Transparency in its network security config, if the authority is private.',
    confirm(context, finding, 'enough logs are named'),
  ],
})
