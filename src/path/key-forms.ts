import type { PublicKey } from '../x509/certificate.js'
import { childrenOf, contentOf, DerError, type Element, elementAt, onlyElement } from '../x509/der.js'
import { isImportable } from '../x509/signature.js'

/**
 * Ways of writing a key that only some releases make an RSA, EC or DSA key of. Conscrypt asks BoringSSL, then the
 * platform's BouncyCastle, and otherwise has a key of no known class (OpenSSLX509Certificate#getPublicKey), which
 * ChainStrengthAnalyzer refuses and which verifies nothing.
 */
export type OddForm =
  | 'a curve that BoringSSL lacks'
  | 'an explicit curve'
  | 'a hybrid point'
  | 'the point at infinity'
  | 'unused bits'
  | 'bytes after the key'
  | 'a padded modulus'
  | 'an even exponent'
  | 'no parameters'
  | 'an unknown form'

const found = new WeakMap<PublicKey, readonly OddForm[]>()

/** What is odd about the key; empty: every release reads it. */
export function oddForms(key: PublicKey): readonly OddForm[] {
  let forms = found.get(key)
  if (!forms) {
    forms = readForms(key)
    found.set(key, forms)
  }
  return forms
}

/** Whether a release that reads `forms` makes a usable key of this one. */
export const isKnownKey = (key: PublicKey, forms: ReadonlySet<OddForm>): boolean =>
  oddForms(key).every((form) => forms.has(form))

function readForms(key: PublicKey): OddForm[] {
  try {
    const [algorithm, bits] = childrenOf(onlyElement(key.spki))
    switch (key.algorithm) {
      case 'rsa':
        return rsaForms(algorithm!, bits!)
      case 'ec':
        return ecForms(key, contentOf(bits!).subarray(1))
      case 'dsa':
        return []
      default:
        return ['an unknown form']
    }
  } catch (error) {
    if (error instanceof DerError) return ['an unknown form']
    throw error
  }
}

function rsaForms(algorithm: Element, bits: Element): OddForm[] {
  const key = elementAt(bits.source, bits.content + 1, bits.end)
  const [modulus, exponent, ...rest] = childrenOf(key)
  if (!modulus || !exponent) return ['an unknown form']
  const octets = contentOf(modulus)
  const forms: OddForm[] = []
  if (bits.source[bits.content] !== 0) forms.push('unused bits')
  if (key.end !== bits.end || rest.length > 0) forms.push('bytes after the key')
  if (octets[0] === 0 && octets.length > 1 && octets[1]! < 0x80) forms.push('a padded modulus')
  if ((contentOf(exponent).at(-1) ?? 0) % 2 === 0) forms.push('an even exponent')
  if (childrenOf(algorithm).length < 2) forms.push('no parameters')
  return forms
}

const boringCurves = new Set(['P-224', 'P-256', 'P-384', 'P-521'])

/** SEC 2 and X9.62 curves, by our name or by OID; the platform's BouncyCastle has no others (no brainpool). */
const isOldCurve = (curve: string): boolean =>
  /^(P-192|secp.*|1\.3\.132\.0\..*|1\.2\.840\.10045\.3\..*)$/.test(curve)

function ecForms(key: PublicKey, point: Uint8Array): OddForm[] {
  const { curve } = key
  const forms: OddForm[] = []
  if (curve === 'explicit') forms.push('an explicit curve')
  else if (curve === null || !(boringCurves.has(curve) || isOldCurve(curve))) return ['an unknown form']
  else if (!boringCurves.has(curve)) forms.push('a curve that BoringSSL lacks')
  if (point.length === 1 && point[0] === 0) return [...forms, 'the point at infinity']
  if (point[0] === 6 || point[0] === 7) forms.push('a hybrid point')
  return isImportable(key) ? forms : ['an unknown form']
}
