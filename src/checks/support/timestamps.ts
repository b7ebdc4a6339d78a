import type { Certificate } from '../../x509/certificate.js'
import { contentOf, DerError, onlyElement, tags } from '../../x509/der.js'

/** The SignedCertificateTimestampList inside a certificate (RFC 6962 §3.3); null: none, or it cannot be read. */
export function embeddedTimestamps(certificate: Certificate): Uint8Array | null {
  const extension = certificate.extensions.find(({ oid }) => oid === '1.3.6.1.4.1.11129.2.4.2')
  if (!extension) return null
  try {
    return contentOf(onlyElement(extension.value, tags.octetString))
  } catch (error) {
    if (error instanceof DerError) return null
    throw error
  }
}

/** How many different logs a SignedCertificateTimestampList names; what cannot be read does not count. */
export function distinctLogs(list: Uint8Array | null): number {
  if (list === null) return 0
  const bytes = Buffer.from(list.buffer, list.byteOffset, list.byteLength)
  const logs = new Set<string>()
  // Two octets of length, then for each timestamp two octets of length, a version (0) and the 32 octets of the log's id.
  for (let offset = 2; offset + 35 <= bytes.length; ) {
    const length = bytes.readUInt16BE(offset)
    if (length >= 33 && bytes[offset + 2] === 0) logs.add(bytes.toString('hex', offset + 3, offset + 35))
    offset += 2 + length
  }
  return logs.size
}
