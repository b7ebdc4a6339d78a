import type { Release } from '../../android/releases.js'
import { listText, releasesText } from '../../android/releases-text.js'
import type { Name } from '../../x509/certificate.js'
import { neutralise } from '../../x509/name.js'
import type { CheckContext } from '../check.js'

/** Longest piece of a certificate or of a server's answer repeated in a sentence. */
const maxQuoted = 100

/** Text from the network as it may stand in a sentence: neutralised and bounded. */
export function safe(text: string): string {
  const plain = neutralise(text)
  return plain.length > maxQuoted ? `${plain.slice(0, maxQuoted)}...` : plain
}

/** The name people know a certificate by: its last common name, else the whole subject. */
export const shortName = (name: Name): string =>
  safe(name.commonNames.at(-1) || name.text || 'without a name')

/** `a, b and 7 more`. */
export function listSome(items: readonly string[], shown = 8): string {
  const rest = items.length - shown
  return rest > 0 ? `${items.slice(0, shown).join(', ')} and ${rest} more` : listText(items)
}

/** `Android 4.4-6.0`, or the whole selection in words. */
export function affected(releases: readonly Release[], context: CheckContext): string {
  return isEverything(releases, context) ? 'every checked Android release' : releasesText(releases)
}

/** `no checked Android release trusts`, or `Android 4.4-6.0 does not trust`. */
export function without(verb: 'have' | 'trust', releases: readonly Release[], context: CheckContext): string {
  const third = { have: 'has', trust: 'trusts' }[verb]
  return isEverything(releases, context)
    ? `no checked Android release ${third}`
    : `${affected(releases, context)} does not ${verb}`
}

const isEverything = (releases: readonly Release[], context: CheckContext): boolean =>
  context.releases.length > 1 && context.releases.every((release) => releases.includes(release))

export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** `2026-11-23`, UTC. */
export const day = (iso: string): string => iso.slice(0, 10)

const dayMs = 86_400_000

/** Whole days from `from` to `to`, rounded down; negative when `to` lies before. */
export const daysBetween = (from: Date, to: Date): number =>
  Math.floor((to.getTime() - from.getTime()) / dayMs)
