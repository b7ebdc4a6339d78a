import type { Report } from '../report/schema.js'
import type { Style } from './format.js'
import { wrap } from './terminal-text.js'
import { oneLine, placeOf } from './text-words.js'

/** What somebody accepted stays on the screen, with his name; what he no longer does, loudly. */
export function waiversText(report: Report, style: Style): string {
  const cases = report.findings.flatMap(({ id, title, cases }) =>
    cases.flatMap(({ waived, subject }) => (waived ? [{ id, title, subject, waived }] : [])),
  )
  const line = (text: string) => wrap(text, style.columns, '  ', '          ')
  const at = (subject: string | null) => (subject === null ? '' : ` at ${placeOf(report, subject)}`)
  return [
    ...cases.map(({ id, title, subject, waived: { owner, until, reason } }) =>
      line(`Waived  ${title}${at(subject)} [${id}]: until ${until} by ${oneLine(owner)}, ${oneLine(reason)}`),
    ),
    ...(report.waivers ?? []).flatMap(({ finding, subject, owner, until, state }) =>
      state === 'expired'
        ? [line(`WAIVER EXPIRED on ${until}: ${oneLine(finding)}${at(subject)}, of ${oneLine(owner)}`)]
        : state === 'unused'
          ? [line(`Waiver without a case: ${oneLine(finding)}${at(subject)}, of ${oneLine(owner)}`)]
          : [],
    ),
  ].join('\n')
}
