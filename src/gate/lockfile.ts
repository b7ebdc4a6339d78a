import type { Release } from '../android/releases.js'
import type { ExaminedFarm } from '../checks/check.js'
import type { Seen } from '../examine/examination.js'
import { leafOf } from '../examine/presented.js'
import type { LockedFarm } from '../farm/locked.js'
import type { Certificate } from '../x509/certificate.js'
import { organisationsOf } from '../x509/name.js'
import { covers, namesOf } from './difference.js'

/** What differs from what was locked, at one subject. */
export type Change =
  | { readonly kind: 'release'; readonly release: Release; readonly verdict: 'refused' | 'depends' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'root'; readonly name: string; readonly spkiSha256: string }
  | { readonly kind: 'issuer'; readonly name: string }
  | { readonly kind: 'key'; readonly key: string; readonly allowed: readonly string[] }

/** What a farm comes to; null where some server was not seen: half an outcome is none to hold others to. */
export function lockOf({ farm, examinations, releases }: ExaminedFarm): LockedFarm | null {
  const seen = examinations.filter((one): one is Seen => one.kind === 'seen')
  const leaves = seen.flatMap(leavesOf)
  if (seen.length === 0 || seen.length < examinations.length || farm.unresolved.length > 0) return null
  if (seen.some((one) => leavesOf(one).length === 0)) return null
  const accepts = (one: Seen, release: string) =>
    one.verdicts.some((row) => row.release === release && row.verdict.kind === 'accepted')
  const sorted = (items: readonly string[]) => [...new Set(items)].sort()
  const kinds = sorted(leaves.map(({ publicKey }) => publicKey.algorithm))
  return {
    releases: releases.filter((release) => seen.every((one) => accepts(one, release))),
    names: sorted(leaves.flatMap(namesOf)).filter((name) => leaves.every((leaf) => covers(leaf, name))),
    roots: [
      ...new Map(
        seen.flatMap((one) => rootsOf(one, releases)).map((root) => [root.spkiSha256, root]),
      ).values(),
    ].sort((a, b) => (a.spkiSha256 < b.spkiSha256 ? -1 : 1)),
    issuers: sorted(leaves.map(issuerOf)),
    keys: kinds.map((kind) => ({
      kind,
      bits: Math.min(
        ...leaves
          .filter(({ publicKey }) => publicKey.algorithm === kind)
          .map(({ publicKey }) => publicKey.bits ?? 0),
      ),
    })),
  }
}

/** Releases that could not be told are no change: another finding says that they are not known. */
export function changesOf(seen: Seen, locked: LockedFarm, counting: readonly string[]): readonly Change[] {
  const leaves = leavesOf(seen)
  const changes: Change[] = []
  for (const { release, verdict } of seen.verdicts)
    if (locked.releases.includes(release) && counting.includes(release))
      if (verdict.kind === 'refused' || verdict.kind === 'depends')
        changes.push({ kind: 'release', release, verdict: verdict.kind })
  for (const name of locked.names)
    if (!leaves.every((leaf) => covers(leaf, name))) changes.push({ kind: 'name', name })
  for (const root of rootsOf(seen, counting))
    if (!locked.roots.some(({ spkiSha256 }) => spkiSha256 === root.spkiSha256))
      changes.push({ kind: 'root', ...root })
  for (const name of new Set(leaves.map(issuerOf)))
    if (!locked.issuers.includes(name)) changes.push({ kind: 'issuer', name })
  const allowed = locked.keys.map(({ kind, bits }) => `${kind.toUpperCase()} ${bits}`)
  for (const { publicKey } of leaves) {
    const { algorithm, bits } = publicKey
    if (!locked.keys.some((key) => key.kind === algorithm && (bits ?? 0) >= key.bits))
      changes.push({ kind: 'key', key: `${algorithm.toUpperCase()} ${bits ?? ''}`.trim(), allowed })
  }
  const known = new Map(changes.map((change) => [JSON.stringify(change), change]))
  return [...known.values()]
}

/** First certificates of all lists that a release is shown. */
const leavesOf = ({ answers, reach }: Seen): readonly Certificate[] => {
  const shown = new Set(reach.flatMap((one) => one.answers))
  return answers.flatMap(({ id, entries }) => (shown.has(id) ? (leafOf(entries) ?? []) : []))
}

const rootsOf = ({ verdicts }: Seen, counting: readonly string[]): readonly LockedFarm['roots'][number][] => [
  ...new Map(
    verdicts.flatMap(({ release, verdict }) => {
      if (verdict.kind !== 'accepted' || !counting.includes(release)) return []
      const { certificate } = verdict.path.certificates.at(-1)!
      const { spkiSha256 } = certificate.publicKey
      return [[spkiSha256, { name: certificate.subject.text, spkiSha256 }] as const]
    }),
  ).values(),
]

/** Public authorities take turns with their intermediates; the organisation stays. */
const issuerOf = ({ issuer }: Certificate): string => organisationsOf(issuer).join(', ') || issuer.text
