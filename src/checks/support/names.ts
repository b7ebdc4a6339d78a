import { presentedNames } from '../../android/hostname.js'
import type { Certificate } from '../../x509/certificate.js'
import { safe } from './wording.js'

/** Names and addresses of the subjectAltName, as they may be shown. */
export const coveredNames = (leaf: Certificate): readonly string[] =>
  (presentedNames(leaf, { oddNameSpoilsList: false }).subjectAltNames ?? [])
    .filter(({ type }) => type === 'dns' || type === 'ip')
    .map(({ value }) => safe(value))

export interface NearMiss {
  readonly name: string
  /** Why it is not enough, as the end of a sentence. */
  readonly why: string
}

/** More names are not compared: a certificate for hundreds of sites is no misspelling. */
const maxCompared = 200

/** The presented name that was probably meant; null: none is close. */
export function nearMiss(names: readonly string[], wanted: string): NearMiss | null {
  const host = wanted.toLowerCase()
  const candidates = names.slice(0, maxCompared).map((name) => ({ name, lower: name.toLowerCase() }))
  for (const { name, lower } of candidates) {
    if (!lower.startsWith('*.')) continue
    const base = lower.slice(2)
    if (host === base) return { name, why: `covers names below ${base}, not ${base} itself` }
    if (host.endsWith(`.${base}`)) {
      return { name, why: 'covers exactly one label, and here there are more in its place' }
    }
  }
  const below = candidates.find(({ lower }) => host.endsWith(`.${lower}`))
  if (below) return { name: below.name, why: 'covers that name alone, not the names below it' }
  // Up to two wrong letters, in names long enough for that to be a slip.
  const slip = candidates
    .map(({ name, lower }) => ({ name, distance: editDistance(lower, host) }))
    .filter(({ distance }) => distance <= 2 && host.length >= 8)
    .sort((a, b) => a.distance - b.distance)[0]
  return slip
    ? { name: slip.name, why: `differs in ${slip.distance === 1 ? 'one letter' : 'two letters'}` }
    : null
}

/** Levenshtein; names longer than DNS allows are not compared. */
function editDistance(a: string, b: string): number {
  if (a.length > 253 || b.length > 253 || Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1))
    }
    previous = current
  }
  return previous[b.length]!
}
