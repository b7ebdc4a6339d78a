import { releases as allReleases, type Release } from './releases.js'

/** `Android 4.4, 6.0-8.1 and 17`: runs of neighbouring releases joined by a hyphen. */
export function releasesText(releases: readonly Release[]): string {
  const chosen = new Set(releases)
  const runs: Release[][] = []
  for (const [index, release] of allReleases.entries()) {
    if (!chosen.has(release)) continue
    const previous = index > 0 ? allReleases[index - 1] : undefined
    if (previous !== undefined && chosen.has(previous)) runs.at(-1)!.push(release)
    else runs.push([release])
  }
  const words = runs.map((run) => (run.length === 1 ? run[0]! : `${run[0]}-${run.at(-1)}`))
  return `Android ${listText(words)}`
}

/** `a, b and c`. */
export function listText(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
