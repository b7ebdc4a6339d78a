import type { Certificate } from '../x509/certificate.js'

/** Rules that a certification path can break. The catalogue with sentences and sources is `android/rules.ts`. */
export type PathRule =
  | 'unreadable'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-key'
  | 'name-chaining'
  | 'aki-mismatch'
  | 'not-a-ca'
  | 'path-length'
  | 'key-usage'
  | 'eku'
  | 'critical-extension'
  | 'name-constraints'
  | 'policy'
  | 'weak-signature'
  | 'weak-key'

/** One broken rule: which, on which certificate, and the facts. Never a whole sentence for an admin. */
export interface PathProblem {
  readonly rule: PathRule
  /** SHA-256 of the certificate. */
  readonly certificate: string
  readonly detail: string
  /**
   * The platform dies of an error that its path search does not catch, so no other path is tried
   * (a RuntimeException in TrustManagerImpl#checkTrustedRecursive, which catches CertificateException only).
   */
  readonly endsSearch?: true
}

export const problem = (rule: PathRule, certificate: Certificate, detail: string): PathProblem => ({
  rule,
  certificate: certificate.sha256,
  detail,
})

/** First problem of a certificate's own validity period at `at`; null: valid, both ends included. */
export function validityProblem(certificate: Certificate, at: Date): PathProblem | null {
  if (at < certificate.notBefore) {
    return problem('not-yet-valid', certificate, `valid from ${certificate.notBefore.toISOString()}`)
  }
  if (at > certificate.notAfter) {
    return problem('expired', certificate, `expired ${certificate.notAfter.toISOString()}`)
  }
  return null
}

/** serverAuth, anyExtendedKeyUsage and the two "server gated cryptography" purposes of the 1990s. */
const serverPurposes = new Set([
  '1.3.6.1.5.5.7.3.1',
  '2.5.29.37.0',
  '2.16.840.1.113730.4.1',
  '1.3.6.1.4.1.311.10.3.3',
])

/**
 * conscrypt's ExtendedKeyUsagePKIXCertPathChecker: only the leaf, only if the extension is there. One that native code
 * cannot read counts as absent (get_X509_ex_xkusage gives null); where it is critical the validator refuses it itself.
 */
export function serverPurposeProblem(
  leaf: Certificate,
  purposes: readonly string[] | null = leaf.extendedKeyUsage,
): PathProblem | null {
  if (!purposes || purposes.some((purpose) => serverPurposes.has(purpose))) return null
  return problem(
    'eku',
    leaf,
    `purposes are ${purposes.join(', ') || 'none'}; TLS server (1.3.6.1.5.5.7.3.1) is missing`,
  )
}
