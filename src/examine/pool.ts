import { type Budget, LimitReached } from '../path/limits.js'
import type { Certificate } from '../x509/certificate.js'
import { nameKey } from '../x509/name-match.js'
import { verifySignature } from '../x509/signature.js'
import type { RepairOrigin } from './examination.js'

/** A certificate with the URL, file or subject id it came from; `sent`: by the server itself. */
export interface Candidate {
  readonly certificate: Certificate
  readonly origin: RepairOrigin | 'sent'
  readonly from: string
}

/**
 * Certificates that may complete a chain. The first origin of a certificate is kept. A pool may lie over another one,
 * which is not changed: what many repairs share is gathered once.
 */
export class IssuerPool {
  readonly #below: IssuerPool | null
  readonly #bySubject = new Map<string, Candidate[]>()
  readonly #known = new Set<string>()

  constructor(below: IssuerPool | null = null) {
    this.#below = below
  }

  /** False: it was in the pool already. */
  add(candidate: Candidate): boolean {
    const { certificate } = candidate
    if (this.#known.has(certificate.sha256)) return false
    this.#known.add(certificate.sha256)
    const subject = nameKey(certificate.subject)
    this.#bySubject.set(subject, [...(this.#bySubject.get(subject) ?? []), candidate])
    return true
  }

  /**
   * Candidates whose name is the child's issuer and whose key made the signature on the child, each once, in the order
   * added; those of the pool below come last. `verify` may throw.
   */
  issuersOf(
    child: Certificate,
    verify: (child: Certificate, issuer: Certificate) => boolean = verifySignature,
  ): readonly Candidate[] {
    const named = this.named(nameKey(child.issuer))
    return named.filter(({ certificate }) => verify(child, certificate))
  }

  has({ sha256 }: Certificate): boolean {
    for (let pool: IssuerPool | null = this; pool !== null; pool = pool.#below) {
      if (pool.#known.has(sha256)) return true
    }
    return false
  }

  /** Candidates that bear a name, given as its `nameKey`. */
  named(subject: string): readonly Candidate[] {
    const own = this.#bySubject.get(subject) ?? []
    if (this.#below === null) return own
    const below = this.#below.named(subject)
    return [...own, ...below.filter(({ certificate }) => !this.#known.has(certificate.sha256))]
  }
}

/** Empty where that asks for more signatures than the budget has left, which it then shows. */
export function issuersWithin(budget: Budget, pool: IssuerPool, child: Certificate): readonly Candidate[] {
  try {
    return pool.issuersOf(child, budget.verify)
  } catch (error) {
    if (error instanceof LimitReached) return []
    throw error
  }
}
