import { Argument, Command, CommanderError, Option } from 'commander'
import { nagiosUnknown } from '../formats/nagios-code.js'
import { version } from '../version.js'
import { repeatable } from './arguments.js'
import { checkOptions, type TypedFlags, withPorts } from './check-options.js'
import type { Shell } from './completion-scripts.js'
import type { DemoFlags } from './demo-command.js'
import { exitUsage } from './exit-code.js'
import { type FileFlags, fileOptions, renewedOptions } from './file-options.js'
import type { JoinFlags } from './join-command.js'
import type { Machine } from './machine.js'
import { type CheckFlags, checkDefaults } from './options.js'
import type { RenewedFlags } from './renewed-command.js'
import type { ReplayFlags } from './replay-command.js'
import { reportFault } from './report-fault.js'
import { connecting, painting, printing, standingOn } from './shared-options.js'

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
  adfs-check sts.contoso.com --tls-ends-at f5          ... an F5 in front ends TLS: what to do there
  adfs-check sts.contoso.com --server 10.0.0.5         check this AD FS server or proxy, past the balancer
  adfs-check sts.contoso.com --android 9.. --offline   only Android 9 and newer, no downloads
  adfs-check sts.contoso.com --watch                   tell what changes until all is well
  adfs-check sts.contoso.com --format json             for other programs
  adfs-check user@contoso.com                          find the federation service of a domain
  adfs-check init sts.contoso.com                      write adfs-check.yaml: names, nodes, ports
  adfs-check --targets targets.txt --format ndjson     a long list, each told as it is done
  adfs-check explain intermediate-missing              what a finding means and how to fix it
  adfs-check demo                                      see it work on a farm of its own

Exit codes: 0 every selected Android release accepts every server, 1 warnings,
2 refused or about to expire, 3 could not check, 4 bad usage or a fault of ours.`

function build(args: readonly string[], machine: Machine, done: (exitCode: number) => void): Command {
  const program = new Command('adfs-check')
    .description('Will Android accept the certificates that an AD FS farm sends, on every server?')
    .version(version, '-V, --version')
    .argument(
      '[target...]',
      'federation service name, name:port, https URL or user@domain; -: a list on standard input',
    )
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

  checkOptions(program).action(async (targets: string[], typed: TypedFlags) => {
    const flags = withPorts(typed)
    if (targets.length === 0 && flags.config === undefined && flags.targets === undefined) {
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

  const renewed = renewedOptions(program.command('renewed'))
  renewed.action(async (target: string | undefined, typed: Omit<RenewedFlags, 'port'> & TypedFlags) => {
    const { renewedCommand } = await import('./renewed-command.js')
    const all = { ...checkDefaults, ...withPorts(typed) }
    done(await renewedCommand(target, all, withPorts(given(renewed, typed)), machine))
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
    .option('--trust-data <file>', 'newer stores and catalogue, or those of the run')
  printing(replay).action(async (file: string, flags: ReplayFlags) => {
    const { replayCommand } = await import('./replay-command.js')
    done(await replayCommand(file, flags, machine))
  })

  const join = program
    .command('join')
    .description('judge cases saved at several places as one farm, and compare what they are shown')
    .argument('<case...>', 'files written with --save: one inside, one outside')
    .option(
      '--as <label>',
      'name of the place (default: from the file name); once for each case',
      repeatable,
      [],
    )
    .option('--kit <folder>', 'write the import kit here')
    .option('--trust-data <file>', 'newer stores and catalogue, or those of the runs')
    .addHelpText('after', '\nExample:\n  adfs-check join inside-case.json outside-case.json')
  printing(join).action(async (files: string[], flags: JoinFlags) => {
    const { joinCommand } = await import('./join-command.js')
    done(await joinCommand(files, flags, machine))
  })

  const demo = program
    .command('demo')
    .description('start a broken farm on loopback, check it, fix it with the kit, check again')
    .option('--keep', 'leave the broken farm running and print the command that checks it')
    .option('--kit <folder>', 'where to write the kit (default: a temporary folder)')
    .addOption(
      new Option(
        '--farm',
        'start six machines with three names and an inventory instead, and mend them one by one for a --watch in a second terminal',
      ).conflicts(['keep', 'kit']),
    )
  painting(demo).action(async (flags: DemoFlags) => {
    const { demoCommand, farmDemo } = await import('./demo-command.js')
    done(await (flags.farm ? farmDemo(flags, machine) : demoCommand(flags, machine)))
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
    .option('--trust-data <file>', 'newer stores and catalogue than this program has')
    .action(async ({ data, trustData }: { data?: boolean; trustData?: string }) => {
      const { androidCommand, androidDataCommand } = await import('./android-command.js')
      done(await (data ? androidDataCommand : androidCommand)(trustData, machine))
    })
  android
    .command('roots')
    .description('the roots of one release')
    .option('--release <release>', 'e.g. 7.0')
    .option('--diff <range>', 'what changed between two releases, e.g. 14..17')
    .option('--trust-data <file>', 'newer stores and catalogue than this program has')
    .argument('[subject]', 'only roots whose subject contains this, or whose SHA-256 begins with it')
    .action(async (subject: string | undefined, { release, diff, trustData }: RootsFlags) => {
      const { androidRootsCommand, androidRootsDiffCommand } = await import('./android-command.js')
      done(
        await (diff === undefined
          ? androidRootsCommand(release, subject, trustData, machine)
          : androidRootsDiffCommand(diff, trustData, machine)),
      )
    })

  program
    .command('completion')
    .description('what a shell needs to complete command lines of adfs-check')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish', 'powershell']))
    .addHelpText(
      'after',
      `
Examples:
  source <(adfs-check completion bash)                                    in ~/.bashrc
  source <(adfs-check completion zsh)                                     in ~/.zshrc, after compinit
  adfs-check completion fish > ~/.config/fish/completions/adfs-check.fish
  adfs-check completion powershell | Out-String | Invoke-Expression       in $PROFILE`,
    )
    .action(async (shell: Shell) => {
      const { completionCommand } = await import('./completion-command.js')
      done(await completionCommand(shell, program, machine))
    })

  return program
}

interface RootsFlags {
  readonly release?: string
  readonly diff?: string
  readonly trustData?: string
}

/** Options that stand on the command line, defaults left out. */
const given = <F extends object>(command: Command, flags: F): Partial<F> =>
  Object.fromEntries(
    Object.entries(flags).filter(([name]) => command.getOptionValueSource(name) === 'cli'),
  ) as Partial<F>
