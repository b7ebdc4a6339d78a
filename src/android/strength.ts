import { isKnownKey, type OddForm, oddForms } from '../path/key-forms.js'
import type { PathProblem } from '../path/problem.js'
import { problem } from '../path/problem.js'
import type { Certificate, PublicKey } from '../x509/certificate.js'

/** What conscrypt's ChainStrengthAnalyzer refuses in a leaf or an intermediate; never applied to an anchor. */
export interface StrengthRules {
  /** Signature algorithm OID → name. */
  readonly refusedSignatures: Readonly<Record<string, string>>
  readonly minRsaBits: number
  /** Null: not looked at, as are unknown kinds of keys (before 6.0). */
  readonly minEcFieldBits: number | null
  readonly minDsaBits: number | null
}

/** Not in BoringSSL's table of signature algorithms, nor in OpenSSL's: no release verifies what old makecert wrote. */
const oiw = { '1.3.14.3.2.29': 'SHA-1 with RSA under the identifier of old makecert (1.3.14.3.2.29)' }
const md5 = { '1.2.840.113549.1.1.4': 'MD5 with RSA' }
const md2AndMd4 = { '1.2.840.113549.1.1.2': 'MD2 with RSA', '1.2.840.113549.1.1.3': 'MD4 with RSA' }
const sha1 = {
  '1.2.840.113549.1.1.5': 'SHA-1 with RSA',
  '1.2.840.10040.4.3': 'SHA-1 with DSA',
  '1.2.840.10045.4.1': 'SHA-1 with ECDSA',
}

/** ChainStrengthAnalyzer@5.0.0_r1, the same in 4.4. */
export const strengthBefore6: StrengthRules = {
  refusedSignatures: { ...oiw, ...md5 },
  minRsaBits: 1024,
  minEcFieldBits: null,
  minDsaBits: null,
}

/** ChainStrengthAnalyzer@6.0.0_r1 to @9.0.0_r1. */
export const strengthFrom6: StrengthRules = {
  refusedSignatures: { ...oiw, ...md5, ...md2AndMd4 },
  minRsaBits: 1024,
  minEcFieldBits: 160,
  minDsaBits: 1024,
}

/** ChainStrengthAnalyzer@10.0.0_r1 and later (commit 1d6a0b84): SHA-1 is no longer accepted. */
export const strengthFrom10: StrengthRules = {
  ...strengthFrom6,
  refusedSignatures: { ...strengthFrom6.refusedSignatures, ...sha1 },
}

/** The first thing the analyzer refuses in one certificate; null: nothing. `forms`: odd ways of writing keys it reads. */
export function strengthProblem(
  certificate: Certificate,
  rules: StrengthRules,
  forms: ReadonlySet<OddForm>,
): PathProblem | null {
  const name = `"${certificate.subject.text}"`
  const { publicKey } = certificate
  const { algorithm, bits } = publicKey
  const minimum =
    algorithm === 'rsa' || algorithm === 'rsa-pss'
      ? rules.minRsaBits
      : algorithm === 'ec'
        ? rules.minEcFieldBits
        : algorithm === 'dsa'
          ? rules.minDsaBits
          : null
  if (minimum !== null && bits !== null && bits < minimum) {
    const detail = `${name} has a key of ${bits} bits, at least ${minimum} are required`
    return problem('weak-key', certificate, detail)
  }
  // Up to 5.1 a key of no known class is not looked at.
  if (rules.minEcFieldBits !== null && !isKnownKey(publicKey, forms)) {
    const detail = `${name} has a key that this release makes no RSA, EC or DSA key of (${kindOf(publicKey)})`
    return problem('weak-key', certificate, detail)
  }
  const refused = rules.refusedSignatures[certificate.signatureAlgorithm]
  return refused ? problem('weak-signature', certificate, `${name} is signed ${refused}`) : null
}

function kindOf(key: PublicKey): string {
  const forms = oddForms(key).filter((form) => form !== 'an unknown form')
  return forms.length > 0
    ? `${key.algorithm}, ${forms.join(', ')}`
    : [key.algorithm, key.curve].filter(Boolean).join(' ')
}
