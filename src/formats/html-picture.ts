import { releasesText } from '../android/releases-text.js'
import type { AnswerReport, Report, SubjectReport } from '../report/schema.js'
import { shownBy } from './machines.js'
import { cut } from './outcomes.js'
import { placeOf } from './text-words.js'
import { escaped } from './xml.js'

/** One box of a row; what a certificate is to the chain is said in words, by line style and by colour. */
interface Box {
  readonly kind: 'server' | 'down' | 'sent' | 'superfluous' | 'missing' | 'anchor' | 'none'
  readonly title: string
  readonly note: string
}

interface Row {
  readonly name: string
  readonly boxes: readonly Box[]
}

/**
 * The farm as a picture: names, servers, what each sends, what is missing, what phones have. Servers that answer alike
 * share a row. The same in words is its description.
 */
export function picture(report: Report, id: string): string {
  const rows = rowsOf(report)
  if (rows.length === 0) return ''
  const shown = rows.slice(0, maxRows)
  const names = [...new Set(shown.map(({ name }) => name))]
  const columns = 1 + Math.max(...shown.map(({ boxes }) => boxes.length))
  const width = columns * (box.width + box.gap) - box.gap + 2
  const height = shown.length * (box.height + box.gap / 2) - box.gap / 2 + 2
  const centreOf = (name: string) => {
    const own = shown.flatMap((row, index) => (row.name === name ? [top(index)] : []))
    return own.reduce((sum, y) => sum + y, 0) / own.length
  }
  return `<svg viewBox="-1 -1 ${width} ${height}" style="max-width:${width}px" role="img" aria-labelledby="${id}-title ${id}-words">
<title id="${id}-title">What each server sends</title>
<desc id="${id}-words">${escaped(rows.map(rowWords).join(' '))}</desc>
<defs><marker id="${id}-tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>
${names.map((name) => drawn({ kind: 'none', title: name, note: 'name' }, 0, centreOf(name))).join('')}${shown
  .map(({ name, boxes }, index) =>
    boxes
      .map((one, column) => {
        const from = column === 0 ? centreOf(name) : top(index)
        return arrow(id, column, from, top(index), one.kind) + drawn(one, column + 1, top(index))
      })
      .join(''),
  )
  .join('\n')}
</svg>${rows.length > shown.length ? `<p>${rows.length - shown.length} more kinds of answer are in the table below.</p>` : ''}`
}

const maxRows = 40
const box = { width: 168, height: 46, gap: 34 }
const top = (row: number): number => row * (box.height + box.gap / 2)

function rowsOf(report: Report): Row[] {
  const groups = new Map<string, { row: Row; places: string[] }>()
  for (const subject of report.subjects) {
    const name = cut(subject.name ?? report.farm.id, 60)
    const chains = shownBy(subject).map((answer) => chainOf(report, subject, answer))
    for (const boxes of chains.length > 0 ? chains : [[]]) {
      const key = JSON.stringify([name, boxes, boxes.length === 0 ? subject.outcome.detail : ''])
      const known = groups.get(key) ?? { row: { name, boxes }, places: [] }
      known.places.push(placeOf(report, subject.id))
      groups.set(key, known)
    }
  }
  return [...groups.values()].map(({ row: { name, boxes }, places }) => ({
    name,
    boxes: [
      {
        kind: boxes.length === 0 ? 'down' : 'server',
        title: cut(places[0]!, 60),
        note: `${boxes.length === 0 ? 'no answer' : 'server'}${places.length > 1 ? ` and ${places.length - 1} more` : ''}`,
      },
      ...boxes,
    ],
  }))
}

/** What is sent in its order, then what is to be added, then what phones have. */
function chainOf(report: Report, subject: SubjectReport, answer: AnswerReport): Box[] {
  const repair = subject.repairs.find((one) => one.answer === answer.id)
  const dropped = new Set(repair?.drop.map(({ sha256 }) => sha256))
  const name = (sha256: string) => cut(report.certificates[sha256]?.name ?? sha256.slice(0, 16), 200)
  const sent = answer.sent.map(
    (sha256, index): Box =>
      dropped.has(sha256)
        ? { kind: 'superfluous', title: name(sha256), note: `sent ${index + 1}, not needed` }
        : { kind: 'sent', title: name(sha256), note: `sent ${index + 1}` },
  )
  const missing = (repair?.add ?? []).map(
    ({ sha256 }): Box => ({ kind: 'missing', title: name(sha256), note: 'MISSING' }),
  )
  const open: Box[] = repair?.open
    ? [{ kind: 'missing', title: cut(repair.open.issuer, 200), note: 'MISSING, found nowhere' }]
    : []
  const rows = subject.verdicts.filter((row) => row.counts && row.answer === answer.id && row.path.length > 0)
  const anchors = [...new Set(rows.map(({ path }) => path.at(-1)!))].map((sha256): Box => {
    const releases = rows.filter(({ path }) => path.at(-1) === sha256).flatMap((row) => row.releases)
    return { kind: 'anchor', title: name(sha256), note: `trusted by ${releasesText(releases)}` }
  })
  return [...sent, ...missing, ...open, ...(anchors.length > 0 ? anchors : later(report, repair))]
}

/** The root that phones will come to once the repair is done. */
function later(report: Report, repair: SubjectReport['repairs'][number] | undefined): Box[] {
  const after = repair?.verdictsAfter.filter(({ verdict }) => verdict === 'accepted') ?? []
  const last = report.certificates[repair?.chain.at(-1) ?? '']
  const anchor = Object.values(report.certificates).find(
    ({ subject, origins }) => subject === last?.issuer && origins.includes('trust-store'),
  )
  return after.length > 0 && anchor
    ? [
        {
          kind: 'anchor',
          title: cut(anchor.name, 200),
          note: `on ${releasesText(after.flatMap(({ releases }) => releases))}`,
        },
      ]
    : []
}

const rowWords = ({ name, boxes: [server, ...chain] }: Row): string =>
  `${name}, ${server!.note} ${server!.title}: ${chain.length === 0 ? 'nothing' : chain.map(({ title, note }) => `${title} (${note})`).join(', ')}.`

function drawn({ kind, title, note }: Box, column: number, y: number): string {
  const x = column * (box.width + box.gap)
  return `<g class="${kind}"><title>${escaped(`${title}: ${note}`)}</title><rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="${kind === 'anchor' ? 20 : 5}"/><text x="${x + box.width / 2}" y="${y + 19}">${escaped(fitting(title))}</text><text class="note" x="${x + box.width / 2}" y="${y + 36}">${escaped(fitting(note))}</text></g>`
}

/** As many characters as fit in a box. */
const fitting = (text: string): string => (text.length > 24 ? `${text.slice(0, 22)}\u2026` : text)

function arrow(id: string, column: number, from: number, to: number, kind: Box['kind']): string {
  const x = column * (box.width + box.gap) + box.width
  const middle = box.height / 2
  return `<path class="arrow ${kind}" marker-end="url(#${id}-tip)" d="M${x} ${from + middle}C${x + 20} ${from + middle} ${x + 14} ${to + middle} ${x + box.gap} ${to + middle}"/>`
}
