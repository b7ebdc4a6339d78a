import { defineCheck, type Finding } from './check.js'
import { type CertificateFact, called, distinct, factOf } from './support/certificates.js'
import { chainOf, isSelfSigned } from './support/chain.js'
import { confirm } from './support/steps.js'
import { listSome } from './support/wording.js'

interface Evidence {
  readonly certificates: readonly CertificateFact[]
}

export const unrelatedCertificate = defineCheck<Evidence>({
  id: 'unrelated-certificate',
  severity: 'info',
  title: 'The server sends certificates that do not belong to its chain',
  sources: ['conscrypt TrustManagerImpl.java@android-5.0.0_r1 and @android-16.0.0_r2'],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap((endpoint): Finding<Evidence>[] => {
      const chain = chainOf(endpoint)
      // A chain of one with a stranger beside it is told as a missing intermediate; the stranger is worth a line too.
      const known = new Set([
        ...(chain?.related ?? []),
        ...(chain?.impostors ?? []).map(({ certificate }) => certificate),
      ])
      const strangers = distinct(endpoint.presented).filter(
        (certificate) => chain !== null && !known.has(certificate) && !isSelfSigned(certificate),
      )
      return strangers.length === 0
        ? []
        : [
            {
              endpoint: endpoint.id,
              releases: [],
              evidence: { certificates: strangers.map((certificate) => factOf(certificate, endpoint)) },
            },
          ]
    }),
  message: ({ certificates }) =>
    `${listSome(certificates.map(called))} issued nothing in this chain. Every Android release passes over strangers: harmless, but often the sign of an old or foreign intermediate file.`,
  steps: (_evidence, finding, context) => [
    'Windows sends only what it built itself, so a load balancer or reverse proxy ends TLS here. Its administrator: take the certificates named out of the PEM bundle, and check that the right intermediates are in it.',
    confirm(context, finding, 'only the chain is sent'),
  ],
})
