import type { Certificate } from '../x509/certificate.js'
import type { Release } from './releases.js'
import type { RuleId } from './rule-id.js'

/** Where a certificate on a path came from. */
export type CertificateOrigin = 'presented' | 'remembered' | 'anchor'

/** One candidate certification path, end-entity first, the trust anchor last if one was reached. */
export interface CandidatePath {
  readonly certificates: readonly { readonly certificate: Certificate; readonly origin: CertificateOrigin }[]
  /** Why the release does not accept this path; empty: it does. */
  readonly problems: readonly Problem[]
}

/** One rule that a certificate, a path or a handshake broke. Typed facts; sentences are made in `rules.ts`. */
export interface Problem {
  /** Key of the rule catalogue in `rules.ts`. */
  readonly rule: RuleId
  /** SHA-256 of the certificate that broke it; null where the rule is about the path or the handshake. */
  readonly certificate: string | null
  readonly detail: string
}

/** What one Android release makes of what one server sent. */
export type Verdict =
  | {
      readonly kind: 'accepted'
      readonly release: Release
      /** The first that the release finds, which is the one it takes. */
      readonly path: CandidatePath
      /** Others that it would take were that one not there; empty unless asked for. */
      readonly others: readonly CandidatePath[]
    }
  | {
      readonly kind: 'refused'
      readonly release: Release
      /** The problem that helps a person most, not the last one met. */
      readonly reason: Problem
      readonly attempted: readonly CandidatePath[]
    }
  | {
      readonly kind: 'depends'
      readonly release: Release
      /** What decides: an intermediate the app met before, the patch or store the phone has, the app's own configuration. */
      readonly on: 'remembered-intermediate' | 'security-patch' | 'system-update' | 'app-configuration'
      readonly reason: Problem
      readonly path: CandidatePath | null
      /** SHA-256 of the certificates the phone must know already. */
      readonly needs: readonly string[]
      /** Of `system-update`: which one (`YYYY-MM`), and whether the server is accepted before or after it. */
      readonly update?: { readonly accepted: 'until' | 'after'; readonly update: string }
    }
  | { readonly kind: 'undetermined'; readonly release: Release; readonly because: string }
