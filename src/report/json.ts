import type { OverallVerdict, Report } from './report.js'

/**
 * One report, or several under one verdict: the shapes that `report.schema.json` describes. Ends with a newline. What a
 * terminal would obey or hide (control and format characters of names, URLs …) is written as an escape: the same value
 * to every reader of JSON (RFC 8259 §7).
 */
export function renderJson(reports: readonly Report[], verdict: OverallVerdict): string {
  const value = reports.length === 1 ? reports[0] : { schemaVersion: 1, verdict, reports }
  return `${JSON.stringify(value, null, 2).replace(unsafe, escaped)}\n`
}

/** Line feeds are our own: those of the data are escaped already. */
const unsafe = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** In UTF-16 code units, as JSON has it. */
const escaped = (char: string): string =>
  Array.from(
    { length: char.length },
    (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')
