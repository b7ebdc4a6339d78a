import { check } from '../check.js'
import { AdfsCheckFault } from '../fault.js'
import { renderJson } from '../report/json.js'
import type { Report } from '../report/report.js'
import { renderText } from '../report/text.js'
import { worstVerdict } from '../report/verdict.js'
import type { CheckOptions, Progress } from '../run/options.js'
import { parseTarget } from '../target/target.js'
import type { Certificate } from '../x509/certificate.js'
import { exitCodes } from './exit-code.js'
import { loadCertificates, readPassword } from './files.js'
import type { Machine } from './machine.js'
import type { CheckFlags } from './options.js'
import { proxyFor } from './proxy.js'
import { textStyle } from './terminal.js'

/** Checks every target, prints the reports and returns the exit code of the worst. */
export async function checkCommand(
  targets: readonly string[],
  flags: CheckFlags,
  machine: Machine,
): Promise<number> {
  if (flags.ipv4Only && flags.ipv6Only) {
    throw new AdfsCheckFault(
      'ADFS_CHECK_BAD_OPTION',
      '--ipv4-only and --ipv6-only leave no address to check.',
      { hint: 'Use one of them.' },
    )
  }
  // All targets are read before the first is probed: a typing error in the last must not cost a whole run.
  const names = targets.map((target) => parseTarget(target, flags.port).name)
  const options = await checkOptions(flags, machine)
  const reports: Report[] = []
  let kitFault: unknown
  for (const [index, target] of targets.entries()) {
    const report = await check(target, {
      ...options,
      proxy: proxyFor(names[index]!, flags.proxy, machine.env),
    })
    try {
      reports.push(flags.kit === undefined ? report : await withKit(report, flags.kit, targets.length > 1))
    } catch (fault) {
      // What was found is told all the same, and then that the kit is missing.
      kitFault ??= fault
      reports.push(report)
    }
  }
  const verdict = worstVerdict(reports.map((report) => report.verdict))
  if (!(flags.quiet && verdict === 'ok')) print(reports, flags, machine)
  if (kitFault !== undefined) throw kitFault
  return exitCodes[verdict]
}

function print(reports: readonly Report[], flags: CheckFlags, machine: Machine): void {
  if (flags.format === 'json') {
    machine.out.write(renderJson(reports, worstVerdict(reports.map(({ verdict }) => verdict))))
    return
  }
  const style = textStyle(machine, machine.out, flags)
  machine.out.write(
    reports.map((report) => renderText(report, style)).join(`\n${'-'.repeat(style.columns)}\n\n`),
  )
}

async function checkOptions(flags: CheckFlags, machine: Machine): Promise<CheckOptions> {
  const password = flags.passwordFile === undefined ? undefined : await readPassword(flags.passwordFile)
  const load = (paths: readonly string[]) => loadCertificates(paths, password)
  const certificates = async (paths: readonly string[]): Promise<readonly Certificate[]> =>
    (await load(paths)).map(({ certificate }) => certificate)
  return {
    servers: flags.server,
    port: flags.port,
    timeoutMs: flags.timeout,
    concurrency: flags.concurrency,
    ...(flags.ipv4Only ? { family: 4 } : flags.ipv6Only ? { family: 6 } : {}),
    ...(flags.android === undefined ? {} : { android: flags.android }),
    trustAnchors: await certificates(flags.trustAnchor),
    deviceCas: await certificates(flags.deviceCa),
    remembered: await certificates(flags.remembered),
    intermediates: await load(flags.intermediates),
    at: flags.at ?? machine.now,
    offline: flags.offline ?? false,
    aiaAllowPrivate: flags.aiaAllowPrivate ?? false,
    warnDays: flags.warnDays,
    critDays: flags.critDays,
    signal: machine.signal,
    ...(machine.err.isTTY && !flags.quiet
      ? { onProgress: (event) => void machine.err.write(progressLine(event)) }
      : {}),
  }
}

/** Kits of several targets lie side by side, each in a folder of the target's name. */
async function withKit(report: Report, folder: string, severalTargets: boolean): Promise<Report> {
  const { writeReportKit } = await import('../kit/report-kit.js')
  return writeReportKit(
    report,
    severalTargets ? `${folder}/${report.target.name.replaceAll(':', '_')}` : folder,
  )
}

function progressLine(event: Progress): string {
  switch (event.kind) {
    case 'resolved':
      return `${event.name}: ${event.endpoints} server${event.endpoints === 1 ? '' : 's'}\n`
    case 'probed':
      return `  ${event.endpoint}: ${event.outcome}\n`
    case 'repairing':
      return `  ${event.endpoint}: looking for what would make Android accept it\n`
  }
}
