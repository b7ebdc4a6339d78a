import { defineCheck, type Finding } from './check.js'
import { observationOf } from './support/certificates.js'
import { atServer, confirm } from './support/steps.js'
import { describeEnd } from './support/unreachable.js'
import { affected, sentence } from './support/wording.js'

interface Evidence {
  readonly hello: string
  readonly fact: string
  /** What the server agreed on with a hello that offers everything. */
  readonly agreed: string
  /** Refused by the server, not merely unanswered. */
  readonly certain: boolean
}

export const handshakeRefusedToRelease = defineCheck<Evidence>({
  id: 'handshake-refused-to-release',
  severity: 'error',
  title: 'The server agrees on no TLS connection with some Android releases',
  sources: [
    'RFC 8446 §4.1.1',
    'conscrypt NativeCrypto.java per release',
    'Microsoft: Protocols in TLS/SSL (Schannel SSP)',
  ],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap((endpoint) => {
      const general = observationOf(endpoint.outcome)
      if (!general) return []
      return endpoint.hellos.flatMap(({ id, releases, outcome }): Finding<Evidence>[] => {
        const concerned = context.releases.filter((release) => releases.includes(release))
        const end = describeEnd(outcome, atServer({ endpoint: endpoint.id }), context.target.name)
        if (!end || observationOf(outcome) || concerned.length === 0) return []
        const certain = outcome.kind === 'alert' || outcome.kind === 'reset' || outcome.kind === 'closed'
        return [
          {
            endpoint: endpoint.id,
            releases: concerned,
            severity: certain ? 'error' : 'warning',
            evidence: {
              hello: id,
              fact: end.fact,
              agreed: `${general.protocol}, ${general.cipherSuite.name}`,
              certain,
            },
          },
        ]
      })
    }),
  message: ({ hello, fact, agreed, certain }, finding, context) =>
    `${fact}, when greeted as ${affected(finding.releases, context)} does (hello "${hello}"); a hello that offers everything got ${agreed}. ${certain ? `${sentence(affected(finding.releases, context))} cannot connect, whatever the certificates are.` : 'Whether these releases can connect is not known.'}`,
  steps: (_evidence, finding, context) => [
    `AD FS administrator, on ${atServer(finding)}: see what Windows allows: Get-TlsCipherSuite | Format-Table Name, and the keys below HKLM:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols. TLS 1.2 with TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (for an EC certificate TLS_ECDHE_ECDSA_...) and the curve NistP256 reaches Android 5.0 and later.`,
    'Enable what is missing (Enable-TlsCipherSuite -Name NAME) and reboot. If only releases are left out that nobody uses any more, leave it so and say --android with the releases you support. On a load balancer: the TLS profile of the listener.',
    confirm(context, finding, 'the handshake succeeds for these releases'),
  ],
})
