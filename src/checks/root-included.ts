import { defineCheck, type Finding } from './check.js'
import { type CertificateFact, called, distinct, factOf } from './support/certificates.js'
import { isSelfSigned } from './support/chain.js'
import { confirm } from './support/steps.js'

interface Evidence {
  readonly root: CertificateFact
}

export const rootIncluded = defineCheck<Evidence>({
  id: 'root-included',
  severity: 'info',
  title: 'The server sends a root certificate',
  sources: ['RFC 8446 §4.4.2', 'Microsoft KB954755 (Windows leaves the root out)'],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap((endpoint) =>
      distinct(endpoint.presented)
        .slice(1)
        .filter(isSelfSigned)
        .map(
          (root): Finding<Evidence> => ({
            endpoint: endpoint.id,
            releases: [],
            evidence: { root: factOf(root, endpoint) },
          }),
        ),
    ),
  message: ({ root }) =>
    `${called(root)} is self-signed. A phone trusts only the roots it already has, so sending one neither helps nor harms. Windows never sends the root: another device ends TLS here, or the chain was put together by hand.`,
  steps: ({ root }, finding, context) => [
    `Whoever runs the device that ends TLS here may take "${root.name}" out of its PEM bundle; intermediates stay.`,
    confirm(context, finding, 'no root is sent'),
  ],
})
