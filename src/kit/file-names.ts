import type { Certificate } from '../x509/certificate.js'
import { shortName } from '../x509/identity.js'

/** Long enough to recognise a certificate or machine, short enough for any path on Windows (MAX_PATH is 260). */
const maxLength = 48

/** ASCII letters, digits and single hyphens; empty where nothing of the text is left. */
export const fileNameOf = (text: string): string =>
  text
    // Octets that the name view escaped (control characters, bidi marks) are not worth a place in a file name.
    .replace(/\\[0-9a-f]{2}/g, '-')
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, maxLength)
    .replace(/^-+|-+$/g, '')

/**
 * A file name without ending, from a subject and the start of its SHA-256, which keeps two authorities of one name apart
 * and makes names that Windows reserves (`CON`, `NUL`) harmless.
 */
export const certificateFileName = (certificate: Certificate): string =>
  `${fileNameOf(shortName(certificate.subject)) || 'certificate'}-${certificate.sha256.slice(0, 8)}`
