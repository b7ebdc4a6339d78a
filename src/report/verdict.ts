import type { EndpointReport, FindingReport, OverallVerdict } from './report.js'

/**
 * The worst thing said. A server that could not be judged outranks warnings, since what is unknown may be worse, and
 * a run that judged nothing is never `ok`.
 */
export function overallVerdict(
  endpoints: readonly EndpointReport[],
  findings: readonly FindingReport[],
): OverallVerdict {
  const judged = endpoints.filter(({ verdicts }) =>
    verdicts.some(({ verdict }) => verdict !== 'undetermined'),
  )
  const refused = endpoints.some(({ verdicts }) => verdicts.some(({ verdict }) => verdict === 'refused'))
  if (refused || findings.some(({ id, severity }) => severity === 'error' && !notJudged.has(id)))
    return 'critical'
  if (judged.length === 0 || judged.length < endpoints.length || findings.some(({ id }) => notJudged.has(id)))
    return 'unknown'
  if (endpoints.some(({ verdicts }) => verdicts.some(({ verdict }) => verdict === 'undetermined')))
    return 'unknown'
  const depends = endpoints.some(({ verdicts }) => verdicts.some(({ verdict }) => verdict === 'depends'))
  return depends || findings.some(({ severity }) => severity === 'warning') ? 'warning' : 'ok'
}

/** Findings that say we could not look, not that the server is bad. */
const notJudged: ReadonlySet<string> = new Set(['could-not-connect', 'check-failed', 'verdict-undetermined'])

const order: readonly OverallVerdict[] = ['ok', 'warning', 'unknown', 'critical']

/** The verdict over several targets; none at all is `unknown`. */
export function worstVerdict(verdicts: readonly OverallVerdict[]): OverallVerdict {
  return verdicts.length === 0
    ? 'unknown'
    : order[Math.max(...verdicts.map((verdict) => order.indexOf(verdict)))]!
}
