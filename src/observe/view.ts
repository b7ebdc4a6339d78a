import type { Attempt } from '../examine/examination.js'
import type { Settings } from '../examine/settings.js'
import type { Asked } from '../farm/asked.js'
import { farmOf } from '../farm/farm.js'
import { type Farm, isFirstAt, type ServedFarm, type ServedSubject, type Vantage } from '../farm/subject.js'
import { seenFrom } from '../farm/vantage.js'
import type { Network } from '../network/network.js'
import type { ProbeOutcome } from '../tls/observation.js'
import { isAnswered, namelessOnce, type ObserveOptions, observe, observeStrangeName } from './observe.js'
import { certauthToo, withoutUnproven } from './supposed.js'

/** The farm as it is looked at from one place; null: from here, and from nowhere else. */
export interface View {
  readonly vantage: Vantage | null
  readonly asked: Asked
  readonly network: Network
}

/** Told while a farm is looked at. */
export interface Looking {
  readonly resolved?: (farm: Farm) => void
  /** `strange`: what came of a name that nobody has, where it was asked for. */
  readonly observed?: (
    subject: ServedSubject,
    attempts: readonly Attempt[],
    strange: ProbeOutcome | null,
  ) => void
}

export interface Looked {
  readonly farm: ServedFarm
  readonly observed: readonly {
    readonly subject: ServedSubject
    readonly attempts: readonly Attempt[]
    readonly strange: ProbeOutcome | null
  }[]
}

/** Finds the farm from one place and says to each of its servers what is worth saying. */
export async function lookFrom(
  { vantage, asked, network: outside }: View,
  settings: Pick<Settings, 'entries'>,
  { releases }: Pick<ObserveOptions, 'releases'>,
  inSlot: <T>(work: () => Promise<T>) => Promise<T>,
  hooks: Looking,
): Promise<Looked> {
  const network = namelessOnce(outside)
  const named = await farmOf(asked, network)
  hooks.resolved?.(named)
  const look = (subject: ServedSubject) =>
    inSlot(async () => {
      const attempts = await observe(subject, { releases, repeat: asked.repeat }, network)
      // A further connection, where the operator has said what the farm is.
      const isAsked = asked.inventory !== undefined && isFirstAt(subject, named) && isAnswered(attempts)
      const strange = isAsked ? await observeStrangeName(subject, { releases }, network) : null
      hooks.observed?.(subject, attempts, strange)
      return { subject, attempts, strange }
    })
  const seen = await Promise.all(named.subjects.map(look))
  const all = await certauthToo(named, seen, asked, settings, network, look)
  const { farm, observed } = withoutUnproven(all.farm, all.observed, settings)
  if (vantage === null) return { farm, observed }
  const from = seenFrom(vantage)
  return {
    farm: from.farm(farm),
    observed: observed.map((one) => ({ ...one, subject: from.subject(one.subject) })),
  }
}
