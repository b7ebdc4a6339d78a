import { createDecipheriv, pbkdf2Sync } from 'node:crypto'
import { octetsOf, withDefiniteLengths } from './ber.js'
import {
  bytesOf,
  childrenOf,
  contentOf,
  countOf,
  DerError,
  type Element,
  expectTag,
  oidOf,
  onlyElement,
  tags,
} from './der.js'

/** Why a PKCS #12 file cannot be opened, in words for its owner. */
export class Pkcs12Problem extends Error {}

export interface Pkcs12Content {
  /** DER of each certificate bag, in order. */
  readonly certificates: readonly Uint8Array[]
  /** Whether a key bag is in it. Keys are neither decrypted nor returned. */
  readonly hasPrivateKey: boolean
}

const data = '1.2.840.113549.1.7.1'
const encryptedData = '1.2.840.113549.1.7.6'
const x509Certificate = '1.2.840.113549.1.9.22.1'
const pbes2 = '1.2.840.113549.1.5.13'
const pbkdf2 = '1.2.840.113549.1.5.12'

const bags = {
  key: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  nested: '1.2.840.113549.1.12.10.1.6',
}

/** Bags inside bags: allowed by RFC 7292 §4.2.6, one level seen in the wild. */
const maxNesting = 3

/**
 * Windows and OpenSSL use about 2,000 iterations, careful tools up to some 600,000. More would let a small file keep
 * the program busy: a million native SHA-256 iterations are about half a second, the pure JavaScript of the old
 * schemes is ten times slower.
 */
const maxIterations = { pbkdf2: 1_000_000, old: 100_000 }

const hmacs: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}
const ciphers: Readonly<Record<string, readonly [name: string, keyBytes: number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
  '1.2.840.113549.3.7': ['des-ede3-cbc', 24],
}
/** Old Windows and OpenSSL 1: RFC 7292 appendix C. */
const oldSchemes = ['1.2.840.113549.1.12.1.3', '1.2.840.113549.1.12.1.6']

/**
 * The certificates of a `.pfx` or `.p12` file (RFC 7292). The message authentication code is not checked: a wrong
 * password shows when decryption fails, and every certificate has to prove itself. Throws `Pkcs12Problem`, or
 * `DerError` for bytes that are no PKCS #12.
 */
export async function certificatesOfPkcs12(
  bytes: Uint8Array,
  password: string | undefined,
): Promise<Pkcs12Content> {
  const [version, authSafe] = childrenOf(onlyElement(withDefiniteLengths(bytes), tags.sequence))
  if (!version || !authSafe || countOf(version) !== 3) throw new DerError('expected PFX version 3', 0)
  const safe = contentInfo(authSafe)
  if (safe.type !== data) {
    throw new Pkcs12Problem('is protected with a public key instead of a password, which is not supported')
  }
  const certificates: Uint8Array[] = []
  let hasPrivateKey = false

  const readBags = (contents: Uint8Array, nesting: number): void => {
    if (nesting > maxNesting) throw new DerError('bags are nested too deeply', 0)
    for (const bag of childrenOf(onlyElement(withDefiniteLengths(contents), tags.sequence))) {
      const [id, value] = childrenOf(expectTag(bag, tags.sequence))
      if (!id || !value) throw new DerError('a bag is an identifier and a value', bag.start)
      const kind = oidOf(id)
      const [inner] = childrenOf(expectTag(value, 0xa0))
      if (kind === bags.key || kind === bags.shroudedKey) hasPrivateKey = true
      if (kind === bags.nested && inner) readBags(bytesOf(inner), nesting + 1)
      if (kind !== bags.certificate || !inner) continue
      const [type, explicit] = childrenOf(inner)
      const [octets] = explicit ? childrenOf(explicit) : []
      if (type && octets && oidOf(type) === x509Certificate) certificates.push(octetsOf(octets))
    }
  }

  for (const info of childrenOf(onlyElement(withDefiniteLengths(octetsOf(safe.content)), tags.sequence))) {
    const { type, content } = contentInfo(info)
    if (type === data) readBags(octetsOf(content), 0)
    else if (type === encryptedData) await readEncrypted(content, password, (plain) => readBags(plain, 0))
    else
      throw new Pkcs12Problem('is encrypted for a certificate instead of a password, which is not supported')
  }
  return { certificates, hasPrivateKey }
}

function contentInfo(element: Element): { type: string; content: Element } {
  const [type, explicit] = childrenOf(expectTag(element, tags.sequence))
  const [content] = explicit ? childrenOf(expectTag(explicit, 0xa0)) : []
  if (!type || !content) throw new DerError('ContentInfo is a type and a content', element.start)
  return { type: oidOf(type), content }
}

/** Wrong passwords nearly always break the padding; the rare one that does not leaves no readable bags behind. */
async function readEncrypted(
  element: Element,
  password: string | undefined,
  read: (plain: Uint8Array) => void,
): Promise<void> {
  const info = childrenOf(expectTag(element, tags.sequence))[1]
  const [, algorithm, encrypted] = info ? childrenOf(info) : []
  if (!algorithm || !encrypted) throw new DerError('EncryptedData is incomplete', element.start)
  // No password can mean an empty one, or none at all: the old key derivation tells them apart.
  const candidates = password === undefined ? ['', null] : [password]
  for (const candidate of candidates) {
    const plain = await decrypt(algorithm, octetsOf(encrypted), candidate)
    if (!plain) continue
    try {
      return read(plain)
    } catch (error) {
      if (!(error instanceof DerError)) throw error
    }
  }
  throw new Pkcs12Problem(
    password === undefined ? 'needs a password' : 'cannot be opened with the password given',
  )
}

async function decrypt(
  algorithm: Element,
  encrypted: Uint8Array,
  password: string | null,
): Promise<Uint8Array | null> {
  const [id, parameters] = childrenOf(algorithm)
  const scheme = id ? oidOf(id) : ''
  if (scheme === pbes2 && parameters) return decryptPbes2(parameters, encrypted, password ?? '')
  if (oldSchemes.includes(scheme) && parameters) return decryptOld(scheme, parameters, encrypted, password)
  throw new Pkcs12Problem(`is encrypted with ${scheme}, which is not supported`)
}

/** PBES2 with PBKDF2 and a CBC cipher (RFC 8018 §6.2, appendix A.2). */
function decryptPbes2(parameters: Element, encrypted: Uint8Array, password: string): Uint8Array | null {
  const [derivation, encryption] = childrenOf(parameters)
  const [derivationId, derivationParameters] = derivation ? childrenOf(derivation) : []
  const [cipherId, iv] = encryption ? childrenOf(encryption) : []
  if (!derivationId || !derivationParameters || !cipherId || !iv) {
    throw new DerError('PBES2 parameters are incomplete', parameters.start)
  }
  const [salt, iterations, ...rest] = childrenOf(derivationParameters)
  const prf = rest.find(({ tag }) => tag === tags.sequence)
  const [prfId] = prf ? childrenOf(prf) : []
  const hash = prfId ? hmacs[oidOf(prfId)] : 'sha1'
  const cipher = ciphers[oidOf(cipherId)]
  if (oidOf(derivationId) !== pbkdf2 || !hash || !cipher) {
    throw new Pkcs12Problem(`is encrypted with ${oidOf(cipherId)} in a way that is not supported`)
  }
  if (!salt || !iterations) throw new DerError('PBKDF2 parameters are incomplete', parameters.start)
  const count = boundedCount(iterations, maxIterations.pbkdf2)
  const [name, keyBytes] = cipher
  const key = pbkdf2Sync(password, contentOf(salt), count, keyBytes, hash)
  try {
    const decipher = createDecipheriv(name, key, contentOf(iv))
    return Buffer.concat([decipher.update(encrypted), decipher.final()])
  } catch {
    return null
  }
}

/** Triple-DES and 40-bit RC2 with PKCS #12 key derivation; Node's OpenSSL has no RC2 any more, node-forge does. */
async function decryptOld(
  scheme: string,
  parameters: Element,
  encrypted: Uint8Array,
  password: string | null,
): Promise<Uint8Array | null> {
  const [salt, iterations] = childrenOf(parameters)
  if (!salt || !iterations) throw new DerError('parameters are incomplete', parameters.start)
  boundedCount(iterations, maxIterations.old)
  const { default: forge } = await import('node-forge')
  const binary = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
  // The package's types leave out its password-based encryption.
  const { pbe } = forge.pki as unknown as {
    pbe: {
      getCipher(
        oid: string,
        parameters: unknown,
        password: string | null,
      ): { update(input: unknown): void; finish(): boolean; output: { getBytes(): string } }
    }
  }
  try {
    const cipher = pbe.getCipher(scheme, forge.asn1.fromDer(binary(bytesOf(parameters))), password)
    cipher.update(forge.util.createBuffer(binary(encrypted)))
    return cipher.finish() ? Buffer.from(cipher.output.getBytes(), 'latin1') : null
  } catch {
    return null
  }
}

function boundedCount(element: Element, maximum: number): number {
  const count = countOf(element)
  if (count > maximum) {
    throw new Pkcs12Problem(`asks for ${count} key derivation rounds; the limit is ${maximum}`)
  }
  return count
}
