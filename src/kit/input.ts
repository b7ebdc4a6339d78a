import type { Step } from '../adfs/actions.js'
import type { WindowsServer } from '../adfs/facts.js'
import type { Recipe } from '../adfs/recipes/recipe.js'
import { recipes } from '../adfs/recipes/recipes.js'
import type { ExaminedFarm } from '../checks/check.js'
import type { Asked } from '../farm/asked.js'
import { endingTls, type Subject } from '../farm/subject.js'
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

/** Whether a device of the part takes the chain in this form. */
export const takes = ({ subjects }: Part, what: Recipe['takes']): boolean =>
  subjects.some((subject) => {
    const at = subject.kind === 'file' ? null : endingTls(subject.node)
    return at !== null && recipes[at].takes === what
  })

/** Intermediates of the chains that are not among the imports, which have files of their own. */
export const singles = ({ chains, intermediates }: Part): readonly Certificate[] => {
  const known = new Set(intermediates.map(({ sha256 }) => sha256))
  const all = chains.flatMap((chain) => chain.slice(1)).map((one) => [one.sha256, one] as const)
  return [...new Map(all).values()].filter(({ sha256 }) => !known.has(sha256))
}
