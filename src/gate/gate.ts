import type { OverallVerdict, Report } from '../report/schema.js'

/** A report before anybody said what it amounts to. */
export type Composed = Omit<Report, 'verdict'>

/** 0 ok · 1 warning · 2 critical · 3 could not check · 4 bad usage or our own fault. */
export type ExitCode = 0 | 1 | 2 | 3 | 4

/** What one report, or all of a run, amounts to. */
export interface Gate {
  readonly verdict: OverallVerdict
  readonly exitCode: ExitCode
}

/** A report with its verdict in it. */
export interface Gated {
  readonly report: Report
  readonly gate: Gate
}

export const exitCodes = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const satisfies Record<
  OverallVerdict,
  ExitCode
>

/** Findings that say that we could not look, not that a server is bad, unless they are critical. */
export const couldNotLook: ReadonlySet<string> = new Set([
  'could-not-connect',
  'check-failed',
  'verdict-undetermined',
])

/**
 * Critical over could not check over warning over ok. A counting release that refuses is critical, one that depends a
 * warning, one that could not be told and a server or name that could not be looked at unknown; a run that judged
 * nothing is never ok.
 */
export function gate(composed: Composed): Gated {
  const verdict = verdictOf(composed)
  return { report: { ...composed, verdict }, gate: { verdict, exitCode: exitCodes[verdict] } }
}

function verdictOf({ subjects, findings, farm }: Composed): OverallVerdict {
  const counting = subjects.map(({ verdicts }) => verdicts.filter(({ counts }) => counts))
  const some = (kind: string) => counting.some((rows) => rows.some(({ verdict }) => verdict === kind))
  const told = findings.filter(({ id, severity }) => severity === 'critical' || !couldNotLook.has(id))
  if (some('refused') || told.some(({ severity }) => severity === 'critical')) return 'critical'
  const unseen = counting.some((rows) => rows.length === 0) || farm.unresolved.length > 0
  if (subjects.length === 0 || unseen || some('undetermined') || told.length < findings.length)
    return 'unknown'
  return some('depends') || told.some(({ severity }) => severity === 'warning') ? 'warning' : 'ok'
}

const order: readonly OverallVerdict[] = ['ok', 'warning', 'unknown', 'critical']

/** The verdict over several reports; none at all is `unknown`. */
export function worst(gates: readonly Gate[]): Gate {
  const verdict = gates.reduce<OverallVerdict>(
    (worse, next) => (order.indexOf(next.verdict) > order.indexOf(worse) ? next.verdict : worse),
    gates.length === 0 ? 'unknown' : 'ok',
  )
  return { verdict, exitCode: exitCodes[verdict] }
}
