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
 * Encodes a ClientHello handshake message (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2). Never offered: a session to resume,
 * compression of certificates, client authentication after the handshake.
 */
export function encodeClientHello(shape: HelloShape, hello: HelloParameters): Buffer {
  const known = latest.get(shape)
  if (!known || !differInChance(known.hello, hello)) {
    const bytes = encode(shape, hello)
    latest.set(shape, { hello, bytes })
    return bytes
  }
  const bytes = Buffer.from(known.bytes)
  bytes.set(hello.random, randomAt)
  bytes.set(hello.sessionId, randomAt + hello.random.length + 1)
  return bytes
}

/** The hello said last in a shape: in a farm the next differs in its random octets alone. */
const latest = new WeakMap<HelloShape, { readonly hello: HelloParameters; readonly bytes: Buffer }>()

const differInChance = (a: HelloParameters, b: HelloParameters): boolean =>
  a.sniName === b.sniName &&
  a.cookie === null &&
  b.cookie === null &&
  a.random.length === b.random.length &&
  a.sessionId.length === b.sessionId.length &&
  a.keyShares.length === b.keyShares.length &&
  a.keyShares.every((share, index) => share === b.keyShares[index])

/** Behind the type and length of the message, and its version. */
const randomAt = 6

function encode(shape: HelloShape, hello: HelloParameters): Buffer {
  const { version, suites, extensions: fixed } = templateOf(shape)
  const start = [version, hello.random, Buffer.of(hello.sessionId.length), hello.sessionId, suites]
  const extensions = fixed.flatMap((part) =>
    part === 'name'
      ? nameExtension(hello.sniName)
      : part === 'shares'
        ? shareExtension(hello.keyShares)
        : [part],
  )
  if (hello.cookie) extensions.push(extension(extensionTypes.cookie, vector(2, [...hello.cookie])))
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
  /** In order; `name` and `shares` stand where those that differ from hello to hello go. */
  readonly extensions: readonly (Buffer | 'name' | 'shares')[]
  readonly offered: ReadonlySet<number>
}

const templates = new WeakMap<HelloShape, Template>()

function templateOf(shape: HelloShape): Template {
  let template = templates.get(shape)
  if (!template) {
    const list = shape.extensions.flatMap((type) => {
      const content = contentOf(type, shape)
      return content === null ? [] : [{ type, content }]
    })
    template = {
      version: Buffer.from(uint(2, Math.min(0x0303, shape.versions.at(-1)!))),
      suites: Buffer.from([...codes(shape.cipherSuites), 1, 0]),
      extensions: list.map(({ type, content }) =>
        typeof content === 'string' ? content : extension(type, content),
      ),
      // The signalling suite value asks for the renegotiation_info answer as the extension does (RFC 5746 §3.6).
      offered: new Set([
        ...list.map(({ type }) => type),
        extensionTypes.keyShare,
        extensionTypes.renegotiationInfo,
      ]),
    }
    templates.set(shape, template)
  }
  return template
}

/** What an extension says in the hellos of a shape; null: nothing, so that it is not sent. */
function contentOf(type: number, shape: HelloShape): readonly number[] | 'name' | 'shares' | null {
  const types = extensionTypes
  const [hasOld, hasTls13] = [shape.versions[0]! < 0x0304, shape.versions.at(-1) === 0x0304]
  switch (type) {
    case types.serverName:
      return shape.sni ? 'name' : null
    case types.statusRequest:
      return [1, 0, 0, 0, 0]
    case types.supportedGroups:
      return shape.groups.length > 0 ? codes(shape.groups) : null
    case types.ecPointFormats:
      return shape.groups.length > 0 && hasOld ? vector(1, [...shape.pointFormats]) : null
    case types.signatureAlgorithms:
      return shape.signatureSchemes.length > 0 ? codes(shape.signatureSchemes) : null
    case types.alpn: {
      const protocols = shape.alpn.flatMap((name) => vector(1, [...Buffer.from(name)]))
      return protocols.length > 0 ? vector(2, protocols) : null
    }
    case types.extendedMasterSecret:
      return hasOld ? [] : null
    case types.renegotiationInfo:
      return hasOld && !shape.cipherSuites.includes(0x00ff) ? [0] : null
    case types.supportedVersions: {
      const newestFirst = [...shape.versions].reverse().flatMap((version) => uint(2, version))
      return hasTls13 ? vector(1, newestFirst) : null
    }
    case types.pskKeyExchangeModes:
      // psk_dhe_ke (RFC 8446 §4.2.9): announced by clients that keep tickets, also where they have none to use.
      return hasTls13 ? vector(1, [1]) : null
    case types.keyShare:
      return hasTls13 ? 'shares' : null
    case types.sessionTicket:
    case types.signedCertificateTimestamps:
      return []
    default:
      throw new TypeError(`no content is known for extension ${type}`)
  }
}

function nameExtension(name: string | null): Buffer[] {
  if (name === null) return []
  return [extension(extensionTypes.serverName, vector(2, [0, ...vector(2, [...Buffer.from(name)])]))]
}

function shareExtension(keyShares: readonly KeyShare[]): Buffer[] {
  const entries = keyShares.map(({ entry }) => entry)
  const size = sizeOf(entries)
  return [
    Buffer.from([...uint(2, extensionTypes.keyShare), ...uint(2, size + 2), ...uint(2, size)]),
    ...entries,
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
    // Of a name with letters Node's test need not be asked: for IPv6 it takes milliseconds to come up.
    !(/^[\d.]+$/.test(serverName) && isIP(serverName) !== 0) &&
    /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i.test(serverName)
  return shape.sni && valid ? serverName : null
}
