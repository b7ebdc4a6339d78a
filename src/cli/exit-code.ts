import type { FaultCode } from '../fault.js'
import { exitCodes } from '../gate/gate.js'

/** Interrupted, or what was found could not be written: the run did not come to its end. */
export const exitUnfinished = exitCodes.unknown

/** Bad usage and faults of ours: nothing is known, and trying again changes nothing. */
export const exitUsage = 4

export const exitCodeOf = (code: FaultCode): number =>
  code === 'ADFS_CHECK_WRITE_FAILED' ? exitUnfinished : exitUsage
