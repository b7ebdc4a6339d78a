import { type Checked, check } from '../check.js'
import { type Asked, defaultTimeoutMs } from '../farm/asked.js'
import { type Lock, readLock } from '../farm/locked.js'
import { parseTarget } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import type { GatePolicy } from '../gate/gate.js'
import { policyOf } from '../gate/policy.js'
import { caseText, recording } from '../network/case.js'
import { live } from '../network/live/live.js'
import { turns } from '../run/library.js'
import { outcomeText } from '../tls/wording.js'
import { version } from '../version.js'
import { askedBy, proxyAsked } from './asked.js'
import { readWithin } from './files.js'
import type { Machine } from './machine.js'
import type { CheckFlags } from './options.js'
import { proxyFor } from './proxy.js'
import { type Told, tell } from './tell.js'

/** A target with options of its own. */
export interface Aimed {
  readonly target: string
  readonly flags: CheckFlags
}

/** Checks every target, prints the reports and returns the exit code of the worst. */
export async function checkCommand(
  targets: readonly (string | Aimed)[],
  flags: CheckFlags,
  machine: Machine,
  seen: (checked: Checked) => void = () => {},
): Promise<number> {
  if (flags.save !== undefined && targets.length > 1) {
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', '--save keeps one target; several are named.', {
      hint: 'Run adfs-check once for each.',
    })
  }
  if (flags.redact && flags.save === undefined) {
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', '--redact changes what --save writes.', {
      hint: 'Add --save case.json.',
    })
  }
  // All targets are read before the first is probed: a typing error in the last must not cost a whole run.
  const aimed = targets.map((one) => (typeof one === 'string' ? { target: one, flags } : one))
  const names = aimed.map((one) => parseTarget(one.target, one.flags.port).name)
  const asked: Wanted[] = []
  for (const [index, one] of aimed.entries()) {
    const common = await askedBy(one.flags)
    policyOf(common)
    const proxy = proxyFor(names[index]!, one.flags.proxy, machine.env)
    const { target, flags: own } = one
    asked.push({
      proxy,
      asked: { ...common, target, proxy: proxyAsked(proxy, own.proxy) },
      gate: gateBy(own),
      ...(await lockBy(own)),
    })
  }
  return tell(checks(asked, flags, machine, seen), flags, machine)
}

interface Wanted {
  readonly proxy: URL | null
  readonly asked: Asked
  readonly gate: GatePolicy
  readonly lock?: Lock
}

/** What the options and the policy say of the verdict. */
export const gateBy = ({ failOn = 'warning', waivers = [] }: CheckFlags): GatePolicy => ({ failOn, waivers })

/** @throws AdfsCheckFault ADFS_CHECK_BAD_FILE */
export async function lockBy({ lock }: CheckFlags): Promise<{ lock?: Lock }> {
  if (lock === undefined) return {}
  return { lock: readLock(Buffer.from(await readWithin(lock, maxLockBytes)).toString('utf8'), lock) }
}

/** Thousands of farms. */
export const maxLockBytes = 16 * 1024 * 1024

async function* checks(
  targets: readonly Wanted[],
  flags: CheckFlags,
  machine: Machine,
  seen: (checked: Checked) => void,
): AsyncGenerator<Told> {
  const at = flags.at ?? machine.now
  for (const { asked, proxy, gate, lock } of targets) {
    const timeoutMs = asked.timeoutMs ?? defaultTimeoutMs
    const recorder = recording(live({ ...asked, timeoutMs, proxy, signal: machine.signal }))
    const checked = await check(asked, recorder.network, at, {
      concurrency: flags.concurrency,
      pause: turns(machine.signal),
      gate,
      ...(lock && { lock }),
      ...progress(flags, machine),
    })
    seen(checked)
    yield {
      checked,
      asked,
      ...(flags.save === undefined
        ? {}
        : { save: () => caseText(recorder.case(asked, at, { name: 'adfs-check', version })) }),
    }
  }
}

/** For people who wait: each server's line when it is known. */
function progress(flags: CheckFlags, { err }: Machine): Partial<Parameters<typeof check>[3]> {
  if (!err.isTTY || flags.quiet) return {}
  return {
    resolved: ({ id, subjects }) =>
      void err.write(`${id}: ${subjects.length} server${subjects.length === 1 ? '' : 's'}\n`),
    observed: ({ node, port }, attempts) => {
      const best = attempts.find(({ outcome }) => outcome.kind === 'observed') ?? attempts[0]!
      err.write(`  ${node.label}:${port}: ${outcomeText(best.outcome)}\n`)
    },
  }
}
