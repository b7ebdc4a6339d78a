/**
 * A report of the Common CA Database as CSV (RFC 4180) with a PEM column, such as Mozilla's and Microsoft's "all
 * intermediate certificates with PEM": the file that an air-gapped farm can carry over.
 */

/** One line of the report that holds a certificate. */
export interface CcadbRow {
  /** Line of the file where it begins, from 1. */
  readonly line: number
  readonly pem: string
  /** As the report says; null: not revoked, as far as it says. */
  readonly revoked: string | null
}

/** Null: no such report. Any text ends in rows or null, never in an exception. */
export function readCcadb(text: string): readonly CcadbRow[] | null {
  if (!/^\ufeff?[^\n]{0,4000}\bPEM\b/.test(text)) return null
  const rows: Iterator<CsvRow> & Iterable<CsvRow> = csvRows(text.replace(/^\ufeff/, ''))
  const first = rows.next()
  const head: string[] = first.done ? [] : first.value.cells.map((cell) => cell.trim())
  const pemAt = head.findIndex((name) => /^(PEM( Info)?|X\.509 Certificate \(?PEM\)?)$/i.test(name))
  const known = /^(CA Owner|Owner|Revocation Status|OneCRL Status|SHA-?256 Fingerprint)$/i
  if (pemAt < 0 || !head.some((name) => known.test(name))) return null
  const columns = (pattern: RegExp) => head.flatMap((name, i) => (pattern.test(name) ? [i] : []))
  // "Not Revoked", "Revoked" or "Parent Cert Revoked"; Mozilla's own list of the revoked says "Added to OneCRL".
  const status = columns(/^(Revocation Status|OneCRL Status)$/i)
  const dates = columns(/^(Date of Revocation|Revocation Date)$/i)
  const found: CcadbRow[] = []
  for (const { line, cells } of rows) {
    const pem = (cells[pemAt] ?? '').replace(/^'|'$/g, '')
    if (!pem.includes('BEGIN CERTIFICATE')) continue
    const said = status
      .map((i) => (cells[i] ?? '').trim())
      .find((value) => /revoked|added to onecrl/i.test(value) && !/^not revoked$/i.test(value))
    const date = dates.map((i) => (cells[i] ?? '').trim()).find((value) => value !== '')
    found.push({ line, pem, revoked: said === undefined ? null : [said, date].filter(Boolean).join(', ') })
  }
  return found
}

interface CsvRow {
  readonly line: number
  readonly cells: readonly string[]
}

/** Cells in double quotes may hold commas, line ends and doubled quotes. */
function* csvRows(text: string): Generator<CsvRow> {
  const cell = /(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r?\n|$)/y
  let line = 1
  let start = 1
  let cells: string[] = []
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text)
    if (!match) return
    const [whole, quoted, plain, end] = match
    cells.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'))
    line += whole.split('\n').length - 1
    if (end === ',') continue
    yield { line: start, cells }
    cells = []
    start = line
  }
}
