import type { Summary } from '../gate/owners.js'
import { instant } from '../report/instant.js'
import type { Report, ReportDocument } from '../report/schema.js'
import type { Format, Head } from './format.js'

/** One object for one target or many; see `report.schema.json`. */
export const json: Format = {
  name: 'json',
  streams: false,
  async write(head, reports, end, sink) {
    const all: Report[] = []
    for await (const { report } of reports) all.push(report)
    await sink.write(`${escaped(documentOf(head, all, await end), true)}\n`)
  },
}

/** One report a line and nothing else. */
export const ndjson: Format = {
  name: 'ndjson',
  streams: true,
  async write(_head, reports, _end, sink) {
    for await (const { report } of reports) await sink.write(`${escaped(report)}\n`)
  },
}

export const documentOf = (
  { tool, at }: Head,
  reports: readonly Report[],
  { verdict, exitCode, owners }: Summary,
): ReportDocument => ({
  schemaVersion: 2,
  tool,
  at: instant(at),
  reports: [...reports],
  verdict,
  exitCode,
  ...(owners ? { owners: owners.map((one) => ({ ...one, worst: [...one.worst] })) } : {}),
})

/**
 * What a terminal would obey or hide (control and format characters of names, URLs …) is written as an escape: the same
 * value to every reader of JSON (RFC 8259 §7).
 */
const escaped = (value: unknown, indented = false): string =>
  (indented ? lines(value, '\n') : JSON.stringify(value))
    .replace(unsafe, inUnits)
    .replace(buildCommand, '#\\u0023')

/** For other formats that are JSON. */
export const escapedJson = (value: unknown): string => escaped(value, true)

/** Build agents obey `##vso[` and `##[` wherever they stand in a line of output. */
const buildCommand = /##(?=(?:vso)?\[)/gi

/** A line may be so long before it is broken into its members: a report of a thousand servers is mostly white space else. */
const maxLine = 320

/** Longer lists have a line for each member, however long: no person reads them one by one. */
const maxBroken = 100

/** Indented JSON in which what fits on a line stands on one. */
function lines(value: unknown, newLine: string): string {
  const short = JSON.stringify(value)
  if (typeof value !== 'object' || value === null || short.length <= maxLine) return short
  const deeper = `${newLine} `
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const members = Array.isArray(value)
    ? value.map((item) => (value.length > maxBroken ? JSON.stringify(item) : lines(item, deeper)))
    : Object.entries(value).flatMap(([key, item]) =>
        item === undefined ? [] : [`${JSON.stringify(key)}: ${lines(item, deeper)}`],
      )
  return `${open}${deeper}${members.join(`,${deeper}`)}${newLine}${close}`
}

/** Line feeds are our own: those of the data are escaped already. */
const unsafe = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** In UTF-16 code units, as JSON has it. */
const inUnits = (char: string): string =>
  Array.from(
    { length: char.length },
    (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')
