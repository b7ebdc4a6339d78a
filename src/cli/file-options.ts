import { type Command, Option } from 'commander'
import { type WindowsRelease, windowsReleases } from '../farm/subject.js'
import { formatNames } from '../formats/names.js'
import { instant, repeatable, seconds, threshold } from './arguments.js'
import type { CheckFlags } from './options.js'
import { outputFile } from './outputs.js'

/** Options of `file`, as commander hands them over. */
export interface FileFlags extends CheckFlags {
  readonly name?: readonly string[]
  readonly store?: readonly string[]
  readonly windowsServer?: WindowsRelease
  readonly passwordEnv?: string
  readonly against?: string
}

export const fileOptions = (command: Command): Command =>
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
    .option('--timeout <seconds>', 'for each connection (default: 10)', seconds(0.1, 300))
    .option('--proxy <url>', 'HTTP proxy for every connection (default: HTTPS_PROXY)')
    .option('--no-proxy', 'connect directly whatever HTTPS_PROXY says')
    .optionsGroup('How to judge:')
    .option('--android <range>', 'releases that count: supported (default), all, 8.. or "7.0..12,15"')
    .option(
      '--trust-anchor <file>',
      'root that the phones have in their system store; repeatable',
      repeatable,
    )
    .option('--device-ca <file>', 'CA installed by the user or by MDM; repeatable', repeatable)
    .option('--remembered <file>', 'intermediates an app has met before; repeatable', repeatable)
    .option('--at <date>', 'judge as of this date instead of now', instant)
    .option('--warn <20%|30d>', 'warn when less of a lifetime is left (default: 25%, at most 30d)', threshold)
    .option('--crit <10%|7d>', 'critical when less is left (default: 10%, at most 7d)', threshold)
    .addOption(
      new Option('--fail-on <verdict>', 'critical: warnings end with 0').choices(['warning', 'critical']),
    )
    .option('--lock <file>', 'compare with what "adfs-check lock" wrote there')
    .option('--config <file>', 'policy and waivers: adfs-check.yaml')
    .optionsGroup('How to repair:')
    .option('--kit <folder>', 'write the import kit here')
    .option(
      '--intermediates <file|folder>',
      'where to look for missing issuers first; repeatable',
      repeatable,
    )
    .option('--offline', 'fetch nothing over AIA')
    .option('--aia-allow-private', 'fetch from private and loopback addresses too')
    .optionsGroup('What to print:')
    .addOption(new Option('--format <format>', 'on standard output').choices(formatNames).default('text'))
    .option('--output <format=file>', 'another format into a file; repeatable', outputFile)
    .option('--baseline <file>', 'for sarif: json or sarif of an earlier run, to tell what is new')
    .option('-v, --verbose', 'everything: every release, path and minor finding')
    .option('-q, --quiet', 'print nothing when everything is accepted')
    .option('--color', 'colours even without a terminal')
    .option('--no-color', 'no colours')
    .option('--ascii', 'ASCII only')
