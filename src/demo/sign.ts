import {
  constants,
  createECDH,
  createHash,
  createHmac,
  type KeyObject,
  privateEncrypt,
  sign,
} from 'node:crypto'
import * as asn1js from 'asn1js'
import { AlgorithmIdentifier, RSASSAPSSParams } from 'pkijs'
import { der, nullValue, sequence, unsigned } from './asn1.js'
import { bytesOf, curves, inverse, numberOf, pkcs8, rsaOid, rsaPssOid } from './keys.js'

/**
 * Signatures that are the same every time, so that a fixture can be made anew byte for byte: RSA PKCS #1 and EdDSA are
 * so by nature, ECDSA by RFC 6979, and RSASSA-PSS by a salt that follows from what is signed. For keys that are no
 * secret: nothing here takes care of timing.
 */

export type Hash = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512'

export interface Signer {
  /** AlgorithmIdentifier, DER. */
  readonly identifier: Buffer
  readonly sign: (message: Uint8Array) => Buffer
}

const hashOids: Record<Hash, string> = {
  md5: '1.2.840.113549.2.5',
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}
const rsaArcs: Record<Hash, number> = { md5: 4, sha1: 5, sha224: 14, sha256: 11, sha384: 12, sha512: 13 }
const ecdsaArcs: Partial<Record<Hash, string>> = {
  sha1: '1',
  sha224: '3.1',
  sha256: '3.2',
  sha384: '3.3',
  sha512: '3.4',
}

const algorithm = (algorithmId: string, algorithmParams?: asn1js.AsnType): AlgorithmIdentifier =>
  new AlgorithmIdentifier({ algorithmId, ...(algorithmParams ? { algorithmParams } : {}) })
export const hashIdentifier = (hash: Hash): AlgorithmIdentifier =>
  algorithm(hashOids[hash], new asn1js.Null())
const encoded = (identifier: AlgorithmIdentifier): Buffer => der(identifier.toSchema())

/** How a key signs. `pss`: RSASSA-PSS though the key is plain RSA; a key of RSASSA-PSS's own kind can do nothing else. */
export function signerOf(key: KeyObject, hash: Hash = 'sha256', pss = false): Signer {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
    case 'ed448': {
      const id = key.asymmetricKeyType === 'ed25519' ? '1.3.101.112' : '1.3.101.113'
      return { identifier: encoded(algorithm(id)), sign: (message) => sign(null, message, key) }
    }
    case 'ec': {
      if (!ecdsaArcs[hash]) throw new Error(`ECDSA has no ${hash}`)
      const identifier = encoded(algorithm(`1.2.840.10045.4.${ecdsaArcs[hash]}`))
      return { identifier, sign: (message) => ecdsa(hash, message, key) }
    }
    case 'rsa':
    case 'rsa-pss':
      if (pss || key.asymmetricKeyType === 'rsa-pss')
        return { identifier: encoded(pssIdentifier(hash)), sign: (message) => rsaPss(hash, message, key) }
      return {
        identifier: encoded(algorithm(`1.2.840.113549.1.1.${rsaArcs[hash]}`, new asn1js.Null())),
        sign: (message) => sign(hash, message, key),
      }
    default:
      throw new Error(`a key of kind ${key.asymmetricKeyType} does not sign here`)
  }
}

const sizeOf = (hash: Hash): number => createHash(hash).digest().length

function pssIdentifier(hash: Hash): AlgorithmIdentifier {
  const parameters = new RSASSAPSSParams({
    hashAlgorithm: hashIdentifier(hash),
    maskGenAlgorithm: algorithm('1.2.840.113549.1.1.8', hashIdentifier(hash).toSchema()),
    saltLength: sizeOf(hash),
  })
  return algorithm(rsaPssOid, parameters.toSchema())
}

/** RFC 6979 §3.2; the nonce's point is computed as if the nonce were a private key. */
export function ecdsa(hash: Hash, message: Uint8Array, key: KeyObject): Buffer {
  const name = key.asymmetricKeyDetails?.namedCurve
  const curve = Object.values(curves).find(([openSslName]) => openSslName === name)
  if (!curve) throw new Error(`no order is known of the curve ${name}`)
  const order = numberOf(curve[1])
  const bits = order.toString(2).length
  const size = (bits + 7) >> 3
  const leftmost = (bytes: Buffer): bigint => numberOf(bytes) >> BigInt(Math.max(0, bytes.length * 8 - bits))
  const secret = secretOf(key)
  const digest = createHash(hash).update(message).digest()
  const hashed = leftmost(digest) % order
  const seed = Buffer.concat([bytesOf(secret, size), bytesOf(hashed, size)])
  let k: Buffer = Buffer.alloc(digest.length)
  let v: Buffer = Buffer.alloc(digest.length, 1)
  const hmac = (...parts: Buffer[]): Buffer => createHmac(hash, k).update(Buffer.concat(parts)).digest()
  const mix = (...parts: Buffer[]): void => {
    k = hmac(v, ...parts)
    v = hmac(v)
  }
  mix(Buffer.of(0), seed)
  mix(Buffer.of(1), seed)
  for (;;) {
    let candidate = Buffer.alloc(0)
    while (candidate.length < size) {
      v = hmac(v)
      candidate = Buffer.concat([candidate, v])
    }
    const nonce = leftmost(candidate.subarray(0, size))
    if (nonce > 0n && nonce < order) {
      const point = createECDH(curve[0])
      point.setPrivateKey(bytesOf(nonce, size))
      const width = (point.getPublicKey().length - 1) / 2
      const r = numberOf(point.getPublicKey().subarray(1, 1 + width)) % order
      const s = (inverse(nonce, order) * (hashed + r * secret)) % order
      if (r > 0n && s > 0n) return sequence(unsigned(r), unsigned(s))
    }
    mix(Buffer.of(0))
  }
}

/** The number in an ECPrivateKey (RFC 5915 §3). */
function secretOf(key: KeyObject): bigint {
  const { result } = asn1js.fromBER(key.export({ type: 'sec1', format: 'der' }))
  return numberOf(
    ((result as asn1js.Sequence).valueBlock.value[1] as asn1js.OctetString).valueBlock.valueHexView,
  )
}

/** RFC 8017 §8.1.1 and §9.1.1. */
function rsaPss(hash: Hash, message: Uint8Array, key: KeyObject): Buffer {
  const bits = key.asymmetricKeyDetails!.modulusLength! - 1
  const size = (bits + 7) >> 3
  const digest = createHash(hash).update(message).digest()
  const salt = createHash(hash).update('salt').update(digest).digest()
  const seal = createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest()
  const block = Buffer.alloc(size - seal.length - 1)
  block[block.length - salt.length - 1] = 1
  salt.copy(block, block.length - salt.length)
  const masked = block.map((octet, i) => octet ^ mask(hash, seal, block.length)[i]!)
  masked[0]! &= 0xff >> (8 * size - bits)
  return privateEncrypt(
    { key: plain(key), padding: constants.RSA_NO_PADDING },
    Buffer.concat([Buffer.alloc(Math.ceil((bits + 1) / 8) - size), masked, seal, Buffer.of(0xbc)]),
  )
}

/** MGF1 (RFC 8017 B.2.1). */
function mask(hash: Hash, seed: Buffer, length: number): Buffer {
  const parts: Buffer[] = []
  for (let counter = 0; parts.length * seed.length < length; counter++)
    parts.push(
      createHash(hash)
        .update(seed)
        .update(Buffer.of(0, 0, 0, counter))
        .digest(),
    )
  return Buffer.concat(parts)
}

/** OpenSSL signs nothing unpadded with a key of RSASSA-PSS's own kind; its numbers are those of a plain one. */
function plain(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType === 'rsa') return key
  const { result } = asn1js.fromBER(key.export({ type: 'pkcs8', format: 'der' }))
  const rsa = ((result as asn1js.Sequence).valueBlock.value[2] as asn1js.OctetString).valueBlock.valueHexView
  return pkcs8(sequence(der(new asn1js.ObjectIdentifier({ value: rsaOid })), nullValue), rsa)
}
