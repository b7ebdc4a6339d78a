import type { OverallVerdict, Report } from '../report/schema.js'

/** A report before anybody said what it amounts to. */
export type Composed = Omit<Report, 'verdict'>

/** What a report amounts to under a policy. */
export interface Gate {
  readonly verdict: OverallVerdict
  readonly exitCode: ExitCode
}

/** A report with its verdict in it. */
export interface Gated {
  readonly report: Report
  readonly gate: Gate
}

/** 0 ok · 1 warning · 2 critical · 3 could not check · 4 bad usage or our own fault. */
export type ExitCode = 0 | 1 | 2 | 3 | 4
