import { isIP } from 'node:net'
import { extensionTypes } from './code-points.js'
import type { HelloShape } from './observation.js'
import { uint, vector } from './wire.js'

/** What one ClientHello carries beside its shape. */
export interface HelloParameters {
  /** Name for the server_name extension; null: none is sent. */
  readonly sniName: string | null
  readonly random: Buffer
  /** 32 octets with TLS 1.3 (middlebox compatibility, RFC 8446 §D.4), else empty: no session is ever resumed. */
  readonly sessionId: Buffer
  readonly keyShares: readonly { readonly group: number; readonly publicKey: Uint8Array }[]
  /** From a HelloRetryRequest. */
  readonly cookie: Buffer | null
}

/**
 * Encodes a ClientHello handshake message (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2). Never offered: sessions, tickets,
 * compression of certificates, client authentication after the handshake.
 */
export function encodeClientHello(shape: HelloShape, parameters: HelloParameters): Buffer {
  const body = [
    ...uint(2, Math.min(0x0303, shape.versions.at(-1)!)),
    ...parameters.random,
    ...vector(1, [...parameters.sessionId]),
    ...vector(
      2,
      shape.cipherSuites.flatMap((suite) => uint(2, suite)),
    ),
    ...vector(1, [0]),
  ]
  const extensions = extensionsOf(shape, parameters).flatMap(([type, octets]) => [
    ...uint(2, type),
    ...vector(2, octets),
  ])
  // Old F5 balancers hang on hellos of 256 to 511 octets; as BoringSSL does, grow past that (RFC 7685).
  const length = 4 + body.length + 2 + extensions.length
  if (length > 0xff && length < 0x200) {
    const padding = Math.max(1, 0x200 - length - 4)
    extensions.push(...uint(2, extensionTypes.padding), ...vector(2, Array<number>(padding).fill(0)))
  }
  return Buffer.from([1, ...vector(3, extensions.length > 0 ? [...body, ...vector(2, extensions)] : body)])
}

/** Types of the extensions that the shape sends: a server may answer these and no others (RFC 8446 §4.2). */
export function offeredExtensions(shape: HelloShape, sniName: string | null): ReadonlySet<number> {
  const parameters = {
    sniName,
    random: Buffer.alloc(0),
    sessionId: Buffer.alloc(0),
    keyShares: [],
    cookie: null,
  }
  // The signalling suite value asks for the renegotiation_info answer as the extension does (RFC 5746 §3.6).
  return new Set([
    ...extensionsOf(shape, parameters).map(([type]) => type),
    extensionTypes.renegotiationInfo as number,
  ])
}

function extensionsOf(shape: HelloShape, hello: HelloParameters): [type: number, octets: number[]][] {
  const types = extensionTypes
  const list: [number, number[]][] = []
  const codes = (values: readonly number[]) =>
    vector(
      2,
      values.flatMap((value) => uint(2, value)),
    )
  const [lowest, highest] = [shape.versions[0]!, shape.versions.at(-1)!]
  if (hello.sniName !== null)
    list.push([types.serverName, vector(2, [0, ...vector(2, [...Buffer.from(hello.sniName)])])])
  if (lowest < 0x0304) {
    list.push([types.extendedMasterSecret, []])
    if (!shape.cipherSuites.includes(0x00ff)) list.push([types.renegotiationInfo, [0]])
  }
  if (shape.groups.length > 0) {
    list.push([types.supportedGroups, codes(shape.groups)])
    if (lowest < 0x0304) list.push([types.ecPointFormats, vector(1, [0])])
  }
  if (shape.alpn.length > 0) {
    const names = shape.alpn.flatMap((name) => vector(1, [...Buffer.from(name)]))
    list.push([types.alpn, vector(2, names)])
  }
  if (shape.statusRequest) list.push([types.statusRequest, [1, 0, 0, 0, 0]])
  if (shape.signatureSchemes.length > 0) list.push([types.signatureAlgorithms, codes(shape.signatureSchemes)])
  if (shape.signedCertificateTimestamps) list.push([types.signedCertificateTimestamps, []])
  if (highest === 0x0304) {
    const newestFirst = [...shape.versions].reverse().flatMap((version) => uint(2, version))
    list.push([types.supportedVersions, vector(1, newestFirst)])
    const shares = hello.keyShares.flatMap(({ group, publicKey }) => [
      ...uint(2, group),
      ...vector(2, [...publicKey]),
    ])
    list.push([types.keyShare, vector(2, shares)])
  }
  if (hello.cookie) list.push([types.cookie, vector(2, [...hello.cookie])])
  return list
}

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
