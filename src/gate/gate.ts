import type { OverallVerdict, Report } from '../report/schema.js'
import { type Waiver, withWaivers } from './waivers.js'

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
  /** The case that it can be judged anew from, where it is kept. */
  readonly caseText?: () => string
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

/** What a policy says of reports: which verdict fails a run, and what is accepted for a time. */
export interface GatePolicy {
  /** `critical`: a warning ends with 0 too. */
  readonly failOn: 'warning' | 'critical'
  readonly waivers: readonly Waiver[]
}

const defaults: GatePolicy = { failOn: 'warning', waivers: [] }

/**
 * Critical over could not check over warning over ok, of what is not waived. A counting release that refuses is
 * critical, one that depends a warning, one that could not be told and a server or name that could not be looked at
 * unknown; a run that judged nothing is never ok.
 */
export function gate(composed: Composed, { failOn, waivers }: GatePolicy = defaults): Gated {
  const waived = waivers.length === 0 ? composed : withWaivers(composed, waivers)
  const verdict = verdictOf(waived)
  const exitCode = verdict === 'warning' && failOn === 'critical' ? 0 : exitCodes[verdict]
  return { report: { ...waived, verdict }, gate: { verdict, exitCode } }
}

function verdictOf({ subjects, findings, farm }: Composed): OverallVerdict {
  const open = findings.filter(isOpen)
  const told = open.filter(({ id, severity }) => severity === 'critical' || !couldNotLook.has(id))
  const some = (kind: JudgedKind) => subjects.some((subject) => isJudged(findings, subject, kind))
  if (some('refused') || told.some(({ severity }) => severity === 'critical')) return 'critical'
  const unseen = subjects.filter(({ verdicts }) => !verdicts.some(({ counts }) => counts))
  const isWaived = ({ id }: { readonly id: string }) => isCovered(findings, id, 'unseen', [])
  const unresolved = farm.unresolved.filter(
    ({ host }) =>
      !findings.some(({ id, cases }) =>
        cases.some(
          ({ waived, key }) => waived !== undefined && key === `${id}||${host}` && couldNotLook.has(id),
        ),
      ),
  )
  if (subjects.length === 0 && farm.unresolved.length === 0) return 'unknown'
  if (unresolved.length > 0 || !unseen.every(isWaived) || some('undetermined') || told.length < open.length)
    return 'unknown'
  // What could not be checked is not known to be well, whoever accepts that.
  const waivedUnknown = findings.some(
    ({ id, cases }) => couldNotLook.has(id) && cases.some(({ waived }) => waived),
  )
  return waivedUnknown || some('depends') || told.some(({ severity }) => severity === 'warning')
    ? 'warning'
    : 'ok'
}

type Finding = Composed['findings'][number]

export type JudgedKind = 'refused' | 'depends' | 'undetermined'

/** Whether a counting release is so judged at a subject where no waived case says so. */
export const isJudged = (
  findings: readonly Finding[],
  { id, verdicts }: Composed['subjects'][number],
  kind: JudgedKind,
): boolean =>
  verdicts.some(
    ({ counts, verdict, releases }) =>
      counts && verdict === kind && releases.some((release) => !isCovered(findings, id, kind, [release])),
  )

const isCovered = (
  findings: readonly Finding[],
  subject: string,
  kind: JudgedKind | 'unseen',
  releases: readonly string[],
): boolean =>
  findings.some(
    (finding) =>
      covers[kind](finding) &&
      finding.cases.some((one) => one.waived && (one.subject === subject || one.subject === null)) &&
      releases.every((release) => finding.releases.some((other) => other === release)),
  )

const isOpen = ({ cases }: Finding): boolean => cases.some(({ waived }) => !waived)

/** Findings whose waived cases stand for a verdict of this kind. */
const covers: Readonly<Record<JudgedKind | 'unseen', (finding: Finding) => boolean>> = {
  refused: ({ severity }) => severity === 'critical',
  depends: ({ id, severity }) => severity !== 'info' && !couldNotLook.has(id),
  undetermined: ({ id }) => couldNotLook.has(id),
  unseen: ({ id }) => couldNotLook.has(id),
}

const order: readonly OverallVerdict[] = ['ok', 'warning', 'unknown', 'critical']

/** For sorting: critical before what could not be checked before warning. */
export const worstFirst = (a: OverallVerdict, b: OverallVerdict): number =>
  order.indexOf(b) - order.indexOf(a)

/** The verdict over several reports; none at all is `unknown`. */
export function worst(gates: readonly Gate[]): Gate {
  const verdict = gates.reduce<OverallVerdict>(
    (worse, next) => (order.indexOf(next.verdict) > order.indexOf(worse) ? next.verdict : worse),
    gates.length === 0 ? 'unknown' : 'ok',
  )
  // A policy may let warnings pass: of equal verdicts the graver code counts.
  const codes = gates.filter((one) => one.verdict === verdict).map(({ exitCode }) => exitCode)
  return { verdict, exitCode: codes.length === 0 ? exitCodes[verdict] : (Math.max(...codes) as ExitCode) }
}
