import type { Release } from '../android/releases.js'
import { releasesText } from '../android/releases-text.js'
import type { CertificateReport, Report, SubjectReport } from '../report/schema.js'
import type { Style } from './format.js'
import { doorOf, grouped, leftOutText, machineOf, nameOfMachine, shownBy } from './machines.js'
import { type Colour, paint, wrap } from './terminal-text.js'
import {
  counts,
  kindsOf,
  lowerFirst,
  nameOf,
  oneLine,
  placeOf,
  sentText,
  seriousIn,
  spokenWords,
  until,
} from './text-words.js'

/** One server in full, or one line for each; with more than a dozen, those that answer alike share a line. */
export function servers(report: Report, style: Style): string {
  const [only, ...others] = report.subjects
  const isRefused = (subject: SubjectReport) => kindsOf(subject).has('refused')
  // Under one name on one port, seen from one place: who is refused under another is refused there each time.
  const isMixed = grouped(
    report.subjects.filter(({ verdicts }) => verdicts.length > 0),
    ({ node, name, port, vantage }) => `${vantage} ${name}${node === undefined ? '' : ` ${port}`}`,
  ).some((door) => door.some(isRefused) && !door.every(isRefused))
  return [
    ...(only && others.length === 0 && only.answers.length > 0
      ? [`  ${placeOf(report, only.id)}`, ...ladder(report, only, style)]
      : serverLines(report, style)),
    ...report.farm.unresolved.map(({ host, detail }) =>
      wrap(`${oneLine(host)}  not resolved: ${oneLine(detail)}`, style.columns, '  ', '    '),
    ),
    ...vantages(report, style),
    ...leftOut(report, style),
    ...(isMixed ? ['  Phones meet any of them: sign-in fails now and then.'] : []),
    ...matrix(report, style),
  ].join('\n')
}

/** How what several places are shown compares; empty: there is one. */
export const vantages = (report: Report, style: Style): string[] =>
  report.vantages
    ? [wrap(spokenWords(report.vantages.words, report), Math.min(style.columns, 80), '  ', '  ')]
    : []

/** More servers than this are told in groups. */
const maxServerLines = 12

export const leftOut = ({ farm }: Report, style: Style): string[] =>
  (farm.leftOut ?? []).map((one) =>
    paint(style, 'dim', wrap(oneLine(`${one.name} ${leftOutText(one)}`), style.columns, '  ', '    ')),
  )

function serverLines(report: Report, style: Style): string[] {
  const lines = standing(report)
  const widest = report.subjects.some(({ node }) => node !== undefined) ? widestMachine : Infinity
  if (lines.length <= maxServerLines) return lined(lines, report, style, widest)
  const told = grouped(lines, ({ place, alike }) => alike ?? ` ${place}`).map(([first, ...more]) => ({
    ...first!,
    place: more.length === 0 ? first!.place : `${first!.place} and ${more.length} more`,
  }))
  return lined(told, report, style, widest)
}

/** A line for each machine; what is different under some name or on some port has a line of its own before it. */
export function standing(report: Report, told = serverText): readonly Line[] {
  const read = (subject: SubjectReport) => `${wordOf(subject)} ${told(report, subject)}`
  const machines = grouped(report.subjects, machineOf).map((subjects) =>
    grouped(subjects, read).sort((a, b) => a.length - b.length),
  )
  const named = (subject: SubjectReport) => oneLine(nameOfMachine(subject) ?? '')
  const width = Math.max(0, ...report.subjects.map((subject) => named(subject).length))
  return machines.flatMap((groups) =>
    groups.map((group, index): Line => {
      const [subject] = group as [SubjectReport]
      const isRest = index === groups.length - 1
      const name = named(subject)
      const address = subject.node === undefined ? placeOf(report, subject.id) : oneLine(machineOf(subject))
      const machine = name === '' ? address : `${name.padEnd(width)} ${oneLine(subject.address ?? '')}`
      const doors = groups.length === 1 ? '' : isRest ? ', else' : doorsOf(report, group)
      return { place: `${machine}${doors}`, subject, alike: groups.length === 1 ? read(subject) : null }
    }),
  )
}

/** A longer place has a line to itself, so that the others keep room for what they say. */
const widestMachine = 32

const doorsOf = (report: Report, [first, ...more]: readonly SubjectReport[]): string =>
  `${oneLine(` ${doorOf(report, first!)}`).replace(/^(?!:)/, ' ')}${more.length === 0 ? '' : ` and ${more.length} more`}`

export interface Line {
  readonly place: string
  readonly subject: SubjectReport
  /** Lines that may be told as one; null: none. */
  readonly alike?: string | null
}

function lined(lines: readonly Line[], report: Report, style: Style, widest = Infinity): string[] {
  const lengths = lines.map(({ place }) => place.length)
  const width = Math.max(0, ...lengths.filter((length) => length <= widest))
  return lines.map(({ place, subject }) => {
    const word = wordOf(subject)
    const isLong = place.length > width
    const head = `  ${(isLong ? '' : place).padEnd(width)}  ${word.padEnd(7)}   `
    const alone = isLong ? `  ${place}\n` : ''
    return (
      alone +
      wrap(serverText(report, subject), style.columns, head, ' '.repeat(head.length)).replace(
        `  ${word} `,
        `  ${paint(style, wordColours[word]!, word)} `,
      )
    )
  })
}

export const wordColours: Record<string, Colour> = {
  ok: 'green',
  REFUSED: 'red',
  DEPENDS: 'yellow',
  UNKNOWN: 'yellow',
}

export function wordOf(subject: SubjectReport): string {
  const found = kindsOf(subject)
  if (found.has('refused')) return 'REFUSED'
  if (subject.verdicts.length === 0 || found.has('undetermined')) return 'UNKNOWN'
  return found.has('depends') ? 'DEPENDS' : 'ok'
}

/** What it sends and the cause in a few words: `leaf only: "X" is missing`. */
export function serverText(report: Report, subject: SubjectReport): string {
  const finding = seriousIn(report).find(({ subjects }) => subjects.includes(subject.id))
  const cause = finding && (finding.brief ? spokenWords(finding.brief, report) : lowerFirst(finding.title))
  if (subject.answers.length === 0) return cause ?? oneLine(subject.outcome.detail)
  const lists = shownBy(subject).map((answer) => sentText(report, answer.sent))
  const sent = [...new Set(lists)].join(' or ')
  if (!cause) return sent
  // The length of a list is news where the list is the trouble.
  return /^leaf \+ \d/.test(sent) && finding?.brief ? cause : `${sent}: ${cause}`
}

const labelWidth = 'MISSING  2'.length

/** What one server sends, what is missing and what phones have, from the leaf to the root. */
function ladder(report: Report, subject: SubjectReport, style: Style): string[] {
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
    const sent = answer.sent.map((sha256, index) => {
      const mark = markOf(report, sha256, repair) ?? (index === 0 ? 'sent' : '')
      return ladderLine(report, subject, `${mark.padEnd(7)}${String(index + 1).padStart(3)}`, sha256, style)
    })
    const missing = (repair?.add ?? []).map(({ sha256 }) =>
      ladderLine(
        report,
        subject,
        `MISSING${String(repair!.chain.indexOf(sha256) + 1).padStart(3)}`,
        sha256,
        style,
      ),
    )
    const open = repair?.open
      ? [
          `    ${paint(style, 'red', 'MISSING')}  ?  ${oneLine(commonName(repair.open.issuer), 36).padEnd(nameWidth)}  ${repair.withdrawn ? 'what can be got of it was withdrawn' : 'could not be got from here'}`,
        ]
      : []
    return [...several, ...sent, ...missing, ...open, ...anchorLines(report, subject, answer.id)]
  })
}

/** Why this one is to go, where it is. */
function markOf(
  report: Report,
  sha256: string,
  repair: SubjectReport['repairs'][number] | undefined,
): string | undefined {
  const certificate = report.certificates[sha256]
  if (certificate && new Date(certificate.notAfter) < new Date(report.at)) return 'EXPIRED'
  return repair?.drop.some((one) => one.sha256 === sha256 && one.reason === 'stale') ? 'WRONG' : undefined
}

/** The last common name of an RFC 4514 name, else all of it. */
const commonName = (subject: string): string => /(?:^|,)CN=((?:[^,\\]|\\.)+)/.exec(subject)?.[1] ?? subject

const nameWidth = 26

function ladderLine(
  report: Report,
  subject: SubjectReport,
  label: string,
  sha256: string,
  style: Style,
): string {
  const certificate = report.certificates[sha256]
  const painted = /^[A-Z]/.test(label) ? paint(style, 'red', label) : label
  if (!certificate) return `    ${painted}  unreadable, SHA-256 ${sha256.slice(0, 16)}`
  const isLeaf = subject.answers.some(({ sent }) => sent[0] === sha256)
  const ends = `${isLeaf ? nameNote(report, subject, certificate) : ''}until ${until(certificate.notAfter, report)}`
  const room = Math.max(12, style.columns - 4 - labelWidth - 2 - ends.length - 2)
  return `    ${painted}  ${oneLine(certificate.name, room).padEnd(Math.min(room, nameWidth))}  ${ends}`
}

/** Nothing of a certificate that is not the server's own. */
function nameNote(report: Report, { id, name }: SubjectReport, { names }: CertificateReport): string {
  const isWrong = report.findings.some(
    (finding) =>
      (finding.id === 'hostname-not-covered' || finding.id === 'common-name-only') &&
      finding.subjects.includes(id),
  )
  if (isWrong) return 'WRONG NAME, '
  const wanted = name?.toLowerCase()
  const covering = [wanted, wanted?.replace(/^[^.]+/, '*')]
  return names.some((one) => covering.includes(one.toLowerCase())) ? 'name ok, ' : ''
}

function anchorLines(report: Report, subject: SubjectReport, answer: string): string[] {
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
  // Certificates of one root, as an authority has them over the years, are one to people.
  const byName = new Map<string, { sha256: string; releases: Release[] }>()
  for (const [sha256, releases] of roots) {
    const name = nameOf(report, sha256, 40)
    byName.set(name, { sha256, releases: [...(byName.get(name)?.releases ?? []), ...releases] })
  }
  return [...byName.values()].map(({ sha256, releases }) => {
    const everywhere = report.policy.releases.every((release) => releases.includes(release as Release))
    const added = report.trustStores.added.includes(sha256)
    // A verdict that depends rests on a root that some phones of a release have and others do not.
    const some = paths.some(({ path, verdict }) => verdict === 'depends' && path.at(-1) === sha256)
    const where = added
      ? 'added by you'
      : some
        ? 'not in every phone'
        : everywhere
          ? 'in every release checked'
          : `in ${releasesText(releases)}`
    return `    ${'on phone'.padEnd(labelWidth)}  ${nameOf(report, sha256, 40).padEnd(nameWidth)}  ${where}`
  })
}

/** A line for each server that not every release judges alike. */
function matrix(report: Report, style: Style): string[] {
  const lines = report.subjects.flatMap((subject) => {
    if (kindsOf(subject).size < 2) return []
    const told = Object.entries(kindWords).flatMap(([kind, word]) => {
      const releases = subject.verdicts
        .filter((row) => row.counts && row.verdict === kind)
        .flatMap((row) => row.releases as Release[])
      return releases.length === 0 ? [] : [`${word} ${releasesText(releases)}`]
    })
    return [wrap(told.join(', '), style.columns, `  ${placeOf(report, subject.id)}  `, '    ')]
  })
  return lines.length === 0 ? [] : ['', ...lines]
}

const kindWords = {
  refused: 'refused by',
  depends: 'depends for',
  undetermined: 'unknown for',
  accepted: 'accepted by',
} as const
