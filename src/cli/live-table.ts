import { unpainted } from '../formats/terminal-text.js'
import type { Output } from './machine.js'

const defaultColumns = 80
const defaultRows = 24

/**
 * A few lines at the foot of a terminal that are drawn again in place, below lines that stay. No other screen is used: what
 * was said can be scrolled back to.
 */
export class LiveTable {
  #drawn: readonly string[] = []
  readonly #redraw = (): void => this.#draw(this.lines())

  /** `lines`: what the table is now, for the width and height of now. */
  constructor(
    readonly out: Output,
    readonly lines: () => readonly string[],
  ) {
    out.on?.('resize', this.#redraw)
  }

  /** Prints above the table. */
  say(text: string): void {
    this.out.write(`${this.#erasure()}${text}\n`)
    this.#drawn = []
    this.#redraw()
  }

  update(): void {
    this.#redraw()
  }

  /** Takes the table away. */
  end(): void {
    this.out.off?.('resize', this.#redraw)
    this.out.write(this.#erasure())
    this.#drawn = []
  }

  #draw(lines: readonly string[]): void {
    const columns = this.out.columns ?? defaultColumns
    const rows = this.out.rows ?? defaultRows
    // One row is the cursor's.
    const cut = lines.slice(0, rows - 1).map((line) => cutTo(line, columns - 1))
    this.out.write(this.#erasure() + cut.map((line) => `${line}\n`).join(''))
    this.#drawn = cut
  }

  /** Up to the first line drawn, as many rows as it takes in a window that is narrower now, and all below away. */
  #erasure(): string {
    const columns = this.out.columns ?? defaultColumns
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0)
    return rows === 0 ? '' : `\x1b[${rows}A\r\x1b[J`
  }
}

/** Never less than a terminal takes: what is not Latin, Greek, Cyrillic or near to them counts double. */
const widthOfChar = (char: string): number => (char.codePointAt(0)! > 0x10ff ? 2 : 1)
const widthOf = (line: string): number =>
  [...unpainted(line)].reduce((sum, char) => sum + widthOfChar(char), 0)

/** At most so many columns, colours aside. */
export function cutTo(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line
  let room = columns - 3
  let cut = ''
  for (const part of line.split(/(\x1b\[\d+m)/)) {
    if (part.startsWith('\x1b')) {
      cut += part
      continue
    }
    for (const char of part) {
      room -= widthOfChar(char)
      if (room >= 0) cut += char
    }
  }
  // What colours end is kept; what was cut is not.
  return `${cut}...`
}
