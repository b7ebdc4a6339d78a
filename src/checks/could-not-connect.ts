import { defineCheck, type Finding } from './check.js'
import { atServer, confirm } from './support/steps.js'
import { describeEnd } from './support/unreachable.js'
import { safe } from './support/wording.js'

interface Evidence {
  readonly kind: string
  readonly phase: string | null
  readonly fact: string
  readonly steps: readonly string[]
  /** The certificates came all the same, and are judged. */
  readonly sawCertificates: boolean
}

const resolution: Readonly<Record<string, string>> = {
  'not-found': 'does not exist in DNS',
  'no-address-of-family': 'has no address of the family asked for',
  'timed-out': 'was not answered by DNS in time',
  failed: 'could not be resolved',
  'too-many-addresses': 'has more addresses than are checked',
}

const nameThem = [
  'Whoever ran this check: name every server of the farm with --server ADDRESS; servers that are named are all checked.',
]

export const couldNotConnect = defineCheck<Evidence>({
  id: 'could-not-connect',
  severity: 'error',
  title: 'The server could not be checked',
  sources: ['RFC 8446 §6', 'RFC 6066 §3', 'Microsoft Application Proxy blog, 2014-06-19 (SNI)'],
  rules: [],
  run: (context) => [
    ...context.unresolvedNames.map(
      ({ host, reason, detail }): Finding<Evidence> => ({
        endpoint: null,
        releases: [],
        evidence: {
          kind: reason,
          phase: 'resolve',
          fact: `The name ${safe(host)} ${resolution[reason] ?? 'could not be resolved'} (${safe(detail)})`,
          steps:
            reason === 'too-many-addresses'
              ? nameThem
              : [
                  'Whoever ran this check: is the name spelled right, and does this computer ask the DNS servers that know it? nslookup shows what they say. The federation service name often differs inside and outside.',
                  'DNS administrator: the federation service name needs an A record, outside to the proxies or their load balancer. To check a server that is not in DNS yet, name it with --server ADDRESS.',
                ],
          sawCertificates: false,
        },
      }),
    ),
    ...context.endpoints.flatMap((endpoint): Finding<Evidence>[] => {
      const { outcome, verdicts } = endpoint
      // An alert is an answer: the releases that get it are told by their refusals.
      if (outcome.kind === 'alert' && verdicts.some(({ kind }) => kind === 'refused')) return []
      // More certificates than Android reads is a fault of the server and a finding of its own.
      if (outcome.kind === 'limit-exceeded' && outcome.limit === 'maxCertificateBytes') return []
      const end = describeEnd(outcome, atServer({ endpoint: endpoint.id }), context.target.name)
      if (!end) return []
      const sawCertificates = endpoint.presented.length > 0
      return [
        {
          endpoint: endpoint.id,
          releases: [],
          severity: sawCertificates ? 'warning' : 'error',
          evidence: {
            kind: outcome.kind,
            phase: 'phase' in outcome ? outcome.phase : null,
            ...end,
            sawCertificates,
          },
        },
      ]
    }),
  ],
  message: ({ fact, sawCertificates }) =>
    sawCertificates
      ? `${fact}. The certificates had been sent before, so they are judged; whether phones get further is not known.`
      : `${fact}, so nothing is known of its certificates.`,
  steps: ({ steps }, finding, context) => [...steps, confirm(context, finding, 'certificates are shown')],
})
