import type { Asked } from '../farm/asked.js'
import type { Judging } from '../run/told.js'

/** One farm as it is to be checked. */
export interface Wanted extends Judging {
  readonly proxy: URL | null
  readonly asked: Asked
  /** File of --state. */
  readonly state?: string
}
