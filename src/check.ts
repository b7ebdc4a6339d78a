import { examine, type Pause } from './examine/examine.js'
import { settingsOf } from './examine/settings.js'
import type { Asked } from './farm/asked.js'
import { joinedFarm } from './farm/vantage.js'
import { policyOf } from './gate/policy.js'
import { firstKnowing, type Network } from './network/network.js'
import { type Looking, lookFrom, type View } from './observe/view.js'
import { type Slots, slots } from './run/slots.js'
import { type Checked, type Judging, toldOf } from './run/told.js'

export type { Checked, View }

/** What a run may be told while it goes on, and how much it may do at once. */
export interface Hooks extends Judging, Looking {
  /** Subjects observed at a time, or slots shared with other runs. */
  readonly concurrency: number | Slots
  readonly pause: Pause
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
  const looked = views.map((view) => lookFrom(view, settings, policy, inSlot, hooks))
  const seen = await Promise.all(looked)
  const farm = joinedFarm(
    views.flatMap(({ vantage }) => vantage ?? []),
    seen.map((one) => one.farm),
  )
  const observed = seen.flatMap((one) => one.observed)
  const fetching = firstKnowing(views.map(({ network }) => network))
  return toldOf(farm, await examine(observed, settings, fetching, hooks.pause), settings, asked, hooks)
}
