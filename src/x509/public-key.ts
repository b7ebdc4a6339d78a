import { createHash } from 'node:crypto'
import type { PublicKey } from './certificate.js'
import {
  bytesOf,
  childrenOf,
  contentOf,
  DerError,
  type Element,
  elementAt,
  expectTag,
  oidOf,
  tags,
} from './der.js'

const algorithms: Record<string, PublicKey['algorithm']> = {
  '1.2.840.113549.1.1.1': 'rsa',
  '1.2.840.113549.1.1.10': 'rsa-pss',
  '1.2.840.10045.2.1': 'ec',
  '1.2.840.10040.4.1': 'dsa',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
}

/** Field sizes of the named curves in use (SEC 2, RFC 5639). */
const curves: Record<string, readonly [name: string, bits: number]> = {
  '1.2.840.10045.3.1.1': ['P-192', 192],
  '1.3.132.0.33': ['P-224', 224],
  '1.2.840.10045.3.1.7': ['P-256', 256],
  '1.3.132.0.34': ['P-384', 384],
  '1.3.132.0.35': ['P-521', 521],
  '1.3.132.0.10': ['secp256k1', 256],
  '1.3.132.0.8': ['secp160r1', 160],
  '1.3.132.0.9': ['secp160k1', 160],
  '1.3.132.0.30': ['secp160r2', 160],
  '1.3.132.0.31': ['secp192k1', 192],
  '1.3.132.0.32': ['secp224k1', 224],
  '1.3.132.0.6': ['secp112r1', 112],
  '1.3.132.0.7': ['secp112r2', 112],
  '1.3.132.0.28': ['secp128r1', 128],
  '1.3.132.0.29': ['secp128r2', 128],
  '1.3.36.3.3.2.8.1.1.7': ['brainpoolP256r1', 256],
  '1.3.36.3.3.2.8.1.1.11': ['brainpoolP384r1', 384],
  '1.3.36.3.3.2.8.1.1.13': ['brainpoolP512r1', 512],
}

/** SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). Throws `DerError`; a key of unknown kind or content is still a key. */
export function readPublicKey(element: Element): PublicKey {
  const [algorithm, key, ...rest] = childrenOf(expectTag(element, tags.sequence))
  if (!algorithm || !key || rest.length > 0)
    throw new DerError('a key is an algorithm and bits', element.start)
  const [type, parameters] = childrenOf(expectTag(algorithm, tags.sequence))
  if (!type) throw new DerError('an algorithm has an OID', algorithm.start)
  expectTag(key, tags.bitString)
  const kind = algorithms[oidOf(type)] ?? 'other'
  const spki = bytesOf(element)
  return {
    spki,
    spkiSha256: createHash('sha256').update(spki).digest('hex'),
    algorithm: kind,
    ...sizeOf(kind, key, parameters),
  }
}

function sizeOf(
  kind: PublicKey['algorithm'],
  key: Element,
  parameters: Element | undefined,
): Pick<PublicKey, 'bits' | 'curve'> {
  try {
    switch (kind) {
      case 'rsa':
      case 'rsa-pss': {
        const modulus = childrenOf(elementAt(key.source, key.content + 1, key.end))[0]
        return { bits: modulus ? integerBits(modulus) : null, curve: null }
      }
      case 'dsa': {
        const prime = parameters && childrenOf(parameters)[0]
        return { bits: prime ? integerBits(prime) : null, curve: null }
      }
      case 'ec':
        return curveOf(parameters)
      case 'ed25519':
        return { bits: 256, curve: null }
      case 'ed448':
        return { bits: 456, curve: null }
      case 'other':
        return { bits: null, curve: null }
    }
  } catch (error) {
    if (error instanceof DerError) return { bits: null, curve: null }
    throw error
  }
}

function curveOf(parameters: Element | undefined): Pick<PublicKey, 'bits' | 'curve'> {
  if (parameters?.tag === tags.oid) {
    const oid = oidOf(parameters)
    const [name, bits] = curves[oid] ?? [oid, null]
    return { bits, curve: name }
  }
  // RFC 3279 §2.3.5 ECParameters: version, fieldID { type, prime }, …
  const field = parameters?.tag === tags.sequence ? childrenOf(parameters)[1] : undefined
  const prime = field && childrenOf(field)[1]
  return { bits: prime?.tag === tags.integer ? integerBits(prime) : null, curve: 'explicit' }
}

function integerBits(element: Element): number {
  const octets = contentOf(expectTag(element, tags.integer))
  const first = octets.findIndex((octet) => octet !== 0)
  return first < 0 ? 0 : (octets.length - first) * 8 - (Math.clz32(octets[first]!) - 24)
}
