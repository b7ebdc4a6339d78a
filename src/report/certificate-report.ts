import { toPem } from '../containers/bundle.js'
import { algorithmName } from '../x509/algorithm-name.js'
import type { Certificate } from '../x509/certificate.js'
import { shortName, thumbprintOf } from '../x509/identity.js'
import { instant } from './instant.js'
import type { CertificateReport } from './schema.js'

/** What the report says of one certificate; `origins` in the order they were met. */
export function certificateReport(certificate: Certificate, origins: readonly string[]): CertificateReport {
  const { bits, curve, algorithm } = certificate.publicKey
  return {
    subject: certificate.subject.text,
    name: shortName(certificate.subject),
    issuer: certificate.issuer.text,
    serialNumber: certificate.serialNumber,
    notBefore: instant(certificate.notBefore),
    notAfter: instant(certificate.notAfter),
    subjectKeyIdentifier: certificate.subjectKeyIdentifier,
    authorityKeyIdentifier: certificate.authorityKeyIdentifier?.keyIdentifier ?? null,
    names: (certificate.subjectAltNames ?? []).map(({ type, value }) =>
      type === 'dns' ? value : `${type}:${value}`,
    ),
    isCa: certificate.basicConstraints?.ca ?? false,
    key: [algorithm.toUpperCase(), curve ?? bits].filter((part) => part !== null).join(' '),
    signatureAlgorithm: algorithmName(certificate.signatureAlgorithm),
    caIssuers: [...certificate.caIssuers],
    thumbprint: thumbprintOf(certificate),
    origins: [...new Set(origins)],
    pem: toPem(certificate),
  }
}
