import { type Command, Option } from 'commander'
import { type WindowsRelease, windowsReleases } from '../farm/subject.js'
import { repeatable } from './arguments.js'
import { placing, tryingAgain } from './check-options.js'
import type { CheckFlags } from './options.js'
import { connecting, judging, printing, repairing, watching } from './shared-options.js'

/** Options of `file`, as commander hands them over. */
export interface FileFlags extends CheckFlags {
  readonly name?: readonly string[]
  readonly store?: readonly string[]
  readonly windowsServer?: WindowsRelease
  readonly passwordEnv?: string
  readonly against?: string
}

export function fileOptions(command: Command): Command {
  command
    .description('judge certificate files as if a Windows server had them bound')
    .argument('<file...>', '.pfx, .p12, .pem, .p7b, .cer, .crt or .der')
    .optionsGroup('What to judge:')
    .option('--name <name>', 'name that the phones use, e.g. sts.contoso.com; repeatable', repeatable)
    .option('--store <file|folder>', 'certificates that the server already has; repeatable', repeatable)
    .addOption(
      new Option('--windows-server <release>', 'where the file is to be imported').choices(windowsReleases),
    )
    .option('--password-file <file>', 'password of the .pfx file, on the first line')
    .option('--password-env <name>', 'environment variable with the password')
    .optionsGroup('What to compare with:')
    .option('--against <target>', 'live farm: what is gained or lost, server by server')
    .option(
      '--server <address[:port]>',
      'with --against: probe this instead of asking DNS; repeatable',
      repeatable,
    )
  return printing(repairing(judging(connecting(command))))
}

export function renewedOptions(command: Command): Command {
  command
    .description('after a renewal: is the new file sound, and does every server send its certificate?')
    .argument('[target]', 'federation service name (default: the first name in the certificate)')
    .optionsGroup('What was renewed:')
    .requiredOption('--pfx <file>', 'the new certificate with its chain: .pfx, .p12 or .pem')
    .option('--old <file>', 'what was served before, to tidy up after it; repeatable', repeatable)
    .addOption(
      new Option('--windows-server <release>', 'where the file is to be imported').choices(windowsReleases),
    )
    .option('--password-file <file>', 'password of the .pfx files, on the first line')
    .option('--password-env <name>', 'environment variable with the password')
    .addHelpText(
      'after',
      `
Examples:
  adfs-check renewed --pfx NEW.pfx --old OLD.pfx
  adfs-check renewed --pfx NEW.pfx --watch           until every server sends it`,
    )
  placing(command.optionsGroup('Where it is to be served:'))
  return watching(
    printing(repairing(judging(connecting(tryingAgain(command))))),
    'sends the new certificate and is accepted',
  )
}
