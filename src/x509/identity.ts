import { createHash } from 'node:crypto'
import type { Certificate, Name } from './certificate.js'
import { nameKey } from './name-match.js'

/** SHA-256 of the DER, lower-case hex: a certificate's identity throughout the program. */
export type Sha256 = string

export const sha256Of = (der: Uint8Array): Sha256 => createHash('sha256').update(der).digest('hex')

/** SHA-1 of the DER, upper-case hex: what Windows calls the thumbprint. */
export const thumbprintOf = ({ der }: Pick<Certificate, 'der'>): string =>
  createHash('sha1').update(der).digest('hex').toUpperCase()

/** Subject and issuer are one name. Roots are, and so is what builders take for one, whoever signed it. */
export const isSelfIssued = ({ subject, issuer }: Pick<Certificate, 'subject' | 'issuer'>): boolean =>
  nameKey(subject) === nameKey(issuer)

/** The name people know a certificate by: its last common name, else the whole subject. Raw text from the network. */
export const shortName = ({ commonNames, text }: Name): string =>
  commonNames.at(-1) || text || 'without a name'
