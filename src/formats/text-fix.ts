import type { Report } from '../report/schema.js'
import type { Style } from './format.js'
import { briefPlan, spokenPlan } from './speech.js'
import { paint, wrap } from './terminal-text.js'
import { lowerFirst, shortPlaceOf, spokenWords } from './text-words.js'

/** The plan: in few words, or with --verbose each step with who does it and what is to be seen then. */
export function fix(report: Report, style: Style): string {
  let number = 0
  return (style.verbose ? fully(report) : shortly(report))
    .flatMap(({ text: said, lines, expected, isAside }, index) => {
      const indent = `${index === 0 ? '  Fix   ' : '        '}`
      const head = isAside ? '' : `${++number}. `
      const colon = lines.length > 0 ? ':' : said.endsWith('.') ? '' : '.'
      return [
        wrap(
          `${head}${said}${colon}`,
          Math.min(style.columns, 80),
          isAside ? `${indent}   ` : indent,
          ' '.repeat(11),
        ),
        // From column 0 and never wrapped: to be copied.
        ...lines.map((line) => paint(style, 'cyan', line)),
        ...(expected === '' ? [] : [wrap(`${expected}.`, style.columns, ' '.repeat(11))]),
      ]
    })
    .join('\n')
}

interface Said {
  readonly text: string
  readonly lines: readonly string[]
  readonly expected: string
  readonly isAside: boolean
}

const shortly = (report: Report): Said[] =>
  briefPlan(report).map(({ text: words, lines, isAside }) => ({
    text: spokenWords(words, report, shortPlaceOf),
    lines,
    expected: '',
    isAside,
  }))

const fully = (report: Report): Said[] =>
  spokenPlan(report).map(({ who, text: words, lines, expected }) => ({
    text: `${spokenWords(who, report)}: ${lowerFirst(spokenWords(words, report))}`,
    lines,
    expected: expected ? spokenWords(expected, report) : '',
    isAside: false,
  }))
