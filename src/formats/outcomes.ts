import { createHash } from 'node:crypto'
import { couldNotLook } from '../gate/gate.js'
import type { CaseReport, FindingReport, Report, SubjectReport } from '../report/schema.js'
import type { Head, Listing } from './format.js'
import { machinesOf } from './machines.js'
import { oneLine, spokenWords } from './text-words.js'

/**
 * What every check says of every server: the common ground of the formats that other programs read. All text made here
 * is one line, without control characters, and of bounded length; each format adds its own escapes.
 */
export interface Outcome {
  readonly check: { readonly id: string; readonly title: string }
  /** Null: the farm as a whole. */
  readonly subject: SubjectReport | null
  /**
   * `error`: we could not look, or failed ourselves; `unseen`: the server gave no answer that could be judged, which is
   * never a pass.
   */
  readonly status: 'pass' | 'found' | 'error' | 'not-applicable' | 'open' | 'unseen'
  /** Set for `found` and `error`. */
  readonly finding: FindingReport | null
  /** The case's key; null where there is no case. */
  readonly key: string | null
  /** Who accepts the case; null: nobody does. */
  readonly waived: CaseReport['waived'] | null
  /** One line; empty for a pass. */
  readonly text: string
}

export function outcomesOf(report: Report): readonly Outcome[] {
  const known = new Set(report.checks.map(({ id }) => id))
  const others = report.findings.filter(({ id }) => !known.has(id))
  return [
    ...report.checks,
    ...others.map(({ id, title }) => ({ id, title, status: 'found' as const, why: null })),
  ]
    .filter(({ id }, index, all) => all.findIndex((other) => other.id === id) === index)
    .flatMap((check) => {
      const found = casesOf(report).filter(({ finding }) => finding.id === check.id)
      const ofFarm = found.filter(({ subject }) => subject === null)
      return [
        ...ofFarm.map((one) => foundOutcome(report, check, one)),
        ...report.subjects.flatMap((subject) => {
          const own = found.filter((one) => one.subject?.id === subject.id)
          return own.length > 0
            ? own.map((one) => foundOutcome(report, check, one))
            : [{ check, subject, finding: null, key: null, waived: null, ...withoutCase(check, subject) }]
        }),
      ]
    })
}

/** One case of a finding, with the server it was found at. */
export interface LocatedCase {
  readonly finding: FindingReport
  readonly key: string
  readonly subject: SubjectReport | null
  readonly waived: CaseReport['waived'] | null
}

/** Every case, most important finding first. */
export const casesOf = (report: Report): readonly LocatedCase[] =>
  report.findings.flatMap((finding) =>
    finding.cases.map(({ key, subject, waived = null }) => ({
      finding,
      key,
      waived,
      subject: report.subjects.find(({ id }) => id === subject) ?? null,
    })),
  )

/** A case's key as others store it: it outlives renewals, its text may be anybody's. */
export const fingerprintOf = (key: string): string => createHash('sha256').update(key).digest('hex')

const foundOutcome = (
  report: Report,
  check: Outcome['check'],
  { finding, key, subject, waived }: LocatedCase,
): Outcome => ({
  check,
  subject,
  status: couldNotLook.has(finding.id) && finding.severity !== 'critical' ? 'error' : 'found',
  finding,
  key,
  waived,
  text: messageOf(report, finding),
})

function withoutCase(
  { status, why }: Pick<Report['checks'][number], 'status' | 'why'>,
  { verdicts, outcome }: SubjectReport,
): Pick<Outcome, 'status' | 'text'> {
  if (verdicts.length === 0) return { status: 'unseen', text: `No answer: ${cut(outcome.detail, 200)}` }
  if (status === 'undetermined') return { status: 'open', text: cut(why ?? 'could not be told', 500) }
  if (status === 'not-applicable')
    return { status: 'not-applicable', text: cut(why ?? 'does not apply', 500) }
  return { status: 'pass', text: '' }
}

/** Who accepts a case, until when and why; formats show it in place of a failure. */
export const waivedText = ({ owner, until, reason }: NonNullable<CaseReport['waived']>): string =>
  `Waived by ${cut(owner, 100)} until ${until}: ${cut(reason, 300)}`

/** Fact and consequence on one line. */
export const messageOf = (report: Report, finding: FindingReport, longest = 1000): string =>
  cut(spokenWords(finding.words, report), longest)

/** One line of foreign text, not longer than `longest` characters. */
export const cut = (text: string, longest: number): string => oneLine(text.slice(0, 4 * longest), longest)

/** The verdict in a few words, for one line about one farm. */
export function verdictLine(report: Report): string {
  const cause = report.findings.find(({ severity }) => severity !== 'info')
  const total = machinesOf(report.subjects)
  const refused = machinesOf(
    report.subjects.filter(({ verdicts }) =>
      verdicts.some(({ counts, verdict }) => counts && verdict === 'refused'),
    ),
  )
  const word = {
    ok: `all ${total} server${total === 1 ? '' : 's'} accepted`,
    warning: 'accepted, with a warning',
    critical:
      refused > 0
        ? `${refused} of ${total} server${total === 1 ? '' : 's'} refused`
        : 'accepted today, but act now',
    unknown: 'could not be checked',
  }[report.verdict]
  const [unresolved] = report.farm.unresolved
  const why = cause ? cause.title : unresolved ? cut(unresolved.detail, 100) : ''
  return `${cut(report.farm.id, 100)}: ${word}${report.verdict === 'ok' || why === '' ? '' : `: ${why}`}`
}

/** One name at two ports is two farms, unless they are ports of one farm: the first is that of the target. */
export const farmKey = ({ id, ports }: Pick<Report['farm'], 'id' | 'ports'>): string =>
  `${id} ${ports[0] ?? ''}`

/**
 * What a finding is anchored to, for formats that know nothing but lines of files: the file that was judged, or where the
 * farm is listed; without an inventory, where it would be.
 */
export const listingOf = (
  { listed }: Pick<Head, 'listed'>,
  farm: Report['farm'],
  subject: SubjectReport | null,
): Listing =>
  subject?.kind === 'file'
    ? { uri: encodeURI(cut(subject.label, 200).replaceAll('\\', '/')), line: 1 }
    : (listed?.get(farmKey(farm)) ?? { uri: 'adfs-check.yaml', line: 1 })
