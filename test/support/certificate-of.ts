import type { Certificate } from '../../src/x509/certificate.js'
import { parseCertificate } from '../../src/x509/parse.js'

/** Our reader's view; throws where it has none. */
export function certificateOf(from: Uint8Array | { readonly der: Uint8Array }): Certificate {
  const result = parseCertificate(from instanceof Uint8Array ? from : from.der)
  if (!result.ok) throw new Error(`${result.problem.field}: ${result.problem.message}`)
  return result.certificate
}
