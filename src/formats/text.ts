import type { Release } from '../android/releases.js'
import { releasesText } from '../android/releases-text.js'
import type { Gated } from '../gate/gate.js'
import type { FindingReport, Report } from '../report/schema.js'
import type { Format, Style } from './format.js'
import { connectionsOf, doorsText, machinesOf, othersText } from './machines.js'
import { ownerLines } from './owners.js'
import { type Colour, inAscii, paint, unpainted, wrap } from './terminal-text.js'
import { leftOut, servers, vantages } from './text-servers.js'
import { waiversText } from './text-waivers.js'
import {
  count,
  kindsOf,
  nameOf,
  oneLine,
  sentText,
  seriousIn,
  shortPlaceOf,
  spokenWords,
  until,
  verdictOf,
} from './text-words.js'

/**
 * For a person at a terminal at two in the morning: the verdict first and last, a line for each server, one cause, one
 * fix; 24 lines of 80 columns for what is common. Everything else is behind --verbose, the theory in `explain`.
 * One file: the first screen, from top to bottom.
 */
export const text: Format = {
  name: 'text',
  streams: true,
  async write({ watched }, reports, end, sink, style) {
    let names = 0
    let shown = 0
    let last: Gated['gate'] | null = null
    for await (const gated of reports) {
      names++
      last = gated.gate
      const screen = screenOf(gated, style, await sectionsFor(gated, style), watched)
      // With --state a farm where nothing changed is no news.
      if (screen === '') continue
      const rule = shown++ > 0 ? `\n${'-'.repeat(style.columns)}\n\n` : ''
      await sink.write(`${rule}${style.unicode ? screen : inAscii(screen)}`)
    }
    if (names > 1 && shown > 0 && !watched) {
      const { verdict, exitCode, owners } = await end
      const rows = owners ? `\n${'-'.repeat(style.columns)}\n\n${ownerLines(owners, style)}\n` : ''
      await sink.write(
        `${style.unicode ? rows : inAscii(rows)}\nAll ${names} names: ${verdict} (exit ${exitCode})\n`,
      )
    } else if (last && shown > 0 && !watched) {
      const { verdict, exitCode } = await end
      if (verdict !== last.verdict) await sink.write(`\n${othersText}: ${verdict} (exit ${exitCode})\n`)
    }
  },
}

/** What few screens have: loaded for those, a sound farm's is not to wait for it. */
interface Sections {
  readonly fix?: (report: Report, style: Style) => string
  readonly details?: (report: Report, style: Style) => string
  readonly changesText?: (report: Report, style: Style) => string
  readonly asFiles?: (report: Report, style: Style) => string
}

const sectionsFor = async ({ report }: Gated, { verbose }: Style): Promise<Sections> => ({
  ...(isToldFix(report, verbose) ? await import('./text-fix.js') : {}),
  ...(verbose ? await import('./text-details.js') : {}),
  ...(report.changes ? await import('./text-changes.js') : {}),
  ...(report.subjects[0]?.kind === 'file' ? await import('./text-file.js') : {}),
})

/** What was asked for and breaks nothing is told with the details. */
const isToldFix = (report: Report, verbose: boolean): boolean =>
  seriousIn(report).length > 0 || (verbose && report.plan.steps.length > 0)

function screenOf({ report, gate }: Gated, style: Style, sections: Sections, watched = false): string {
  const last = result(report, watched ? '' : ` (exit ${gate.exitCode})`, style)
  const { changes, ...whole } = report
  if (changes) {
    const news = changes.length === 0 ? '' : `${sections.changesText?.(report, style)}\n`
    if (style.verbose)
      return `${news === '' ? '' : `${news}\n`}${screenOf({ report: whole, gate }, style, sections)}`
    return news === '' ? '' : `${news}${last}\n`
  }
  const files = sections.asFiles?.(report, style) ?? ''
  if (report.verdict === 'ok' && !style.verbose && waiversText(report, style) === '')
    return `${[headline(report, style), fine(report, style), ...vantages(report, style), ...leftOut(report, style), ...tidy(report, style), ...(files === '' ? [] : [files]), ...(releasesRefusing(report) ? older(report, style) : []), last].join('\n')}\n`
  const [cause, ...others] = seriousIn(report)
  const all = [
    headline(report, style),
    servers(report, style),
    files,
    waiversText(report, style),
    cause ? why(report, cause, others, style) : '',
    sections.fix?.(report, style) ?? '',
    sections.details?.(report, style) ?? '',
  ].filter((section) => section !== '')
  const end = [...(cause ? [more(cause, style)] : []), ...older(report, style), last]
  return `${style.verbose ? [...all, end.join('\n')].join('\n\n') : fitted([...all, end.join('\n')], style)}\n`
}

/** The smallest terminal still in use has 24 rows, and the prompt comes after the report. */
const screenRows = 23

/** Sections with blank lines between, but for the last of these where the screen would otherwise be too small. */
function fitted(sections: readonly string[], { columns }: Style): string {
  // A command may be longer than a row.
  const rows = sections
    .flatMap((section) => section.split('\n'))
    .reduce((sum, line) => sum + Math.max(1, Math.ceil(unpainted(line).length / columns)), 0)
  const gaps = sections.length - 1
  const room = screenRows - rows
  const kept = room < 0 ? gaps : Math.min(gaps, room)
  return sections.map((section, index) => (index > 0 && index <= kept ? `\n${section}` : section)).join('\n')
}

const colours: Record<Report['verdict'], Colour> = {
  ok: 'green',
  warning: 'yellow',
  critical: 'red',
  unknown: 'yellow',
}

function headline(report: Report, style: Style): string {
  const { subjects, farm } = report
  const name = oneLine(farm.id) + (farm.ports[0] === 443 ? '' : `:${farm.ports[0]}`)
  const refused = machinesOf(subjects.filter((subject) => kindsOf(subject).has('refused')))
  const all = machinesOf(subjects)
  const unseen = machinesOf(subjects.filter(({ verdicts }) => verdicts.length === 0))
  const connections = connectionsOf(subjects)
  const notes = [
    subjects.length === 0
      ? 'no server found'
      : `${count(all, nounOf(report))} ${subjects.every(({ verdicts }) => verdicts.length === 0) ? 'tried' : 'checked'}${doorsText(report)}`,
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(unseen > 0 && subjects.some(({ verdicts }) => verdicts.length > 0)
      ? [`${unseen} without an answer`]
      : []),
    // What an "ok" rests on: servers behind one address may differ.
    ...(report.verdict === 'ok' && nounOf(report) === 'server' ? [count(connections, 'connection')] : []),
  ].join(', ')
  const word = paint(style, colours[report.verdict], verdictWords(report))
  const line = `${paint(style, 'bold', name)}   ${word}`
  const length = name.length + 3 + verdictWords(report).length + 3 + notes.length + 2
  return `${line}${length > style.columns ? '\n' : ''}   (${notes})`
}

function verdictWords(report: Report): string {
  const refusing = releasesWith(report, 'refused')
  const depending = releasesWith(report, 'depends')
  const accepting = `accepted by ${releasesText(report.policy.releases)}`
  switch (report.verdict) {
    case 'critical':
      return refusing.length > 0 ? `REFUSED by ${releasesText(refusing)}` : `${accepting}, ACT NOW`
    case 'unknown':
      return report.subjects.some(({ verdicts }) => verdicts.length > 0)
        ? 'NOT ALL CHECKED'
        : 'COULD NOT BE CHECKED'
    case 'warning':
      return depending.length > 0 ? `DEPENDS for ${releasesText(depending)}` : `${accepting}, WARNING`
    case 'ok':
      if (refusing.length > 0) return `refused by ${releasesText(refusing)}, waived`
      return `ok for ${releasesText(report.policy.releases)}`
  }
}

const releasesWith = ({ policy, subjects }: Report, kind: string): readonly Release[] =>
  policy.releases.filter((release) =>
    subjects.some((subject) => verdictOf(subject, release)?.verdict === kind),
  ) as Release[]

/** The verdict again, and what it leans on: the stores of phones that got updates may differ. */
function result(report: Report, exit: string, style: Style): string {
  const line = `Result: ${resultText(report)}${exit}`
  if (report.subjects.every(({ verdicts }) => verdicts.length === 0)) return line
  const { sources, updates } = report.trustStores
  const latest = updates.at(-1)?.update
  const { data } = report.trustStores
  const stores = `stores as shipped, ${latest ? `updates to ${latest}` : `to ${sources.at(-1)?.shipped}`}${data ? `, trust data of ${data.date} (${data.sha256.slice(0, 8)})` : ''}`
  return line.length + 2 + stores.length <= style.columns
    ? `${line}; ${stores}`
    : `${paint(style, 'dim', `  Root ${stores}`)}\n${line}`
}

const nounOf = ({ subjects }: Report): string => (subjects[0]?.kind === 'file' ? 'file' : 'server')

function resultText(report: Report): string {
  const { subjects, farm, verdict } = report
  const total = machinesOf(subjects) + farm.unresolved.length
  const refused = machinesOf(subjects.filter((subject) => kindsOf(subject).has('refused')))
  const unknown = machinesOf(
    subjects.filter((subject) => subject.verdicts.length === 0 || kindsOf(subject).has('undetermined')),
  )
  if (refused > 0) return `${refused} of ${count(total, nounOf(report))} refused`
  if (verdict === 'unknown')
    return subjects.length === 0
      ? 'nothing could be checked'
      : `${unknown + farm.unresolved.length || total} of ${count(total, nounOf(report))} not checked`
  if (verdict === 'critical') return 'accepted, but act now'
  if (releasesWith(report, 'depends').length > 0) return 'it depends, see above'
  if (verdict === 'warning') return 'accepted, with a warning'
  return total === 1
    ? `the ${nounOf(report)} is accepted`
    : `all ${count(total, nounOf(report))} are accepted`
}

/** A sound farm in one line: what is sent, until when, under which root. */
function fine(report: Report, style: Style): string {
  const answers = report.subjects.flatMap(({ answers }) =>
    answers.filter(({ releases }) => releases.length > 0),
  )
  const lists = new Set(answers.map(({ sent }) => sent.join()))
  const [first] = answers
  const leaf = first && report.certificates[first.sent[0]!]
  const parts = [
    lists.size === 1 && first ? sentText(report, first.sent) : `${lists.size} different chains`,
    ...(leaf ? [`until ${until(leaf.notAfter, report)}`] : []),
    ...anchors(report),
  ]
  return wrap(parts.join(', '), style.columns, '  ', '    ')
}

function anchors(report: Report): string[] {
  const names = new Set(
    report.subjects.flatMap(({ verdicts }) =>
      verdicts.flatMap(({ counts, path }) =>
        counts && path.length > 0 ? [nameOf(report, path.at(-1)!, 40)] : [],
      ),
    ),
  )
  return names.size === 0 ? [] : [`up to ${[...names].join(' or ')}`]
}

function why(report: Report, cause: FindingReport, others: readonly FindingReport[], style: Style): string {
  const sentence = spokenWords(
    style.verbose ? cause.words : (cause.short ?? cause.words).map((word) => placed(word, report)),
    report,
  )
  const rest = style.verbose ? [] : others.filter((finding) => !hasOwnLine(report, finding))
  // What is so under one name and another reads alike here.
  const more = [...new Set(rest.map((finding) => also(report, finding)))]
  return [
    labelled('Why', `${whose(report, cause)}${sentence}`, style),
    ...more.slice(0, maxOthers).map((one) => labelled('Also', one, style)),
    ...(more.length > maxOthers
      ? [labelled('', `and ${more.length - maxOthers} more: --verbose`, style)]
      : []),
  ].join('\n')
}

/** Positions as the screen numbers them, where it does. */
function placed(word: FindingReport['words'][number], { subjects }: Report): typeof word {
  const position = typeof word === 'string' ? / \(presented\[(\d+)\]\)/.exec(word)?.[1] : undefined
  if (position === undefined) return word
  return subjects.length === 1 ? ` (no. ${Number(position) + 1})` : ''
}

/** Where servers fail for different reasons, which this one is of; the others' stand in their lines. */
function whose(report: Report, { subjects }: FindingReport): string {
  const placesOf = (ids: readonly string[]) => [...new Set(ids.map((id) => shortPlaceOf(report, id)))]
  const [own, troubled] = [placesOf(subjects), placesOf(seriousIn(report).flatMap((one) => one.subjects))]
  return own.length > 0 && own.length <= maxOthers && own.length < troubled.length
    ? `${own.join(', ')}: `
    : ''
}

const maxOthers = 3

/** Where each server has a line, the line says its cause. */
const hasOwnLine = (report: Report, finding: FindingReport): boolean =>
  report.subjects.length > 1 &&
  finding.subjects.length > 0 &&
  finding.subjects.every((id) => seriousIn(report).find(({ subjects }) => subjects.includes(id)) === finding)

const also = (report: Report, { brief, title, subjects, id }: FindingReport): string =>
  `${brief ? spokenWords(brief, report) : title}${someOf(report, subjects)} [${id}]`

/** Where, if that is not everywhere and can be said in a few words. */
function someOf(report: Report, subjects: readonly string[]): string {
  const places = [...new Set(subjects.map((subject) => shortPlaceOf(report, subject)))]
  if (machinesOf(report.subjects) === 1 || places.length === 0 || places.length > 3) return ''
  return ` (${places.join(', ')})`
}

/** What a renewal leaves behind, where it was asked for. */
export function tidy(report: Report, style: Style): string[] {
  const left = report.findings.filter(({ id }) => id === 'intermediate-no-longer-needed')
  const names = [...new Set(left.map(({ brief }) => spokenWords(brief ?? [], report)))]
  const where = report.kit ? oneLine(`${report.kit.folder}/README.md`) : '--verbose'
  return names.length === 0 ? [] : [labelled('Tidy', `${names.join(', ')}: ${where} has the command`, style)]
}

const labelled = (label: string, sentence: string, style: Style): string =>
  wrap(sentence, Math.min(style.columns, 80), `  ${label.padEnd(6)}`, ' '.repeat(8))

function more({ id }: FindingReport, style: Style): string {
  const explain = `  More  adfs-check explain ${id}`
  return style.verbose ? explain : `${explain}   |   add --verbose`
}

/** A farm that is fine needs no word on older releases unless they refuse it. */
const releasesRefusing = ({ policy, subjects }: Report): boolean =>
  policy.others.some((release) =>
    subjects.some((subject) => verdictOf(subject, release)?.verdict === 'refused'),
  )

const olderWords: Record<string, string> = {
  refused: 'refuses',
  depends: 'depends',
  undetermined: 'unknown',
  'not asked': 'not asked',
  accepted: 'accepts',
}

const worstFirst = ['refused', 'depends', 'undetermined', 'not asked', 'accepted'] as const

/** Releases that do not count, in one quiet line, as far as the answers prove something. */
function older(report: Report, style: Style): string[] {
  const told = new Map<string, Release[]>()
  for (const release of report.policy.others as Release[]) {
    const kinds = report.subjects.map((subject) => {
      const row = verdictOf(subject, release)
      return row === undefined || row.rule === 'not-asked' ? 'not asked' : row.verdict
    })
    const kind = worstFirst.find((one) => kinds.includes(one)) ?? 'accepted'
    told.set(kind, [...(told.get(kind) ?? []), release])
  }
  const known = [...told].filter(([kind]) => style.verbose || kind !== 'not asked')
  if (known.length === 0 || report.subjects.length === 0) return []
  const line = `Not counted: ${known.map(([kind, releases]) => `${releasesText(releases)} ${olderWords[kind]}`).join(', ')}`
  return [paint(style, 'dim', wrap(line, style.columns, '  ', '    '))]
}
