import { oldOnesIn, stateOf } from '../gate/changes.js'
import type { ChangeReport, Report, SubjectReport } from '../report/schema.js'
import type { Style } from './format.js'
import { grouped, machineOf, machinesOf } from './machines.js'
import { type Colour, paint, unpainted, wrap } from './terminal-text.js'
import { serverText, standing, wordColours, wordOf } from './text-servers.js'
import { count, lowerFirst, oneLine, placeOf, placesOf } from './text-words.js'

/** What has changed, in words: for `--state` a line each, for `--watch` a line each time. */

/** More of one kind than this are counted. */
const maxNamed = 6
/** Of a host or an id that is not in the report. */
const maxName = 60

const colours: Partial<Record<ChangeReport['kind'], Colour>> = {
  fixed: 'green',
  recovered: 'green',
  reachable: 'green',
  broken: 'red',
  new: 'red',
  unreachable: 'yellow',
  gone: 'yellow',
}

/** Every change of a report, below its name and the time of the check. */
export function changesText(report: Report, style: Style): string {
  const changes = report.changes ?? []
  const own = changes.filter((one) => one.case === null)
  const machines = new Map(report.subjects.map((subject) => [subject.id, machineOf(subject)]))
  const alike = grouped(own, (one) => `${machines.get(one.subject ?? '')} ${changeText(report, one)}`)
  const rows = alike.flatMap((group) =>
    placesIn(report, group).map((place) => ({ place, text: painted(report, group[0]!, style) })),
  )
  const width = Math.max(0, ...rows.map(({ place }) => place.length))
  return [
    `${paint(style, 'bold', titleOf(report))}   changed, ${stampOf(report.at, true)}`,
    ...rows.map(({ place, text }) => hung(`  ${place.padEnd(width)}  `, text, style)),
    ...caseLines(report, changes, style),
  ].join('\n')
}

/** Cases of one finding share a line. */
function caseLines(report: Report, changes: readonly ChangeReport[], style: Style): readonly string[] {
  const groups = grouped(
    changes.filter((one) => one.case !== null),
    (one) => `${one.kind} ${one.case!.finding}`,
  )
  return groups.map((group) => {
    const { kind } = group[0]!
    return hung(`  ${paint(style, colours[kind]!, kind.padEnd(9))}  `, caseText(report, group), style)
  })
}

function caseText(report: Report, group: readonly ChangeReport[]): string {
  const { finding } = group[0]!.case!
  const { title } = report.findings.find(({ id }) => id === finding) ??
    report.checks.find(({ id }) => id === finding) ?? { title: oneLine(finding, maxName) }
  const at = placesOf(
    report,
    group.flatMap(({ subject }) => subject ?? []),
  ).map((place) => oneLine(place, maxName))
  return `${lowerFirst(title)} [${oneLine(finding, maxName)}]${at.length === 0 ? '' : ` at ${listed(at)}`}`
}

/** One line of a watch: `14:03:11  10.0.0.5:443 fixed; 10.0.0.6:443 still leaf only`. Wrapped by whoever prints it. */
export function changeLine(
  report: Report,
  changes: readonly ChangeReport[],
  since: Date,
  withName: boolean,
  style: Style,
): string {
  const [first] = changes
  if (!first) return ''
  const subjects = changes.filter((one) => one.case === null)
  const changed = new Set(subjects.flatMap(({ subject }) => subject ?? []))
  // A server that changed says its cause itself.
  const rest = changes.filter(
    (one) => one.case !== null && !(one.subject !== null && changed.has(one.subject)),
  )
  const still = report.subjects.filter(({ id }) => !changed.has(id)).filter((one) => isOpen(report, one))
  const alike = grouped(subjects, (one) => painted(report, one, style))
  const cases = grouped(rest, (one) => `${one.kind} ${one.case!.finding}`)
  const open = grouped(still, (one) => `${machineOf(one)} ${stillText(report, one)}`).flatMap((group) => {
    const text = stillText(report, group[0]!)
    return placesOf(
      report,
      group.map(({ id }) => id),
    ).map((place) => `${place} still ${text}`)
  })
  const parts = [
    ...alike.map((group) => `${listed(placesIn(report, group))} ${painted(report, group[0]!, style)}`),
    ...cases.map((group) => `${group[0]!.kind}: ${caseText(report, group)}`),
    ...(open.length > maxNamed ? [`${open.length} others not accepted yet`] : open),
  ]
  const name = withName ? `${titleOf(report)}  ` : ''
  return `${stampOf(first.at, !isSameDay(new Date(first.at), since))}  ${name}${parts.join('; ')}`
}

const isOpen = (report: Report, subject: SubjectReport): boolean =>
  !['accepted', 'waived'].includes(stateOf(report, subject)) || oldOnesIn(report)?.has(subject.id) === true

/** After a renewal, which of the two certificates it sends; empty: that is not asked, or cannot be told. */
function renewalText(report: Report, { id, answers }: SubjectReport): string {
  const { renewal } = report
  if (!renewal || answers.length === 0) return ''
  const old = oldOnesIn(report)?.get(id)
  // One of its own for this name, or one that is waived.
  if (!old)
    return answers.some(isRenewed(renewal)) ? 'sends the new certificate' : 'sends another certificate'
  if (old.isNewer) return 'sends a newer certificate than the file has'
  return old.isPartial ? 'sends the old certificate beside the new one' : 'still sends the old certificate'
}

/** Of what phones are shown: without a name another one may come. */
const isRenewed =
  ({ certificate }: NonNullable<Report['renewal']>) =>
  ({ releases, sent }: SubjectReport['answers'][number]): boolean =>
    releases.length > 0 && sent[0] === certificate

const isWell = (report: Report): boolean =>
  report.farm.unresolved.length === 0 && !report.subjects.some((subject) => isOpen(report, subject))

const stillText = (report: Report, subject: SubjectReport): string => {
  if (subject.verdicts.length === 0) return 'without an answer'
  const which = oldOnesIn(report)?.has(subject.id) ? renewalText(report, subject) : ''
  return which === '' ? serverText(report, subject).split(': ', 1)[0]! : which.replace(/^still /, '')
}

const painted = (report: Report, change: ChangeReport, style: Style): string => {
  const text = changeText(report, change)
  const [word] = /^[a-z]+/.exec(text) ?? ['']
  const colour = colours[change.kind]
  return colour ? `${paint(style, colour, word)}${text.slice(word.length)}` : text
}

function changeText(report: Report, { kind, subject: id, is }: ChangeReport): string {
  const subject = report.subjects.find((one) => one.id === id)
  const now = subject ? nowText(report, subject) : ''
  switch (kind) {
    case 'fixed': {
      const which = subject ? renewalText(report, subject) : ''
      return which === '' ? 'fixed' : `fixed: ${which}`
    }
    case 'broken':
      return `broken: ${now}`
    case 'changed':
      // Of a renewal, which certificate it sends is the whole news.
      return subject && now === renewalText(report, subject) ? now : `changed: ${now}`
    case 'appeared':
      return is === null ? 'appeared' : `appeared: ${now}`
    case 'gone':
      return 'gone: no name leads there any more'
    case 'unlisted':
      return 'no longer behind the name; watched until it stops answering'
    case 'unreachable':
      return id === null ? 'unresolved: the name leads nowhere' : `unreachable: ${now}`
    case 'reachable':
      return id === null ? 'resolves again' : `reachable again: ${now}`
    case 'new':
    case 'recovered':
      return kind
  }
}

const nowText = (report: Report, subject: SubjectReport): string => {
  const word = wordOf(subject)
  if (subject.verdicts.length === 0) return oneLine(subject.outcome.detail)
  const waived = stateOf(report, subject) === 'waived' ? ' (waived)' : ''
  const which = renewalText(report, subject)
  // Of a server that is accepted it is all that is waited for.
  if (which !== '' && word === 'ok') return `${which}${waived}`
  return `${word.toLowerCase()}${waived}, ${which === '' ? '' : `${which}, `}${serverText(report, subject)}`
}

const placeIn = (report: Report, { subject, name }: ChangeReport): string =>
  oneLine(subject === null ? (name ?? '') : placeOf(report, subject), maxName)

/** A machine of which everything changed alike is one place. */
const placesIn = (report: Report, changes: readonly ChangeReport[]): readonly string[] => [
  ...placesOf(
    report,
    changes.flatMap(({ subject }) => subject ?? []),
  ).map((place) => oneLine(place, maxName)),
  ...changes.filter(({ subject }) => subject === null).map((one) => placeIn(report, one)),
]

const titleOf = ({ farm }: Report): string => {
  const [port] = farm.ports
  return oneLine(farm.id) + (port === undefined || port === 443 ? '' : `:${port}`)
}

const listed = (places: readonly string[]): string =>
  places.length <= maxNamed
    ? places.join(', ')
    : `${places.slice(0, maxNamed - 1).join(', ')} and ${places.length - maxNamed + 1} more`

const hung = (head: string, text: string, style: Style): string =>
  wrap(text, style.columns, head, ' '.repeat(unpainted(head).length))

function standingText(report: Report, subject: SubjectReport): string {
  const which = renewalText(report, subject)
  const rest = which !== '' && wordOf(subject) === 'ok' ? '' : serverText(report, subject)
  return [which, rest].filter((part) => part !== '').join(', ')
}

/** How every server stands, a line each; `openOnly`: those that are not accepted. */
export function standingLines(reports: readonly Report[], style: Style, openOnly = false): readonly string[] {
  const all = reports.map((report) => standing(report, standingText))
  const width = Math.max(0, ...all.flat().map(({ place }) => place.length))
  return reports.flatMap((report, index) => [
    ...(reports.length > 1 && !(openOnly && isWell(report)) ? [titleOf(report)] : []),
    ...all[index]!.filter(({ subject }) => !openOnly || isOpen(report, subject)).map(({ place, subject }) => {
      const word = wordOf(subject)
      const shown = paint(style, wordColours[word]!, word) + ' '.repeat(8 - word.length)
      return `  ${place.padEnd(width)}  ${shown}  ${standingText(report, subject)}`
    }),
    ...report.farm.unresolved.map(
      ({ host, detail }) => `  ${oneLine(host)}  not resolved: ${oneLine(detail)}`,
    ),
  ])
}

/** What a watch came to, over all farms, for the last line. A machine is as well as the worst that it answers. */
export function resultOf(reports: readonly Report[]): string {
  const states = reports.flatMap((report) =>
    grouped(report.subjects, machineOf).map((subjects) =>
      subjects.map((subject) => stateOf(report, subject)),
    ),
  )
  const unresolved = reports.reduce((sum, { farm }) => sum + farm.unresolved.length, 0)
  const total = count(states.length, 'server')
  const kinds = [
    ['refused', 'refused'],
    ['not checked', 'unreachable', 'undetermined'],
    ['not accepted by every phone', 'depends'],
  ] as const
  const worst = states.map((own) => kinds.findIndex(([, ...some]) => own.some((one) => isOneOf(some, one))))
  const renewals = reports.map(oldOnesIn)
  const olds = reports.reduce(
    (sum, report, index) => sum + machinesOf(report.subjects.filter(({ id }) => renewals[index]?.has(id))),
    0,
  )
  const parts = [
    ...kinds.flatMap(([said], index) => {
      const number = worst.filter((one) => one === index).length
      return number === 0 ? [] : [`${number} of ${total} ${said}`]
    }),
    ...(olds === 0 ? [] : [`${olds} of ${total} without the new certificate`]),
    ...(unresolved > 0 ? [`${count(unresolved, 'name')} not resolved`] : []),
  ]
  if (parts.length > 0) return parts.join(', ')
  const verdicts = reports.map(({ verdict }) => verdict)
  const isRenewal = reports.every(
    ({ renewal, subjects }) => renewal && subjects.every(({ answers }) => answers.some(isRenewed(renewal))),
  )
  const accepted = !isRenewal
    ? states.length === 1
      ? 'the server is accepted'
      : `all ${total} are accepted`
    : states.length === 1
      ? 'the server sends the new certificate and is accepted'
      : `all ${total} send the new certificate and are accepted`
  if (verdicts.includes('critical')) return `${accepted}, but act now`
  return verdicts.includes('warning') ? `${accepted}, with a warning` : accepted
}

const isOneOf = (some: readonly string[], one: string): boolean => some.includes(one)

/** Local time, as on the clock beside the screen. */
export function stampOf(at: string | Date, withDate = false): string {
  const date = new Date(at)
  const two = (number: number) => String(number).padStart(2, '0')
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return withDate ? `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}` : time
}

const isSameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString()
