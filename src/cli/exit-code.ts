import type { FaultCode } from '../fault.js'
import type { OverallVerdict } from '../report/report.js'

/** One scheme for every format: the verdict, worst server first. */
export const exitCodes: Readonly<Record<OverallVerdict, number>> = {
  ok: 0,
  warning: 1,
  critical: 2,
  unknown: 3,
}

/** Interrupted, or what was found could not be written: the run did not come to its end. */
export const exitUnfinished = exitCodes.unknown

/** Bad usage and faults of ours: nothing is known, and trying again changes nothing. */
export const exitUsage = 4

export const exitCodeOf = (code: FaultCode): number =>
  code === 'ADFS_CHECK_WRITE_FAILED' ? exitUnfinished : exitUsage
