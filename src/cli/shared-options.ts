import { type Command, Option } from 'commander'
import { formatNames } from '../formats/names.js'
import { instant, repeatable, seconds, threshold } from './arguments.js'
import { outputFile } from './outputs.js'

/** Options that several commands have, each said once. */

export const connecting = (command: Command): Command =>
  command
    .option('--timeout <seconds>', 'for each connection (default: 10)', seconds(0.1, 300))
    .option('--proxy <url>', 'HTTP or socks5:// proxy for every connection (default: HTTPS_PROXY)')
    .option('--no-proxy', 'connect directly whatever HTTPS_PROXY says')

/** Releases, roots and clock. */
export const standingOn = (command: Command): Command =>
  command
    .option('--android <range>', 'releases that count: supported (default), all, 8.. or "7.0..12,15"')
    .option(
      '--trust-anchor <file>',
      'root that the phones have in their system store; repeatable',
      repeatable,
    )
    .option('--trust-data <file>', 'newer stores and catalogue than this program has')
    .option('--at <date>', 'judge as of this date instead of now', instant)

export const judging = (command: Command): Command =>
  standingOn(command.optionsGroup('How to judge:'))
    .option('--device-ca <file>', 'CA installed by the user or by MDM; repeatable', repeatable)
    .option('--remembered <file>', 'intermediates an app has met before; repeatable', repeatable)
    .option('--warn <20%|30d>', 'warn when less of a lifetime is left (default: 25%, at most 30d)', threshold)
    .option('--crit <10%|7d>', 'critical when less is left (default: 10%, at most 7d)', threshold)
    .addOption(
      new Option('--fail-on <verdict>', 'critical: warnings end with 0').choices(['warning', 'critical']),
    )
    .option('--lock <file>', 'compare with what "adfs-check lock" wrote there')
    .option('--config <file>', 'policy, waivers and farms: adfs-check.yaml')

export const repairing = (command: Command): Command =>
  command
    .optionsGroup('How to repair:')
    .option('--kit <folder>', 'write the import kit here')
    .option(
      '--intermediates <file|folder>',
      'where to look for missing issuers first; repeatable',
      repeatable,
    )
    .option('--offline', 'fetch nothing over AIA')
    .option('--aia-allow-private', 'fetch from private and loopback addresses too')

export const printing = (command: Command): Command =>
  painting(
    command
      .optionsGroup('What to print:')
      .addOption(new Option('--format <format>', 'on standard output').choices(formatNames).default('text'))
      .option('--output <format=file>', 'another format into a file; repeatable', outputFile)
      .option('--baseline <file>', 'for sarif: json or sarif of an earlier run, to tell what is new')
      .option('-v, --verbose', 'everything: every release, path, connection and minor finding')
      .option('-q, --quiet', 'print nothing when everything is accepted'),
  )

/** Until every server does what is waited for. */
export const watching = (command: Command, what: string): Command =>
  command
    .optionsGroup('Again and again:')
    .option('--watch', `look again until every server ${what}, and tell each change`)
    .option('--interval <seconds>', 'with --watch: between two looks (default: 30)', seconds(1, 86_400))
    .option('--watch-timeout <seconds>', 'with --watch: when to give up', seconds(1, 999_999))

export const painting = (command: Command): Command =>
  command
    .option('--color', 'colours even without a terminal')
    .option('--no-color', 'no colours')
    .option('--ascii', 'ASCII only')
