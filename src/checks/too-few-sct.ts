import { judgeTransparency, type TransparencyCount } from '../android/transparency.js'
import { defineCheck, type Finding } from './check.js'
import { type CertificateFact, called, factOf, leafOf, observationOf } from './support/certificates.js'
import { confirm, reissueSteps } from './support/steps.js'
import { listSome, plural, safe } from './support/wording.js'

interface Evidence {
  readonly certificate: CertificateFact
  /** Logs that the list of this program lacks would decide. */
  readonly uncertain: boolean
  readonly counts: readonly TransparencyCount[]
}

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
  run: (context) =>
    context.endpoints.flatMap((endpoint): Finding<Evidence>[] => {
      const leaf = leafOf(endpoint)
      const observation = observationOf(endpoint.outcome)
      const accepted = endpoint.verdicts.find(({ release }) => release === '17')
      const anchor = accepted?.kind === 'accepted' ? accepted.path.certificates.at(-1) : undefined
      // A private authority logs nothing, and apps that trust it are exempt.
      if (!leaf || !observation || !anchor || !context.isPublicAnchor(anchor.certificate)) return []
      const { signedCertificateTimestamps, stapledOcsp } = observation
      const verdict = judgeTransparency({ leaf, signedCertificateTimestamps, stapledOcsp, at: context.at })
      if (verdict.kind === 'enough') return []
      const uncertain = verdict.kind === 'cannot-tell'
      return [
        {
          endpoint: endpoint.id,
          releases: ['17'],
          severity: uncertain ? 'info' : 'warning',
          evidence: { certificate: factOf(leaf, endpoint), uncertain, counts: verdict.counts },
        },
      ]
    }),
  message({ certificate, uncertain, counts }) {
    const ways = counts.filter(({ logs, unknownLogs }) => logs + unknownLogs > 0).map(describe)
    const consequence = uncertain
      ? 'Whether the logs unknown here count for Android 17 cannot be told'
      : 'Android 17 refuses it in apps that target API 37, unless they trust user-installed or bundled authorities'
    return `${called(certificate)} has ${ways.length === 0 ? 'no timestamps' : `timestamps of ${ways.join('; ')}`}. ${consequence}; older apps and releases do not ask.`
  },
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

function describe({
  delivery,
  logs,
  unknownLogs,
  operators,
  logsNeeded,
  operatorsNeeded,
}: TransparencyCount) {
  const where = delivery === 'embedded' ? 'in the certificate' : 'in the handshake'
  const known = `${plural(logs, 'known log')}${operators.length > 0 ? ` (${listSome(operators.map(safe))})` : ''}`
  const unknown = unknownLogs > 0 ? ` and ${plural(unknownLogs, 'unknown one')}` : ''
  return `${known}${unknown} ${where}, where ${logsNeeded} of ${operatorsNeeded} operators are wanted`
}
