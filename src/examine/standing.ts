import { knownAgainst } from '../android/catalogue.js'
import type { Budget } from '../path/limits.js'
import type { Certificate } from '../x509/certificate.js'
import type { WithdrawnCertificate } from './examination.js'
import { type Candidate, type IssuerPool, issuersWithin } from './pool.js'
import type { Revocation } from './revocation.js'

/** What authorities say now of certificates that would be proposed. */
export interface RevocationAsked {
  /** It may be wanted soon. */
  begin(certificate: Certificate): void
  /** `issuers`: proven ones in the pool. */
  of(certificate: Certificate, issuers: readonly Certificate[]): Promise<Revocation | null>
}

/** What is known against certificates that could be proposed. What a server sends already is not asked about. */
export class Standing {
  readonly #withdrawn = new Map<string, WithdrawnCertificate>()
  readonly #said = new Map<string, Revocation | null>()
  /** Every chain found had a revoked certificate on it. */
  gaveUp = false

  constructor(
    readonly revocation: RevocationAsked | undefined,
    readonly pool: IssuerPool,
    readonly budget: Budget,
  ) {}

  allows({ certificate, origin, from }: Candidate): boolean {
    if (origin === 'sent') return true
    if (this.#withdrawn.has(certificate.sha256)) return false
    const known = knownAgainst(certificate.sha256)
    if (!known) return true
    const { state, stateSince, source } = known
    const since = stateSince === null ? null : new Date(stateSince)
    this.#withdrawn.set(certificate.sha256, { certificate, origin, from, state, since, source })
    return false
  }

  /** Asks about all of them at once. */
  async areSound(links: readonly Candidate[]): Promise<boolean> {
    const { revocation } = this
    if (!revocation) return true
    const sound = await Promise.all(
      links.map(async ({ certificate, origin, from }) => {
        if (origin === 'sent' || this.#said.has(certificate.sha256)) return true
        const issuers = issuersWithin(this.budget, this.pool, certificate)
        const said = await revocation.of(
          certificate,
          issuers.map((issuer) => issuer.certificate),
        )
        this.#said.set(certificate.sha256, said)
        if (said?.kind !== 'revoked') return true
        const { since, url } = said
        const withdrawn = { certificate, origin, from, state: 'revoked', since, source: url } as const
        this.#withdrawn.set(certificate.sha256, withdrawn)
        return false
      }),
    )
    return sound.every(Boolean)
  }

  of = ({ sha256 }: Certificate): Revocation | null => this.#said.get(sha256) ?? null

  withdrawn = (): readonly WithdrawnCertificate[] => [...this.#withdrawn.values()]
}
