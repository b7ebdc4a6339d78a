import type { Report } from '../report/schema.js'
import { cut } from './outcomes.js'
import { spokenPlan } from './speech.js'
import { spokenWords } from './text-words.js'

/** What to do, a line for each step, its commands below it. */
export const stepLines = (report: Report): readonly string[] =>
  spokenPlan(report).flatMap(({ who, text, lines }, index) => [
    `${index + 1}. ${cut(spokenWords(who, report), 200)}: ${cut(spokenWords(text, report), 1000)}`,
    ...lines.map((line) => cut(line, 4000)),
  ])
