import type { Step } from '../adfs/actions.js'
import { planOf } from '../adfs/plan.js'
import type { ExaminedFarm, Renewal } from '../checks/check.js'
import { type CheckId, findingsOf, runChecks } from '../checks/registry.js'
import type { Examined } from '../examine/examine.js'
import { examinedFarm } from '../examine/examined-farm.js'
import type { Settings } from '../examine/settings.js'
import type { Asked } from '../farm/asked.js'
import { type Lock, lockedFarm } from '../farm/locked.js'
import type { Farm } from '../farm/subject.js'
import { type Gated, type GatePolicy, gate } from '../gate/gate.js'
import { policyOf } from '../gate/policy.js'
import { composeReport } from '../report/compose.js'

/** What the verdict goes by beside what was seen. */
export interface Judging {
  /** What fails the run, and what is waived. */
  readonly gate?: GatePolicy
  /** What farms were locked to. */
  readonly lock?: Lock
  /** What servers are to show by now. */
  readonly renewal?: Renewal
}

/** A report, and the values behind it that a kit is made of. */
export interface Checked extends Gated {
  readonly examined: ExaminedFarm
  readonly steps: readonly Step[]
}

/** Remarks that were asked for, so that their advice is in the plan. */
const tidying: ReadonlySet<string> = new Set(['intermediate-no-longer-needed'] satisfies CheckId[])

/** Whether DNS said where the servers are. */
const isByDns = ({ servers, inventory }: Asked): boolean =>
  servers.length === 0 && (inventory?.nodes.length ?? 0) === 0

const withRenewal = ({ certificates }: ExaminedFarm, { leaf, before }: Renewal) =>
  new Map([...before, leaf].map((one) => [one.sha256, one] as const).concat([...certificates]))

/** What examinations of one farm amount to. */
export function toldOf(
  farm: Farm,
  { examinations, fetches }: Examined,
  settings: Settings,
  asked: Asked,
  { gate: policy, lock, renewal }: Judging,
): Checked {
  const locked = lock && lockedFarm(lock, farm)
  const looked = examinedFarm(farm, examinations, policyOf(asked), settings, fetches)
  const examined = {
    ...looked,
    ...(locked === undefined ? {} : { lock: locked }),
    isResolved: farm.name !== null && Object.values(asked.joined?.views ?? { asked }).every(isByDns),
    ...(renewal && { renewal, certificates: withRenewal(looked, renewal) }),
  }
  const results = runChecks(examined)
  // What breaks nothing is told, and left alone: the plan is for what has to be done.
  const serious = findingsOf(results).filter(({ id, severity }) => severity !== 'info' || tidying.has(id))
  const steps = planOf(serious, examined, asked)
  const composed = composeReport({ examined, results, steps, asked, fetches })
  return { ...gate(composed, policy), examined, steps }
}
