import type { Certificate } from '../x509/certificate.js'
import type { Search } from './path-search.js'
import { type ReleaseRules, releaseRules } from './release-rules.js'

/** Rules are data: those that are written alike are alike. */
const written = (rules: ReleaseRules): string =>
  JSON.stringify(rules, (_, value) => (value instanceof Set ? [...value] : value))

let rulesKeys: ReadonlyMap<ReleaseRules, string> | null = null
function rulesKey(rules: ReleaseRules): string {
  rulesKeys ??= new Map(Object.values(releaseRules).map((one) => [one, written(one)]))
  return rulesKeys.get(rules) ?? written(rules)
}

/**
 * Equal for two releases whose rules are the same and whose stores have the same roots, in the same order, under every name that
 * a search over these certificates can come to: then one search stands for both.
 */
export function likeness({ presented, remembered, anchors, rules }: Search): string {
  const parts = [rulesKey(rules)]
  const seen = new Set<Certificate>([...presented, ...remembered])
  // A set hands out what is added while it is walked: roots have issuers too.
  for (const { subject, issuer } of seen) {
    for (const name of [subject, issuer]) {
      const named = anchors.named(name)
      for (const anchor of named) seen.add(anchor)
      const hashes = [...named, ...anchors.unknownRoots(name)].map(({ sha256 }) => sha256)
      parts.push(hashes.join())
    }
  }
  return parts.join(' ')
}
