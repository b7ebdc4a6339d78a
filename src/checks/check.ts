import type { Release } from '../android/releases.js'
import type { RuleId } from '../android/rules.js'
import type { Verdict } from '../android/verdict.js'
import type { Severity } from '../report/report.js'
import type { Endpoint, ProbeOutcome } from '../tls/observation.js'
import type { Certificate, ParseProblem } from '../x509/certificate.js'

/** One server with everything seen and judged of it. */
export interface JudgedEndpoint {
  /** `address:port`, as in reports. */
  readonly id: string
  readonly endpoint: Endpoint
  /** Outcome of the connection whose certificates are judged. */
  readonly outcome: ProbeOutcome
  /** Entries of the certificate list that could be read, in the order received, duplicates kept. */
  readonly presented: readonly Certificate[]
  readonly unreadable: readonly { readonly index: number; readonly problem: ParseProblem }[]
  /** One per selected release; empty when nothing was received. */
  readonly verdicts: readonly Verdict[]
  readonly withoutServerName: ProbeOutcome | null
  /** ClientHellos of Android releases that were spoken, with what came of them. */
  readonly hellos: readonly {
    readonly id: string
    readonly releases: readonly Release[]
    readonly outcome: ProbeOutcome
  }[]
  /** What the server should send in addition, each with the certificate whose signature it verifies. */
  readonly missing: readonly {
    readonly certificate: Certificate
    readonly from: string
    readonly issued: Certificate
  }[]
  /** An issuer that nobody could supply; null: none. */
  readonly unresolved: {
    readonly child: Certificate
    readonly urls: readonly string[]
    readonly tried: readonly string[]
  } | null
  /** How each release would take the server once `missing` is sent; empty where nothing is missing. */
  readonly afterRepair: readonly Verdict[]
  /** Releases that would accept the server once `missing` is sent. */
  readonly acceptedAfterRepair: readonly Release[]
}

/** All a check may look at: facts and the clock, nothing that can be asked for more. */
export interface CheckContext {
  readonly target: {
    readonly name: string
    readonly displayName: string
    readonly port: number
    readonly isAddress: boolean
  }
  readonly at: Date
  /** Selected releases, oldest first. */
  readonly releases: readonly Release[]
  readonly warnDays: number
  readonly critDays: number
  readonly endpoints: readonly JudgedEndpoint[]
  /** Names that could not be resolved. */
  readonly unresolvedNames: readonly {
    readonly host: string
    readonly reason: string
    readonly detail: string
  }[]
  /** Releases whose trust store holds an anchor with this subject and key, oldest first. */
  readonly releasesTrusting: (certificate: Certificate) => readonly Release[]
  /** Whether some release ships this anchor, so that the authority is public; false for anchors the operator added. */
  readonly isPublicAnchor: (certificate: Certificate) => boolean
}

/** What one check found once; `evidence` is JSON-safe. */
export interface Finding<E> {
  /** `address:port`; null: the whole target. */
  readonly endpoint: string | null
  readonly releases: readonly Release[]
  /** Where the case is milder or graver than the check's usual severity. */
  readonly severity?: Severity
  readonly evidence: E
}

export interface Check<E = Record<string, unknown>> {
  /** Kebab-case noun phrase of the failing state: the public id, equal to the file name and to the page in docs/checks. */
  readonly id: string
  readonly severity: Severity
  readonly title: string
  /** RFC sections, Android sources, vendor pages. */
  readonly sources: readonly string[]
  /** Rules of the judge whose refusals this check reports; each rule belongs to exactly one check. */
  readonly rules: readonly RuleId[]
  /** Empty: passed or not applicable. */
  readonly run: (context: CheckContext) => readonly Finding<E>[]
  /** Fact and consequence, in one or two sentences; without the server's address, so that equal cases can be told once. */
  readonly message: (evidence: E, finding: Finding<E>, context: CheckContext) => string
  /** Next steps of a named person on a named server, the last one confirming the fix. */
  readonly steps: (evidence: E, finding: Finding<E>, context: CheckContext) => readonly string[]
}

/** Declares a check; evidence stays typed from `run` to the sentences. */
export function defineCheck<E>(check: Check<E>): Check {
  return check as unknown as Check
}
