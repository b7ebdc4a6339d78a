import type { Step } from './adfs/actions.js'
import { planOf } from './adfs/plan.js'
import type { ExaminedFarm } from './checks/check.js'
import { findingsOf, runChecks } from './checks/registry.js'
import type { Attempt } from './examine/examination.js'
import { type Examined, examine, type Pause } from './examine/examine.js'
import { examinedFarm } from './examine/examined-farm.js'
import { type Settings, settingsOf } from './examine/settings.js'
import type { Asked } from './farm/asked.js'
import { farmOf } from './farm/farm.js'
import { type Lock, lockedFarm } from './farm/locked.js'
import type { Farm, ServedSubject } from './farm/subject.js'
import { type Gated, type GatePolicy, gate } from './gate/gate.js'
import { policyOf } from './gate/policy.js'
import type { Network } from './network/network.js'
import { observe } from './observe/observe.js'
import { composeReport } from './report/compose.js'
import { type Slots, slots } from './run/slots.js'

/** What a run may be told while it goes on, and how much it may do at once. */
export interface Hooks {
  /** Subjects observed at a time, or slots shared with other runs. */
  readonly concurrency: number | Slots
  readonly pause: Pause
  /** What fails the run, and what is waived. */
  readonly gate?: GatePolicy
  /** What farms were locked to. */
  readonly lock?: Lock
  readonly resolved?: (farm: Farm) => void
  readonly observed?: (subject: ServedSubject, attempts: readonly Attempt[]) => void
}

/** A report, and the values behind it that a kit is made of. */
export interface Checked extends Gated {
  readonly examined: ExaminedFarm
  readonly steps: readonly Step[]
}

/**
 * Checks every server behind one name and says, for each Android release, whether it accepts what the server sends and
 * what is to be changed if not. What servers do ends up in the report; only misuse throws.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET, ADFS_CHECK_BAD_OPTION
 */
export async function check(asked: Asked, network: Network, at: Date, hooks: Hooks): Promise<Checked> {
  const policy = policyOf(asked)
  const settings = settingsOf(asked, policy, at)
  const farm = await farmOf(asked, network)
  hooks.resolved?.(farm)
  const inSlot = typeof hooks.concurrency === 'number' ? slots(hooks.concurrency) : hooks.concurrency
  const look = async (subject: ServedSubject) => {
    const attempts = await observe(subject, { ...policy, repeat: asked.repeat }, network)
    hooks.observed?.(subject, attempts)
    return { subject, attempts }
  }
  const observed = await Promise.all(farm.subjects.map((subject) => inSlot(() => look(subject))))
  return toldOf(farm, await examine(observed, settings, network, hooks.pause), settings, asked, hooks)
}

/** What examinations of one farm amount to. */
export function toldOf(
  farm: Farm,
  { examinations, fetches }: Examined,
  settings: Settings,
  asked: Asked,
  { gate: policy, lock }: Pick<Hooks, 'gate' | 'lock'>,
): Checked {
  const locked = lock && lockedFarm(lock, farm)
  const examined = {
    ...examinedFarm(farm, examinations, policyOf(asked), settings, fetches),
    ...(locked === undefined ? {} : { lock: locked }),
  }
  const results = runChecks(examined)
  // What breaks nothing is told, and left alone: the plan is for what has to be done.
  const serious = findingsOf(results).filter(({ severity }) => severity !== 'info')
  const steps = planOf(serious, examined, asked)
  const composed = composeReport({ examined, results, steps, asked, fetches })
  return { ...gate(composed, policy), examined, steps }
}
