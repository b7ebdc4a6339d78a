import { writeFile } from 'node:fs/promises'
import type { Checked } from '../check.js'
import type { Asked } from '../farm/asked.js'
import { AdfsCheckFault } from '../fault.js'
import type { Head } from '../formats/format.js'
import { worstNagiosCode } from '../formats/nagios-code.js'
import type { FormatName } from '../formats/registry.js'
import { formats } from '../formats/registry.js'
import { type Gate, type Gated, worst } from '../gate/gate.js'
import { stopText } from '../run/stop.js'
import { version } from '../version.js'
import { exitUnfinished } from './exit-code.js'
import type { Machine } from './machine.js'
import { type OutputFile, writeOutputs } from './outputs.js'
import { reportFault } from './report-fault.js'
import { textStyle } from './terminal.js'

/** One farm checked, and what else is to be made of it; or the fault that kept us from it. */
export type Told = { readonly asked: Asked } & (
  | {
      readonly checked: Checked
      /** The case as text, where it is to be kept: by --save, or in a page. */
      readonly save?: () => string
    }
  | { readonly fault: unknown }
)

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

export interface Beside {
  /** Targets that could not be read, which are not checked. */
  readonly missed?: number
  /** What is kept of the farms that were told, also where the run was ended before all were. */
  readonly last?: () => Promise<void>
  readonly known?: Pick<Head, 'baseline' | 'listed' | 'watched'>
}

/**
 * Prints reports as they come, then writes what was asked for: what was found is told before anything can fail to be
 * written. Returns the exit code.
 */
export async function tell(
  told: AsyncIterable<Told>,
  flags: TellFlags,
  machine: Machine,
  { missed = 0, known = {}, last }: Beside = {},
): Promise<number> {
  const { signal } = machine
  const gates: Gate[] = Array.from({ length: missed }, () => notChecked)
  const writes: (() => Promise<void>)[] = []
  let faultCode = 0
  let isCut = false
  /** For what is made after standard output; else nothing is kept. */
  const kept: Gated[] = []
  const keeps = flags.output !== undefined || flags.format === 'nagios'
  let end = (_: Gate): void => {}
  const ended = new Promise<Gate>((resolve) => {
    end = resolve
  })
  async function* reports(): AsyncGenerator<Gated> {
    const held: Gated[] = []
    let count = 0
    for await (const one of told) {
      count++
      isCut ||= signal.aborted
      if ('fault' in one) {
        gates.push(notChecked)
        // What an ended run makes of itself is said once, at its end.
        if (!signal.aborted) faultCode = Math.max(faultCode, reportFault(one.fault, machine))
        continue
      }
      const { save } = one
      const checked = save && !flags.redact ? { ...one.checked, caseText: save } : one.checked
      // Kits of several targets lie side by side, the first in the folder named.
      const folder = flags.kit === undefined || count === 1 ? flags.kit : `${flags.kit}-${count}`
      // A kit that cannot be made does not take the report with it.
      const kit =
        folder === undefined || signal.aborted
          ? null
          : await kitFor({ ...one, checked }, folder, machine).catch((error: unknown) => {
              faultCode = Math.max(faultCode, reportFault(error, machine))
              return null
            })
      gates.push(checked.gate)
      if (kit) writes.push(kit.write)
      if (save && flags.save !== undefined) writes.push(saveCase(flags.save, save, flags, machine))
      const gated: Gated = kit ? { ...checked, report: { ...checked.report, kit: kit.listed } } : checked
      if (keeps) kept.push(gated)
      if (flags.quiet) held.push(gated)
      else yield gated
    }
    const all = worst(gates)
    if (flags.quiet && all.verdict !== 'ok') yield* held
    end(all)
  }
  const style = { ...textStyle(machine, machine.out, flags), verbose: flags.verbose ?? false }
  const head = { tool: { name: 'adfs-check', version }, at: machine.now, ...known } as const
  await formats[flags.format].write(head, reports(), ended, quietly(flags, machine, gates), style)
  const { output } = flags
  // First: a kit that cannot be written must not cost the reports.
  if (output)
    writes.unshift(async () =>
      writeOutputs(
        output,
        { head, reports: kept, gate: worst(gates) },
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
  const all = worst(gates)
  if (flags.format !== 'nagios') return faultCode || all.exitCode
  return (
    faultCode ||
    worstNagiosCode(
      kept.map(({ report }) => report),
      all.verdict,
    )
  )
}

const notChecked: Gate = { verdict: 'unknown', exitCode: exitUnfinished }

/** With --quiet, formats that frame an empty list say nothing either. */
const quietly = ({ quiet }: TellFlags, { out }: Machine, gates: readonly Gate[]) => ({
  write: (text: string) => {
    if (!(quiet && worst(gates).verdict === 'ok')) out.write(text)
  },
})

async function kitFor(
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
