import { parseTarget, printableTarget, type Target } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import { linesOf, listName } from './list.js'
import type { Machine } from './machine.js'
import type { Aimed, CheckFlags } from './options.js'
import { reportFault } from './report-fault.js'
import { isInShard, type Shard } from './shard.js'
import { uriOf } from './uri.js'

/** A target that can be checked, or something named that cannot, of which was told. */
export type Read = { readonly aimed: Aimed; readonly target: Target } | 'missed'

export interface Lists {
  /** As on the command line; `-` is standard input. */
  readonly named: readonly string[]
  /** File of --targets. */
  readonly file: string | undefined
  readonly shard: Shard | undefined
  readonly aim: (target: string) => Aimed
  /** Targets with options of their own that the lists may name. */
  readonly possible?: readonly string[]
}

/** Targets that all have the same options. */
export const listsOf = (named: readonly string[], flags: CheckFlags): Lists => ({
  named,
  file: flags.targets,
  shard: flags.shard,
  aim: (target) => ({ target, flags }),
})

/** Targets with options of their own; `flags` are for the run. */
export function listsOfAimed(aimed: readonly Aimed[], flags: CheckFlags): Lists {
  const known = new Map(aimed.map((one) => [one.target, one]))
  const named = aimed.map(({ target }) => target)
  return { ...listsOf(named, flags), aim: (target) => known.get(target)! }
}

/** One run's: what was seen is remembered to tell of duplicates, some 200 bytes each. More is spread with --shard. */
const maxTargets = 100_000
/** Of one list, whatever stands in them: a pipe that writes one line for ever is no list. */
const maxLines = 1_000_000
/** Lines told one by one; more are of one cause, and counted. */
const maxTold = 100

export const hasList = (named: readonly string[], { targets }: Pick<CheckFlags, 'targets'>): boolean =>
  targets !== undefined || named.includes('-')

/**
 * Everything named, in that order, as it is read. A bad line is told with its place and stops nobody; a target named twice is
 * checked once. What is not read, because a limit is reached or the run is to end, is told too.
 */
export async function* targetsOf({ named, file, shard, aim }: Lists, machine: Machine): AsyncGenerator<Read> {
  const seen = new Map<string, string>()
  const isAlone = named.length === 1 && !hasList(named, file === undefined ? {} : { targets: file })
  const tell = telling(machine)
  const read = (text: string, place: string, listed: Aimed['listed']): Read | null => {
    if (shard && !isInShard(text, shard)) return null
    const given = aim(text)
    try {
      const target = parseTarget(text, given.flags.port ?? given.flags.ports?.[0])
      const key = `${target.name}:${target.port}`
      const first = seen.get(key)
      if (first !== undefined) {
        tell.twice(`${place}${printableTarget(text)} is named already ${first}; it is checked once.`)
        return null
      }
      seen.set(key, place === '' ? 'on the command line' : `in ${place.slice(0, -2)}`)
      return { aimed: given.listed || !listed ? given : { ...given, listed }, target }
    } catch (error) {
      // A name that is none does not stop the others; alone, it is bad usage.
      if (isAlone || !(error instanceof AdfsCheckFault)) throw error
      tell.bad(place, error)
      return 'missed'
    }
  }
  const sources = [...named, ...(file === undefined ? [] : [{ file }])]
  for (const source of sources) {
    if (typeof source === 'string' && source !== '-') {
      const one = read(source, '', undefined)
      if (one) yield one
      continue
    }
    const path = typeof source === 'string' ? '-' : source.file
    const name = listName(path)
    const uri = path === '-' ? null : uriOf(path)
    let last = 0
    let isEmpty = true
    const stop = (why: string): Read => {
      tell.other(`${name} was read up to line ${last}: ${why}. What comes after it is not checked.`)
      return 'missed'
    }
    try {
      for await (const { line, text } of linesOf(path, machine)) {
        if (machine.signal.aborted) break
        if (line > maxLines) {
          yield stop(`a list has at most ${maxLines} lines`)
          break
        }
        const place = `${name}:${line}: `
        isEmpty = false
        const one = text === null ? tooLong(place, tell) : read(text, place, uri ? { uri, line } : undefined)
        if (one && one !== 'missed' && seen.size > maxTargets) {
          yield stop(`one run checks at most ${maxTargets} targets. Spread the list with --shard`)
          break
        }
        if (one) yield one
        last = line
      }
      if (machine.signal.aborted) yield stop('the run ended')
      // Also where it is one part of five: a list that came out empty must not look as if all were well.
      else if (isEmpty) throw emptyList(name)
    } catch (error) {
      // What was named before it is checked all the same.
      if (seen.size === 0 || !(error instanceof AdfsCheckFault)) throw error
      reportFault(error, machine)
      yield 'missed'
    }
  }
  tell.rest()
}

const emptyList = (name: string) =>
  new AdfsCheckFault('ADFS_CHECK_BAD_TARGET', `${name} names no target.`, {
    hint: 'Write one target a line, for example sts.contoso.com.',
  })

function tooLong(place: string, tell: ReturnType<typeof telling>): Read {
  tell.bad(place, new AdfsCheckFault('ADFS_CHECK_BAD_TARGET', 'the line is too long to be a target.'))
  return 'missed'
}

/** Each thing told up to a number; what is more is counted. */
function telling(machine: Machine) {
  let bad = 0
  let twice = 0
  const other = (text: string): void =>
    void reportFault(new AdfsCheckFault('ADFS_CHECK_BAD_TARGET', text), machine)
  return {
    other,
    bad: (place: string, error: AdfsCheckFault): void => {
      if (bad++ >= maxTold) return
      // The hint says how to write a target: once is enough.
      const hint = bad === 1 && error.hint !== null ? { hint: error.hint } : {}
      reportFault(new AdfsCheckFault(error.code, `${place}${error.message}`, hint), machine)
    },
    twice: (text: string): void => {
      if (twice++ < maxTold) other(text)
    },
    rest: (): void => {
      if (bad > maxTold) other(`${bad - maxTold} further lines are no targets either.`)
      if (twice > maxTold) other(`${twice - maxTold} further targets are named twice.`)
    },
  }
}
