import { AdfsCheckFault } from '../fault.js'
import type { CheckFlags } from './options.js'

/** Each with the reason; what is given in vain must not look as if it had been obeyed. */
const withWatch: readonly (readonly [keyof CheckFlags, string, string])[] = [
  ['save', '--save keeps one check, a watch is many', 'Keep the case when the watch is over.'],
  ['at', '--at stops the clock, a watch waits for it to go on', 'Leave out one of them.'],
  ['quiet', '--quiet prints nothing of what a watch is for', 'Leave out one of them.'],
  [
    'output',
    '--output writes one check, a watch is many',
    'Use --format json, or check once more afterwards.',
  ],
  ['state', '--state is for runs that end, a watch tells changes itself', 'Leave out one of them.'],
  ['baseline', '--baseline is for sarif, which --watch does not write', 'Leave it out.'],
]

const withState: typeof withWatch = [
  ['at', '--state keeps what is, --at asks what would be', 'Leave out one of them.'],
]

/**
 * Refuses what --watch, --interval and --watch-timeout cannot be combined with on the command line. A state named in the
 * policy is left alone by a watch.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION
 */
export function refuseOddRepeats(given: Partial<CheckFlags>): void {
  if (given.watch) {
    refuse(withWatch, given)
    const { format = 'text' } = given
    if (!(['text', 'json', 'ndjson'] as readonly string[]).includes(format))
      throw bad(
        `--watch writes text, json or ndjson, not ${format}.`,
        'What is written once needs no watch: check again when it is over.',
      )
    if (given.kit !== undefined && format !== 'text')
      throw bad(
        '--kit is written with the first report, which --watch prints as text only.',
        'Make the kit in a run of its own.',
      )
  } else
    for (const [name, option] of [
      ['interval', '--interval'],
      ['watchTimeout', '--watch-timeout'],
    ] as const)
      if (given[name] !== undefined) throw bad(`${option} is for --watch.`, 'Add --watch.')
}

/** The same for a run that has a state, whoever named it. */
export const refuseWithState = (flags: CheckFlags): void => refuse(withState, flags)

function refuse(reasons: typeof withWatch, flags: Partial<CheckFlags>): void {
  for (const [name, problem, hint] of reasons)
    if (flags[name] !== undefined && flags[name] !== false) throw bad(`${problem}.`, hint)
}

const bad = (message: string, hint: string) => new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', message, { hint })
