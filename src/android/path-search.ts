import { isKnownKey } from '../path/key-forms.js'
import type { Budget } from '../path/limits.js'
import type { Certificate } from '../x509/certificate.js'
import { sameName } from '../x509/name-match.js'
import type { ReleaseRules } from './release-rules.js'
import type { RuleId } from './rule-id.js'
import type { Staple } from './staple.js'
import type { TrustAnchors } from './trust-anchors.js'
import type { CandidatePath, CertificateOrigin, Problem } from './verdict.js'

/** Everything a path search may look at. */
export interface Search {
  /** Leaf first; at least one. */
  readonly presented: readonly Certificate[]
  readonly anchors: TrustAnchors
  readonly remembered: readonly Certificate[]
  readonly at: Date
  readonly rules: ReleaseRules
  readonly staple: Staple | null
  readonly budget: Budget
  /** Whether to look for the other paths that it would accept, once it has one. */
  readonly allPaths: boolean
}

/** What a search found: the path it accepts, or what it tried in vain. */
export interface SearchResult {
  readonly accepted: CandidatePath | null
  /** Further paths that it would have accepted, in the order it would have met them; only where asked for. */
  readonly others?: readonly CandidatePath[]
  readonly attempts: readonly Attempt[]
}

/** A path that came to nothing. */
export interface Attempt extends CandidatePath {
  /** Whether it reached a trust anchor. */
  readonly isComplete: boolean
}

/** Enough to see what was tried; a hostile chain has more ways than anyone reads. */
const maxAttempts = 32

export class Attempts {
  readonly list: Attempt[] = []

  add(certificates: CandidatePath['certificates'], problem: Problem, isComplete: boolean): void {
    if (this.list.length < maxAttempts) this.list.push({ certificates, problems: [problem], isComplete })
  }
}

export const entries = (
  certificates: readonly Certificate[],
  origin: CertificateOrigin | ((certificate: Certificate) => CertificateOrigin),
): CandidatePath['certificates'] =>
  certificates.map((certificate) => ({
    certificate,
    origin: typeof origin === 'function' ? origin(certificate) : origin,
  }))

/** The anchor that has the certificate's subject and key; null: none. */
export const anchorFor = ({ anchors }: Search, certificate: Certificate): Certificate | null =>
  anchors
    .named(certificate.subject)
    .find((anchor) => anchor.publicKey.spkiSha256 === certificate.publicKey.spkiSha256) ?? null

/** Anchors that have the issuer's name and whose key made the signature. */
export const issuingAnchors = ({ anchors, budget, rules }: Search, certificate: Certificate): Certificate[] =>
  anchors
    .named(certificate.issuer)
    .filter((anchor) => isKnownKey(anchor.publicKey, rules.keyForms) && budget.verify(certificate, anchor))

/** Why the way ends at `last`: nothing above it was presented, or what is above is not trusted. */
export function deadEnd({ anchors }: Search, last: Certificate): Problem {
  const isSelfIssued = sameName(last.issuer, last.subject)
  const problem = (rule: RuleId, detail: string): Problem => ({ rule, certificate: last.sha256, detail })
  if (anchors.named(last.issuer).length > 0) {
    const what = isSelfIssued ? `"${last.subject.text}" has` : `the issuer of "${last.subject.text}" needs`
    return problem(
      'anchor-unknown',
      `${what} another key than the root "${last.issuer.text}" of this release`,
    )
  }
  if (isSelfIssued) return problem('anchor-unknown', `no root "${last.subject.text}" in this release`)
  return problem(
    'no-path-missing-issuer',
    `nothing presented or trusted has the name "${last.issuer.text}", which issued "${last.subject.text}"`,
  )
}
