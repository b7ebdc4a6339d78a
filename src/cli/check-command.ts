import { type Checked, check } from '../check.js'
import { type Asked, defaultTimeoutMs } from '../farm/asked.js'
import { type Lock, readLock } from '../farm/locked.js'
import { parseServerAddress, parseTarget, type Target } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import type { Listing } from '../formats/format.js'
import { farmKey } from '../formats/outcomes.js'
import { policyOf } from '../gate/policy.js'
import { caseText, recording } from '../network/case.js'
import { live } from '../network/live/live.js'
import type { FetchOutcome, Network } from '../network/network.js'
import { turns } from '../run/library.js'
import { inOrder, slots } from '../run/slots.js'
import { withDeadline } from '../run/stop.js'
import type { Judging } from '../run/told.js'
import { version } from '../version.js'
import { askedBy, proxyAsked } from './asked.js'
import { baselineBy } from './baseline.js'
import { readWithin } from './files.js'
import type { Machine } from './machine.js'
import type { Aimed, CheckFlags } from './options.js'
import { progress } from './progress.js'
import { proxyFor } from './proxy.js'
import { reportFault } from './report-fault.js'
import { type Told, tell } from './tell.js'
import type { Discovered } from './users.js'

/** Names that are looked at ahead of the one whose report is due: their reports are kept until then. */
const maxAhead = 256

/** Checks every target, prints the reports and returns the exit code of the worst. */
export async function checkCommand(
  targets: readonly string[],
  all: CheckFlags,
  given: Partial<CheckFlags>,
  machine: Machine,
): Promise<number> {
  // No name has it; a URL may.
  if (targets.some((target) => target.includes('@'))) {
    const { isUser, checkUsers } = await import('./users.js')
    if (targets.some(isUser))
      return checkUsers(targets, all, machine, (found) => checkFarms(found, all, given, machine))
  }
  return checkFarms(
    targets.map((target) => ({ target, suffixes: [] })),
    all,
    given,
    machine,
  )
}

async function checkFarms(
  found: readonly Discovered[],
  all: CheckFlags,
  given: Partial<CheckFlags>,
  machine: Machine,
): Promise<number> {
  const targets = found.map(({ target }) => target)
  const withSuffixes = (aimed: readonly Aimed[]): readonly Aimed[] =>
    aimed.map((one) => {
      const suffixes = found.find(({ target }) => target === one.target)?.suffixes ?? []
      if (suffixes.length === 0) return one
      const upnSuffix = [...new Set([...(one.flags.upnSuffix ?? []), ...suffixes])]
      return { ...one, flags: { ...one.flags, upnSuffix } }
    })
  if (all.config === undefined) {
    const aimed = withSuffixes(targets.map((target) => ({ target, flags: all })))
    return checkAimed(aimed, all, machine)
  }
  const { aimedBy } = await import('./config.js')
  const { aimed, flags } = await aimedBy(all.config, targets, given)
  return checkAimed(withSuffixes(aimed), flags, machine)
}

/** The same for targets with options of their own; `flags` are for the run. `seen` is told of each farm. */
export async function checkAimed(
  targets: readonly Aimed[],
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
  const running = { ...machine, signal: withDeadline(machine.signal, flags.deadline) }
  // What is the same for all is read before the first server is asked: a typing error must not cost a whole run.
  const common = new Map<CheckFlags, Common>()
  for (const own of new Set([flags, ...targets.map((one) => one.flags)])) common.set(own, await commonOf(own))
  const listed = new Map<string, Listing>()
  const known = { ...(await baselineBy(flags)), listed }
  const farms: Wanted[] = []
  for (const { target, flags: own, listed: place } of targets) {
    try {
      const aim = parseTarget(target, own.port ?? own.ports?.[0])
      if (place) listed.set(...listedAs(aim, place))
      const proxy = proxyFor(aim.name, own.proxy, machine.env)
      const { asked, ...judging } = common.get(own)!
      farms.push({ proxy, asked: { ...asked, target, proxy: proxyAsked(proxy, own.proxy) }, ...judging })
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
  return tell(
    checks(farms, flags, running, seen),
    flags,
    { ...running, now: flags.at ?? running.now },
    { missed, known },
  )
}

/** As `listingOf` looks it up. */
const listedAs = ({ displayName, port }: Target, listed: Listing) =>
  [farmKey({ id: displayName, ports: [port] }), listed] as const

interface Wanted extends Judging {
  readonly proxy: URL | null
  readonly asked: Asked
}

interface Common extends Judging {
  readonly asked: Omit<Asked, 'target' | 'proxy'>
}

/** What is the same for every target with these options, files read. */
async function commonOf(flags: CheckFlags): Promise<Common> {
  flags.server.forEach(parseServerAddress)
  const asked = await askedBy(flags)
  policyOf(asked)
  return { asked, ...(await judgingBy(flags)) }
}

/** @throws AdfsCheckFault ADFS_CHECK_BAD_FILE */
export async function judgingBy({ lock, failOn = 'warning', waivers = [] }: CheckFlags): Promise<Judging> {
  const gate = { failOn, waivers }
  return lock === undefined ? { gate } : { gate, lock: await readLockFile(lock) }
}

/** Thousands of farms. */
const maxLockBytes = 16 * 1024 * 1024

/** @throws AdfsCheckFault ADFS_CHECK_BAD_FILE */
export const readLockFile = async (path: string): Promise<Lock> =>
  readLock(Buffer.from(await readWithin(path, maxLockBytes)).toString('utf8'), path)

/** All farms share the slots and what was fetched; each is told when it and those named before it are done. */
async function* checks(
  farms: readonly Wanted[],
  flags: CheckFlags,
  machine: Machine,
  seen: (checked: Checked) => void,
): AsyncGenerator<Told> {
  const at = flags.at ?? machine.now
  const concurrency = slots(flags.concurrency)
  const fetched = new Map<string, Promise<FetchOutcome>>()
  const shown = progress(farms.length, flags.quiet ?? false, machine)
  const one = async ({ asked, proxy, ...judging }: Wanted): Promise<Told> => {
    const timeoutMs = asked.timeoutMs ?? defaultTimeoutMs
    const outside = live({ ...asked, timeoutMs, retries: flags.retries, proxy, signal: machine.signal })
    const network = fetchingOnce(outside, fetched)
    const hooks = { concurrency, pause: turns(machine.signal), ...judging, ...shown }
    const recorder = keepsCase(flags) ? recording(network) : null
    const checked = await check(asked, recorder?.network ?? network, at, hooks)
    seen(checked)
    if (recorder === null) return told(checked, asked)
    const save = () => caseText(recorder.case(asked, at, { name: 'adfs-check', version }))
    return { ...told(checked, asked), save }
  }
  // A fault of ours in one farm is told in its place.
  yield* inOrder(farms, maxAhead, (farm) =>
    one(farm).catch((fault: unknown): Told => ({ fault, asked: farm.asked })),
  )
}

const keepsCase = ({ save, redact, format, output = [] }: CheckFlags): boolean =>
  save !== undefined || (!redact && (format === 'html' || output.some((one) => one.format === 'html')))

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
