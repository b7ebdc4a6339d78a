import { defineCheck, type Finding } from './check.js'
import { refusals } from './support/refusals.js'
import { atServer, confirm } from './support/steps.js'
import { affected } from './support/wording.js'

const rules = ['message-too-large'] as const

interface Evidence {
  readonly maximumBytes: number
  readonly bytes: number | null
}

/** SSL_MAX_CERT_LIST_DEFAULT of BoringSSL and of OpenSSL before it. */
const androidMaximum = 102_400

export const certificateListTooLarge = defineCheck<Evidence>({
  id: 'certificate-list-too-large',
  severity: 'error',
  title: 'The server sends more certificate bytes than Android reads',
  sources: ['boringssl ssl/internal.h@android-14.0.0_r1 SSL_MAX_CERT_LIST_DEFAULT'],
  rules,
  run: (context) => {
    const judged = new Set(refusals(context, rules).map(({ endpoint }) => endpoint))
    return context.endpoints.flatMap((endpoint): Finding<Evidence>[] => {
      const { outcome } = endpoint
      const isStopped = outcome.kind === 'limit-exceeded' && outcome.limit === 'maxCertificateBytes'
      if (!isStopped && !judged.has(endpoint)) return []
      const sent = endpoint.presented.reduce((sum, { der }) => sum + der.length, 0)
      return [
        {
          endpoint: endpoint.id,
          releases: context.releases,
          evidence: {
            maximumBytes: isStopped ? outcome.maximum : androidMaximum,
            bytes: isStopped ? outcome.actual : sent,
          },
        },
      ]
    })
  },
  message: ({ bytes, maximumBytes }, finding, context) =>
    `The certificate list has ${bytes ?? 'too many'} bytes; ${affected(finding.releases, context)} reads at most ${maximumBytes} and ends the handshake.`,
  steps: (_evidence, finding, context) => [
    `Windows sends at most a handful of certificates, so a load balancer or reverse proxy at ${finding.endpoint ?? 'this address'} sends a whole bundle of authorities. Its administrator: use the leaf and its intermediates as chain file, nothing else.`,
    `If it is ${atServer(finding)} itself: look for very large certificates in the chain with certutil -v -store CA.`,
    confirm(context, finding, 'the list is short'),
  ],
})
