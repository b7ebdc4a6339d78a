import { type Checked, check } from '../check.js'
import { type Asked, defaultTimeoutMs } from '../farm/asked.js'
import { parseServerAddress, parseTarget } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import { policyOf } from '../gate/policy.js'
import { caseText, recording } from '../network/case.js'
import { live } from '../network/live/live.js'
import type { FetchOutcome, Network } from '../network/network.js'
import { turns } from '../run/library.js'
import { inOrder, slots } from '../run/slots.js'
import { withDeadline } from '../run/stop.js'
import { version } from '../version.js'
import { askedBy, proxyAsked } from './asked.js'
import type { Machine } from './machine.js'
import type { CheckFlags } from './options.js'
import { progress } from './progress.js'
import { proxyFor } from './proxy.js'
import { reportFault } from './report-fault.js'
import { type Told, tell } from './tell.js'

/** Names that are looked at ahead of the one whose report is due: their reports are kept until then. */
const maxAhead = 256

/** Checks every target, prints the reports and returns the exit code of the worst. */
export async function checkCommand(
  targets: readonly string[],
  flags: CheckFlags,
  machine: Machine,
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
  const running = { ...machine, signal: withDeadline(machine.signal, flags.deadline) }
  // What is the same for all is read before the first server is asked: a typing error must not cost a whole run.
  flags.server.forEach(parseServerAddress)
  const common = await askedBy(flags)
  policyOf(common)
  const farms: Wanted[] = []
  for (const target of targets) {
    try {
      const { name } = parseTarget(target, flags.port)
      const proxy = proxyFor(name, flags.proxy, machine.env)
      farms.push({ proxy, asked: { ...common, target, proxy: proxyAsked(proxy, flags.proxy) } })
    } catch (error) {
      // A name that is none does not stop the others; alone, it is bad usage.
      if (
        targets.length === 1 ||
        !(error instanceof AdfsCheckFault && error.code === 'ADFS_CHECK_BAD_TARGET')
      )
        throw error
      reportFault(error, machine)
    }
  }
  const missed = targets.length - farms.length
  if (farms.length === 0) {
    throw new AdfsCheckFault('ADFS_CHECK_BAD_TARGET', 'None of the targets can be checked.', {
      hint: 'See above.',
    })
  }
  return tell(checks(farms, flags, running), flags, { ...running, now: flags.at ?? running.now }, missed)
}

interface Wanted {
  readonly proxy: URL | null
  readonly asked: Asked
}

/** All farms share the slots and what was fetched; each is told when it and those named before it are done. */
async function* checks(farms: readonly Wanted[], flags: CheckFlags, machine: Machine): AsyncGenerator<Told> {
  const at = flags.at ?? machine.now
  const concurrency = slots(flags.concurrency)
  const fetched = new Map<string, Promise<FetchOutcome>>()
  const shown = progress(farms.length, flags.quiet ?? false, machine)
  const one = async ({ asked, proxy }: Wanted): Promise<Told> => {
    const timeoutMs = asked.timeoutMs ?? defaultTimeoutMs
    const outside = live({ ...asked, timeoutMs, retries: flags.retries, proxy, signal: machine.signal })
    const network = fetchingOnce(outside, fetched)
    const hooks = { concurrency, pause: turns(machine.signal), ...shown }
    if (flags.save === undefined) return told(await check(asked, network, at, hooks), asked)
    const recorder = recording(network)
    const checked = await check(asked, recorder.network, at, hooks)
    const save = () => caseText(recorder.case(asked, at, { name: 'adfs-check', version }))
    return { ...told(checked, asked), save }
  }
  // A fault of ours in one farm is told in its place.
  yield* inOrder(farms, maxAhead, (farm) =>
    one(farm).catch((fault: unknown): Told => ({ fault, asked: farm.asked })),
  )
}

const told = (checked: Checked, asked: Asked): Told => ({ checked, asked })

/** Servers behind many names lack the same issuers, whose URLs are asked once in a run. */
const fetchingOnce = (network: Network, known: Map<string, Promise<FetchOutcome>>): Network => ({
  ...network,
  fetch: (ask) => {
    const key = `${ask.purpose} ${ask.url}`
    const outcome = known.get(key) ?? network.fetch(ask)
    known.set(key, outcome)
    return outcome
  },
})
