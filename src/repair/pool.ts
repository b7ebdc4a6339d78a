import type { Certificate } from '../x509/certificate.js'
import { nameKey } from '../x509/name-match.js'
import { verifySignature } from '../x509/signature.js'

/** Where a certificate that the server did not send was found. */
export type RepairOrigin = 'aia' | 'operator' | 'other-server'

/** A certificate with the URL, file or `address:port` it came from; `sent`: by the server itself. */
export interface Candidate {
  readonly certificate: Certificate
  readonly origin: RepairOrigin | 'sent'
  readonly from: string
}

/** Certificates that may complete a chain. The first origin of a certificate is kept. */
export class IssuerPool {
  readonly #bySubject = new Map<string, Candidate[]>()
  readonly #known = new Set<string>()

  /** False: it was in the pool already. */
  add(candidate: Candidate): boolean {
    const { certificate } = candidate
    if (this.#known.has(certificate.sha256)) return false
    this.#known.add(certificate.sha256)
    const subject = nameKey(certificate.subject)
    this.#bySubject.set(subject, [...(this.#bySubject.get(subject) ?? []), candidate])
    return true
  }

  /** Everything in the pool; candidates of one name in the order added. */
  all(): readonly Candidate[] {
    return [...this.#bySubject.values()].flat()
  }

  /** Candidates whose name is the child's issuer and whose key made the signature on the child, in the order added. */
  issuersOf(child: Certificate): readonly Candidate[] {
    const named = this.#bySubject.get(nameKey(child.issuer)) ?? []
    return named.filter(({ certificate }) => verifySignature(child, certificate))
  }
}

/**
 * Subject and issuer are the same name. Such a certificate is a root, or to Windows' tools looks like one, and must not
 * be in the Intermediate Certification Authorities store.
 */
export const isSelfIssued = (certificate: Certificate): boolean =>
  nameKey(certificate.subject) === nameKey(certificate.issuer)
