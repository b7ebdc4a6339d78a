import { verifySignature } from '../x509/signature.js'
import { defineCheck, type Finding } from './check.js'
import { type CertificateFact, distinct, factOf } from './support/certificates.js'
import { chainOf, isSelfSigned } from './support/chain.js'
import { confirm } from './support/steps.js'

interface Evidence {
  readonly sent: readonly CertificateFact[]
}

export const chainMisordered = defineCheck<Evidence>({
  id: 'chain-misordered',
  severity: 'info',
  title: 'The certificates are not sent in the order of the chain',
  sources: ['RFC 5246 §7.4.2', 'RFC 8446 §4.4.2', 'conscrypt TrustManagerImpl.java@android-5.0.0_r1'],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap((endpoint): Finding<Evidence>[] => {
      const chain = chainOf(endpoint)
      if (!chain) return []
      // Strangers, duplicates and the root have findings of their own.
      const related = new Set(chain.related)
      const sent = distinct(endpoint.presented).filter(
        (certificate, index) => related.has(certificate) && (index === 0 || !isSelfSigned(certificate)),
      )
      const inOrder = sent.every(
        (certificate, index) =>
          index === 0 || sent.slice(0, index).some((child) => verifySignature(child, certificate)),
      )
      return inOrder
        ? []
        : [
            {
              endpoint: endpoint.id,
              releases: [],
              evidence: { sent: sent.map((certificate) => factOf(certificate, endpoint)) },
            },
          ]
    }),
  message: ({ sent }) =>
    `Sent in the order ${sent.map(({ name }) => `"${name}"`).join(', ')}, although each should certify one before it. Every Android release sorts them itself: harmless there, but some other clients refuse.`,
  steps: (_evidence, finding, context) => [
    'Windows sends chains in order, so a load balancer or reverse proxy ends TLS here. Its administrator: order the PEM bundle leaf, issuer of the leaf, issuer of that one; no root.',
    confirm(context, finding, 'the order is as wanted'),
  ],
})
