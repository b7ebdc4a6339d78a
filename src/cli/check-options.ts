import { type Command, Option } from 'commander'
import { terminators } from '../farm/subject.js'
import { defaultConcurrency, defaultPerNetwork, maxRepeat, maxRetries } from '../run/limits.js'
import { nodes, ports, repeatable, seconds, shardOf, wholeNumber } from './arguments.js'
import type { CheckFlags } from './options.js'
import { connecting, judging, printing, repairing, watching } from './shared-options.js'

/** The options of a check, as `--help` shows them. */
export function checkOptions(command: Command): Command {
  placing(command.optionsGroup('What to check:'))
    .option('--targets <file>', 'a target on each line, # for comments; - (or as target): standard input')
    .option('--shard <2/5>', 'only this part of the targets: one machine of five', shardOf)
  tryingAgain(command)
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
    .option(
      '--per-network <number>',
      `connections at a time into one /24 or IPv6 /48 (default: ${defaultPerNetwork})`,
      wholeNumber(1, 1_024),
    )
  repairing(judging(connecting(command))).option(
    '--password-file <file>',
    'password of .pfx files, on the first line',
  )
  return printing(
    watching(command, 'is accepted').option(
      '--state <file>',
      'print what changed since the last run, which is kept here',
    ),
  )
    .option('--save <file>', 'keep all that was seen as a case, to be judged again with "replay"')
    .option('--redact', 'with --save: replace addresses, labels and paths by aliases')
}

/** Which servers a farm has, and what is asked of them. */
export const placing = (command: Command): Command =>
  command
    .option('--server <address[:port]>', 'probe this instead of asking DNS; repeatable', repeatable)
    .option(
      '--node <name=address[,…]>',
      'a machine of the farm, e.g. wap1=10.0.0.5,role=wap; repeatable',
      nodes,
    )
    .option('--name <name>', 'further name of the farm, asked on every server; repeatable', repeatable)
    .option('--upn-suffix <suffix>', 'see whether its devices register here; repeatable', repeatable)
    .option('--port <number>', 'port where the target names none (default: 443); repeatable', ports)
    .addOption(
      new Option('--tls-ends-at <device>', 'who sends the certificates, on every server').choices(
        terminators,
      ),
    )
    .option('-4, --ipv4-only', 'leave out IPv6 addresses')
    .option('-6, --ipv6-only', 'leave out IPv4 addresses')

export const tryingAgain = (command: Command): Command =>
  command
    .optionsGroup('How to connect:')
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

/** `--port` as commander collects it. */
export type TypedFlags = Omit<CheckFlags, 'port'> & { readonly port?: readonly number[] }

/** The first port is that of a target which names none; the others are ports of the farm beside it. */
export const withPorts = <F extends Partial<TypedFlags>>({ port, ...flags }: F) =>
  ({ ...flags, ...(port?.[0] === undefined ? {} : { port: port[0], ports: port }) }) as Omit<F, 'port'> &
    Pick<CheckFlags, 'port' | 'ports'>
