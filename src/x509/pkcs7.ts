import { encode, withDefiniteLengths } from './ber.js'
import type { Certificate } from './certificate.js'
import { bytesOf, childrenOf, DerError, expectTag, oidOf, onlyElement, tags } from './der.js'

const signedData = '1.2.840.113549.1.7.2'
// DER of the two object identifiers a certs-only message needs.
const signedDataOid = Buffer.from('06092a864886f70d010702', 'hex')
const dataOid = Buffer.from('06092a864886f70d010701', 'hex')

/**
 * DER of each certificate of a SignedData (RFC 5652 §5.1), in order. Signatures over the message are not looked at:
 * a certs-only file has none, and every certificate has to prove itself. Throws `DerError`.
 */
export function certificatesOfPkcs7(bytes: Uint8Array): Uint8Array[] {
  const [type, explicit] = childrenOf(onlyElement(withDefiniteLengths(bytes), tags.sequence))
  if (!type || !explicit || oidOf(type) !== signedData) {
    throw new DerError('PKCS #7 content other than SignedData holds no certificates', 0)
  }
  const [content] = childrenOf(expectTag(explicit, 0xa0))
  if (!content) throw new DerError('SignedData is empty', explicit.start)
  const certificates = childrenOf(expectTag(content, tags.sequence)).find(({ tag }) => tag === 0xa0)
  // CertificateChoices other than a plain certificate carry a context tag and are obsolete or attribute certificates.
  return certificates
    ? childrenOf(certificates)
        .filter(({ tag }) => tag === tags.sequence)
        .map(bytesOf)
    : []
}

/**
 * A certs-only PKCS #7 file (`.p7b`, RFC 5652 §5.1 with no signers), certificates in the order given. DER would sort
 * the set; no reader asks for it, and leaf-to-root order is what a person expects to see.
 */
export function toPkcs7(certificates: readonly Certificate[]): Uint8Array {
  const body = encode(
    tags.sequence,
    encode(tags.integer, Buffer.of(1)),
    encode(tags.set),
    encode(tags.sequence, dataOid),
    encode(0xa0, ...certificates.map(({ der }) => der)),
    encode(tags.set),
  )
  return encode(tags.sequence, signedDataOid, encode(0xa0, body))
}
