import type { Attempt } from '../examine/examination.js'
import { endpointText, type Farm, type ServedSubject } from '../farm/subject.js'
import { inAscii, neutralised } from '../formats/terminal-text.js'
import { outcomeText } from '../tls/wording.js'
import type { Machine } from './machine.js'
import { textStyle } from './terminal.js'

export interface Progress {
  readonly resolved: (farm: Farm) => void
  readonly observed: (subject: ServedSubject, attempts: readonly Attempt[]) => void
}

/** Names in all; infinite while a list is being read. */
export interface Names {
  total: number
}

/** For people who wait at a terminal: each server's line when it is known, counted over all names; else null. */
export function progress(names: Readonly<Names>, quiet: boolean, machine: Machine): Progress | null {
  const { err } = machine
  if (!err.isTTY || quiet) return null
  const { unicode } = textStyle(machine, err, {})
  let servers = 0
  let seen = 0
  let resolved = 0
  const say = (line: string): void => {
    const safe = `${neutralised(line)}\n`
    err.write(unicode ? safe : inAscii(safe))
  }
  return {
    resolved: ({ id, subjects, unresolved }) => {
      resolved++
      servers += subjects.length
      const failed = unresolved.map(({ host, detail }) => `; ${host}: ${detail}`).join('')
      say(`${id}: ${subjects.length} server${subjects.length === 1 ? '' : 's'}${failed}`)
    },
    observed: ({ name, node, port }, attempts) => {
      seen++
      const best = attempts.find(({ outcome }) => outcome.kind === 'observed') ?? attempts[0]!
      // More may come: some names have not been resolved yet.
      const total = `${Math.max(servers, seen)}${resolved < names.total ? '+' : ''}`
      const of = names.total > 1 && name ? `${name.display} ` : ''
      const label = node.label === node.address ? '' : ` (${node.label})`
      say(
        `  [${seen}/${total}] ${of}${endpointText(node.address, port)}${label}: ${outcomeText(best.outcome)}`,
      )
    },
  }
}
