import type { Certificate, KeyUsage } from '../x509/certificate.js'
import type { ReleaseRules } from './release-rules.js'
import type { Problem } from './verdict.js'

/** What the handshake agreed on; the values are those of an `Observation`. */
export interface Handshake {
  /** 0x0301 … 0x0304. */
  readonly protocolVersion: number
  readonly keyExchange: 'tls13' | 'ecdhe' | 'dhe' | 'rsa' | 'other'
}

/** BoringSSL ends the handshake if the leaf has a keyUsage extension that does not fit; null: it does not. */
export function tlsKeyUsageProblem(
  leaf: Certificate,
  { protocolVersion, keyExchange }: Handshake,
  { tlsKeyUsage }: ReleaseRules,
): Problem | null {
  const { keyUsage, publicKey, sha256, subject } = leaf
  if (!keyUsage) return null
  const missing = (usage: KeyUsage, purpose: string): Problem | null =>
    keyUsage.has(usage)
      ? null
      : {
          rule: 'tls-key-usage',
          certificate: sha256,
          detail: `"${subject.text}" lacks ${usage}, needed for ${purpose}`,
        }
  if (protocolVersion >= 0x0304) return tlsKeyUsage.tls13 ? missing('digitalSignature', 'TLS 1.3') : null
  if (publicKey.algorithm === 'ec') return tlsKeyUsage.ec ? missing('digitalSignature', 'an EC key') : null
  if (publicKey.algorithm !== 'rsa' || !tlsKeyUsage.rsa) return null
  return keyExchange === 'rsa'
    ? missing('keyEncipherment', 'RSA key exchange')
    : missing('digitalSignature', 'a signed key exchange')
}
