import { writeFile } from 'node:fs/promises'
import type { Checked } from '../check.js'
import type { Asked } from '../farm/asked.js'
import { printableTarget } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import type { Head } from '../formats/format.js'
import { worstNagiosCode } from '../formats/nagios-code.js'
import type { FormatName } from '../formats/registry.js'
import { formats } from '../formats/registry.js'
import { type Gate, type Gated, worst } from '../gate/gate.js'
import { Owners, type Summary } from '../gate/owners.js'
import { stopText } from '../run/stop.js'
import { version } from '../version.js'
import { exitUnfinished } from './exit-code.js'
import type { Machine } from './machine.js'
import type { OutputFile } from './outputs.js'
import { reportFault } from './report-fault.js'
import { textStyle } from './terminal.js'

/**
 * One farm checked, and what else is to be made of it; or the fault that kept us from it; or something that was named and
 * cannot be checked, of which was told.
 */
export type Told =
  | 'missed'
  | (TellOfFarm & {
      readonly asked: Asked
      /** Its place among the targets, from 0: they come as they are done. */
      readonly nth: number
      readonly owner?: string | undefined
    })

type TellOfFarm =
  | {
      readonly checked: Checked
      /** The case as text, where it is to be kept: by --save, or in a page. */
      readonly save?: () => string
    }
  | { readonly fault: unknown }

export interface TellFlags {
  readonly format: FormatName
  readonly output?: readonly OutputFile[]
  readonly baseline?: string
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly kit?: string
  readonly save?: string
  readonly redact?: boolean
  readonly color?: boolean
  readonly ascii?: boolean
}

/** Whether reports are kept until the end: memory then grows with the number of targets. */
export const keepsReports = ({ format, output }: Pick<TellFlags, 'format' | 'output'>): boolean =>
  output !== undefined || !formats[format].streams

/**
 * Prints reports as they come where the format can, else in the order of the targets; then writes what was asked for:
 * what was found is told before anything can fail to be written. Returns the exit code.
 */
export async function tell(
  told: AsyncIterable<Told>,
  flags: TellFlags,
  machine: Machine,
  known: Pick<Head, 'baseline' | 'listed' | 'watched'> = {},
  /** What is kept of the farms that were told, also where the run was ended before all were. */
  last: (() => Promise<void>) | null = null,
): Promise<number> {
  const { signal } = machine
  /** Of all until now. */
  let all = worst([])
  let isNone = true
  /** With --state: something has changed since the last run. */
  let hasNews = false
  const count = (gate: Gate): void => {
    all = isNone ? gate : worst([all, gate])
    isNone = false
  }
  const writes: (() => Promise<void>)[] = []
  let faultCode = 0
  let isCut = false
  /** For what is made after standard output; else nothing is kept. */
  const kept: Placed[] = []
  const keeps = keepsReports(flags)
  const owners = new Owners()
  let end = (_: Summary): void => {}
  const ended = new Promise<Summary>((resolve) => {
    end = resolve
  })
  async function* reports(): AsyncGenerator<Gated> {
    /** With --quiet, until something is not well: then they are printed after all. */
    let held: Gated[] | null = flags.quiet ? [] : null
    for await (const one of told) {
      isCut ||= signal.aborted
      if (one !== 'missed') {
        const verdict = 'fault' in one ? 'unknown' : one.checked.gate.verdict
        owners.add(one.owner ?? null, printableTarget(one.asked.target), verdict)
      }
      if (one === 'missed' || 'fault' in one) {
        count(notChecked)
        // What an ended run makes of itself is said once, at its end.
        if (one !== 'missed' && !signal.aborted)
          faultCode = Math.max(faultCode, reportFault(one.fault, machine))
        continue
      }
      const { save, nth, owner } = one
      const checked = save && !flags.redact ? { ...one.checked, caseText: save } : one.checked
      // Kits of several targets lie side by side, the first in the folder named.
      const folder = flags.kit === undefined ? undefined : kitFolder(flags.kit, nth)
      // A kit that cannot be made does not take the report with it.
      const kit =
        folder === undefined || signal.aborted
          ? null
          : await kitFor({ asked: one.asked, checked }, folder, machine).catch((error: unknown) => {
              faultCode = Math.max(faultCode, reportFault(error, machine))
              return null
            })
      count(checked.gate)
      if (kit) writes.push(kit.write)
      if (save && flags.save !== undefined) writes.push(saveCase(flags.save, save, flags, machine))
      // What it was made of is not kept with it.
      const { report, gate, caseText } = checked as Gated
      const gated = {
        report: {
          ...report,
          ...(kit && { kit: kit.listed }),
          ...(owner !== undefined && { farm: { ...report.farm, owner } }),
        },
        gate,
        ...(caseText && { caseText }),
      }
      if (keeps) kept.push({ nth, gated })
      if (!formats[flags.format].streams) continue
      // A recovery is told although all is well now.
      const isNews = (report.changes ?? []).length > 0
      hasNews ||= isNews
      if (held && all.verdict === 'ok' && isNews) yield gated
      else if (held && all.verdict === 'ok') held.push(gated)
      else {
        yield* held ?? []
        held = null
        yield gated
      }
    }
    kept.sort((a, b) => a.nth - b.nth)
    if (all.verdict !== 'ok') yield* held ?? []
    if (!formats[flags.format].streams && !(flags.quiet && all.verdict === 'ok' && !hasNews))
      for (const { gated } of kept) yield gated
    end({ ...all, ...owners.summary() })
  }
  const style = { ...textStyle(machine, machine.out, flags), verbose: flags.verbose ?? false }
  const head = { tool: { name: 'adfs-check', version }, at: machine.now, ...known } as const
  await formats[flags.format].write(
    head,
    reports(),
    ended,
    quietly(flags, machine, () => all.verdict === 'ok' && !hasNews),
    style,
  )
  const { output } = flags
  // First: a kit that cannot be written must not cost the reports.
  if (output)
    writes.unshift(async () =>
      (await import('./write-outputs.js')).writeOutputs(
        output,
        { head, reports: kept.map(({ gated }) => gated), end: { ...all, ...owners.summary() } },
        { ...style, colour: false, unicode: true },
      ),
    )
  // An ended run knows less than it says: what could be written would look like the whole.
  for (const write of writes) {
    if (isCut || signal.aborted) break
    await write().catch((error: unknown) => {
      if (!signal.aborted) faultCode = Math.max(faultCode, reportFault(error, machine))
    })
  }
  await last?.().catch((error: unknown) => {
    faultCode = Math.max(faultCode, reportFault(error, machine))
  })
  if (isCut || (signal.aborted && writes.length > 0)) {
    const unwritten = writes.length > 0 || flags.kit !== undefined ? ', and no file was written' : ''
    machine.err.write(
      `adfs-check: ${stopText(signal)}; the report holds what was found until then${unwritten}.\n`,
    )
    return exitUnfinished
  }
  if (flags.format !== 'nagios') return faultCode || all.exitCode
  return (
    faultCode ||
    worstNagiosCode(
      kept.map(({ gated }) => gated.report),
      all.verdict,
    )
  )
}

export const kitFolder = (kit: string, nth: number): string => (nth === 0 ? kit : `${kit}-${nth + 1}`)

/** A report with its place among the targets. */
interface Placed {
  readonly nth: number
  readonly gated: Gated
}

const notChecked: Gate = { verdict: 'unknown', exitCode: exitUnfinished }

/** With --quiet, formats that frame an empty list say nothing either. */
const quietly = ({ quiet }: TellFlags, { out }: Machine, isQuiet: () => boolean) => ({
  write: (text: string) => {
    if (!(quiet && isQuiet())) out.write(text)
  },
})

export async function kitFor(
  { checked, asked }: { readonly checked: Checked; readonly asked: Asked },
  folder: string,
  { signal, err }: Machine,
) {
  const { kitOf } = await import('../kit/plan.js')
  const { examined, steps } = checked
  const kit = kitOf({ farm: examined, plan: steps, asked, version, server: null })
  if (kit === null) return null
  return {
    listed: { folder, files: kit.files.map(({ path }) => path) },
    write: async () => {
      const { writeKit } = await import('../kit/write.js')
      const { kind } = await writeKit(folder, kit, signal)
      if (kind === 'kept')
        err.write(`adfs-check: ${folder} keeps the kit of an earlier run: less could be fetched this time.\n`)
    },
  }
}

function saveCase(file: string, text: () => string, { redact }: TellFlags, machine: Machine) {
  return async (): Promise<void> => {
    try {
      if (redact) {
        const { redacted } = await import('../network/redact.js')
        const { text: hidden, stays } = await redacted(text())
        await writeFile(file, hidden)
        machine.err.write(`adfs-check: ${file} still names, inside certificates: ${stays.join(', ')}\n`)
      } else await writeFile(file, text())
    } catch (cause) {
      throw new AdfsCheckFault('ADFS_CHECK_WRITE_FAILED', `${file} cannot be written.`, {
        hint: 'The report above is complete; name another file with --save.',
        cause,
      })
    }
  }
}
