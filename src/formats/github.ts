import type { FindingReport, Report } from '../report/schema.js'
import type { Format } from './format.js'
import { cut, messageOf, verdictLine, waivedText } from './outcomes.js'
import { placesOf } from './text-words.js'

/**
 * GitHub Actions' workflow commands (`::error title=…::…`). A finding is one annotation however many servers it is about:
 * GitHub shows ten of a kind for each step and drops the others.
 */
export const github: Format = {
  name: 'github',
  streams: false,
  async write(_head, reports, _end, sink) {
    const lines: string[] = []
    const annotations: Annotation[] = []
    for await (const { report } of reports) {
      annotations.push(...annotationsOf(report))
      lines.push(`adfs-check: ${verdictLine(report)} (${report.verdict})`)
    }
    for (const level of ['error', 'warning', 'notice'] as const) {
      const own = annotations.filter((annotation) => annotation.level === level)
      for (const { title, text } of own.slice(0, own.length > most ? most - 1 : most))
        await sink.write(`::${level} title=${property(title)}::${data(text)}\n`)
      if (own.length > most)
        await sink.write(
          `::${level} title=adfs-check::${own.length - most + 1} more: see the other files of this run\n`,
        )
    }
    await sink.write(`${lines.join('\n')}\n`)
  },
}

/** Annotations of one level that GitHub keeps for a step. */
const most = 10

interface Annotation {
  readonly level: 'error' | 'warning' | 'notice'
  readonly title: string
  readonly text: string
}

const levels = { critical: 'error', warning: 'warning', info: 'notice' } as const

/** Shared with Azure's format: what is to be told of one farm, most important first. */
export const annotationsOf = (report: Report): readonly (Annotation & { readonly id: string })[] =>
  report.findings.map((finding) => {
    // A waived case is told and fails nothing; one that nobody accepts makes the finding what it is.
    const waived = finding.cases.every((one) => one.waived) ? finding.cases[0]?.waived : undefined
    return {
      id: finding.id,
      level: waived ? 'notice' : levelOf(finding, report),
      title: `${cut(report.farm.id, 100)}: ${finding.title}`,
      text: `${waived ? `${waivedText(waived)}. ` : ''}${messageOf(report, finding)}${where(report, finding)} [adfs-check explain ${finding.id}]`,
    }
  })

/** Not to have been able to look is an error where it decides. */
const levelOf = ({ severity }: FindingReport, { verdict }: Report): Annotation['level'] =>
  verdict === 'unknown' && severity === 'warning' ? 'error' : levels[severity]

function where(report: Report, { subjects }: FindingReport): string {
  if (subjects.length === 0 || report.subjects.length === 1) return ''
  const all = placesOf(report, subjects)
  const named = all.slice(0, 5).map((place) => place.slice(0, 100))
  return ` (${named.join(', ')}${all.length > 5 ? ` and ${all.length - 5} more` : ''})`
}

/** actions/toolkit command.ts: a per cent sign and line ends; in properties also what ends one. */
const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
