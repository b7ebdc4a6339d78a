import type { Report } from '../report/schema.js'
import type { Baseline, BaselineCase } from './format.js'
import { farmKey, fingerprintOf, type Outcome } from './outcomes.js'

/** SARIF's levels for severities. */
export const levels = { critical: 'error', warning: 'warning', info: 'note' } as const

/** The key of a case that concerns a whole farm does not say which. */
export const identityOf = ({
  fingerprint,
  farm,
  subject,
}: Pick<BaselineCase, 'fingerprint' | 'farm' | 'subject'>): string =>
  `${fingerprint}${subject === null ? ` ${farm}` : ''}`

/** A case of the baseline, and what it was about, as the report has it now. */
export interface Gone extends Pick<BaselineCase, 'fingerprint' | 'rule' | 'level'> {
  readonly title: string
  readonly farm: Report['farm']
  readonly subject: Outcome['subject']
}

/**
 * Cases of the baseline that are gone: the check looked at the same server this time, and found something else or nothing.
 * What it could not look at, or did not, is not known to be gone.
 */
export const goneFrom = (
  baseline: Baseline,
  told: readonly { readonly report: Report; readonly outcomes: readonly Outcome[] }[],
): readonly Gone[] =>
  [...baseline.values()].flatMap((before) => {
    const { fingerprint, rule, level } = before
    const now = told.find(({ report }) => farmKey(report.farm) === before.farm)
    if (!now || !couldSee(now.report, before)) return []
    const looked = now.outcomes.filter(
      ({ check, subject }) =>
        check.id === rule && (before.subject === null || subject?.id === before.subject),
    )
    const [first] = looked
    const isStill = looked.some(({ key }) => key !== null && fingerprintOf(key) === fingerprint)
    if (!first || isStill || looked.some(({ status }) => status !== 'pass' && status !== 'found')) return []
    const subject = before.subject === null ? null : first.subject
    return [{ fingerprint, rule, level, title: first.check.title, farm: now.report.farm, subject }]
  })

/** Whether the run judged, for each release the case is about, all that it is about. */
function couldSee({ farm, subjects, policy }: Report, { subject, releases }: BaselineCase): boolean {
  const counting: readonly string[] = policy.releases
  const about = subjects.filter(({ id }) => subject === null || id === subject)
  return (
    (subject !== null || farm.unresolved.length === 0) &&
    releases.every((release) => counting.includes(release)) &&
    about.every(
      ({ verdicts }) =>
        verdicts.length > 0 && !verdicts.some(({ counts, verdict }) => counts && verdict === 'undetermined'),
    )
  )
}
