import type { Certificate } from '../x509/certificate.js'

/** Long enough to recognise a certificate, short enough for any path on Windows (MAX_PATH is 260). */
const maxSubjectLength = 48

/**
 * A file name from a subject and the start of its SHA-256: ASCII letters, digits, hyphens. The hash keeps two authorities
 * of one name apart and makes names that Windows reserves (`CON`, `NUL`) harmless.
 */
export function certificateFileName(certificate: Certificate): string {
  const name = certificate.subject.commonNames.at(-1) ?? certificate.subject.text
  const plain = name
    // Octets that the name view escaped (control characters, bidi marks) are not worth a place in a file name.
    .replace(/\\[0-9a-f]{2}/g, '-')
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, maxSubjectLength)
  return `${plain || 'certificate'}-${certificate.sha256.slice(0, 8)}`
}
