import type { Release } from '../android/releases.js'
import { defineCheck, type Finding, type JudgedEndpoint } from './check.js'
import { observationOf } from './support/certificates.js'
import { atServer, confirm } from './support/steps.js'
import { affected, sentence } from './support/wording.js'

const rules = ['handshake-refused'] as const

interface Evidence {
  readonly details: readonly string[]
  /** What the server agreed on with a hello that offers more. */
  readonly agreed: string | null
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
  rules,
  run: (context) =>
    context.endpoints.flatMap((endpoint) => {
      // Each reason with its releases: joined, they would read as if every release met them all.
      const byReason = new Map<string, Release[]>()
      for (const verdict of endpoint.verdicts) {
        if (verdict.kind !== 'refused' || verdict.reason.rule !== rules[0]) continue
        const { detail } = verdict.reason
        byReason.set(detail, [...(byReason.get(detail) ?? []), verdict.release])
      }
      return [...byReason].map(
        ([detail, releases]): Finding<Evidence> => ({
          endpoint: endpoint.id,
          releases,
          evidence: { details: detail === '' ? [] : [detail], agreed: agreedBy(endpoint) },
        }),
      )
    }),
  message: ({ details, agreed }, finding, context) =>
    `${sentence(affected(finding.releases, context))} cannot connect, whatever the certificates are${details.length > 0 ? `: ${details.join('; ')}` : ''}.${agreed ? ` Another hello got ${agreed}.` : ''}`,
  steps: (_evidence, finding, context) => [
    `AD FS administrator, on ${atServer(finding)}: see what Windows allows: Get-TlsCipherSuite | Format-Table Name, Get-TlsEccCurve, and the keys below HKLM:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols. TLS 1.2 with TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (for an EC certificate TLS_ECDHE_ECDSA_...) and the curve NistP256 reaches Android 5.0 and later.`,
    'Enable what is missing (Enable-TlsCipherSuite -Name NAME) and reboot. If only releases are left out that nobody uses any more, leave it so and say --android with the releases you support. On a load balancer: the TLS profile of the listener.',
    confirm(context, finding, 'the handshake succeeds for these releases'),
  ],
})

function agreedBy({ outcome }: JudgedEndpoint): string | null {
  const observation = observationOf(outcome)
  return observation && `${observation.protocol}, ${observation.cipherSuite.name}`
}
