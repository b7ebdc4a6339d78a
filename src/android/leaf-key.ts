import { signatureSchemes } from '../tls/code-points.js'
import { parseCertificate } from '../x509/parse.js'

const curves: Readonly<Record<string, number>> = { 'P-256': 23, 'P-384': 24, 'P-521': 25 }

/** A certificate is asked about once per release. */
const knownCurves = new WeakMap<Uint8Array, number | null>()

/** The named group of the key in a certificate, as TLS numbers them; null: no key on a curve that TLS clients offer. */
export function leafCurve(der: Uint8Array): number | null {
  let curve = knownCurves.get(der)
  if (curve === undefined) {
    const leaf = parseCertificate(der)
    curve = curves[(leaf.ok && leaf.certificate.publicKey.curve) || ''] ?? null
    knownCurves.set(der, curve)
  }
  return curve
}

/** Code points of signature schemes by the names that `keyProof` has. */
export const schemeCodes: ReadonlyMap<string, number> = new Map(
  Object.entries(signatureSchemes).map(([code, name]) => [name, Number(code)]),
)
