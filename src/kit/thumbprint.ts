import { createHash } from 'node:crypto'
import type { Certificate } from '../x509/certificate.js'

/** What Windows calls the thumbprint: SHA-1 over the DER, upper-case hex. */
export const thumbprintOf = ({ der }: Certificate): string =>
  createHash('sha1').update(der).digest('hex').toUpperCase()
