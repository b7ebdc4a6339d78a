import type { OverallVerdict } from '../report/report.js'

/** The monitoring-plugin convention (Monitoring Plugins Development Guidelines), the same for every format. */
export const exitCodes: Readonly<Record<OverallVerdict, number>> = {
  ok: 0,
  warning: 1,
  critical: 2,
  unknown: 3,
}

/** Bad usage and faults of ours: nothing was checked. */
export const exitUnknown = exitCodes.unknown
