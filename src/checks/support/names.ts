import { presentedNames } from '../../android/hostname.js'
import { say, type Words } from '../../words/words.js'
import type { Certificate } from '../../x509/certificate.js'

/** Names and addresses of the subjectAltName, raw. */
export const coveredNames = (leaf: Certificate): readonly string[] =>
  (presentedNames(leaf, { oddNameSpoilsList: false }).subjectAltNames ?? [])
    .filter(({ type }) => type === 'dns' || type === 'ip')
    .map(({ value }) => value)

/** A presented name that was probably meant, and why it is not enough. */
export interface NearMiss {
  readonly name: string
  readonly kind: 'wildcard-parent' | 'wildcard-depth' | 'parent' | 'spelling'
}

/** More names are not compared: a certificate for hundreds of sites is no misspelling. */
const maxCompared = 200

/** Null: none is close. */
export function nearMiss(names: readonly string[], wanted: string): NearMiss | null {
  const host = wanted.toLowerCase()
  const candidates = names.slice(0, maxCompared).map((name) => ({ name, lower: name.toLowerCase() }))
  for (const { name, lower } of candidates) {
    if (!lower.startsWith('*.')) continue
    const base = lower.slice(2)
    if (host === base) return { name, kind: 'wildcard-parent' }
    if (host.endsWith(`.${base}`)) return { name, kind: 'wildcard-depth' }
  }
  const below = candidates.find(({ lower }) => lower.includes('.') && host.endsWith(`.${lower}`))
  if (below) return { name: below.name, kind: 'parent' }
  // Up to two wrong letters, in names long enough for that to be a slip.
  const slip = candidates
    .map(({ name, lower }) => ({ name, distance: editDistance(lower, host) }))
    .filter(({ distance }) => distance > 0 && distance <= 2 && host.length >= 8)
    .sort((a, b) => a.distance - b.distance)[0]
  return slip ? { name: slip.name, kind: 'spelling' } : null
}

/** A sentence of its own. */
export function nearMissWords({ name, kind }: NearMiss): Words {
  const it = { untrusted: name }
  return {
    'wildcard-parent': say`${it} covers the names below it, not the name itself.`,
    'wildcard-depth': say`${it} covers exactly one label in the place of the asterisk, and here there are more.`,
    parent: say`${it} covers that name alone, not the names below it.`,
    spelling: say`${it} comes close: see whether it is misspelt.`,
  }[kind]
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
