import { Command, CommanderError } from 'commander'
import { nagiosUnknown } from '../formats/nagios-code.js'
import { defaultConcurrency, maxRepeat, maxRetries } from '../run/limits.js'
import { version } from '../version.js'
import { nodes, ports, repeatable, seconds, wholeNumber } from './arguments.js'
import type { DemoFlags } from './demo-command.js'
import { exitUsage } from './exit-code.js'
import { type FileFlags, fileOptions } from './file-options.js'
import type { Machine } from './machine.js'
import { type CheckFlags, checkDefaults } from './options.js'
import type { ReplayFlags } from './replay-command.js'
import { reportFault } from './report-fault.js'
import { connecting, judging, painting, printing, repairing, standingOn } from './shared-options.js'

/** Runs one command line (program name left out) and returns the exit code. Never throws. */
export async function run(args: readonly string[], machine: Machine): Promise<number> {
  const code = await ran(args, machine)
  const asksNagios = args.some(
    (arg, index) => /^(--format=|)nagios$/.test(arg) && (arg !== 'nagios' || args[index - 1] === '--format'),
  )
  if (code !== exitUsage || !asksNagios) return code
  machine.out.write('ADFS-CHAIN UNKNOWN - bad usage or a fault of adfs-check: see standard error\n')
  return nagiosUnknown
}

async function ran(args: readonly string[], machine: Machine): Promise<number> {
  let code = 0
  const program = build(args, machine, (exitCode) => {
    code = exitCode
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitUsage
    return reportFault(error, machine)
  }
}

const examples = `
Examples:
  adfs-check sts.contoso.com                           check every server behind the name
  adfs-check sts.contoso.com --kit fix                 ... and write the import kit into ./fix
  adfs-check sts.contoso.com --server 10.0.0.5         check this AD FS server or proxy, past the balancer
  adfs-check sts.contoso.com --android 9.. --offline   only Android 9 and newer, no downloads
  adfs-check sts.contoso.com --format json             for other programs
  adfs-check user@contoso.com                          find the federation service of a domain
  adfs-check init sts.contoso.com                      write adfs-check.yaml: names, nodes, ports
  adfs-check explain intermediate-missing              what a finding means and how to fix it
  adfs-check demo                                      see it work on a farm of its own

Exit codes: 0 every selected Android release accepts every server, 1 warnings,
2 some release refuses a server, 3 could not check, 4 bad usage or a fault of ours.`

function build(args: readonly string[], machine: Machine, done: (exitCode: number) => void): Command {
  const program = new Command('adfs-check')
    .description('Will Android accept the certificates that an AD FS farm sends, on every server?')
    .version(version, '-V, --version')
    .argument('[target...]', 'federation service name, name:port, https URL, or user@domain')
    .configureOutput({
      writeOut: (text) => void machine.out.write(text),
      writeErr: (text) => void machine.err.write(text),
    })
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError('(adfs-check --help shows what can be asked for)')
    .helpOption('-h, --help', 'show this help')
    .addHelpCommand(false)
    .addHelpText('after', examples)

  program
    .optionsGroup('What to check:')
    .option('--server <address[:port]>', 'probe this instead of asking DNS; repeatable', repeatable)
    .option(
      '--node <name=address[,...]>',
      'a machine of the farm, e.g. wap1=10.0.0.5,role=wap; repeatable',
      nodes,
    )
    .option('--name <name>', 'further name of the farm, asked on every server; repeatable', repeatable)
    .option('--upn-suffix <suffix>', 'see whether its devices register here; repeatable', repeatable)
    .option('--port <number>', 'port where the target names none (default: 443); repeatable', ports)
    .option('-4, --ipv4-only', 'leave out IPv6 addresses')
    .option('-6, --ipv6-only', 'leave out IPv4 addresses')
    .option(
      '--repeat <number>',
      'further connections, to meet every server behind an address',
      wholeNumber(0, maxRepeat),
      0,
    )
    .option(
      '--retries <number>',
      'further tries where no answer comes, with growing pauses',
      wholeNumber(0, maxRetries),
      0,
    )
    .option(
      '--deadline <seconds>',
      'for the whole run; what was found by then is printed',
      seconds(0.1, 86_400),
    )
    .option(
      '--concurrency <number>',
      'servers probed at a time, over all names',
      wholeNumber(1, 64),
      defaultConcurrency,
    )
  repairing(judging(connecting(program))).option(
    '--password-file <file>',
    'password of .pfx files, on the first line',
  )
  printing(program)
    .option('--save <file>', 'keep all that was seen as a case, to be judged again with "replay"')
    .option('--redact', 'with --save: replace addresses, labels and paths by aliases')
    .action(async (targets: string[], typed: TypedFlags) => {
      const flags = withPorts(typed)
      if (targets.length === 0 && flags.config === undefined) {
        program.outputHelp({ error: true })
        done(exitUsage)
        return
      }
      const { refuseMisspelt } = await import('./misspelt.js')
      refuseMisspelt(targets, args, program)
      const { checkCommand } = await import('./check-command.js')
      const said = withPorts(given(program, typed))
      done(await checkCommand(targets, { ...checkDefaults, ...flags }, said, machine))
    })

  const file = fileOptions(program.command('file'))
  file.action(async (files: string[], flags: FileFlags) => {
    const { fileCommand } = await import('./file-command.js')
    done(await fileCommand(files, { ...checkDefaults, ...flags }, given(file, flags), machine))
  })

  const lock = program
    .command('lock')
    .description('write what farms come to, for --lock to compare with')
    .argument('[target...]', 'federation service name, name:port or https URL')
    .option('--lock <file>', 'the file (default: adfs-check.lock)')
    .option('--config <file>', 'policy and farms: adfs-check.yaml')
    .option('--server <address[:port]>', 'probe this instead of asking DNS; repeatable', repeatable)
    .option('--offline', 'fetch nothing over AIA')
  standingOn(connecting(lock)).action(async (targets: string[], flags: Partial<CheckFlags>) => {
    const { lockCommand } = await import('./lock-command.js')
    done(await lockCommand(targets, { ...checkDefaults, ...flags }, given(lock, flags), machine))
  })

  const init = program
    .command('init')
    .description('look at a farm and write what is found as adfs-check.yaml')
    .argument('<name>', 'federation service name')
    .option('--config <file>', 'the file to write (default: adfs-check.yaml); never overwritten')
    .option('--server <address[:port]>', 'look at this instead of asking DNS; repeatable', repeatable)
    .option('--offline', 'read no federation metadata and no health page')
  connecting(init).action(async (name: string, flags: Partial<CheckFlags>) => {
    const { initCommand } = await import('./init-command.js')
    done(await initCommand(name, { ...checkDefaults, ...flags }, machine))
  })

  const replay = program
    .command('replay')
    .description('judge a saved case again, without a network')
    .argument('<case>', 'file written with --save, or a page of --format html')
    .option('--kit <folder>', 'write the import kit here')
  printing(replay).action(async (file: string, flags: ReplayFlags) => {
    const { replayCommand } = await import('./replay-command.js')
    done(await replayCommand(file, flags, machine))
  })

  const demo = program
    .command('demo')
    .description('start a broken farm on loopback, check it, fix it with the kit, check again')
    .option('--keep', 'leave the broken farm running and print the command that checks it')
    .option('--kit <folder>', 'where to write the kit (default: a temporary folder)')
  painting(demo).action(async (flags: DemoFlags) => {
    const { demoCommand } = await import('./demo-command.js')
    done(await demoCommand(flags, machine))
  })

  program
    .command('explain')
    .description('what a finding means and how to fix it')
    .argument(
      '[id or error text...]',
      'id behind a finding, or what an app or a tool said; without it, all are listed',
    )
    .action(async (words: string[]) => {
      const { explainCommand } = await import('./explain-command.js')
      done(await explainCommand(words, machine))
    })

  const android = program
    .command('android')
    .description('the Android releases, their rules and trust stores')
    .option('--data', 'every datum that verdicts rest on, with source and date')
    .action(async ({ data }: { data?: boolean }) => {
      const { androidCommand, androidDataCommand } = await import('./android-command.js')
      done(data ? androidDataCommand(machine) : androidCommand(machine))
    })
  android
    .command('roots')
    .description('the roots of one release')
    .option('--release <release>', 'e.g. 7.0')
    .option('--diff <range>', 'what changed between two releases, e.g. 14..17')
    .argument('[subject]', 'only roots whose subject contains this, or whose SHA-256 begins with it')
    .action(async (subject: string | undefined, { release, diff }: { release?: string; diff?: string }) => {
      const { androidRootsCommand, androidRootsDiffCommand } = await import('./android-command.js')
      done(
        diff === undefined
          ? androidRootsCommand(release, subject, machine)
          : androidRootsDiffCommand(diff, machine),
      )
    })

  return program
}

type TypedFlags = Omit<CheckFlags, 'port'> & { readonly port?: readonly number[] }

/** The first port is that of a target which names none; the others are ports of the farm beside it. */
const withPorts = <F extends Partial<TypedFlags>>({ port, ...flags }: F) =>
  ({ ...flags, ...(port?.[0] === undefined ? {} : { port: port[0], ports: port }) }) as Omit<F, 'port'> &
    Pick<CheckFlags, 'port' | 'ports'>

/** Options that stand on the command line, defaults left out. */
const given = <F extends object>(command: Command, flags: F): Partial<F> =>
  Object.fromEntries(
    Object.entries(flags).filter(([name]) => command.getOptionValueSource(name) === 'cli'),
  ) as Partial<F>
