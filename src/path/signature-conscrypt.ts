import type { Certificate } from '../x509/certificate.js'
import { onlyElement } from '../x509/der.js'
import { algorithmOf } from '../x509/parse.js'
import { verifySigned } from '../x509/signature.js'
import { isKnownKey, type OddForm } from './key-forms.js'
import type { Budget } from './limits.js'

/**
 * Whether `issuer` signed `child` to Conscrypt before 7.0. Where the algorithm identifiers inside and outside the signed
 * part differ, X509_verify gives up without an error, and Conscrypt takes no error for a good signature (executed, with
 * the native library of 2017). Here the signature must at least fit one of the two: what does not was signed by nobody.
 */
export function isSignedAsConscrypt(
  child: Certificate,
  issuer: Certificate,
  { budget, keyForms }: { readonly budget: Budget; readonly keyForms: ReadonlySet<OddForm> },
): boolean {
  if (!isKnownKey(issuer.publicKey, keyForms)) return false
  if (budget.verify(child, issuer)) return true
  const inner = algorithmOf(onlyElement(child.signedAlgorithm))
  if (inner.oid === child.signatureAlgorithm) return false
  return verifySigned({ ...inner, signed: child.tbs, signature: child.signature }, issuer.publicKey)
}
