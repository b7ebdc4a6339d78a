import { type Asked, defaultTimeoutMs } from '../farm/asked.js'
import { AdfsCheckFault } from '../fault.js'
import { machinesOf } from '../formats/machines.js'
import { formats } from '../formats/registry.js'
import { inAscii, wrap } from '../formats/terminal-text.js'
import { changeLine, resultOf, stampOf, standingLines } from '../formats/text-changes.js'
import { type Gated, worst } from '../gate/gate.js'
import { live } from '../network/live/live.js'
import type { FetchOutcome, Network } from '../network/network.js'
import { asCompleted } from '../run/as-completed.js'
import { turns } from '../run/library.js'
import { perNetwork } from '../run/per-network.js'
import { slots } from '../run/slots.js'
import { stopText, withDeadline } from '../run/stop.js'
import { WatchedFarm, watchUntilMended } from '../run/watch.js'
import { version } from '../version.js'
import { exitUnfinished, exitUsage } from './exit-code.js'
import { LiveTable } from './live-table.js'
import type { Machine, Output } from './machine.js'
import type { CheckFlags } from './options.js'
import { progress } from './progress.js'
import { reportFault } from './report-fault.js'
import { type Told, tell } from './tell.js'
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
 * Checks, prints the report, then looks again until every server is accepted, warnings aside. Returns 0 then; what the
 * verdict's code is when time is up; 3 when it is ended before.
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

  const { code, checked } = await firstChecks({ wanted, flags, machine, ended, changed, isText })
  if (code === exitUsage && !signal.aborted) return code
  farms = checked
  if (signal.aborted) {
    if (isText) return exitUnfinished
    machine.err.write(`adfs-check: ${stopText(signal)}: the first check was not finished.\n`)
  } else {
    if (flags.format === 'ndjson') await printed(farms.map(({ checked }) => checked))
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

  const all = farms.map(({ checked }) => checked)
  const gate = worst(all.map((one) => one.gate))
  const isMended = farms.every((farm) => farm.isMended)
  const exitCode = signal.aborted || unread.signal.aborted ? exitUnfinished : isMended ? 0 : gate.exitCode
  if (flags.format === 'json') await printed(all, end, { verdict: gate.verdict, exitCode })
  if (!isMended || signal.aborted) for (const line of standingLines(reports(), style())) say(line)
  const why = signal.aborted ? `${stopText(signal)}: ` : isMended ? '' : 'time is up: '
  sayWrapped(`Result: ${why}${resultOf(reports())} at ${stampOf(end)} (exit ${exitCode})`)
  return exitCode
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
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
  const fetched: Fetched = new Map()
  const fetchedLater: Fetched = new Map()
  const farms = new Map<Asked, WatchedFarm>()
  const shown = progress({ total: wanted.length }, flags.quiet ?? false, machine)
  const connecting = perNetwork(flags.perNetwork)
  const one = async ({ nth, asked, proxy, owner, state: _, ...judging }: Wanted): Promise<Told> => {
    const timeoutMs = asked.timeoutMs ?? defaultTimeoutMs
    const network = (signal: AbortSignal, known: Fetched, keepsFailures: boolean): Network =>
      fetchingOnce(
        live({ ...asked, timeoutMs, retries: flags.retries, proxy, signal, connecting }),
        known,
        keepsFailures,
      )
    const hooks = { concurrency, pause: turns(ended), ...judging, ...shown, changed }
    const farm = new WatchedFarm(asked, network(ended, fetchedLater, false), hooks, ended)
    const checked = await farm.first(network(machine.signal, fetched, true), turns(machine.signal))
    farms.set(asked, farm)
    return { nth, asked, owner, checked }
  }
  let code = 0
  async function* told(): AsyncGenerator<Told> {
    yield* asCompleted(each(wanted), maxAtWork, (farm) =>
      one(farm).catch((fault: unknown): Told => {
        code = exitUsage
        const { nth, asked, owner } = farm
        return { nth, fault, asked, owner }
      }),
    )
  }
  if (isText) await tell(told(), flags, machine, { watched: true })
  else
    for await (const farm of told())
      if (farm !== 'missed' && 'fault' in farm) reportFault(farm.fault, machine)
  return { code, checked: wanted.flatMap(({ asked }) => farms.get(asked) ?? []) }
}

type Fetched = Map<string, Promise<FetchOutcome>>

/** What was fetched stays; what could not be is asked for again when a farm is judged again. */
const fetchingOnce = (network: Network, known: Fetched, keepsFailures: boolean): Network => ({
  ...network,
  fetch: async (ask) => {
    const key = `${ask.purpose} ${ask.url}`
    const asked = known.get(key) ?? network.fetch(ask)
    known.set(key, asked)
    const outcome = await asked
    if (outcome.kind !== 'fetched' && !keepsFailures) known.delete(key)
    return outcome
  },
})

function beginning(reports: readonly Report[], intervalMs: number, timeoutMs: number | undefined): string {
  const total = reports.reduce((sum, { subjects }) => sum + machinesOf(subjects), 0)
  const limit = timeoutMs === undefined ? 'Ctrl-C ends it' : `for ${timeoutMs / 1000} s at most`
  return `Watching ${total} server${total === 1 ? '' : 's'}, every ${intervalMs / 1000} s, until each is accepted; ${limit}.`
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
