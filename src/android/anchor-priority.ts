import type { Certificate } from '../x509/certificate.js'
import { sameName } from '../x509/name-match.js'

/** Signature algorithms by strength, best last; those missing here sort ahead of all (the original's map lacks them). */
const signatureStrength: Record<string, number> = {
  '1.2.840.113549.1.1.4': 1,
  '1.2.840.113549.1.1.5': 2,
  '1.2.840.10045.4.1': 2,
  '1.2.840.113549.1.1.14': 3,
  '1.2.840.10045.4.3.1': 3,
  '1.2.840.113549.1.1.11': 4,
  '1.2.840.10045.4.3.2': 4,
  '1.2.840.113549.1.1.12': 5,
  '1.2.840.10045.4.3.3': 5,
  '1.2.840.113549.1.1.13': 6,
  '1.2.840.10045.4.3.4': 6,
}

/**
 * conscrypt CertificatePriorityComparator@7.0.0_r1: self-issued first, EC before other keys, larger key, stronger
 * hash, later end, later start.
 */
export function byPriority(a: Certificate, b: Certificate): number {
  const ranks = (c: Certificate): number[] => [
    Number(sameName(c.issuer, c.subject)),
    Number(c.publicKey.algorithm === 'ec'),
    c.publicKey.bits ?? 0,
    signatureStrength[c.signatureAlgorithm] ?? Number.MAX_SAFE_INTEGER,
    c.notAfter.getTime(),
    c.notBefore.getTime(),
  ]
  const [ranksA, ranksB] = [ranks(a), ranks(b)]
  const first = ranksA.findIndex((rank, i) => rank !== ranksB[i])
  return first < 0 ? 0 : ranksB[first]! - ranksA[first]!
}
