import { checkPrimeSync, createECDH, createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import primes from '../../fixtures/keys.json' with { type: 'json' }
import { bitString, integer, nullValue, octetString, oid, sequence, tlv, unsigned } from './asn1.js'

/**
 * Private keys that follow from a kind and a name: the same name always gives the same key, another name another one.
 * They are no secrets.
 */

/** OpenSSL's name and the order of the base point (SEC 2, RFC 5639). */
export const curves = {
  'P-192': ['prime192v1', 'ffffffffffffffffffffffff99def836146bc9b1b4d22831', '1.2.840.10045.3.1.1'],
  'P-224': ['secp224r1', 'ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d', '1.3.132.0.33'],
  'P-256': [
    'prime256v1',
    'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
    '1.2.840.10045.3.1.7',
  ],
  'P-384': [
    'secp384r1',
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
    '1.3.132.0.34',
  ],
  'P-521': [
    'secp521r1',
    '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
    '1.3.132.0.35',
  ],
  secp256k1: [
    'secp256k1',
    'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
    '1.3.132.0.10',
  ],
  brainpoolP256r1: [
    'brainpoolP256r1',
    'a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7',
    '1.3.36.3.3.2.8.1.1.7',
  ],
} as const
export type CurveKind = keyof typeof curves
export type RsaKind = 'rsa-1024' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'rsa-pss'
export type KeyKind = CurveKind | RsaKind | 'ed25519' | 'ed448'

const known = new Map<string, KeyObject>()

/** The private key of this kind (`rsa-pss`: 2048 bits, usable with RSASSA-PSS only) that belongs to a name. */
export function keyOf(kind: KeyKind, name: string): KeyObject {
  const seed = `${kind} ${name}`
  const key = known.get(seed) ?? newKey(kind, seed)
  known.set(seed, key)
  return key
}

function newKey(kind: KeyKind, seed: string): KeyObject {
  if (kind in curves) return curveKey(kind as CurveKind, seed)
  if (kind === 'ed25519') return pkcs8(sequence(oid('1.3.101.112')), octetString(octets(seed, 32)))
  if (kind === 'ed448') return pkcs8(sequence(oid('1.3.101.113')), octetString(octets(seed, 57)))
  const rsa = rsaPrivateKey(kind === 'rsa-pss' ? 2048 : Number(kind.slice(4)), seed)
  const type = kind === 'rsa-pss' ? sequence(oid(rsaPssOid)) : sequence(oid(rsaOid), nullValue)
  return pkcs8(type, rsa)
}

export const rsaOid = '1.2.840.113549.1.1.1'
export const rsaPssOid = '1.2.840.113549.1.1.10'

/** PrivateKeyInfo (RFC 5958 §2). */
export const pkcs8 = (algorithm: Uint8Array, privateKey: Uint8Array): KeyObject =>
  createPrivateKey({
    key: sequence(integer(0), algorithm, octetString(privateKey)),
    format: 'der',
    type: 'pkcs8',
  })

const octets = (seed: string, length: number): Buffer =>
  createHash('shake256', { outputLength: length }).update(seed).digest()

/** ECPrivateKey (RFC 5915 §3). 64 bits more than the order has make the remainder even (FIPS 186-5 A.2.1). */
function curveKey(kind: CurveKind, seed: string): KeyObject {
  const [name, order, type] = curves[kind]
  const size = order.length / 2
  const secret = bytesOf((numberOf(octets(seed, size + 8)) % (numberOf(order) - 1n)) + 1n, size)
  const pair = createECDH(name)
  pair.setPrivateKey(secret)
  const point = pair.getPublicKey()
  return createPrivateKey({
    key: sequence(integer(1), octetString(secret), tlv(0xa0, oid(type)), tlv(0xa1, bitString(point))),
    format: 'der',
    type: 'sec1',
  })
}

const exponent = 65537n

/** RSAPrivateKey (RFC 8017 A.1.2). */
function rsaPrivateKey(bits: number, seed: string): Buffer {
  const [first, second] = (primes as Record<string, number[]>)[seed] ?? []
  const p = primeAbove(octets(`${seed} p`, bits / 16), first)
  const q = primeAbove(octets(`${seed} q`, bits / 16), second)
  const d = inverse(exponent, (p - 1n) * (q - 1n))
  return sequence(...[0n, p * q, exponent, d, p, q, d % (p - 1n), d % (q - 1n), inverse(q, p)].map(unsigned))
}

/**
 * How far above the numbers that a seed gives the two primes of an RSA key lie. fixtures/keys.json keeps the answers,
 * since the search takes long (0.4 s for 4096 bits); a key that is missing there is found anew, the same.
 */
export function primeDistances(kind: RsaKind, name: string): number[] {
  const size = (kind === 'rsa-pss' ? 2048 : Number(kind.slice(4))) / 16
  return ['p', 'q'].map((which) => {
    const start = octets(`${kind} ${name} ${which}`, size)
    return Number(primeAbove(start) - oddStart(start))
  })
}

/** The two highest bits set, so that the product of two has its full length. */
function oddStart(start: Buffer): bigint {
  const bytes = Buffer.from(start)
  bytes[0]! |= 0xc0
  bytes[bytes.length - 1]! |= 1
  return numberOf(bytes)
}

const smallPrimes = Array.from({ length: 10_000 }, (_, i) => 2 * i + 3).filter((n) => {
  for (let factor = 3; factor * factor <= n; factor += 2) if (n % factor === 0) return false
  return true
})

function primeAbove(seed: Buffer, distance?: number): bigint {
  const start = oddStart(seed)
  if (distance !== undefined) return start + BigInt(distance)
  const remainders = smallPrimes.map((prime) => Number(start % BigInt(prime)))
  for (let step = 0; ; step += 2) {
    if (remainders.some((remainder, i) => (remainder + step) % smallPrimes[i]! === 0)) continue
    const candidate = start + BigInt(step)
    if ((candidate - 1n) % exponent !== 0n && checkPrimeSync(candidate, { checks: 8 })) return candidate
  }
}

export const numberOf = (bytes: Uint8Array | string): bigint =>
  BigInt(`0x${typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('hex')}`)

export const bytesOf = (value: bigint, size: number): Buffer =>
  Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex')

/** Of a number that has no common divisor with the modulus, by Euclid. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b] = [((value % modulus) + modulus) % modulus, modulus]
  let [x, y] = [1n, 0n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b] = [b, a - quotient * b]
    ;[x, y] = [y, x - quotient * y]
  }
  return ((x % modulus) + modulus) % modulus
}
