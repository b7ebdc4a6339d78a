import type { OverallVerdict, Report } from './report.js'

/** One report, or several under one verdict: the shapes that `report.schema.json` describes. Ends with a newline. */
export function renderJson(reports: readonly Report[], verdict: OverallVerdict): string {
  const value = reports.length === 1 ? reports[0] : { schemaVersion: 1, verdict, reports }
  return `${JSON.stringify(value, null, 2)}\n`
}
