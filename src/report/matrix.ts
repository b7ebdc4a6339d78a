import type { Release } from '../android/releases.js'
import type { EndpointReport, Report, VerdictReport } from './report.js'

/** One column of the matrix: releases that every server is judged alike by share one, so that it fits the screen. */
export interface MatrixColumn {
  readonly label: string
  readonly releases: readonly Release[]
}

/** Releases with the same major number are one column unless a server tells them apart. */
export function matrixColumns(report: Report): readonly MatrixColumn[] {
  const columns: { label: string; releases: Release[] }[] = []
  for (const release of report.releases) {
    const last = columns.at(-1)
    if (
      last &&
      major(last.releases[0]!) === major(release) &&
      judgedAlike(report.endpoints, last.releases[0]!, release)
    ) {
      last.releases.push(release)
      last.label = major(release)
    } else {
      columns.push({ label: release, releases: [release] })
    }
  }
  const majors = columns.map((column) => major(column.releases[0]!))
  // A lone "6.0" is shown as "6": it says the same in less room.
  return columns.map((column, index) => {
    const alone = majors.indexOf(majors[index]!) === majors.lastIndexOf(majors[index]!)
    return alone ? { ...column, label: column.label.replace(/\.0$/, '') } : column
  })
}

export function verdictFor(endpoint: EndpointReport, release: Release): VerdictReport | undefined {
  return endpoint.verdicts.find((verdict) => verdict.release === release)
}

const major = (release: Release) => release.replace(/\D.*$/, '')

function judgedAlike(endpoints: readonly EndpointReport[], a: Release, b: Release): boolean {
  return endpoints.every((endpoint) => verdictFor(endpoint, a)?.verdict === verdictFor(endpoint, b)?.verdict)
}
