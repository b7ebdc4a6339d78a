import type { OverallVerdict, Report } from '../report/schema.js'

/** 0 OK · 1 WARNING · 2 CRITICAL · 3 UNKNOWN. */
export type NagiosCode = 0 | 1 | 2 | 3

/** Monitoring calls bad usage and faults of the plugin UNKNOWN. */
export const nagiosUnknown = 3 as const

/**
 * The state of one farm. To monitoring a server that does not answer is CRITICAL, and so is a name without addresses:
 * UNKNOWN is for what the plugin itself could not do.
 */
export function nagiosCode({ verdict, findings, farm, subjects }: Report): NagiosCode {
  if (verdict !== 'unknown') return ({ ok: 0, warning: 1, critical: 2 } as const)[verdict]
  const isDown =
    farm.unresolved.length > 0 ||
    subjects.length === 0 ||
    findings.some(({ id }) => id === 'could-not-connect')
  return isDown ? 2 : nagiosUnknown
}

const order: readonly NagiosCode[] = [0, 1, 3, 2]

/** Of a run that ended with `verdict`; UNKNOWN where something was not looked at of which there is no report. */
export function worstNagiosCode(reports: readonly Report[], verdict: OverallVerdict): NagiosCode {
  const codes = [
    ...reports.map(nagiosCode),
    ...(verdict === 'unknown' ? [nagiosUnknown] : []),
  ] as NagiosCode[]
  const worst = codes.reduce((worse, next) => (order.indexOf(next) > order.indexOf(worse) ? next : worse), 0)
  return worst
}
