import type { PathProblem } from '../path/problem.js'
import { problem } from '../path/problem.js'
import type { Certificate } from '../x509/certificate.js'

/** What conscrypt's ChainStrengthAnalyzer refuses in a leaf or an intermediate; never applied to an anchor. */
export interface StrengthRules {
  /** Signature algorithm OID → name. */
  readonly refusedSignatures: Readonly<Record<string, string>>
  readonly minRsaBits: number
  /** Null: not looked at, as are unknown kinds of keys (before 6.0). */
  readonly minEcFieldBits: number | null
  readonly minDsaBits: number | null
}

const md5 = { '1.2.840.113549.1.1.4': 'MD5 with RSA' }
const md2AndMd4 = { '1.2.840.113549.1.1.2': 'MD2 with RSA', '1.2.840.113549.1.1.3': 'MD4 with RSA' }
const sha1 = {
  '1.2.840.113549.1.1.5': 'SHA-1 with RSA',
  '1.2.840.10040.4.3': 'SHA-1 with DSA',
  '1.2.840.10045.4.1': 'SHA-1 with ECDSA',
}

/** ChainStrengthAnalyzer@5.0.0_r1, the same in 4.4. */
export const strengthBefore6: StrengthRules = {
  refusedSignatures: md5,
  minRsaBits: 1024,
  minEcFieldBits: null,
  minDsaBits: null,
}

/** ChainStrengthAnalyzer@6.0.0_r1 to @9.0.0_r1. */
export const strengthFrom6: StrengthRules = {
  refusedSignatures: { ...md5, ...md2AndMd4 },
  minRsaBits: 1024,
  minEcFieldBits: 160,
  minDsaBits: 1024,
}

/** ChainStrengthAnalyzer@10.0.0_r1 and later (commit 1d6a0b84): SHA-1 is no longer accepted. */
export const strengthFrom10: StrengthRules = {
  ...strengthFrom6,
  refusedSignatures: { ...strengthFrom6.refusedSignatures, ...sha1 },
}

/** The first thing the analyzer refuses in one certificate; null: nothing. */
export function strengthProblem(certificate: Certificate, rules: StrengthRules): PathProblem | null {
  const name = `"${certificate.subject.text}"`
  const { algorithm, bits } = certificate.publicKey
  const tooShort = (minimum: number | null): PathProblem | null =>
    minimum !== null && bits !== null && bits < minimum
      ? problem(
          'weak-key',
          certificate,
          `${name} has a key of ${bits} bits, at least ${minimum} are required`,
        )
      : null
  const key =
    algorithm === 'rsa' || algorithm === 'rsa-pss'
      ? tooShort(rules.minRsaBits)
      : algorithm === 'ec'
        ? tooShort(rules.minEcFieldBits)
        : algorithm === 'dsa'
          ? tooShort(rules.minDsaBits)
          : rules.minEcFieldBits === null
            ? null
            : problem('weak-key', certificate, `${name} has a key of another kind than RSA, EC or DSA`)
  if (key) return key
  const refused = rules.refusedSignatures[certificate.signatureAlgorithm]
  return refused ? problem('weak-signature', certificate, `${name} is signed ${refused}`) : null
}
