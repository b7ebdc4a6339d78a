import type { Attempt } from './examine/examination.js'
import { examine, type Pause } from './examine/examine.js'
import { settingsOf } from './examine/settings.js'
import type { Asked } from './farm/asked.js'
import { farmOf } from './farm/farm.js'
import type { Farm, ServedSubject, Vantage } from './farm/subject.js'
import { joinedFarm, seenFrom } from './farm/vantage.js'
import { policyOf } from './gate/policy.js'
import { firstKnowing, type Network } from './network/network.js'
import { observe } from './observe/observe.js'
import { withoutUnproven } from './observe/supposed.js'
import { type Slots, slots } from './run/slots.js'
import { type Checked, type Judging, toldOf } from './run/told.js'

export type { Checked }

/** What a run may be told while it goes on, and how much it may do at once. */
export interface Hooks extends Judging {
  /** Subjects observed at a time, or slots shared with other runs. */
  readonly concurrency: number | Slots
  readonly pause: Pause
  readonly resolved?: (farm: Farm) => void
  readonly observed?: (subject: ServedSubject, attempts: readonly Attempt[]) => void
}

/** The farm as it is looked at from one place; null: from here, and from nowhere else. */
export interface View {
  readonly vantage: Vantage | null
  readonly asked: Asked
  readonly network: Network
}

/**
 * The way through the house: farm, observe, examine; then, in `toldOf`, checks, plan, report and gate.
 *
 * Checks every server behind one name and says, for each Android release, whether it accepts what the server sends and
 * what is to be changed if not. What servers do ends up in the report; only misuse throws.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET, ADFS_CHECK_BAD_OPTION
 */
export const check = (asked: Asked, network: Network, at: Date, hooks: Hooks): Promise<Checked> =>
  checkFrom([{ vantage: null, asked, network }], asked, at, hooks)

/** The same from one place or several, judged by one `asked`. */
export async function checkFrom(views: readonly View[], asked: Asked, at: Date, hooks: Hooks) {
  const policy = policyOf(asked)
  const settings = settingsOf(asked, policy, at)
  const inSlot = typeof hooks.concurrency === 'number' ? slots(hooks.concurrency) : hooks.concurrency
  const looked = views.map(async ({ vantage, asked: here, network }) => {
    const named = await farmOf(here, network)
    const farm = vantage === null ? named : seenFrom(vantage, named)
    hooks.resolved?.(farm)
    const look = async (subject: ServedSubject) => {
      const attempts = await observe(subject, { ...policy, repeat: here.repeat }, network)
      hooks.observed?.(subject, attempts)
      return { subject, attempts }
    }
    const seen = await Promise.all(farm.subjects.map((subject) => inSlot(() => look(subject))))
    return withoutUnproven(farm, seen, settings)
  })
  const seen = await Promise.all(looked)
  const farm = joinedFarm(
    views.flatMap(({ vantage }) => vantage ?? []),
    seen.map((one) => one.farm),
  )
  const observed = seen.flatMap((one) => one.observed)
  const fetching = firstKnowing(views.map(({ network }) => network))
  return toldOf(farm, await examine(observed, settings, fetching, hooks.pause), settings, asked, hooks)
}
