import type { Report } from '../report/schema.js'
import type { Format, Head, Listing } from './format.js'
import { escapedJson } from './json.js'
import { casesOf, cut, fingerprintOf, listingOf, messageOf, waivedText } from './outcomes.js'

/** GitLab's Code Quality report: findings only, it knows no passes. Every entry needs a file and a line. */
export const gitlab: Format = {
  name: 'gitlab',
  streams: false,
  async write(head, reports, _end, sink) {
    const issues: ReturnType<typeof issuesOf> = []
    for await (const { report } of reports) issues.push(...issuesOf(report, head))
    await sink.write(`${escapedJson(issues)}\n`)
  },
}

/** GitLab knows info, minor, major, critical and blocker. */
const severities = { critical: 'critical', warning: 'minor', info: 'info' } as const

const issuesOf = (report: Report, head: Head) =>
  casesOf(report).map(({ finding, key, subject, waived }) => ({
    type: 'issue',
    check_name: finding.id,
    description: `${cut(subject?.id ?? report.farm.id, 300)}: ${waived ? `${waivedText(waived)}. ` : ''}${messageOf(report, finding)}`,
    severity: waived ? 'info' : severities[finding.severity],
    // The key outlives renewals, so that a merge request shows what is new in it.
    fingerprint: fingerprintOf(key),
    location: locationOf(listingOf(head, report.farm, subject)),
  }))

const locationOf = ({ uri, line }: Listing) => ({ path: uri, lines: { begin: line } })
