import type { Action, Person } from '../adfs/actions.js'
import type { Release } from '../android/releases.js'
import type { RuleId } from '../android/rule-id.js'
import type { Examination } from '../examine/examination.js'
import type { LockedFarm } from '../farm/locked.js'
import type { CaseKey, Farm, SubjectId } from '../farm/subject.js'
import type { Threshold } from '../gate/thresholds.js'
import type { Words } from '../words/words.js'
import type { Certificate } from '../x509/certificate.js'
import type { Sha256 } from '../x509/identity.js'

export type Severity = 'critical' | 'warning' | 'info'

/** All that checks may look at: facts and the clock, nothing that can be asked for more. */
export interface ExaminedFarm {
  readonly farm: Farm
  /** The servers are what the resolver says of the name; false or missing: they were named. */
  readonly isResolved?: boolean
  /** One per subject, in the farm's order. */
  readonly examinations: readonly Examination[]
  readonly at: Date
  /** Releases that set the verdict, oldest first. */
  readonly releases: readonly Release[]
  /** Releases told beside them, which never do. */
  readonly others: readonly Release[]
  readonly warn: Threshold
  readonly crit: Threshold
  /** What the farm was locked to; null: the lock file does not know it; missing: no lock file. */
  readonly lock?: LockedFarm | null
  /** The certificate that is to be served; missing: nobody said. */
  readonly renewal?: Renewal
  /** Releases, counting or not, whose trust store holds an anchor with this subject and key, oldest first. */
  readonly releasesTrusting: (certificate: Certificate) => readonly Release[]
  /** Whether some release ships this anchor, so that the authority is public; false for anchors the operator added. */
  readonly isPublicAnchor: (certificate: Certificate) => boolean
  /** Every certificate met anywhere in the run, by its SHA-256. */
  readonly certificates: ReadonlyMap<Sha256, Certificate>
}

/** A certificate that takes the place of another. */
export interface Renewal {
  /** File of the new one, as named. */
  readonly path: string
  readonly leaf: Certificate
  /** Certificates of files that were served before, as the operator gave them. */
  readonly before: readonly Certificate[]
}

/** One thing one check found at one subject (or in the whole farm). */
export interface Case<E> {
  /** Outlives a renewal: missing issuer's name and key, kind of key, a host name; never the leaf's hash. */
  readonly facet: string
  /** Null: the whole farm. */
  readonly subject: SubjectId | null
  /** Releases that it matters to; of `ExaminedFarm.releases` only. Empty: it changes no verdict. */
  readonly releases: readonly Release[]
  readonly severity: Severity
  /** What it is about. */
  readonly certificate: Sha256 | null
  /** Typed facts, JSON-safe: raw text, dates as ISO 8601 text. */
  readonly evidence: E
}

export type CheckResult<E> =
  | { readonly status: 'pass' }
  | { readonly status: 'not-applicable'; readonly why: string }
  | { readonly status: 'undetermined'; readonly why: string }
  | { readonly status: 'found'; readonly cases: readonly Case<E>[] }

/** Cases that read alike, told once. `subjects` and `releases` are theirs together. */
export interface Told<E> {
  readonly cases: readonly (Case<E> & { readonly key: CaseKey })[]
  readonly subjects: readonly SubjectId[]
  readonly releases: readonly Release[]
  readonly severity: Severity
  readonly farm: ExaminedFarm
}

/** An action, who does it and where; without `on`, at every subject of the finding. */
export interface Advice {
  readonly action: Action
  readonly by?: Person
  readonly on?: readonly SubjectId[]
}

export interface Check<Id extends string = string, E = unknown> {
  /** Kebab-case noun phrase of the failing state: the public id, equal to the file name and to the page in docs/checks. */
  readonly id: Id
  readonly title: string
  /** RFC sections, Android sources, vendor pages. */
  readonly sources: readonly string[]
  /** Rules of the judge whose refusals this check reports; each rule belongs to exactly one check. */
  readonly rules: readonly RuleId[]
  /** Looks at what a device in between answered, too; all others speak of servers. */
  readonly seesInspected?: true
  // Methods, so that a check of any evidence is a `Check`: only the registry hands evidence back, to the check it is from.
  run(farm: ExaminedFarm): CheckResult<E>
  /**
   * Fact and consequence in one to three sentences. Told for all cases that give equal words; so they do not name the
   * finding's own servers, which formats do.
   */
  tell(evidence: E, told: Told<E>): Words
  /** For a first screen, in place of a long `tell`: fact and consequence in one or two short sentences, no theory. Null: `tell` is short. */
  short?(evidence: E, told: Told<E>): Words | null
  /** The cause in a few words, for a line that has named the server: `"X" is missing`. As `tell`, for all alike cases. */
  brief?(evidence: E, told: Told<E>): Words
  /** What to do about it, in order; the plan merges it with what other findings ask for. */
  actions(evidence: E, told: Told<E>): readonly Advice[]
}

/** Declares a check; evidence stays typed from `run` to the words. */
export const defineCheck = <const Id extends string, E>(check: Check<Id, E>): Check<Id, E> => check

/** `found` when there are cases, else what is said instead. */
export const found = <E>(
  cases: readonly Case<E>[],
  otherwise: CheckResult<E> = { status: 'pass' },
): CheckResult<E> => (cases.length > 0 ? { status: 'found', cases } : otherwise)
