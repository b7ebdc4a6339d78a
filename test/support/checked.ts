import type { Release } from '../../src/android/releases.js'
import { check } from '../../src/index.js'
import type { Report, VerdictReport } from '../../src/report/schema.js'
import type { CheckOptions } from '../../src/run/options.js'
import { expectValidReport } from './valid-report.js'

/** Checks servers on loopback ports through the library's door; what comes of it keeps to the schema. */
export async function checkPorts(
  name: string,
  ports: readonly number[],
  options: CheckOptions = {},
): Promise<Report> {
  const report = await check(name, {
    servers: ports.map((port) => `127.0.0.1:${port}`),
    timeoutMs: 5_000,
    ...options,
  })
  expectValidReport(report)
  return report
}

export const verdictOf = (report: Report, release: Release, index = 0): VerdictReport | undefined =>
  report.subjects[index]!.verdicts.find(({ releases }) => releases.includes(release))

/** The kinds of verdict of the releases that count, each once. */
export const kindsOf = (report: Report, index = 0): readonly string[] => [
  ...new Set(report.subjects[index]!.verdicts.flatMap(({ counts, verdict }) => (counts ? [verdict] : []))),
]

export const idsOf = (report: Report): readonly string[] => [...new Set(report.findings.map(({ id }) => id))]

/** The repair proposed for the first answer of a server that has one. */
export const repairOf = (report: Report, index = 0) => report.subjects[index]!.repairs[0]
