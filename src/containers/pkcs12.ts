import { createHmac, timingSafeEqual } from 'node:crypto'
import { type BaseBlock, BmpString, compareSchema, Integer, OctetString } from 'asn1js'
import {
  type AlgorithmIdentifier,
  Attribute,
  AuthenticatedSafe,
  CertBag,
  ContentInfo,
  EncryptedData,
  type MacData,
  PBES2Params,
  PFX,
  SafeBag,
} from 'pkijs'
import { DerError } from '../x509/der.js'
import { childrenIn, parseBer } from './ber.js'
import { binary, loadForge } from './forge.js'
import { ContainerProblem } from './problem.js'

/** One file: one format, whose parts are of no use apart. */

/** What Windows and OpenSSL write beside a bag (RFC 7292 §4.2): which key belongs to which certificate. */
export interface BagLabels {
  readonly friendlyName: string | null
  readonly localKeyId: Uint8Array | null
}

export interface Pkcs12Content {
  /** Bytes of each X.509 certificate bag, in order. */
  readonly certificates: readonly (BagLabels & { readonly der: Uint8Array })[]
  /** Key bags as they stand in the file: what is encrypted in a bag of its own stays so. */
  readonly keys: readonly KeyBag[]
  /** How each safe is encrypted, e.g. `AES-256`, in order; null: in the clear. */
  readonly encryption: readonly (string | null)[]
  /** Digest of the message authentication code, which was verified; null: the file has none. */
  readonly mac: string | null
  /** Passwords that may open the key bags: the one that the code proved right, else those tried. Null: none at all. */
  readonly passwords: readonly (string | null)[]
}

export interface KeyBag extends BagLabels {
  /** Whether `der` is an EncryptedPrivateKeyInfo (RFC 5958 §3) instead of a PrivateKeyInfo. */
  readonly encrypted: boolean
  readonly der: Uint8Array
  /** What the key was kept by on Windows, which puts it back there: `Microsoft Software Key Storage Provider`. */
  readonly provider: string | null
}

/**
 * Key derivation rounds of one file, message authentication code included; those done in JavaScript count ten times.
 * Windows and OpenSSL ask for 2,000 each, careful tools for some 600,000 native ones, Java 8 for 150,000 old ones. All
 * of it is a second or two.
 */
const maxRounds = 2_000_000
const javascriptWeight = 10

/** Bags inside bags: allowed by RFC 7292 §4.2.6, one level seen in the wild. */
const maxNesting = 3

const pbes2 = '1.2.840.113549.1.5.13'
/** Old Windows, OpenSSL 1 and Java (RFC 7292 appendix C); Node's OpenSSL has no RC2 any more, node-forge does. */
const pbes1: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.12.1.3': 'Triple-DES',
  '1.2.840.113549.1.12.1.6': 'RC2-40',
}
/** Ciphers under PBES2 (RFC 8018 appendix B.2). */
const ciphers: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.1.2': 'AES-128',
  '2.16.840.1.101.3.4.1.22': 'AES-192',
  '2.16.840.1.101.3.4.1.42': 'AES-256',
  '1.2.840.113549.3.7': 'Triple-DES',
}
const digests: Readonly<Record<string, 'sha1' | 'sha256' | 'sha384' | 'sha512'>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}
const bags = {
  key: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  nested: '1.2.840.113549.1.12.10.1.6',
}
const x509Certificate = '1.2.840.113549.1.9.22.1'
const friendlyName = '1.2.840.113549.1.9.20'
const localKeyId = '1.2.840.113549.1.9.21'
/** szOID_PKCS_12_KEY_PROVIDER_NAME_ATTR of wincrypt.h; OpenSSL's `-CSP`. */
const keyProvider = '1.3.6.1.4.1.311.17.1'

/**
 * Opens a `.pfx` or `.p12` file (RFC 7292). All rounds that the file asks for are added up before the first one is
 * done. `password` undefined or empty: an empty one and none at all are tried, which the old key derivation tells
 * apart. Throws `ContainerProblem` (wrong password, too many rounds, unknown scheme) or `DerError` for damaged bytes.
 */
export async function readPkcs12(bytes: Uint8Array, password: string | undefined): Promise<Pkcs12Content> {
  const { authSafe, macData } = new PFX({ schema: parseBer(bytes) })
  if (authSafe.contentType !== ContentInfo.DATA) {
    throw new ContainerProblem('is protected with a public key instead of a password, which is not supported')
  }
  const authenticated = octetsOf(authSafe.content)
  const { safeContents } = new AuthenticatedSafe({ schema: parseBer(authenticated) })
  const safes = safeContents.map(safeOf)
  checkRounds(
    safes.reduce((sum, safe) => sum + ('cost' in safe ? safe.cost : 0), 0) +
      (macData ? javascriptWeight * macRounds(macData) : 0),
  )

  const candidates = password ? [password] : ['', null]
  const fitting = macData ? await fittingPasswords(macData, authenticated, candidates) : candidates
  const content: Bags = { certificates: [], keys: [] }
  for (const safe of safes) {
    if ('plain' in safe) readBags(childrenIn(parseBer(safe.plain)), content)
    else await readEncrypted(safe, fitting, macData !== undefined, content)
  }
  return {
    ...content,
    encryption: safes.map((safe) => ('plain' in safe ? null : safe.cipher)),
    mac: macData ? macDigest(macData) : null,
    passwords: fitting,
  }
}

/** Throws `ContainerProblem` where a file asks for too much work. */
export function checkRounds(rounds: number): void {
  if (!(rounds <= maxRounds))
    throw new ContainerProblem(
      `asks for more key derivation rounds than the ${maxRounds} allowed for one file (old ones count ${javascriptWeight} times)`,
    )
}

type Bags = { certificates: Pkcs12Content['certificates'][number][]; keys: Pkcs12Content['keys'][number][] }

interface EncryptedSafe {
  readonly data: EncryptedData
  readonly algorithm: AlgorithmIdentifier
  readonly cipher: string
  readonly cost: number
}

function safeOf({ contentType, content }: ContentInfo): EncryptedSafe | { readonly plain: Uint8Array } {
  if (contentType === ContentInfo.DATA) return { plain: octetsOf(content) }
  if (contentType !== ContentInfo.ENCRYPTED_DATA) {
    throw new ContainerProblem('is encrypted for a certificate instead of a password, which is not supported')
  }
  const data = new EncryptedData({ schema: content })
  const algorithm = data.encryptedContentInfo.contentEncryptionAlgorithm
  return { data, algorithm, ...protectionOf(algorithm) }
}

/** What a password-based scheme encrypts with, and its rounds by weight. */
export function protectionOf(algorithm: AlgorithmIdentifier): {
  readonly cipher: string
  readonly cost: number
} {
  if (algorithm.algorithmId !== pbes2) {
    const [, rounds] = childrenIn(algorithm.algorithmParams)
    return { cipher: known(pbes1, algorithm.algorithmId), cost: javascriptWeight * countOf(rounds) }
  }
  const { encryptionScheme, keyDerivationFunc } = new PBES2Params({ schema: algorithm.algorithmParams })
  const [, rounds] = childrenIn(keyDerivationFunc.algorithmParams)
  return { cipher: known(ciphers, encryptionScheme.algorithmId), cost: countOf(rounds) }
}

function known(names: Readonly<Record<string, string>>, oid: string): string {
  const name = names[oid]
  if (name === undefined) throw new ContainerProblem(`is encrypted with ${oid}, which is not supported`)
  return name
}

/** More than fits four octets is more than any limit; none or fewer is no count. */
function countOf(element: BaseBlock | undefined): number {
  if (!(element instanceof Integer)) throw new DerError('key derivation without a count', 0)
  if (element.valueBlock.isHexOnly) return Number.POSITIVE_INFINITY
  if (element.valueBlock.valueDec < 1) throw new DerError('a count of rounds below one', 0)
  return element.valueBlock.valueDec
}

/** One where the file names none (RFC 7292 §4). The library makes zero of what does not fit four octets. */
function macRounds({ iterations = 1 }: MacData): number {
  if (iterations < 1) throw new DerError('a count of rounds below one or beyond all bounds', 0)
  return iterations
}

function macDigest({ mac }: MacData) {
  const oid = mac.digestAlgorithm.algorithmId
  const digest = digests[oid]
  if (!digest) throw new ContainerProblem(`is protected by a code made with ${oid}, which is not supported`)
  return digest
}

/** Those passwords that the file's message authentication code proves right: one, or it is the end. */
async function fittingPasswords(
  mac: MacData,
  authenticated: Uint8Array,
  candidates: readonly (string | null)[],
): Promise<readonly (string | null)[]> {
  const digest = macDigest(mac)
  const expected = mac.mac.digest.valueBlock.valueHexView
  const forge = await loadForge()
  const fits = candidates.find((password) => {
    const salt = forge.util.createBuffer(binary(mac.macSalt.valueBlock.valueHexView))
    const md = forge.md[digest].create()
    const key = forge.pkcs12.generateKey(password, salt, 3, macRounds(mac), md.digestLength, md)
    const code = createHmac(digest, Buffer.from(key.getBytes(), 'latin1')).update(authenticated).digest()
    return code.length === expected.length && timingSafeEqual(code, expected)
  })
  if (fits === undefined) throw wrongPassword(candidates)
  return [fits]
}

/** Without a code wrong passwords nearly always break the padding; the rare one that does not leaves no bags behind. */
async function readEncrypted(
  safe: EncryptedSafe,
  candidates: readonly (string | null)[],
  isProven: boolean,
  into: Bags,
): Promise<void> {
  for (const password of candidates) {
    try {
      const bagsOfSafe = childrenIn(parseBer(await decrypt(safe, password)))
      return readBags(bagsOfSafe, into)
    } catch {
      // The next one may fit.
    }
  }
  throw isProven
    ? new ContainerProblem('is damaged: the password is right, but what it protects cannot be read')
    : wrongPassword(candidates)
}

const wrongPassword = (candidates: readonly (string | null)[]) =>
  new ContainerProblem(
    candidates.includes(null) ? 'needs a password' : 'cannot be opened with the password given',
  )

async function decrypt({ data, algorithm, cipher }: EncryptedSafe, password: string | null) {
  if (cipher.startsWith('AES')) {
    const utf8 = new TextEncoder().encode(password ?? '')
    return new Uint8Array(await data.decrypt({ password: utf8.buffer as ArrayBuffer }))
  }
  return decryptOld(algorithm, new Uint8Array(data.encryptedContentInfo.getEncryptedContent()), password)
}

/** By node-forge, which has what Node's OpenSSL no longer has. */
export async function decryptOld(
  algorithm: AlgorithmIdentifier,
  encrypted: Uint8Array,
  password: string | null,
): Promise<Buffer> {
  const forge = await loadForge()
  const parameters = forge.asn1.fromDer(
    binary(new Uint8Array(algorithm.algorithmParams.toBER(false) as ArrayBuffer)),
  )
  const decipher = forge.pki.pbe.getCipher(algorithm.algorithmId, parameters, password)
  decipher.update(forge.util.createBuffer(binary(encrypted)))
  if (!decipher.finish()) throw new DerError('the padding is wrong', 0)
  return Buffer.from(decipher.output.getBytes(), 'latin1')
}

function readBags(elements: readonly BaseBlock[], into: Bags, nesting = 0): void {
  if (nesting > maxNesting) throw new DerError('bags are nested too deeply', 0)
  for (const element of elements) {
    const { id, value, attributes } = fieldsOf(element, bagSchema)
    const kind = String(id?.valueBlock)
    if (kind === bags.nested) readBags(childrenIn(value as BaseBlock), into, nesting + 1)
    if (kind === bags.key || kind === bags.shroudedKey) {
      into.keys.push({
        ...labelsOf(attributes),
        encrypted: kind === bags.shroudedKey,
        der: new Uint8Array((value as BaseBlock).toBER(false) as ArrayBuffer),
        provider: providerOf(attributes),
      })
    }
    if (kind !== bags.certificate) continue
    const { type, octets } = fieldsOf(value as BaseBlock, certificateSchema)
    if (String(type?.valueBlock) === x509Certificate) {
      into.certificates.push({ ...labelsOf(attributes), der: octetsOf(octets) })
    }
  }
}

const bagSchema = SafeBag.schema({
  names: { bagId: 'id', bagValue: 'value', bagAttributes: 'attributes' },
})
const certificateSchema = CertBag.schema({ names: { id: 'type', value: 'octets' } })

/** By schema, not by the library's classes: these would also read, and refuse, the certificate inside. */
// biome-ignore lint/suspicious/noExplicitAny: the library's own type of what a schema names
function fieldsOf(element: BaseBlock, schema: BaseBlock): Record<string, any> {
  // biome-ignore lint/suspicious/noExplicitAny: it takes any block, whatever its declared type says
  const { verified, result } = compareSchema(element as any, element as any, schema as any)
  if (!verified) throw new DerError('a bag is an identifier and a value', 0)
  return result
}

const valuesOf = (attributes: readonly BaseBlock[] | undefined): ReadonlyMap<string, unknown> =>
  new Map(
    (attributes ?? []).map((schema) => {
      const { type, values: all } = new Attribute({ schema })
      return [type, all[0] as unknown]
    }),
  )

function providerOf(attributes: readonly BaseBlock[] | undefined): string | null {
  const provider = valuesOf(attributes).get(keyProvider)
  return provider instanceof BmpString ? provider.getValue() : null
}

function labelsOf(attributes: readonly BaseBlock[] | undefined): BagLabels {
  const values = valuesOf(attributes)
  const name = values.get(friendlyName)
  const keyId = values.get(localKeyId)
  return {
    friendlyName: name instanceof BmpString ? name.getValue() : null,
    localKeyId: keyId instanceof OctetString ? octetsOf(keyId) : null,
  }
}

function octetsOf(element: unknown): Uint8Array {
  if (!(element instanceof OctetString)) throw new DerError('expected an OCTET STRING', 0)
  return new Uint8Array(element.getValue())
}
