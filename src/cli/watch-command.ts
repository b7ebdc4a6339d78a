import type { Checked } from '../check.js'
import { type Asked, defaultTimeoutMs } from '../farm/asked.js'
import { AdfsCheckFault } from '../fault.js'
import { machinesOf } from '../formats/machines.js'
import { formats } from '../formats/registry.js'
import { inAscii, wrap } from '../formats/terminal-text.js'
import { tidy } from '../formats/text.js'
import { changeLine, resultOf, stampOf, standingLines } from '../formats/text-changes.js'
import { oldOnesIn } from '../gate/changes.js'
import { type Gated, worst } from '../gate/gate.js'
import { live } from '../network/live/live.js'
import type { Network } from '../network/network.js'
import { asCompleted } from '../run/as-completed.js'
import { askedOnce, onceLimits } from '../run/asked-once.js'
import { turns } from '../run/library.js'
import { perNetwork } from '../run/per-network.js'
import { slots } from '../run/slots.js'
import { stopText, withDeadline } from '../run/stop.js'
import { WatchedFarm } from '../run/watch.js'
import { watchUntilMended } from '../run/watch-until.js'
import { version } from '../version.js'
import { exitUnfinished, exitUsage } from './exit-code.js'
import { LiveTable } from './live-table.js'
import type { Machine, Output } from './machine.js'
import type { CheckFlags } from './options.js'
import { progress } from './progress.js'
import { reportFault } from './report-fault.js'
import { kitFolder, kitFor, type Told, tell } from './tell.js'
import { textStyle } from './terminal.js'
import type { Wanted } from './wanted.js'

const defaultIntervalMs = 30_000
/** Farms that are checked for the first time at a time. */
const maxAtWork = 256
/** Rows that are not servers. */
const aroundTable = 3
/** Farms that are watched at once: each round is a connection to each of their servers. */
const maxFarms = 1_024

/**
 * Every farm, read to the end: a watch is over when all of them are well, so each must be known.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET, ADFS_CHECK_BAD_OPTION
 */
export async function allOf(named: AsyncIterable<Wanted | 'missed'>): Promise<readonly Wanted[]> {
  const all: Wanted[] = []
  for await (const one of named) {
    if (one === 'missed')
      throw new AdfsCheckFault('ADFS_CHECK_BAD_TARGET', 'Not every target can be watched.', {
        hint: 'See above.',
      })
    all.push(one)
    if (all.length > maxFarms)
      throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `More than ${maxFarms} targets are to be watched.`, {
        hint: 'Watch those that are being mended, or check the list again and again with --state.',
      })
  }
  return all
}

/**
 * Checks, prints the report, then looks again until every server is accepted, warnings aside, and after a renewal sends the
 * new certificate. Returns 0 then, unless what was told before a farm is critical; what the worst verdict's code is when
 * time is up, never 0; 3 when it is ended before.
 */
export async function watchCommand(
  wanted: readonly Wanted[],
  flags: CheckFlags,
  machine: Machine,
): Promise<number> {
  const { signal } = machine
  const isText = flags.format === 'text'
  const intervalMs = flags.interval ?? defaultIntervalMs
  const ended = withDeadline(signal, flags.watchTimeout)
  const screen = isText ? machine.out : machine.err
  const style = () => ({ ...textStyle(machine, screen, flags), verbose: false })
  let farms: readonly WatchedFarm[] = []
  let printing = Promise.resolve()
  const reports = () => farms.map(({ checked }) => checked.report)
  let table: LiveTable | null = null
  const say = (text: string): void => {
    const { unicode } = style()
    const shown = unicode ? text : inAscii(text)
    if (table) table.say(shown)
    else screen.write(`${shown}\n`)
  }
  const sayWrapped = (line: string): void =>
    say(screen.isTTY ? wrap(line, style().columns, '', ' '.repeat(10)) : line)
  const changed = (farm: WatchedFarm, changes: readonly Change[]): void => {
    const { report } = farm.checked
    sayWrapped(changeLine(report, changes, machine.now, farms.length > 1, style()))
    if (flags.format !== 'ndjson') return
    const gated = { ...farm.checked, report: { ...report, changes: [...changes] } }
    printing = printing.then(() => printed([gated]))
  }
  const head = (at: Date) => ({ tool: { name: 'adfs-check', version }, at }) as const
  const printed = (all: readonly Gated[], at = machine.now, gate = worst(all.map((one) => one.gate))) =>
    formats[flags.format].write(
      head(at),
      each(all),
      Promise.resolve(gate),
      machine.out as { write(text: string): void },
      style(),
    )

  const { code, checked, before } = await firstChecks({ wanted, flags, machine, ended, changed, isText })
  if (code === exitUsage && !signal.aborted) return code
  farms = checked
  if (signal.aborted) {
    if (isText) return exitUnfinished
    machine.err.write(`adfs-check: ${stopText(signal)}: the first check was not finished.\n`)
  } else {
    if (flags.format === 'ndjson') await printed([...before, ...farms.map(({ checked }) => checked)])
    if (!farms.every(({ isMended }) => isMended)) {
      if (isText) say('')
      if (!isText) for (const line of standingLines(reports(), style())) say(line)
      sayWrapped(beginning(reports(), intervalMs, flags.watchTimeout))
    }
  }
  // The reader is gone: nobody is left to tell.
  const unread = new AbortController()
  const until = AbortSignal.any([ended, unread.signal])
  let last = machine.now
  let next: Date | null = null
  if (isText && screen.isTTY === true && machine.env.TERM !== 'dumb')
    table = new LiveTable(screen, () => {
      const { unicode, ...rest } = style()
      const lines = [...tableLines(reports(), last, next, screen, { ...rest, unicode })]
      return unicode ? lines : lines.map(inAscii)
    })
  const end = await watchUntilMended(farms, intervalMs, until, (now, due) => {
    last = now
    next = due
    table?.update()
    if (screen.writable === false || machine.out.writable === false) unread.abort()
  })
  table?.end()
  table = null
  await printing

  const all = [...before, ...farms.map(({ checked }) => checked)]
  const gate = worst(all.map((one) => one.gate))
  const isMended = farms.every((farm) => farm.isMended)
  const isSound = before.every((one) => one.gate.verdict !== 'critical')
  const exitCode =
    signal.aborted || unread.signal.aborted
      ? exitUnfinished
      : isMended && isSound
        ? 0
        : // Not what was waited for, whatever --fail-on makes of it.
          gate.exitCode || 1
  if (flags.format === 'json') await printed(all, end, { verdict: gate.verdict, exitCode })
  if (!isMended || signal.aborted) for (const line of standingLines(reports(), style())) say(line)
  const why = signal.aborted ? `${stopText(signal)}: ` : isMended ? '' : 'time is up: '
  if (isText && isMended && !signal.aborted) await tidied(wanted, farms, flags, machine, say, style())
  const but = isMended && !isSound ? ', but the file is not sound (above)' : ''
  sayWrapped(`Result: ${why}${resultOf(reports())}${but} at ${stampOf(end)} (exit ${exitCode})`)
  return exitCode
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

/** What a renewal leaves behind, which is known at the end only: in words, and in the kit. */
async function tidied(
  wanted: readonly Wanted[],
  farms: readonly WatchedFarm[],
  flags: CheckFlags,
  machine: Machine,
  say: (text: string) => void,
  style: Parameters<typeof tidy>[1],
): Promise<void> {
  for (const { nth, renewal, asked } of wanted) {
    const checked = farms.find((farm) => farm.asked === asked)?.checked
    if (!renewal || !checked) continue
    const folder = flags.kit === undefined ? null : kitFolder(flags.kit, nth)
    const kit = folder === null ? null : await kitFor({ asked, checked }, folder, machine)
    await kit?.write().catch((error: unknown) => reportFault(error, machine))
    const report = { ...checked.report, ...(kit && { kit: kit.listed }) }
    for (const line of tidy(report, style)) say(line)
  }
}

type Change = Parameters<ConstructorParameters<typeof WatchedFarm>[2]['changed']>[1][number]
type Report = WatchedFarm['checked']['report']

interface First {
  readonly wanted: readonly Wanted[]
  readonly flags: CheckFlags
  readonly machine: Machine
  readonly ended: AbortSignal
  readonly changed: (farm: WatchedFarm, changes: readonly Change[]) => void
  readonly isText: boolean
}

/** Every farm once, told as always where text is printed. */
async function firstChecks({ wanted, flags, machine, ended, changed, isText }: First) {
  const concurrency = slots(flags.concurrency)
  const once = askedOnce()
  // What could not be fetched is asked for again when a farm is judged again.
  const onceLater = askedOnce(onceLimits, ({ kind }) => kind === 'fetched')
  const farms = new Map<Asked, WatchedFarm>()
  const before: (Exclude<Told, 'missed'> & { readonly checked: Checked })[] = []
  const shown = progress({ total: wanted.length }, flags.quiet ?? false, machine)
  const connecting = perNetwork(flags.perNetwork)
  const one = async ({
    nth,
    asked,
    proxy,
    owner,
    state: _,
    before: first,
    ...judging
  }: Wanted): Promise<Told> => {
    const timeoutMs = asked.timeoutMs ?? defaultTimeoutMs
    /** Addresses are looked up each time. */
    const network = (signal: AbortSignal, fetching: typeof once): Network => {
      const options = { ...asked, timeoutMs, retries: flags.retries, proxy, signal, connecting }
      const outside = live(options)
      return { ...outside, fetch: fetching(outside, options).fetch }
    }
    // One network has half a minute for all of its downloads, and a watch goes on for days.
    const fetching = () => network(ended, onceLater)
    const hooks = { concurrency, pause: turns(ended), ...judging, ...shown, changed, fetching }
    const farm = new WatchedFarm(asked, network(ended, onceLater), hooks, ended)
    const checked = await farm.first(network(machine.signal, once), turns(machine.signal))
    farms.set(asked, farm)
    if (first) before.push({ nth: nth - 1, owner, ...(await first(checked)) })
    return { nth, asked, owner, checked }
  }
  let code = 0
  async function* told(): AsyncGenerator<Told> {
    const farmsTold = asCompleted(each(wanted), maxAtWork, (farm) =>
      one(farm).catch((fault: unknown): Told => {
        code = exitUsage
        const { nth, asked, owner } = farm
        return { nth, fault, asked, owner }
      }),
    )
    for await (const farm of farmsTold) {
      if (farm !== 'missed') yield* before.filter(({ nth }) => nth === farm.nth - 1)
      yield farm
    }
  }
  if (isText) await tell(told(), flags, machine, { watched: true })
  else
    for await (const farm of told())
      if (farm !== 'missed' && 'fault' in farm) reportFault(farm.fault, machine)
  return {
    code,
    checked: wanted.flatMap(({ asked }) => farms.get(asked) ?? []),
    before: before.map(({ checked }) => checked),
  }
}

function beginning(reports: readonly Report[], intervalMs: number, timeoutMs: number | undefined): string {
  const total = reports.reduce((sum, { subjects }) => sum + machinesOf(subjects), 0)
  const limit = timeoutMs === undefined ? 'Ctrl-C ends it' : `for ${timeoutMs / 1000} s at most`
  const until = reports.some((report) => oldOnesIn(report) !== null)
    ? 'each sends the new certificate and is accepted'
    : 'each is accepted'
  return `Watching ${total} server${total === 1 ? '' : 's'}, every ${intervalMs / 1000} s, until ${until}; ${limit}.`
}

function tableLines(
  reports: readonly Report[],
  last: Date,
  next: Date | null,
  { rows = 24 }: Output,
  style: Parameters<typeof standingLines>[1],
): readonly string[] {
  const room = Math.max(1, rows - aroundTable)
  const all = standingLines(reports, style)
  // What is left to be done is looked for.
  const lines = all.length <= room ? all : standingLines(reports, style, true)
  const shown = lines.length <= room ? lines : lines.slice(0, room - 1)
  return [
    '',
    ...shown,
    ...(shown.length < lines.length ? [`  and ${lines.length - shown.length} more`] : []),
    `  ${resultOf(reports)}; looked ${stampOf(last)}${next ? `, next ${stampOf(next)}` : ''}`,
  ]
}
