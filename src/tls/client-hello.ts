import { isIP } from 'node:net'
import { extensionTypes } from './code-points.js'
import type { KeyShare } from './key-share.js'
import type { HelloShape } from './observation.js'
import { uint, vector } from './wire.js'

/** What one ClientHello carries beside its shape. */
export interface HelloParameters {
  /** Name for the server_name extension; null: none is sent. */
  readonly sniName: string | null
  readonly random: Buffer
  /** 32 octets with TLS 1.3 (middlebox compatibility, RFC 8446 §D.4), else empty: no session is ever resumed. */
  readonly sessionId: Buffer
  readonly keyShares: readonly KeyShare[]
  /** From a HelloRetryRequest. */
  readonly cookie: Buffer | null
}

/**
 * Encodes a ClientHello handshake message (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2). Never offered: sessions, tickets,
 * compression of certificates, client authentication after the handshake.
 */
export function encodeClientHello(shape: HelloShape, hello: HelloParameters): Buffer {
  const { version, suites, extensions: fixed } = templateOf(shape)
  const start = [version, hello.random, Buffer.of(hello.sessionId.length), hello.sessionId, suites]
  const extensions = [...nameExtension(hello.sniName), fixed, ...shareExtensions(shape, hello)]
  // Old F5 balancers hang on hellos of 256 to 511 octets; as BoringSSL does, grow past that (RFC 7685).
  const length = 4 + sizeOf(start) + 2 + sizeOf(extensions)
  if (length > 0xff && length < 0x200)
    extensions.push(extension(extensionTypes.padding, Array<number>(Math.max(1, 0x200 - length - 4)).fill(0)))
  const block = sizeOf(extensions)
  // A hello as old as TLS 1.0 or SSL 3.0 has no empty extension block.
  if (block > 0) start.push(Buffer.from(uint(2, block)), ...extensions)
  return Buffer.concat([Buffer.from([1, ...uint(3, sizeOf(start))]), ...start])
}

/** Types of the extensions that the shape sends: a server may answer these and no others (RFC 8446 §4.2). */
export const offeredExtensions = (shape: HelloShape): ReadonlySet<number> => templateOf(shape).offered

/** What every hello of a shape has in common, encoded once. */
interface Template {
  readonly version: Buffer
  /** cipher_suites and compression_methods. */
  readonly suites: Buffer
  readonly extensions: Buffer
  readonly offered: ReadonlySet<number>
}

const templates = new WeakMap<HelloShape, Template>()

function templateOf(shape: HelloShape): Template {
  let template = templates.get(shape)
  if (!template) {
    const list = fixedExtensions(shape)
    const { serverName, keyShare, renegotiationInfo } = extensionTypes
    template = {
      version: Buffer.from(uint(2, Math.min(0x0303, shape.versions.at(-1)!))),
      suites: Buffer.from([...codes(shape.cipherSuites), 1, 0]),
      extensions: Buffer.concat(list.map(([type, octets]) => extension(type, octets))),
      // The signalling suite value asks for the renegotiation_info answer as the extension does (RFC 5746 §3.6).
      offered: new Set([
        ...list.map(([type]) => type),
        ...(shape.sni ? [serverName] : []),
        keyShare,
        renegotiationInfo,
      ]),
    }
    templates.set(shape, template)
  }
  return template
}

function fixedExtensions(shape: HelloShape): [type: number, octets: readonly number[]][] {
  const types = extensionTypes
  const list: [number, readonly number[]][] = []
  const [lowest, highest] = [shape.versions[0]!, shape.versions.at(-1)!]
  if (lowest < 0x0304) {
    list.push([types.extendedMasterSecret, []])
    if (!shape.cipherSuites.includes(0x00ff)) list.push([types.renegotiationInfo, [0]])
  }
  if (shape.groups.length > 0) {
    list.push([types.supportedGroups, codes(shape.groups)])
    if (lowest < 0x0304) list.push([types.ecPointFormats, vector(1, [0])])
  }
  if (shape.alpn.length > 0) {
    const protocols = shape.alpn.flatMap((name) => vector(1, [...Buffer.from(name)]))
    list.push([types.alpn, vector(2, protocols)])
  }
  if (shape.statusRequest) list.push([types.statusRequest, [1, 0, 0, 0, 0]])
  if (shape.signatureSchemes.length > 0) list.push([types.signatureAlgorithms, codes(shape.signatureSchemes)])
  if (shape.signedCertificateTimestamps) list.push([types.signedCertificateTimestamps, []])
  if (highest === 0x0304) {
    const newestFirst = [...shape.versions].reverse().flatMap((version) => uint(2, version))
    list.push([types.supportedVersions, vector(1, newestFirst)])
  }
  return list
}

function nameExtension(name: string | null): Buffer[] {
  if (name === null) return []
  return [extension(extensionTypes.serverName, vector(2, [0, ...vector(2, [...Buffer.from(name)])]))]
}

function shareExtensions(shape: HelloShape, { keyShares, cookie }: HelloParameters): Buffer[] {
  if (shape.versions.at(-1) !== 0x0304) return []
  const entries = keyShares.map(({ entry }) => entry)
  const size = sizeOf(entries)
  return [
    Buffer.from([...uint(2, extensionTypes.keyShare), ...uint(2, size + 2), ...uint(2, size)]),
    ...entries,
    ...(cookie ? [extension(extensionTypes.cookie, vector(2, [...cookie]))] : []),
  ]
}

const codes = (values: readonly number[]): number[] =>
  vector(
    2,
    values.flatMap((value) => uint(2, value)),
  )
const extension = (type: number, octets: readonly number[]): Buffer =>
  Buffer.from([...uint(2, type), ...vector(2, octets)])
const sizeOf = (parts: readonly Buffer[]): number => parts.reduce((sum, part) => sum + part.length, 0)

/**
 * The name to send as server_name: a host name in A-label form. RFC 6066 §3 allows neither address literals nor a
 * trailing dot, and a server may reset a connection over a name it cannot read.
 */
export function sniNameFor(shape: HelloShape, serverName: string | null): string | null {
  const valid =
    serverName !== null &&
    serverName.length <= 253 &&
    isIP(serverName) === 0 &&
    /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i.test(serverName)
  return shape.sni && valid ? serverName : null
}
