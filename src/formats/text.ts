import type { Release } from '../android/releases.js'
import { releasesText } from '../android/releases-text.js'
import { type Gated, worst } from '../gate/gate.js'
import type { FindingReport, Report, SubjectReport, VerdictReport } from '../report/schema.js'
import type { Format, Style } from './format.js'
import { spokenPlan } from './speech.js'
import { type Colour, inAscii, paint, wrap } from './terminal-text.js'
import { details } from './text-details.js'
import { asFiles } from './text-file.js'
import { isWaived, waiversText } from './text-waivers.js'
import { nameOf, oneLine, placeOf, spokenWords } from './text-words.js'

/**
 * For a person at a terminal at two in the morning: the verdict first and last, a line for each server, one cause, one
 * fix. Everything else is behind --verbose.
 */
export const text: Format = {
  name: 'text',
  streams: true,
  async write(_head, reports, _end, sink, style) {
    const gates: Gated['gate'][] = []
    for await (const gated of reports) {
      const screen = screenOf(gated, style)
      const rule = gates.length > 0 ? `\n${'-'.repeat(style.columns)}\n\n` : ''
      await sink.write(`${rule}${style.unicode ? screen : inAscii(screen)}`)
      gates.push(gated.gate)
    }
    if (gates.length > 1) {
      const { verdict, exitCode } = worst(gates)
      await sink.write(`\nAll ${gates.length} names: ${verdict} (exit ${exitCode})\n`)
    }
  },
}

function screenOf({ report, gate }: Gated, style: Style): string {
  const cause = report.findings.find((finding) => finding.severity !== 'info' && !isWaived(finding))
  const sections = [
    headline(report, style),
    isFine(report) && !style.verbose ? fine(report, style) : servers(report, style),
    asFiles(report, style),
    waiversText(report, style),
    cause ? why(report, cause, style) : '',
    cause ? fix(report, style) : '',
    cause ? more(report, cause, style) : '',
    style.verbose ? details(report, style) : '',
  ].filter((section) => section !== '')
  const last = `Result: ${resultText(report)} (exit ${gate.exitCode})`
  return `${sections.join(isFine(report) && !style.verbose ? '\n' : '\n\n')}\n${last}\n`
}

/** Nothing is wrong, and nobody had to accept anything. */
const isFine = ({ verdict, findings }: Report): boolean => verdict === 'ok' && !findings.some(isWaived)

const colours: Record<Report['verdict'], Colour> = {
  ok: 'green',
  warning: 'yellow',
  critical: 'red',
  unknown: 'yellow',
}

function headline(report: Report, style: Style): string {
  const { subjects } = report
  const name = oneLine(report.farm.id) + (report.farm.ports[0] === 443 ? '' : `:${report.farm.ports[0]}`)
  const refused = subjects.filter((subject) => kinds(subject).has('refused'))
  const unseen = subjects.filter((subject) => subject.verdicts.length === 0)
  const who = releasesText(
    report.policy.releases.filter((release) =>
      subjects.some((subject) => verdictOf(subject, release)?.verdict === 'refused'),
    ),
  )
  const word = {
    critical: refused.length > 0 ? `REFUSED by ${who}` : 'CRITICAL',
    unknown: 'COULD NOT BE CHECKED',
    warning: `accepted by ${releasesText(report.policy.releases)}, with a warning`,
    ok: refused.length > 0 ? `refused by ${who}, waived` : `ok for ${releasesText(report.policy.releases)}`,
  }[report.verdict]
  const counts = [
    `${subjectsText(report)} checked`,
    ...(refused.length > 0 ? [`${refused.length} refused`] : []),
    ...(unseen.length > 0 ? [`${unseen.length} without an answer`] : []),
  ].join(', ')
  return `${paint(style, 'bold', name)}   ${paint(style, colours[report.verdict], word)}   (${counts})`
}

function resultText(report: Report): string {
  const { subjects, verdict } = report
  const total = subjects.length
  const refused = subjects.filter((subject) => kinds(subject).has('refused')).length
  const unseen = subjects.filter(
    (subject) => subject.verdicts.length === 0 || kinds(subject).has('undetermined'),
  ).length
  if (refused > 0) return `${refused} of ${subjectsText(report)} refused`
  if (verdict === 'unknown')
    return total === 0
      ? 'nothing could be checked'
      : `${unseen || total} of ${subjectsText(report)} could not be checked`
  if (verdict === 'critical') return 'accepted today, but act now'
  const accepted =
    total === 1 ? `the ${nounOf(report)} is accepted` : `all ${subjectsText(report)} are accepted`
  return verdict === 'warning' ? `${accepted}, with a warning` : accepted
}

/** A sound farm in one line: what is sent, until when, under which root, and on what that rests. */
function fine(report: Report, style: Style): string {
  const answers = report.subjects.flatMap(({ answers }) =>
    answers.filter(({ releases }) => releases.length > 0),
  )
  const lists = new Set(answers.map(({ sent }) => sent.join()))
  const connections = report.subjects.reduce((sum, subject) => sum + subject.connections.length, 0)
  const [first] = answers
  const leaf = first && report.certificates[first.sent[0]!]
  const parts = [
    lists.size === 1 && first ? sentText(report, first.sent) : `${lists.size} different chains`,
    leaf ? `until ${until(leaf.notAfter, report)}` : '',
    anchors(report),
    connections > 0
      ? count(connections, 'connection')
      : report.subjects.map(({ label }) => oneLine(label)).join(', '),
    `stores as shipped, ${report.policy.supported.asOf}`,
  ].filter((part) => part !== '')
  return wrap(parts.join(' - '), style.columns, '  ', '    ')
}

function anchors(report: Report): string {
  const names = new Set(
    report.subjects.flatMap(({ verdicts }) =>
      verdicts.flatMap(({ counts, path }) =>
        counts && path.length > 0 ? [nameOf(report, path.at(-1)!, 40)] : [],
      ),
    ),
  )
  return [...names].join(', ')
}

/** One server in full, or one line for each; those that answer alike share a line. */
function servers(report: Report, style: Style): string {
  const [only, ...others] = report.subjects
  if (!only) return unresolved(report, style)
  const lines =
    others.length === 0 && only.answers.length > 0
      ? [`  ${placeOf(report, only.id)}`, ...chainLines(report, only, style)]
      : serverLines(report, style)
  const mixed = report.subjects.some((subject) => kinds(subject).has('refused')) && others.length > 0
  const some = report.subjects.some(
    (subject) => !kinds(subject).has('refused') && subject.verdicts.length > 0,
  )
  return [
    ...lines,
    ...(mixed && some ? ['  Phones meet any of them: sign-in fails now and then.'] : []),
    ...matrix(report),
    ...(report.farm.unresolved.length > 0 ? [unresolved(report, style)] : []),
  ].join('\n')
}

const unresolved = (report: Report, style: Style): string =>
  report.farm.unresolved
    .map(({ host, detail }) =>
      wrap(`${oneLine(host)}  not resolved: ${oneLine(detail)}`, style.columns, '  ', '    '),
    )
    .join('\n')

/** More lines of equal servers than this are told as one. */
const maxServerLines = 12

function serverLines(report: Report, style: Style): string[] {
  const groups = new Map<string, SubjectReport[]>()
  for (const subject of report.subjects) {
    const key = report.subjects.length <= maxServerLines ? subject.id : serverText(report, subject)
    groups.set(key, [...(groups.get(key) ?? []), subject])
  }
  const places = [...groups.values()].map((group) =>
    group.length === 1
      ? placeOf(report, group[0]!.id)
      : `${placeOf(report, group[0]!.id)} and ${group.length - 1} more`,
  )
  const width = Math.max(...places.map((place) => place.length))
  return [...groups.values()].map((group, index) => {
    const subject = group[0]!
    const word = wordOf(subject)
    const line = `  ${places[index]!.padEnd(width)}  ${word.padEnd(7)}   ${serverText(report, subject)}`
    return wrapAligned(line, style.columns, width + 14).replace(word, paint(style, wordColours[word]!, word))
  })
}

const wrapAligned = (line: string, columns: number, indent: number): string => {
  const head = line.slice(0, indent)
  return wrap(line.slice(indent), columns, head, ' '.repeat(indent))
}

const wordColours: Record<string, Colour> = {
  ok: 'green',
  REFUSED: 'red',
  DEPENDS: 'yellow',
  UNKNOWN: 'yellow',
}

function wordOf(subject: SubjectReport): string {
  const found = kinds(subject)
  if (found.has('refused')) return 'REFUSED'
  if (subject.verdicts.length === 0 || found.has('undetermined')) return 'UNKNOWN'
  return found.has('depends') ? 'DEPENDS' : 'ok'
}

function serverText(report: Report, subject: SubjectReport): string {
  if (subject.answers.length === 0) return oneLine(subject.outcome.detail)
  const finding = report.findings.find(
    ({ severity, subjects }) => severity !== 'info' && subjects.includes(subject.id),
  )
  const shown = subject.answers.filter(({ releases }) => releases.length > 0)
  const sent = (shown.length > 0 ? shown : subject.answers).map((answer) => sentText(report, answer.sent))
  return `${[...new Set(sent)].join(' or ')}${finding ? `: ${lowerFirst(finding.title)}` : ''}`
}

const lowerFirst = (title: string): string =>
  /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title

const labelWidth = 'MISSING  2'.length

/** What one server sends, what is missing and what phones have, as a ladder. */
function chainLines(report: Report, subject: SubjectReport, style: Style): string[] {
  const shown = subject.answers.filter(({ releases }) => releases.some((release) => counts(report, release)))
  const answers = shown.length > 0 ? shown : subject.answers
  return answers.flatMap((answer) => {
    const repair = subject.repairs.find((other) => other.answer === answer.id)
    const several =
      answers.length > 1
        ? [
            `    ${subject.varying.includes(answer.id) ? 'on some connections' : answer.releases.length > 0 ? `to ${releasesText(answer.releases)}` : 'to no release'}`,
          ]
        : []
    const sent = answer.sent.map((sha256, index) =>
      certificateLine(
        report,
        `${index === 0 ? 'sent   ' : '       '}${String(index + 1).padStart(3)}`,
        sha256,
        {
          note: index === 0 ? nameNote(report, subject) : '',
          ...style,
        },
      ),
    )
    const missing = (repair?.add ?? []).map(({ sha256 }) =>
      certificateLine(report, `MISSING${String(repair!.chain.indexOf(sha256) + 1).padStart(3)}`, sha256, {
        note: '',
        ...style,
      }),
    )
    const open = repair?.open
      ? [
          `    ${'MISSING  ?'.padEnd(labelWidth)}  ${oneLine(commonName(repair.open.issuer), 60)}   (found nowhere)`,
        ]
      : []
    return [...several, ...sent, ...missing, ...open, ...anchorLine(report, subject, answer.id)]
  })
}

/** The last common name of an RFC 4514 name, else all of it. */
const commonName = (subject: string): string => /(?:^|,)CN=((?:[^,\\]|\\.)+)/.exec(subject)?.[1] ?? subject

function certificateLine(
  report: Report,
  label: string,
  sha256: string,
  { note, columns, colour }: Style & { note: string },
): string {
  const certificate = report.certificates[sha256]
  const painted = label.startsWith('MISSING') ? paint({ colour }, 'red', label) : label
  if (!certificate) return `    ${painted}  unreadable, SHA-256 ${sha256.slice(0, 16)}`
  const ends = `${note}until ${until(certificate.notAfter, report)}`
  const room = Math.max(12, columns - 4 - labelWidth - 2 - ends.length - 2)
  return `    ${painted}  ${oneLine(certificate.name, room).padEnd(Math.min(room, 26))}  ${ends}`
}

function nameNote(report: Report, subject: SubjectReport): string {
  const bad = report.findings.some(
    ({ id, subjects }) =>
      (id === 'hostname-not-covered' || id === 'common-name-only') && subjects.includes(subject.id),
  )
  return bad ? 'WRONG NAME, ' : 'name ok, '
}

function anchorLine(report: Report, subject: SubjectReport, answer: string): string[] {
  const repair = subject.repairs.find((other) => other.answer === answer)
  const after = repair?.verdictsAfter.find(({ verdict }) => verdict === 'accepted')
  const paths = subject.verdicts.filter((row) => row.counts && row.path.length > 0 && row.answer === answer)
  const roots = new Map<string, Release[]>()
  for (const { path, releases } of paths)
    roots.set(path.at(-1)!, [...(roots.get(path.at(-1)!) ?? []), ...(releases as Release[])])
  if (roots.size === 0 && after && repair) {
    const top = repair.chain.at(-1)
    const anchor = Object.entries(report.certificates).find(
      ([, { subject: name, origins }]) =>
        top !== undefined && name === report.certificates[top]?.issuer && origins.includes('trust-store'),
    )
    if (anchor) roots.set(anchor[0], [...(after.releases as Release[])])
  }
  return [...roots].map(([sha256, releases]) => {
    const everywhere = report.policy.releases.every((release) => releases.includes(release as Release))
    const added = report.trustStores.added.includes(sha256)
    return `    ${'on phone'.padEnd(labelWidth)}  ${nameOf(report, sha256, 40).padEnd(26)}  ${added ? 'added by you' : everywhere ? 'in every release checked' : `in ${releasesText(releases)}`}`
  })
}

/** Servers by releases, where one server is not judged alike by all of them. */
export function matrix(report: Report): string[] {
  const differs = report.subjects.some(
    (subject) => new Set(subject.verdicts.filter((row) => row.counts).map(({ verdict }) => verdict)).size > 1,
  )
  if (!differs) return []
  return [
    '',
    ...report.subjects.flatMap((subject) => {
      const rows = subject.verdicts.filter((row) => row.counts)
      const byKind = (kind: string) =>
        rows.filter(({ verdict }) => verdict === kind).flatMap(({ releases }) => releases as Release[])
      return ['refused', 'depends', 'undetermined', 'accepted'].flatMap((kind) => {
        const releases = byKind(kind)
        return releases.length === 0
          ? []
          : [`  ${placeOf(report, subject.id)}  ${kindWords[kind]} ${releasesText(releases)}`]
      })
    }),
  ]
}

const kindWords: Record<string, string> = {
  refused: 'refused by ',
  depends: 'depends for',
  undetermined: 'unknown for',
  accepted: 'accepted by',
}

function why(report: Report, cause: FindingReport, style: Style): string {
  const others = report.findings.filter(
    (finding) => finding !== cause && finding.severity !== 'info' && !isWaived(finding),
  )
  return [
    labelled('Why', spokenWords(cause.words, report), style),
    ...others
      .slice(0, style.verbose ? 0 : 4)
      .map((finding) => labelled('Also', also(report, finding), style)),
    ...(others.length > 4 && !style.verbose
      ? [labelled('', `and ${others.length - 4} more: --verbose`, style)]
      : []),
  ].join('\n')
}

const also = (report: Report, { title, subjects, id }: FindingReport): string =>
  `${title}${report.subjects.length > 1 && subjects.length > 0 && subjects.length < 4 ? ` (${subjects.map((subject) => placeOf(report, subject)).join(', ')})` : ''} [${id}]`

const labelled = (label: string, sentence: string, style: Style): string =>
  wrap(sentence, Math.min(style.columns, 80), `  ${label.padEnd(6)}`, ' '.repeat(8))

/** The first screen has room for what ends the night; the rest of the plan is for when it did not. */
const firstVerbs = new Set([
  'save',
  'import',
  'confirm',
  'reissue',
  'fetch-by-hand',
  'look',
  'remove',
  'disable-root',
  'name-nodes',
  'check-by-name',
  'run-again',
  'delete-binding',
])

function fix(report: Report, style: Style): string {
  const steps = spokenPlan(report).filter(({ step }) => style.verbose || firstVerbs.has(step.action.verb))
  const lines = steps.flatMap(({ who, text: what, lines: commands, expected }, index) => {
    const head = index === 0 ? '  Fix   ' : '        '
    const said = `${spokenWords(who, report)}: ${lowerFirst(spokenWords(what, report))}`
    const colon = commands.length > 0 ? ':' : '.'
    return [
      wrap(`${index + 1}. ${said}${colon}`, Math.min(style.columns, 80), head, ' '.repeat(11)),
      ...commands.map((command) => paint(style, 'cyan', command)),
      ...(style.verbose && expected
        ? [wrap(`${spokenWords(expected, report)}.`, style.columns, ' '.repeat(11))]
        : []),
    ]
  })
  return lines.join('\n')
}

function more(report: Report, cause: FindingReport, style: Style): string {
  const older = report.subjects.length > 0 ? olderLine(report) : ''
  const explain = `  More  adfs-check explain ${cause.id}${style.verbose ? '' : '   |   same command, --verbose'}`
  return [
    ...(older === '' ? [] : [paint(style, 'dim', wrap(older, style.columns, '  ', '        '))]),
    explain,
  ].join('\n')
}

/** Releases that do not count, in one quiet line, as far as the answers prove them. */
function olderLine(report: Report): string {
  const { others } = report.policy
  if (others.length === 0) return ''
  const told = new Map<string, Release[]>()
  for (const release of others) {
    const verdicts = new Set(
      report.subjects.map((subject) => verdictOf(subject, release)?.verdict ?? 'undetermined'),
    )
    const kind = verdicts.has('refused') ? 'refused' : verdicts.has('undetermined') ? 'not asked' : 'accepted'
    told.set(kind, [...(told.get(kind) ?? []), release])
  }
  return `Older ${[...told].map(([kind, releases]) => `${releasesText(releases)}: ${kind}`).join('; ')} (not counted)`
}

export const counts = (report: Report, release: string): boolean =>
  report.policy.releases.includes(release as Release)

export const verdictOf = (subject: SubjectReport, release: string): VerdictReport | undefined =>
  subject.verdicts.find(({ releases }) => releases.includes(release as Release))

/** Verdicts of the releases that count. */
const kinds = (subject: SubjectReport): ReadonlySet<string> =>
  new Set(subject.verdicts.filter((row) => row.counts).map(({ verdict }) => verdict))

const nounOf = ({ subjects }: Report): string => (subjects[0]?.kind === 'file' ? 'file' : 'server')
const subjectsText = (report: Report): string => count(report.subjects.length, nounOf(report))

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

/** `leaf only`, `leaf + 1`, `leaf + 1 + root`. */
export function sentText(report: Report, sent: readonly string[]): string {
  if (sent.length === 0) return 'no certificate'
  const rest = sent.slice(1).map((sha256) => report.certificates[sha256])
  const roots = rest.filter((certificate) => certificate && certificate.subject === certificate.issuer).length
  const others = rest.length - roots
  return `leaf${rest.length === 0 ? ' only' : ''}${others > 0 ? ` + ${others}` : ''}${roots > 0 ? ' + root' : ''}`
}

function until(notAfter: string, { at }: Report): string {
  const days = Math.floor((new Date(notAfter).getTime() - new Date(at).getTime()) / 86_400_000)
  return `${notAfter.slice(0, 10)} (${days < 0 ? `${-days} d ago` : `${days} d`})`
}
