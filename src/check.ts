import type { Attempt } from './examine/examination.js'
import { examine, type Pause } from './examine/examine.js'
import { settingsOf } from './examine/settings.js'
import type { Asked } from './farm/asked.js'
import { farmOf } from './farm/farm.js'
import { type Farm, isFirstAt, type ServedSubject } from './farm/subject.js'
import { policyOf } from './gate/policy.js'
import type { Network } from './network/network.js'
import { isAnswered, namelessOnce, observe, observeStrangeName } from './observe/observe.js'
import { certauthToo, withoutUnproven } from './observe/supposed.js'
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

/**
 * The way through the house: farm, observe, examine; then, in `toldOf`, checks, plan, report and gate.
 *
 * Checks every server behind one name and says, for each Android release, whether it accepts what the server sends and
 * what is to be changed if not. What servers do ends up in the report; only misuse throws.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET, ADFS_CHECK_BAD_OPTION
 */
export async function check(asked: Asked, outside: Network, at: Date, hooks: Hooks): Promise<Checked> {
  const network = namelessOnce(outside)
  const policy = policyOf(asked)
  const settings = settingsOf(asked, policy, at)
  const named = await farmOf(asked, network)
  hooks.resolved?.(named)
  const inSlot = typeof hooks.concurrency === 'number' ? slots(hooks.concurrency) : hooks.concurrency
  const look = (subject: ServedSubject) =>
    inSlot(async () => {
      const attempts = await observe(subject, { ...policy, repeat: asked.repeat }, network)
      hooks.observed?.(subject, attempts)
      // A further connection, where the operator has said what the farm is.
      const isAsked = asked.inventory !== undefined && isFirstAt(subject, named) && isAnswered(attempts)
      const strange = isAsked ? await observeStrangeName(subject, policy, network) : null
      return { subject, attempts, strange }
    })
  const looked = await Promise.all(named.subjects.map(look))
  const all = await certauthToo(named, looked, asked, settings, network, look)
  const { farm, observed } = withoutUnproven(all.farm, all.observed, settings)
  return toldOf(farm, await examine(observed, settings, network, hooks.pause), settings, asked, hooks)
}
