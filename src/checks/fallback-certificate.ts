import { parseCertificate } from '../x509/parse.js'
import { defineCheck, type Finding } from './check.js'
import { type CertificateFact, factOf, leafOf, observationOf } from './support/certificates.js'
import { coveredNames } from './support/names.js'
import { atServer, confirm } from './support/steps.js'
import { day, listSome } from './support/wording.js'

interface Evidence {
  readonly certificate: CertificateFact | null
  readonly isSame: boolean
  readonly names: readonly string[]
}

/** A hello without server name was answered with a certificate. */
export const fallbackCertificate = defineCheck<Evidence>({
  id: 'fallback-certificate',
  severity: 'info',
  title: 'The server answers without a name too',
  sources: ['RFC 6066 §3', 'Microsoft Application Proxy blog, 2014-06-19 (SNI)', 'Microsoft: netsh http'],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap((endpoint): Finding<Evidence>[] => {
      const first = endpoint.withoutServerName && observationOf(endpoint.withoutServerName)?.certificates[0]
      if (!first) return []
      const parsed = parseCertificate(first)
      const certificate = parsed.ok ? parsed.certificate : null
      return [
        {
          endpoint: endpoint.id,
          releases: [],
          evidence: {
            certificate: certificate && factOf(certificate),
            isSame: certificate?.sha256 === leafOf(endpoint)?.sha256,
            names: certificate ? coveredNames(certificate) : [],
          },
        },
      ]
    }),
  message: ({ certificate, isSame, names }) => {
    const what = certificate
      ? `"${certificate.name}" (for ${listSome(names) || 'no DNS name'}, until ${day(certificate.notAfter)})`
      : 'a certificate that cannot be read'
    const guess =
      'AD FS alone would reset such a connection: there is a fallback binding (IP:port), or another device ends TLS here.'
    return isSame
      ? `Without a server name the same certificate comes. ${guess} Android sends the name, so nothing breaks.`
      : `Without a server name a different certificate comes: ${what}. ${guess} Android sends the name, so nothing breaks; after a renewal such bindings are easily forgotten.`
  },
  steps: ({ isSame }, finding, context) => [
    `AD FS administrator, on ${atServer(finding)}: netsh http show sslcert lists the IP:port bindings${isSame ? '' : '; replace the certificate of the one on this port, or netsh http delete sslcert ipport=0.0.0.0:443 if nothing needs it'}. If there is none, ask who runs the load balancer: then the chain is mended there.`,
    confirm(context, finding, 'the answer without a name is as wanted'),
  ],
})
