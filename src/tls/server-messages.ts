import { extensionTypes } from './code-points.js'
import { Cursor, ProtocolError } from './wire.js'

/** ServerHello or HelloRetryRequest as sent (RFC 8446 §4.1.3). */
export interface ServerHello {
  readonly version: number
  readonly random: Buffer
  readonly sessionId: Buffer
  readonly cipherSuite: number
  readonly compression: number
  readonly extensions: ReadonlyMap<number, Buffer>
}

/** The `random` that makes a ServerHello a HelloRetryRequest (RFC 8446 §4.1.3): SHA-256 of "HelloRetryRequest". */
const retryRandom = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex')

export const isRetry = (hello: ServerHello): boolean => hello.random.equals(retryRandom)

export function readServerHello(body: Buffer): ServerHello {
  const cursor = new Cursor(body, 'ServerHello')
  const hello = {
    version: cursor.uint(2),
    random: cursor.take(32),
    sessionId: cursor.vector(1),
    cipherSuite: cursor.uint(2),
    compression: cursor.uint(1),
    // Before extensions existed the message ended here.
    extensions: cursor.left > 0 ? readExtensions(cursor, 'ServerHello') : new Map<number, Buffer>(),
  }
  cursor.end()
  return hello
}

export function readEncryptedExtensions(body: Buffer): ReadonlyMap<number, Buffer> {
  const cursor = new Cursor(body, 'EncryptedExtensions')
  const extensions = readExtensions(cursor, 'EncryptedExtensions')
  cursor.end()
  return extensions
}

function readExtensions(cursor: Cursor, where: string): Map<number, Buffer> {
  const list = cursor.cursor(2)
  const extensions = new Map<number, Buffer>()
  while (list.left > 0) {
    const type = list.uint(2)
    if (extensions.has(type)) throw new ProtocolError(`${where} carries extension ${type} twice`)
    extensions.set(type, list.vector(2))
  }
  return extensions
}

/** What a Certificate message holds, in any version. */
export interface CertificateMessage {
  /** Copies, so that they outlive the receive buffer. */
  readonly certificates: readonly Uint8Array[]
  /** Extensions of the first entry; always empty before TLS 1.3. */
  readonly extensions: ReadonlyMap<number, Buffer>
}

/** Certificate before TLS 1.3 (RFC 5246 §7.4.2). */
export function readCertificate(body: Buffer): CertificateMessage {
  const cursor = new Cursor(body, 'Certificate')
  const list = cursor.cursor(3)
  cursor.end()
  const certificates: Uint8Array[] = []
  while (list.left > 0) certificates.push(certificateEntry(list))
  return { certificates, extensions: new Map() }
}

/** Certificate of TLS 1.3 (RFC 8446 §4.4.2). */
export function readCertificate13(body: Buffer): CertificateMessage {
  const cursor = new Cursor(body, 'Certificate')
  if (cursor.vector(1).length > 0)
    throw new ProtocolError('Certificate carries a request context in the handshake')
  const list = cursor.cursor(3)
  cursor.end()
  const certificates: Uint8Array[] = []
  let extensions: ReadonlyMap<number, Buffer> = new Map()
  while (list.left > 0) {
    certificates.push(certificateEntry(list))
    const own = readExtensions(list, 'Certificate')
    if (certificates.length === 1) extensions = own
  }
  return { certificates, extensions }
}

function certificateEntry(list: Cursor): Uint8Array {
  const entry = list.vector(3)
  if (entry.length === 0) throw new ProtocolError('Certificate has an entry without content')
  return new Uint8Array(entry)
}

/** The OCSP response of a CertificateStatus (RFC 6066 §8), as a message or as an extension of a TLS 1.3 entry. */
export function readCertificateStatus(body: Buffer): Uint8Array {
  const cursor = new Cursor(body, 'CertificateStatus')
  if (cursor.uint(1) !== 1) throw new ProtocolError('CertificateStatus is not of the type ocsp')
  const response = cursor.vector(3)
  cursor.end()
  return new Uint8Array(response)
}

/** The key exchange parameters the server signs, as bytes, and the signature (RFC 8422 §5.4, RFC 5246 §7.4.3). */
export interface ServerKeyExchange {
  readonly parameters: Buffer
  /** Named group of ECDHE; null for DHE. */
  readonly group: number | null
  readonly scheme: number | null
  readonly signature: Buffer
}

export function readServerKeyExchange(
  body: Buffer,
  keyExchange: 'ecdhe' | 'dhe',
  version: number,
): ServerKeyExchange {
  const cursor = new Cursor(body, 'ServerKeyExchange')
  let group: number | null = null
  if (keyExchange === 'ecdhe') {
    if (cursor.uint(1) !== 3)
      throw new ProtocolError('ServerKeyExchange describes a curve instead of naming it')
    group = cursor.uint(2)
    cursor.vector(1)
  } else {
    // p, g and the server's public value.
    for (let i = 0; i < 3; i++) cursor.vector(2)
  }
  const parameters = cursor.read
  const { scheme, signature } = readSignature(cursor, version >= 0x0303)
  return { parameters, group, scheme, signature }
}

/** CertificateVerify of TLS 1.3 (RFC 8446 §4.4.3). */
export function readCertificateVerify(body: Buffer): { scheme: number; signature: Buffer } {
  const { scheme, signature } = readSignature(new Cursor(body, 'CertificateVerify'), true)
  return { scheme: scheme!, signature }
}

function readSignature(cursor: Cursor, named: boolean): { scheme: number | null; signature: Buffer } {
  const scheme = named ? cursor.uint(2) : null
  const signature = cursor.vector(2)
  cursor.end()
  return { scheme, signature }
}

/** The protocol of an ALPN answer: a list of exactly one name (RFC 7301 §3.1). */
export function readAlpn(extension: Buffer): string {
  const cursor = new Cursor(extension, 'ALPN answer')
  const list = cursor.cursor(2)
  const name = list.vector(1)
  list.end()
  cursor.end()
  return name.toString('latin1')
}

/** Group and public value of the server's key_share; a HelloRetryRequest has the group alone (RFC 8446 §4.2.8). */
export function readKeyShare(extension: Buffer, retry: boolean): { group: number; publicKey: Buffer } {
  const cursor = new Cursor(extension, 'key_share')
  const share = { group: cursor.uint(2), publicKey: retry ? Buffer.alloc(0) : cursor.vector(2) }
  cursor.end()
  return share
}

/** The version chosen by extension; null: a server that speaks TLS 1.2 or less. */
export function selectedVersion(hello: ServerHello): number | null {
  const extension = hello.extensions.get(extensionTypes.supportedVersions)
  if (!extension) return null
  const cursor = new Cursor(extension, 'supported_versions')
  const version = cursor.uint(2)
  cursor.end()
  return version
}

export function readCookie(extension: Buffer): Buffer {
  const cursor = new Cursor(extension, 'cookie')
  const cookie = cursor.vector(2)
  cursor.end()
  return cookie
}
