import { defineCheck, type Finding } from './check.js'
import { type CertificateFact, factOf, positions } from './support/certificates.js'
import { confirm } from './support/steps.js'

interface Evidence {
  readonly certificate: CertificateFact
  readonly positions: readonly number[]
}

export const duplicateCertificate = defineCheck<Evidence>({
  id: 'duplicate-certificate',
  severity: 'info',
  title: 'A certificate is sent more than once',
  sources: ['conscrypt TrustManagerImpl.java@android-5.0.0_r1 and @android-16.0.0_r2'],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap((endpoint) => {
      const all = positions(endpoint)
      return all.flatMap(({ certificate, index }): Finding<Evidence>[] => {
        const same = all.filter((other) => other.certificate.sha256 === certificate.sha256)
        return same.length < 2 || same[0]!.index !== index
          ? []
          : [
              {
                endpoint: endpoint.id,
                releases: [],
                evidence: {
                  certificate: factOf(certificate, endpoint),
                  positions: same.map((other) => other.index),
                },
              },
            ]
      })
    }),
  message: ({ certificate, positions: at }) =>
    `"${certificate.name}" is sent ${at.length} times (${at.map((index) => `presented[${index}]`).join(', ')}). Every Android release passes over copies: harmless, only bytes.`,
  steps: (_evidence, finding, context) => [
    'Windows does not send copies, so a load balancer or reverse proxy ends TLS here. Its administrator: remove the copy from the PEM bundle (often the leaf is both in the certificate and in the chain file).',
    confirm(context, finding, 'each certificate is sent once'),
  ],
})
