import type { Action } from './actions.js'
import { addedAt, chainsAt, leavesAt, nameAt, type Place, presentedAt } from './place.js'

const gathered = new WeakMap<
  readonly Place[],
  Map<(place: Place) => readonly string[], ReadonlySet<string>>
>()

/** What any of these places has; gathered once, however many of them ask. */
function anywhere(all: readonly Place[], of: (place: Place) => readonly string[]): ReadonlySet<string> {
  const known = gathered.get(all) ?? new Map<typeof of, ReadonlySet<string>>()
  gathered.set(all, known)
  const found = known.get(of) ?? new Set(all.flatMap(of))
  known.set(of, found)
  return found
}

const linksAt = (place: Place) => chainsAt(place).flat()
const bundlesAt = (place: Place) => chainsAt(place).map((chain) => chain.join())

/**
 * A finding may be told for machines that differ: of its advice each gets what its own lists and repairs are about. What
 * none of them is known to have is meant for all. Null: nothing is left.
 */
export function here(action: Action, place: Place, all: readonly Place[]): Action | null {
  const concerns = (of: (place: Place) => readonly string[]) => (wanted: string) =>
    of(place).includes(wanted) || !anywhere(all, of).has(wanted)
  switch (action.verb) {
    case 'check-by-name': {
      const name = action.name ?? nameAt(place)
      return name === undefined ? action : { ...action, name }
    }
    case 'import': {
      const certificates = action.certificates.filter(concerns(addedAt))
      return certificates.length === 0 ? null : { ...action, certificates }
    }
    case 'remove':
      return concerns(presentedAt)(action.certificate) ? action : null
    case 'bind':
      return leavesAt(place).every((sha256) => sha256 === action.certificate) ? null : action
    case 'rebind':
      return concerns(leavesAt)(action.certificate) ? action : null
    case 'disable-root':
      return concerns(linksAt)(action.twinOf) ? action : null
    case 'edit-bundle':
      return concerns(bundlesAt)(action.chain.join()) && concerns(leavesAt)(action.chain[0] ?? '')
        ? action
        : null
    default:
      return action
  }
}
