import { defineCheck, type Finding } from './check.js'
import { observationOf } from './support/certificates.js'
import { refusals } from './support/refusals.js'
import { atServer, confirm } from './support/steps.js'
import { affected } from './support/wording.js'

const rules = ['nothing-presented'] as const

export const noCertificateSent = defineCheck({
  id: 'no-certificate-sent',
  severity: 'error',
  title: 'The server sent no certificate',
  sources: ['RFC 8446 §4.4.2', 'RFC 5246 §7.4.2'],
  rules,
  run: (context) => {
    const judged = new Set(refusals(context, rules).map(({ endpoint }) => endpoint))
    return context.endpoints
      .filter(
        (endpoint) => judged.has(endpoint) || observationOf(endpoint.outcome)?.certificates.length === 0,
      )
      .map(
        (endpoint): Finding<{ cipherSuite: string | null }> => ({
          endpoint: endpoint.id,
          releases: context.releases,
          evidence: { cipherSuite: observationOf(endpoint.outcome)?.cipherSuite.name ?? null },
        }),
      )
  },
  message: ({ cipherSuite }, finding, context) =>
    `The server answers in TLS${cipherSuite ? ` (${cipherSuite})` : ''} and sends an empty certificate list; ${affected(finding.releases, context)} ends the handshake.`,
  steps: (_evidence, finding, context) => [
    `AD FS administrator, on ${atServer(finding)}: see which certificate is bound (netsh http show sslcert) and whether it is still in Cert:\\LocalMachine\\My with its private key; set it again with Set-AdfsSslCertificate, on a proxy Set-WebApplicationProxySslCertificate.`,
    'If a load balancer ends TLS here, its administrator assigns the server certificate to the listener.',
    confirm(context, finding, 'certificates are shown'),
  ],
})
