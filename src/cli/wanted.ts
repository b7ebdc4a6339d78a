import type { Asked } from '../farm/asked.js'
import type { Checked, Judging } from '../run/told.js'

/** One farm as it is to be checked. */
export interface Wanted extends Judging {
  /** Its place among the targets, from 0. */
  readonly nth: number
  readonly proxy: URL | null
  readonly owner: string | undefined
  /** File of --state. */
  readonly state: string | undefined
  readonly asked: Asked
  /** What is told before it, once it was checked: in its place, the one before it. */
  readonly before?: (checked: Checked) => Promise<{ readonly checked: Checked; readonly asked: Asked }>
}
