import type { Step } from '../adfs/actions.js'
import type { WindowsServer } from '../adfs/facts.js'
import type { ExaminedFarm } from '../checks/check.js'
import type { Asked } from '../farm/asked.js'
import type { Subject } from '../farm/subject.js'
import type { Certificate } from '../x509/certificate.js'

/** What a kit is made of: one run's examinations and plan; no clock and no folder. */
export interface KitInput {
  readonly farm: ExaminedFarm
  readonly plan: readonly Step[]
  readonly asked: Asked
  readonly version: string
  /** Windows Server of the farm where the operator said so. */
  readonly server: WindowsServer | null
}

/** What lies in one folder: for all machines, or where they differ for one. */
export interface Part {
  /** Empty, or the folder's name and a slash. */
  readonly folder: string
  readonly subjects: readonly Subject[]
  readonly intermediates: readonly Certificate[]
  readonly chains: readonly (readonly Certificate[])[]
}
