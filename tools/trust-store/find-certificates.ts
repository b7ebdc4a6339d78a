import { createHash } from 'node:crypto'

const pemLabel = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----([^-]+)-----END/g
const bareBase64 = /MII[A-Za-z0-9+/]{400,8000}={0,2}/g

/**
 * The certificates among `bytes` whose SHA-256 (hex) is in `wanted`, in whatever form a package carries them: PEM, bare
 * base64 in source code, or DER inside a key store. Nothing else about the bytes is trusted; the hash decides.
 */
export function findCertificates(bytes: Buffer, wanted: ReadonlySet<string>): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  const offer = (der: Buffer): void => {
    const sha256 = createHash('sha256').update(der).digest('hex')
    if (wanted.has(sha256)) found.set(sha256, der)
  }
  // Source code may spell the line ends of a PEM block as \n.
  const text = bytes.toString('latin1').replaceAll('\\n', '\n')
  for (const [, body] of text.matchAll(pemLabel)) offer(Buffer.from(body!, 'base64'))
  for (const [body] of text.matchAll(bareBase64)) offer(Buffer.from(body, 'base64'))
  // A certificate is a SEQUENCE with a two-octet length; no root is shorter than 300 bytes or longer than 5000.
  for (let at = bytes.indexOf('3082', 0, 'hex'); at >= 0; at = bytes.indexOf('3082', at + 1, 'hex')) {
    if (at + 4 > bytes.length) break
    const end = at + 4 + bytes.readUInt16BE(at + 2)
    if (end - at >= 300 && end - at <= 5000 && end <= bytes.length) offer(bytes.subarray(at, end))
  }
  return found
}
