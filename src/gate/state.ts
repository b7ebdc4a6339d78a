import { AdfsCheckFault } from '../fault.js'
import type { SubjectState } from '../report/schema.js'
import type { Standing, StandingCase } from './changes.js'

/**
 * The file of `--state`: how each farm stood when it was last told of, by farm (name, with its port where that is not 443).
 */
export type State = ReadonlyMap<string, Standing>

/** Sorted, a farm a line, so that a change is a small difference. */
export function stateText(state: State): string {
  const farms = [...state].sort(([a], [b]) => (a < b ? -1 : 1))
  const lines = farms.map(([name, standing]) => `${JSON.stringify(name)}: ${JSON.stringify(standing)}`)
  return `{"stateVersion": 1, "farms": {\n${lines.join(',\n')}\n}}\n`
}

/** @throws AdfsCheckFault ADFS_CHECK_BAD_FILE */
export function readState(text: string, path: string): State {
  const bad = (what: string, cause?: unknown) =>
    new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${path} ${what}; it was not touched.`, {
      hint: 'Name another file with --state, or move this one away: then everything that is not well is news.',
      cause,
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw bad('is no JSON', cause)
  }
  if (!isRecord(value) || !isRecord(value.farms) || typeof value.stateVersion !== 'number')
    throw bad('is no state of adfs-check')
  if (value.stateVersion !== 1) throw bad('was written by another version of adfs-check')
  const farms = Object.entries(value.farms)
  for (const [name, standing] of farms)
    if (!isStanding(standing)) throw bad(`does not say how "${name.slice(0, 100)}" stood`)
  return new Map(farms as [string, Standing][])
}

/**
 * What is kept where another run has written since `before` was read: each was told what differs from `before`, and nobody
 * what differs between the two. Where they agree nothing is lost; servers of which they do not are told of anew next time.
 */
export function merged(
  current: Standing | undefined,
  before: Standing | undefined,
  mine: Standing,
): Standing {
  if (!current || JSON.stringify(current) === JSON.stringify(before)) return mine
  const later = current.at > mine.at ? current : mine
  const agreed = Object.entries(mine.subjects).filter(([id, { state, answers }]) => {
    const other = Object.hasOwn(current.subjects, id) ? current.subjects[id] : undefined
    return other?.state === state && other.answers.join() === answers.join()
  })
  return {
    at: later.at,
    releases: later.releases,
    subjects: Object.fromEntries(agreed),
    unresolved: [...new Set([...current.unresolved, ...mine.unresolved])],
    cases: { ...current.cases, ...mine.cases },
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText)

const states: Readonly<Record<SubjectState, true>> = {
  accepted: true,
  waived: true,
  refused: true,
  depends: true,
  undetermined: true,
  unreachable: true,
}

const isStanding = (value: unknown): value is Standing =>
  isRecord(value) &&
  isText(value.at) &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value.at) &&
  isTexts(value.releases) &&
  isTexts(value.unresolved) &&
  isRecord(value.subjects) &&
  Object.values(value.subjects).every(
    (one) => isRecord(one) && isText(one.state) && Object.hasOwn(states, one.state) && isTexts(one.answers),
  ) &&
  isRecord(value.cases) &&
  Object.values(value.cases).every(isCase)

const isCase = (value: unknown): value is StandingCase =>
  isRecord(value) &&
  isText(value.finding) &&
  (value.subject === null || isText(value.subject)) &&
  (value.severity === 'critical' || value.severity === 'warning') &&
  isTexts(value.releases)
