import { endOf } from '../tls/exchange-end.js'
import { defineCheck, type Finding } from './check.js'
import { refusals } from './support/refusals.js'
import { atServer, confirm } from './support/steps.js'
import { affected, safe } from './support/wording.js'

interface Evidence {
  readonly kind: 'failed' | 'not-provable'
  readonly detail: string
}

const rules = ['key-not-proven'] as const

export const keyNotProven = defineCheck<Evidence>({
  id: 'key-not-proven',
  severity: 'error',
  title: 'The server did not prove that it holds the key of its certificate',
  sources: ['RFC 8446 §4.4.3', 'RFC 5246 §7.4.3', 'RFC 8422 §5.4'],
  rules,
  run: (context) => [
    ...refusals(context, rules).map(
      ({ endpoint, releases, details }): Finding<Evidence> => ({
        endpoint: endpoint.id,
        releases,
        evidence: { kind: 'failed', detail: details.join('; ') },
      }),
    ),
    ...context.endpoints.flatMap(({ id, outcome }): Finding<Evidence>[] => {
      if (outcome.kind !== 'observed' || endOf(outcome) !== 'not-provable') return []
      const { keyProof } = outcome.observation
      if (keyProof.kind !== 'not-provable') return []
      const evidence = { kind: keyProof.kind, detail: safe(keyProof.detail) } as const
      return [{ endpoint: id, releases: [], severity: 'info', evidence }]
    }),
  ],
  message: ({ kind, detail }, finding, context) =>
    kind === 'failed'
      ? `The signature of the handshake does not fit the certificate sent first (${detail}); ${affected(finding.releases, context)} ends the handshake.`
      : `The server chose a key exchange without a signature (${detail}). Phones may use it; this check only cannot show that the key is there, and the exchange has no forward secrecy.`,
  steps: ({ kind }, finding, context) => [
    kind === 'failed'
      ? `AD FS administrator, on ${atServer(finding)}: certificate and key do not belong together. Import the PFX again into Cert:\\LocalMachine\\My, or try certutil -repairstore My THUMBPRINT, and set the certificate again. On a load balancer: the key file of another certificate is in use.`
      : `AD FS administrator, on ${atServer(finding)}: put ECDHE suites first (Get-TlsCipherSuite shows the order, Enable-TlsCipherSuite -Name TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 -Position 0 changes it).`,
    confirm(context, finding, 'the key is proven'),
  ],
})
