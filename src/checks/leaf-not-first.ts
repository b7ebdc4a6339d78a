import { defineCheck } from './check.js'
import { called, factOf, leafElsewhere, leafOf } from './support/certificates.js'
import { atServer, confirm } from './support/steps.js'
import { affected } from './support/wording.js'

export const leafNotFirst = defineCheck({
  id: 'leaf-not-first',
  severity: 'error',
  title: "The server's own certificate is not the first one sent",
  sources: ['RFC 8446 §4.4.2', 'RFC 5246 §7.4.2', 'conscrypt TrustManagerImpl.java@android-16.0.0_r2'],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap((endpoint) => {
      const [first, leaf] = [leafOf(endpoint), leafElsewhere(endpoint)]
      return first && leaf
        ? [
            {
              endpoint: endpoint.id,
              releases: context.releases,
              evidence: { first: factOf(first, endpoint), leaf: factOf(leaf, endpoint) },
            },
          ]
        : []
    }),
  message: ({ first, leaf }, finding, context) =>
    `The first certificate is the authority ${called(first)}; the server's own is ${called(leaf)}. Everything after the first may come in any order, but ${affected(finding.releases, context)} takes the first for the server's and refuses it.`,
  steps: ({ leaf }, finding, context) => [
    `Windows always sends the server's own certificate first, so something else ends TLS at ${finding.endpoint ?? 'this address'}: find out which load balancer, web application firewall or reverse proxy it is.`,
    `Its administrator: put "${leaf.name}" first in the PEM bundle, then its intermediates; no root. If it is ${atServer(finding)} after all, set the certificate again: Set-AdfsSslCertificate, on a proxy Set-WebApplicationProxySslCertificate.`,
    confirm(context, finding, `"${leaf.name}" is presented[0]`),
  ],
})
