import { releasesText } from '../android/releases-text.js'
import type { Report, SubjectReport } from '../report/schema.js'
import type { Format } from './format.js'
import { casesOf, cut, messageOf } from './outcomes.js'

const columns = [
  'target',
  'verdict',
  'server',
  'address',
  'port',
  'server_verdict',
  'refused_by',
  'accepted_by',
  'sent',
  'not_after',
  'severity',
  'finding',
  'message',
  'certificate',
  'key',
] as const

/** RFC 4180: a row for each finding at each server, and one for each server without any. */
export const csv: Format = {
  name: 'csv',
  streams: true,
  async write(_head, reports, _end, sink) {
    let isFirst = true
    for await (const { report } of reports) {
      await sink.write(`${isFirst ? row(columns) : ''}${rowsOf(report).map(row).join('')}`)
      isFirst = false
    }
  },
}

type Cell = string | number | null

function rowsOf(report: Report): (readonly Cell[])[] {
  const target = [report.farm.id, report.verdict]
  const cases = casesOf(report)
  const found = ({ finding, key }: (typeof cases)[number]) => [
    finding.severity,
    finding.id,
    messageOf(report, finding),
    finding.certificate,
    key,
  ]
  const none = ['', '', '', '', '']
  const noServer = Array.from({ length: 8 }, () => '')
  return [
    ...cases.filter(({ subject }) => subject === null).map((one) => [...target, ...noServer, ...found(one)]),
    ...report.subjects.flatMap((subject) => {
      const own = cases.filter((one) => one.subject === subject)
      return (own.length > 0 ? own.map(found) : [none]).map((cells) => [
        ...target,
        ...serverCells(report, subject),
        ...cells,
      ])
    }),
  ]
}

function serverCells(report: Report, subject: SubjectReport): Cell[] {
  const counting = subject.verdicts.filter(({ counts }) => counts)
  const by = (kind: string) => {
    const releases = counting.filter(({ verdict }) => verdict === kind).flatMap(({ releases }) => releases)
    return releases.length === 0 ? '' : releasesText(releases)
  }
  const worst = ['refused', 'undetermined', 'depends', 'accepted'].find((kind) => by(kind) !== '')
  const [answer] = subject.answers
  return [
    subject.id,
    subject.address,
    subject.port,
    worst ?? 'no answer',
    by('refused'),
    by('accepted'),
    answer ? answer.sent.length : '',
    (answer && report.certificates[answer.sent[0] ?? '']?.notAfter) ?? '',
  ]
}

const row = (cells: readonly Cell[]): string => `${cells.map(cell).join(',')}\r\n`

function cell(value: Cell): string {
  if (typeof value === 'number') return String(value)
  const text = harmless(cut(value ?? '', 2000))
  return /[",;]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Spreadsheets run a cell that begins like a formula, quoted or not (OWASP, CSV injection); an apostrophe makes it text.
 * Where the list separator is a semicolon a cell may begin inside ours.
 */
const harmless = (text: string): string =>
  text.replace(/^(?=[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20])/u, "'").replace(/(;["\s]*)(?=[=+\-@])/g, "$1'")
