import type { Style } from './format.js'

const codes = { red: 31, green: 32, yellow: 33, cyan: 36, bold: 1, dim: 2 } as const
export type Colour = keyof typeof codes

export function paint(style: Pick<Style, 'colour'>, colour: Colour, text: string): string {
  return style.colour ? `\x1b[${codes[colour]}m${text}\x1b[0m` : text
}

/** Without the colours that `paint` gave. */
export const unpainted = (text: string): string => text.replace(/\x1b\[\d+m/g, '')

/**
 * Rewrites every string inside a value so that nothing in it can move a cursor, repaint or reverse a line, whatever a
 * certificate or a server said. Done before our own colours are added.
 */
export function neutralised<T>(value: T): T {
  if (typeof value === 'string')
    return value.replace(unsafe, escapeCodePoint).replace(buildCommand, '#\\u{23}') as T
  if (Array.isArray(value)) return value.map(neutralised) as T
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [neutralised(key), neutralised(item)]),
  ) as T
}

/** Control and format characters (bidi marks among them), line and paragraph separators; newline is ours to wrap. */
const unsafe = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** `##vso[` and `##[` are obeyed by build agents (Azure Pipelines, GitHub's old form) wherever in a line they stand. */
const buildCommand = /##(?=(?:vso)?\[)/gi

/** The same text in ASCII, for terminals that are not UTF-8. */
export function inAscii(text: string): string {
  return text.replace(/[^\x00-\x7f]/gu, (char) => asciiFor[char] ?? escapeCodePoint(char))
}

const asciiFor: Record<string, string> = {
  '✓': '+',
  '✗': 'x',
  '…': '...',
  '–': '-',
  '—': '-',
  '→': '->',
  '≥': '>=',
  '≤': '<=',
  '·': '-',
  '←': '<-',
  '\u00a0': ' ',
}

const escapeCodePoint = (char: string) => `\\u{${char.codePointAt(0)!.toString(16)}}`

/** Breaks `text` at spaces so that lines, indent included, fit; a word longer than a line stays whole. */
export function wrap(text: string, columns: number, indent: string, hanging = indent): string {
  const lines: string[] = []
  for (const paragraph of text.split('\n')) {
    let line = lines.length === 0 ? indent : hanging
    let empty = true
    for (const word of paragraph.split(' ')) {
      if (!empty && line.length + 1 + word.length > columns) {
        lines.push(line)
        line = hanging
        empty = true
      }
      line += empty ? word : ` ${word}`
      empty = false
    }
    lines.push(line)
  }
  return lines.join('\n')
}
