import type { Release } from '../android/releases.js'
import type { CaseKey, SubjectId } from '../farm/subject.js'
import type { Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import type { Advice, Severity } from './check.js'

/** Cases that read alike, told once. */
export interface Finding {
  readonly id: string
  /** The first case's. */
  readonly key: CaseKey
  readonly severity: Severity
  /** Empty: the whole farm. */
  readonly subjects: readonly SubjectId[]
  readonly releases: readonly Release[]
  readonly certificate: Sha256 | null
  readonly title: string
  readonly words: Words
  /** See `Check`; null: the words, or the title, are short enough. */
  readonly short: Words | null
  readonly brief: Words | null
  readonly cases: readonly {
    readonly key: CaseKey
    readonly subject: SubjectId | null
    readonly evidence: unknown
  }[]
  readonly advice: readonly Advice[]
  readonly sources: readonly string[]
}

/** What one check came to. */
export interface Result {
  readonly id: string
  readonly title: string
  readonly status: 'pass' | 'not-applicable' | 'undetermined' | 'found'
  /** Null where it passed or found something. */
  readonly why: string | null
  readonly findings: readonly Finding[]
}
