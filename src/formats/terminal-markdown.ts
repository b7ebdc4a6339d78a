import type { Style } from './format.js'
import { paint, wrap } from './terminal-text.js'

/** Wider lines are tiring to read. */
const widest = 80

/**
 * Our own Markdown pages for a terminal: headings, paragraphs and lists wrapped, tables as lists, code from column 0 and
 * as it is, to be copied. Only what the pages use: ATX headings, lists of one level, pipe tables, fences, inline code,
 * bold, emphasis and links.
 */
export function renderMarkdown(markdown: string, style: Pick<Style, 'colour' | 'columns'>): string {
  const columns = Math.min(style.columns, widest)
  const lines = markdown.split('\n')
  const blocks: string[] = []
  while (lines.length > 0) {
    const line = lines.shift()!
    if (line.trim() === '') continue
    const heading = /^(#+) (.*)$/.exec(line)
    if (heading) {
      blocks.push(paint(style, 'bold', wrap(inline(heading[2]!), columns, '', '  ')))
    } else if (line.startsWith('```')) {
      blocks.push(paint(style, 'cyan', take(lines, (next) => !next.startsWith('```')).join('\n')))
      lines.shift()
    } else if (line.startsWith('|')) {
      blocks.push(table([line, ...take(lines, (next) => next.startsWith('|'))], columns))
    } else if (bullet.test(line)) {
      blocks.push(list([line, ...take(lines, (next) => next.trim() !== '')], columns))
    } else {
      const paragraph = [line, ...take(lines, (next) => next.trim() !== '' && !next.startsWith('```'))]
      blocks.push(wrap(inline(paragraph.map((part) => part.trim()).join(' ')), columns, '  '))
    }
  }
  return `${blocks.join('\n\n')}\n`
}

const bullet = /^(-|\d+\.) /

/** Takes lines off the front as long as `belongs`. */
function take(lines: string[], belongs: (line: string) => boolean): string[] {
  const end = lines.findIndex((line) => !belongs(line))
  return lines.splice(0, end < 0 ? lines.length : end)
}

function list(lines: readonly string[], columns: number): string {
  const items: string[] = []
  for (const line of lines) {
    if (bullet.test(line)) items.push(line)
    else items[items.length - 1] += ` ${line.trim()}`
  }
  return items
    .map((item) => {
      const [mark] = bullet.exec(item)!
      return wrap(inline(item.slice(mark.length)), columns, `  ${mark}`, ' '.repeat(2 + mark.length))
    })
    .join('\n')
}

/** `- first: second; third`; the heads say nothing that the rows do not. */
function table([, , ...rows]: readonly string[], columns: number): string {
  return rows
    .map((row) => {
      const [first, ...others] = cellsOf(row)
      return wrap(
        inline(`${first}: ${others.filter((cell) => cell !== '').join('; ')}`),
        columns,
        '  - ',
        '    ',
      )
    })
    .join('\n')
}

const cellsOf = (row: string): string[] =>
  row
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'))

/** Text without its marks; what stands in code stays as it is. */
function inline(text: string): string {
  return text
    .split(/(`+[^`]+`+)/)
    .map((part) =>
      part.startsWith('`')
        ? part.replace(/^`+ ?| ?`+$/g, '')
        : part
            .replace(/\[([^\]]+)\]\(([^)]+)\)/g, '$1')
            .replace(/\*\*([^*]*)\*\*|\*([^*\s][^*]*)\*/g, (_, bold, emphasis) => bold ?? emphasis)
            .replace(/\*\*/g, '')
            .replace(/\\([\\`*_{}[\]()#+.!|<>-])/g, '$1'),
    )
    .join('')
}
