import { type Checked, check } from '../check.js'
import { type Asked, defaultTimeoutMs } from '../farm/asked.js'
import { type Lock, readLock } from '../farm/locked.js'
import { parseServerAddress, type Target } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import type { Listing } from '../formats/format.js'
import { farmKey } from '../formats/outcomes.js'
import { policyOf } from '../gate/policy.js'
import { caseText, recording } from '../network/case.js'
import { live } from '../network/live/live.js'
import { asCompleted, withFirst } from '../run/as-completed.js'
import { askedOnce } from '../run/asked-once.js'
import { turns } from '../run/library.js'
import { perNetwork } from '../run/per-network.js'
import { slots } from '../run/slots.js'
import { stopText, withDeadline } from '../run/stop.js'
import type { Judging } from '../run/told.js'
import { version } from '../version.js'
import { askedBy, proxyAsked } from './asked.js'
import { baselineBy } from './baseline.js'
import { exitUnfinished } from './exit-code.js'
import { readWithin } from './files.js'
import type { Machine } from './machine.js'
import type { CheckFlags } from './options.js'
import { type Names, progress } from './progress.js'
import { proxyFor } from './proxy.js'
import { refuseOddRepeats, refuseWithState } from './repeats.js'
import type { States } from './states.js'
import { hasList, type Lists, listsOf, listsOfAimed, type Read, targetsOf } from './targets.js'
import { keepsReports, type Told, tell } from './tell.js'
import type { Discovered } from './users.js'
import type { Wanted } from './wanted.js'

/** Farms that are at work at a time: more than can wait beside the slots, so that those who hang delay nobody. */
const maxAtWork = 256

/** Checks every target, prints the reports and returns the exit code of the worst. */
export async function checkCommand(
  targets: readonly string[],
  all: CheckFlags,
  given: Partial<CheckFlags>,
  machine: Machine,
): Promise<number> {
  refuseOddRepeats(given)
  // No name has it; a URL may.
  if (targets.some((target) => target.includes('@'))) {
    const { isUser, checkUsers } = await import('./users.js')
    if (targets.some(isUser))
      return checkUsers(targets, all, machine, (found, seen) => checkFarms(found, all, given, machine, seen))
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
  seen?: (checked: Checked) => void,
): Promise<number> {
  const targets = found.map(({ target }) => target)
  if (all.config === undefined)
    return checkAimed(withSuffixes(listsOf(targets, all), found), all, machine, seen)
  const { aimedBy, aimingBy } = await import('./config.js')
  if (!hasList(targets, all)) {
    const { aimed, flags } = await aimedBy(all.config, targets, given)
    return checkAimed(withSuffixes(listsOfAimed(aimed, flags), found), flags, machine, seen)
  }
  const { farms, aim, flags } = await aimingBy(all.config, given)
  const lists = { ...listsOf(targets, flags), aim, possible: farms }
  return checkAimed(withSuffixes(lists, found), flags, machine, seen)
}

/** The same with the domains that led to a target among its suffixes. */
function withSuffixes(lists: Lists, found: readonly Discovered[]): Lists {
  const own = new Map(
    found
      .filter(({ suffixes }) => suffixes.length > 0)
      .map(({ target, suffixes }) => {
        const { flags, ...rest } = lists.aim(target)
        const upnSuffix = [...new Set([...(flags.upnSuffix ?? []), ...suffixes])]
        return [target, { ...rest, flags: { ...flags, upnSuffix } }]
      }),
  )
  return own.size === 0 ? lists : { ...lists, aim: (target) => own.get(target) ?? lists.aim(target) }
}

/** The same for targets with options of their own; `flags` are for the run. `seen` is told of each farm. */
export async function checkAimed(
  lists: Lists,
  flags: CheckFlags,
  machine: Machine,
  seen: (checked: Checked) => void = () => {},
): Promise<number> {
  const isList = hasList(lists.named, flags)
  if (flags.save !== undefined && (isList || lists.named.length > 1)) {
    throw new AdfsCheckFault(
      'ADFS_CHECK_BAD_OPTION',
      `--save keeps one target; ${isList ? 'a list is given' : 'several are named'}.`,
      { hint: 'Run adfs-check once for each.' },
    )
  }
  if (flags.redact && flags.save === undefined) {
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', '--redact changes what --save writes.', {
      hint: 'Add --save case.json.',
    })
  }
  if (isList) await collectEarly()
  const running = { ...machine, signal: withDeadline(machine.signal, flags.deadline) }
  // What is the same for all is read before the first server is asked: a typing error must not cost a whole run.
  const common = new Map<CheckFlags, Common>()
  const possible = [...lists.named, ...(lists.possible ?? [])].map((target) => lists.aim(target).flags)
  for (const own of new Set([flags, ...possible])) common.set(own, await commonOf(own))
  const listed = new Map<string, Listing>()
  const known = { ...(await baselineBy(flags)), listed }
  // For formats that point at files, which keep everything anyway.
  const listing = keepsReports(flags) ? listed : null
  const names = { total: isList ? Number.POSITIVE_INFINITY : lists.named.length }
  const farms = wanted(targetsOf(lists, running), common, listing, names, machine.env)
  const started = await withFirst(farms)
  if (typeof started === 'number') return nothingToCheck(started, running)
  if (flags.watch) {
    const { allOf, watchCommand } = await import('./watch-command.js')
    return watchCommand(await allOf(started), flags, running)
  }
  const kept = [...common.keys()].flatMap(({ state }) => state ?? [])
  if (kept.length > 0) refuseWithState(flags)
  const states = kept.length === 0 ? null : await (await import('./states.js')).States.read(kept)
  return tell(
    checks(started, names, flags, running, states, seen),
    flags,
    { ...running, now: flags.at ?? running.now },
    known,
    states ? () => states.write() : null,
  )
}

/**
 * V8 lets garbage grow to four times of what is in use before it looks, which a list of any length comes to: 168 MB for 17 MB in
 * use. Twice is 135 MB, and costs no CPU that can be measured (2,500 targets, Node.js 20.20).
 */
async function collectEarly(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString('--heap-growing-percent=100')
}

/** Nothing that was named can be checked, or it is for other shards; of what was missed was told. */
function nothingToCheck(missed: number, machine: Machine): number {
  if (machine.signal.aborted) {
    machine.err.write(`adfs-check: ${stopText(machine.signal)}: nothing was checked.\n`)
    return exitUnfinished
  }
  if (missed > 0)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_TARGET', 'None of the targets can be checked.', {
      hint: 'See above.',
    })
  machine.err.write('adfs-check: all targets are in other shards; nothing was checked here.\n')
  return 0
}

/** What is to be checked, one farm after the other; at the end it is known how many there are. */
async function* wanted(
  targets: AsyncIterable<Read>,
  common: ReadonlyMap<CheckFlags, Common>,
  listing: Map<string, Listing> | null,
  names: Names,
  env: Machine['env'],
): AsyncGenerator<Wanted | 'missed'> {
  let nth = 0
  for await (const read of targets) {
    if (read === 'missed') {
      yield read
      continue
    }
    const { aimed, target } = read
    if (aimed.listed) listing?.set(...listedAs(target, aimed.listed))
    const { asked, ...judging } = common.get(aimed.flags)!
    const proxy = proxyFor(target.name, aimed.flags.proxy, env)
    const told = proxyAsked(proxy, aimed.flags.proxy)
    yield {
      nth: nth++,
      proxy,
      owner: aimed.flags.owner,
      state: aimed.flags.state,
      asked: { ...asked, target: aimed.target, ...told },
      ...judging,
    }
  }
  names.total = nth
}

/** As `listingOf` looks it up. */
const listedAs = ({ displayName, port }: Target, listed: Listing) =>
  [farmKey({ id: displayName, ports: [port] }), listed] as const

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

/** All farms share the slots and what was asked; each is told when it is done. */
async function* checks(
  farms: AsyncIterable<Wanted | 'missed'>,
  names: Names,
  flags: CheckFlags,
  machine: Machine,
  states: States | null,
  seen: (checked: Checked) => void,
): AsyncGenerator<Told> {
  const at = flags.at ?? machine.now
  const concurrency = slots(flags.concurrency)
  const once = askedOnce()
  const connecting = perNetwork(flags.perNetwork)
  const shown = progress(names, flags.quiet ?? false, machine)
  const one = async (farm: Wanted): Promise<Told> => {
    const { nth, asked, proxy, owner, state, ...judging } = farm
    const timeoutMs = asked.timeoutMs ?? defaultTimeoutMs
    const options = { ...asked, timeoutMs, retries: flags.retries, proxy, signal: machine.signal, connecting }
    const network = once(live(options), options)
    const hooks = { concurrency, pause: turns(machine.signal), ...judging, ...shown }
    const recorder = keepsCase(flags) ? recording(network) : null
    const whole = await check(asked, recorder?.network ?? network, at, hooks)
    seen(whole)
    // What an ended run did not see has not changed.
    const isCompared = states && state !== undefined && !machine.signal.aborted
    const checked = isCompared ? states.compared(state, whole) : whole
    if (recorder === null) return { nth, checked, asked, owner }
    const save = () => caseText(recorder.case(asked, at, { name: 'adfs-check', version }))
    return { nth, checked, asked, owner, save }
  }
  yield* asCompleted(farms, maxAtWork, async (farm): Promise<Told> => {
    if (farm === 'missed') return farm
    const { nth, asked, owner } = farm
    // A fault of ours in one farm is told in its place.
    return one(farm).catch((fault: unknown) => ({ nth, fault, asked, owner }))
  })
}

const keepsCase = ({ save, redact, format, output = [] }: CheckFlags): boolean =>
  save !== undefined || (!redact && (format === 'html' || output.some((one) => one.format === 'html')))
