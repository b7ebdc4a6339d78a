import type { Evidence } from '../checks/old-certificate-still-served.js'
import type { CheckId } from '../checks/registry.js'
import type { ChangeReport, Report, SubjectState } from '../report/schema.js'
import { sha256Of } from '../x509/identity.js'
import { isJudged } from './gate.js'

/**
 * How a farm stood at one look, as far as a later look is compared with it: what `--state` keeps between runs, and
 * `--watch` between judgements.
 */
export interface Standing {
  /** RFC 3339. */
  readonly at: string
  /** Releases that counted. */
  readonly releases: readonly string[]
  /** By subject id. */
  readonly subjects: Readonly<Record<string, SubjectStanding>>
  /** Names that led nowhere. */
  readonly unresolved: readonly string[]
  /** Serious cases that nobody accepts, by key. */
  readonly cases: Readonly<Record<string, StandingCase>>
}

export interface SubjectStanding {
  readonly state: SubjectState
  /** The lists it shows, a SHA-256 each. */
  readonly answers: readonly string[]
}

export interface StandingCase {
  readonly finding: string
  readonly subject: string | null
  readonly severity: 'critical' | 'warning'
  readonly releases: readonly string[]
}

export interface Compared {
  /** What the next look is to be compared with. */
  readonly standing: Standing
  readonly changes: readonly ChangeReport[]
}

/**
 * What differs from the look before; null: there was none, and everything that is not well is news. What could not be
 * looked at this time is neither gone nor recovered: it stays in the standing as it was.
 */
export function compared(before: Standing | null, report: Report): Compared {
  const { at, farm, policy, subjects } = report
  const unresolved = farm.unresolved.map(({ host }) => host)
  const was = new Map(Object.entries(before?.subjects ?? {}))
  /** Subjects of which not every list was met this time. */
  const partly = new Set<string>()
  const now = new Map(
    subjects.map((subject) => {
      const young = { state: stateOf(report, subject), answers: answersOf(subject) }
      const old = was.get(subject.id)
      // Of several servers behind an address not every look meets each: what was met before is kept in mind.
      const isKept = old !== undefined && isSame(old, young)
      if (isKept && old.answers.length > young.answers.length) partly.add(subject.id)
      return [subject.id, isKept ? old : young]
    }),
  )
  // Fewer releases that count make nothing better.
  const isNarrower =
    before?.releases.some((release) => !policy.releases.some((one) => one === release)) ?? false
  const change = (some: Partial<ChangeReport> & Pick<ChangeReport, 'kind'>): ChangeReport => ({
    at,
    subject: null,
    name: null,
    case: null,
    was: null,
    is: null,
    ...some,
  })
  const ofSubjects = [...new Set([...now.keys(), ...was.keys()])].flatMap((subject) => {
    const [old, young] = [was.get(subject), now.get(subject)]
    // Where a name leads is not known this time.
    if (!young && unresolved.length > 0) return []
    const kind = kindOf(old, young, isNarrower)
    if (kind === null || (before === null && isWell(young))) return []
    return [change({ kind, subject, was: old?.state ?? null, is: young?.state ?? null })]
  })
  const ofNames = [
    ...unresolved
      .filter((host) => !before?.unresolved.includes(host))
      .map((name) => change({ kind: 'unreachable', name })),
    ...(before?.unresolved ?? [])
      .filter((host) => !unresolved.includes(host))
      .map((name) => change({ kind: 'reachable', name })),
  ]
  const states = new Map(
    [...now].map(([id, { state }]) => [id, partly.has(id) ? ('undetermined' as const) : state]),
  )
  const { open, left, recovered } = casesOf(before, report, states)
  const ofCase = (
    kind: 'new' | 'recovered',
    [key, { finding, subject, severity }]: readonly [string, StandingCase],
  ) => change({ kind, subject, case: { key, finding, severity } })
  const carried = unresolved.length > 0 ? [...was].filter(([id]) => !now.has(id)) : []
  return {
    standing: {
      at,
      releases: policy.releases,
      subjects: Object.fromEntries([...now, ...carried]),
      unresolved,
      cases: Object.fromEntries([...open, ...left]),
    },
    changes: [
      ...ofSubjects,
      ...ofNames,
      ...open.filter(([key]) => !Object.hasOwn(before?.cases ?? {}, key)).map((one) => ofCase('new', one)),
      ...recovered.map((one) => ofCase('recovered', one)),
    ],
  }
}

/** Nothing is shown that was not shown before, and it is judged alike. */
const isSame = (old: SubjectStanding, young: SubjectStanding): boolean =>
  old.state === young.state &&
  young.answers.length > 0 === old.answers.length > 0 &&
  young.answers.every((list) => old.answers.includes(list))

function kindOf(
  old: SubjectStanding | undefined,
  young: SubjectStanding | undefined,
  isNarrower: boolean,
): ChangeReport['kind'] | null {
  if (!old) return 'appeared'
  if (!young) return 'gone'
  if (isSame(old, young)) return null
  if (young.state === 'unreachable') return old.state === 'unreachable' ? null : 'unreachable'
  if (old.state === 'unreachable') return 'reachable'
  if (old.state === young.state) return 'changed'
  if (young.state === 'accepted') return isNarrower ? 'changed' : 'fixed'
  return old.state === 'accepted' && young.state !== 'waived' ? 'broken' : 'changed'
}

const isWell = (standing: SubjectStanding | undefined): boolean =>
  standing?.state === 'accepted' || standing?.state === 'waived'

/** Worst first. */
const judged = ['refused', 'undetermined', 'depends'] as const

export function stateOf({ findings }: Report, subject: Report['subjects'][number]): SubjectState {
  if (!subject.verdicts.some(({ counts }) => counts)) return 'unreachable'
  const open = judged.find((kind) => isJudged(findings, subject, kind))
  const isAccepted = subject.verdicts.every(({ counts, verdict }) => !counts || verdict === 'accepted')
  return open ?? (isAccepted ? 'accepted' : 'waived')
}

/** Equal for equal lists, whatever connections they came over. */
function answersOf({ answers }: Report['subjects'][number]): readonly string[] {
  const shown = answers.filter(({ releases }) => releases.length > 0)
  const lists = (shown.length > 0 ? shown : answers).map(({ sent }) => sha256Of(Buffer.from(sent.join())))
  return [...new Set(lists)].sort()
}

type Cases = readonly (readonly [string, StandingCase])[]

/** Open now; open before and not to be told now; open before and now not there, though it was looked for. */
function casesOf(
  before: Standing | null,
  { findings, checks, policy, farm }: Report,
  states: ReadonlyMap<string, SubjectState>,
): { readonly open: Cases; readonly left: Cases; readonly recovered: Cases } {
  const serious = findings.flatMap(({ id, severity, releases, cases }) =>
    severity === 'info'
      ? []
      : cases.map(({ key, subject, waived }) => ({
          key,
          isOpen: waived === undefined,
          is: { finding: id, subject, severity, releases: [...releases] as string[] },
        })),
  )
  const there = new Set(serious.map(({ key }) => key))
  const isTold = (state: SubjectState | undefined) => state !== 'unreachable' && state !== 'undetermined'
  const couldSee = ({ finding, subject, releases }: StandingCase) =>
    !checks.some(({ id, status }) => id === finding && status === 'undetermined') &&
    releases.every((release) => policy.releases.some((one) => one === release)) &&
    (subject === null
      ? farm.unresolved.length === 0 && [...states.values()].every(isTold)
      : states.has(subject) && isTold(states.get(subject)))
  const absent = Object.entries(before?.cases ?? {}).filter(([key]) => !there.has(key))
  // A server that is gone takes its cases with it: nothing was mended.
  const isGone = ({ subject }: StandingCase) =>
    subject !== null && !states.has(subject) && farm.unresolved.length === 0
  return {
    open: serious.flatMap(({ key, isOpen, is }) => (isOpen ? [[key, is] as const] : [])),
    left: absent.filter(([, one]) => !couldSee(one) && !isGone(one)),
    recovered: absent.filter(([, one]) => couldSee(one)),
  }
}

/** After a renewal: what servers that do not show the new certificate alone show; null: no new certificate was named. */
export function oldOnesIn({ findings, renewal }: Report): ReadonlyMap<string, OldShown> | null {
  if (!renewal) return null
  const cases = findings.find(({ id }) => id === oldCertificate)?.cases ?? []
  return new Map(
    cases.flatMap(({ subject, evidence, waived }) =>
      subject === null || waived ? [] : [[subject, evidence as unknown as OldShown] as const],
    ),
  )
}

const oldCertificate: CheckId = 'old-certificate-still-served'
export type OldShown = Pick<Evidence, 'isPartial' | 'isNewer'>

/**
 * Whether there is nothing left to wait for: every server accepted, warnings aside, and showing the new certificate where
 * one was named.
 */
export const isMended = (report: Report): boolean =>
  (report.verdict === 'ok' || report.verdict === 'warning') &&
  (oldOnesIn(report)?.size ?? 0) === 0 &&
  !report.subjects.some((subject) => isJudged(report.findings, subject, 'depends'))
