import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto'
import { isIP } from 'node:net'

/**
 * A throw-away certification authority for the demo farm and the tests. It issues whatever it is asked to, sound or
 * not; nothing in the checker uses it.
 */

export type KeyKind =
  | 'rsa-1024'
  | 'rsa-2048'
  | 'rsa-3072'
  | 'rsa-4096'
  | 'rsa-pss'
  | 'P-256'
  | 'P-384'
  | 'P-521'
  | 'ed25519'

export interface IssueOptions {
  /** Common name, or attribute pairs in order, e.g. `[['O', 'Contoso'], ['CN', 'Contoso Issuing CA']]`. */
  readonly subject: string | readonly (readonly [attribute: 'C' | 'O' | 'OU' | 'CN', value: string])[]
  /** Omitted: self-signed. */
  readonly issuer?: Issued
  /** A kind to generate (default `P-256`), or the key of another certificate for a renewal or a cross-certificate. */
  readonly key?: KeyKind | KeyObject
  readonly ca?: boolean | { readonly pathLength: number }
  /** Default: one day before the epoch given by `at`. */
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** dNSNames and addresses. */
  readonly names?: readonly string[]
  /** keyUsage bits by number (RFC 5280 §4.2.1.3); null: no extension. Default by role. */
  readonly keyUsage?: readonly number[] | null
  /** Purpose OIDs; null: no extension. Default: serverAuth for end entities, none for authorities. */
  readonly extendedKeyUsage?: readonly string[] | null
  readonly caIssuers?: readonly string[]
  readonly hash?: 'sha1' | 'sha256' | 'sha384' | 'sha512' | 'md5'
  /** Sign with RSASSA-PSS even though the issuer's key is plain RSA. */
  readonly pss?: boolean
  readonly version?: 1 | 3
  /** Subject and authority key identifiers; null: left out. */
  readonly subjectKeyIdentifier?: Uint8Array | null
  readonly authorityKeyIdentifier?: Uint8Array | null
  readonly stringType?: 'utf8' | 'printable'
  readonly extensions?: readonly {
    readonly oid: string
    readonly critical?: boolean
    readonly value: Uint8Array
  }[]
}

export interface Issued {
  readonly der: Uint8Array
  readonly pem: string
  readonly key: KeyObject
  readonly keyPem: string
  readonly subjectDer: Uint8Array
  readonly subjectKeyIdentifier: Uint8Array | null
}

const attributeOids = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const
const dayMs = 86_400_000
let lastSerial = 0x1000

/** Issues one certificate. The clock is the machine's unless both validity dates are given. */
export function issue(options: IssueOptions): Issued {
  const key = typeof options.key === 'object' ? options.key : generateKey(options.key ?? 'P-256')
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const subjectDer = encodeName(options.subject, options.stringType ?? 'utf8')
  const signer = options.issuer ?? { key, subjectDer, subjectKeyIdentifier: null }
  const algorithm = signatureAlgorithm(signer.key, options.hash ?? 'sha256', options.pss ?? false)
  const identifier =
    options.subjectKeyIdentifier === undefined
      ? createHash('sha1').update(spki).digest()
      : options.subjectKeyIdentifier
  const authority =
    options.authorityKeyIdentifier === undefined
      ? signer.subjectKeyIdentifier
      : options.authorityKeyIdentifier
  const now = Date.now()
  const tbs = sequence(
    ...((options.version ?? 3) === 3 ? [tlv(0xa0, integer(2))] : []),
    integer(++lastSerial),
    algorithm.identifier,
    signer.subjectDer,
    sequence(
      time(options.notBefore ?? new Date(now - dayMs)),
      time(options.notAfter ?? new Date(now + 365 * dayMs)),
    ),
    subjectDer,
    spki,
    ...((options.version ?? 3) === 3
      ? [tlv(0xa3, sequence(...extensions(options, identifier, authority)))]
      : []),
  )
  const der = sequence(tbs, algorithm.identifier, bitString(algorithm.sign(tbs)))
  return {
    der,
    pem: new X509Certificate(der).toString(),
    key,
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    subjectDer,
    subjectKeyIdentifier: identifier,
  }
}

function extensions(
  options: IssueOptions,
  identifier: Uint8Array | null,
  authority: Uint8Array | null,
): Buffer[] {
  const ca = options.ca !== undefined && options.ca !== false
  const pathLength = typeof options.ca === 'object' ? [integer(options.ca.pathLength)] : []
  const keyUsage = options.keyUsage === undefined ? (ca ? [5, 6] : [0, 2]) : options.keyUsage
  const purposes =
    options.extendedKeyUsage === undefined ? (ca ? null : ['1.3.6.1.5.5.7.3.1']) : options.extendedKeyUsage
  return [
    ...(ca ? [extension('2.5.29.19', true, sequence(tlv(0x01, Buffer.of(0xff)), ...pathLength))] : []),
    ...(keyUsage ? [extension('2.5.29.15', true, keyUsageBits(keyUsage))] : []),
    ...(purposes ? [extension('2.5.29.37', false, sequence(...purposes.map(oid)))] : []),
    ...(options.names ? [extension('2.5.29.17', false, sequence(...options.names.map(generalName)))] : []),
    ...(identifier ? [extension('2.5.29.14', false, tlv(0x04, identifier))] : []),
    ...(authority ? [extension('2.5.29.35', false, sequence(tlv(0x80, authority)))] : []),
    ...(options.caIssuers
      ? [
          extension(
            '1.3.6.1.5.5.7.1.1',
            false,
            sequence(
              ...options.caIssuers.map((url) =>
                sequence(oid('1.3.6.1.5.5.7.48.2'), tlv(0x86, Buffer.from(url))),
              ),
            ),
          ),
        ]
      : []),
    ...(options.extensions ?? []).map(({ oid: id, critical, value }) =>
      extension(id, critical ?? false, value),
    ),
  ]
}

export function generateKey(kind: KeyKind): KeyObject {
  switch (kind) {
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey
    case 'rsa-pss':
      return generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey
    case 'P-256':
    case 'P-384':
    case 'P-521':
      return generateKeyPairSync('ec', { namedCurve: kind }).privateKey
    default:
      return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4)) }).privateKey
  }
}

const hashOids = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}
const hashBytes = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }
const rsaOids = {
  md5: '1.2.840.113549.1.1.4',
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
}
const ecdsaOids = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
}

type Hash = NonNullable<IssueOptions['hash']>

function signatureAlgorithm(
  key: KeyObject,
  hash: Hash,
  pss: boolean,
): { identifier: Buffer; sign: (tbs: Buffer) => Buffer } {
  const kind = key.asymmetricKeyType
  if (kind === 'ed25519')
    return { identifier: sequence(oid('1.3.101.112')), sign: (tbs) => sign(null, tbs, key) }
  if (kind === 'ec' && hash !== 'md5')
    return { identifier: sequence(oid(ecdsaOids[hash])), sign: (tbs) => sign(hash, tbs, key) }
  if (kind === 'rsa' && !pss)
    return { identifier: sequence(oid(rsaOids[hash]), nullValue), sign: (tbs) => sign(hash, tbs, key) }
  if (hash === 'md5') throw new Error('md5 goes with an RSA key only')
  const digest = sequence(oid(hashOids[hash]), nullValue)
  const parameters = sequence(
    tlv(0xa0, digest),
    tlv(0xa1, sequence(oid('1.2.840.113549.1.1.8'), digest)),
    tlv(0xa2, integer(hashBytes[hash])),
  )
  const padding = 6 // constants.RSA_PKCS1_PSS_PADDING
  return {
    identifier: sequence(oid('1.2.840.113549.1.1.10'), parameters),
    sign: (tbs) => sign(hash, tbs, { key, padding, saltLength: hashBytes[hash] }),
  }
}

function encodeName(subject: IssueOptions['subject'], stringType: 'utf8' | 'printable'): Buffer {
  const pairs = typeof subject === 'string' ? ([['CN', subject]] as const) : subject
  const tag = stringType === 'utf8' ? 0x0c : 0x13
  return sequence(
    ...pairs.map(([attribute, value]) =>
      tlv(
        0x31,
        sequence(oid(attributeOids[attribute]), tlv(attribute === 'C' ? 0x13 : tag, Buffer.from(value))),
      ),
    ),
  )
}

function generalName(name: string): Buffer {
  if (isIP(name) === 4) return tlv(0x87, Buffer.from(name.split('.').map(Number)))
  if (isIP(name) === 6) return tlv(0x87, addressBytes(name))
  return tlv(0x82, Buffer.from(name))
}

function addressBytes(address: string): Buffer {
  const [head = '', tail] = address.split('::')
  const words = (text: string) => text.split(':').filter(Boolean)
  const missing = tail === undefined ? 0 : 8 - words(head).length - words(tail).length
  const all = [...words(head), ...Array<string>(missing).fill('0'), ...words(tail ?? '')]
  return Buffer.from(all.map((word) => word.padStart(4, '0')).join(''), 'hex')
}

function keyUsageBits(bits: readonly number[]): Buffer {
  const bytes = Buffer.alloc(bits.some((bit) => bit > 7) ? 2 : 1)
  for (const bit of bits) bytes[bit >> 3]! |= 0x80 >> (bit & 7)
  const highest = Math.max(0, ...bits)
  return tlv(0x03, Buffer.concat([Buffer.of(7 - (highest & 7)), bytes]))
}

export function tlv(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const size = body.length.toString(16)
  const length =
    body.length < 0x80
      ? Buffer.of(body.length)
      : Buffer.from(size.padStart(size.length + (size.length & 1), '0'), 'hex')
  return Buffer.concat([
    Buffer.of(tag),
    ...(body.length < 0x80 ? [] : [Buffer.of(0x80 | length.length)]),
    length,
    body,
  ])
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => tlv(0x30, ...content)

const nullValue = Buffer.of(0x05, 0x00)
const bitString = (bytes: Uint8Array) => tlv(0x03, Buffer.of(0), bytes)
const extension = (id: string, critical: boolean, value: Uint8Array) =>
  sequence(oid(id), ...(critical ? [tlv(0x01, Buffer.of(0xff))] : []), tlv(0x04, value))

function integer(value: number): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length & 1), '0'), 'hex')
  return tlv(0x02, ...(bytes[0]! & 0x80 ? [Buffer.of(0)] : []), bytes)
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const base128 = (arc: number): number[] =>
    arc < 0x80 ? [arc] : [...base128(Math.floor(arc / 128)).map((b) => b | 0x80), arc & 0x7f]
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)))
}

/** UTCTime through 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]|\.\d+/g, '')
  return at.getUTCFullYear() < 2050 ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits))
}
