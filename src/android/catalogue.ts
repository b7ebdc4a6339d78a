import type { Name } from '../x509/certificate.js'
import data from './catalogue-data.json' with { type: 'json' }
import { releases as allReleases, type Release } from './releases.js'
import { looseNameKey } from './trust-anchors.js'
import { releasesHaving } from './trust-store.js'

/** A certificate that a public authority published, known by its facts; its bytes are not carried. */
export interface PublishedIssuer {
  readonly subject: string
  readonly keyIdentifier: string | null
  /** Null: not confirmed. */
  readonly sha256: string | null
  readonly issuer: string
  readonly issuerKeyIdentifier: string | null
  /** SHA-256 of the root of a phone's store that issued it; null: another authority or itself did. */
  readonly leadsTo: string | null
  /** `YYYY-MM-DD` */
  readonly notBefore: string | null
  readonly notAfter: string | null
  readonly state: 'current' | 'revoked' | 'superseded'
  /** `YYYY-MM-DD`; null where the state is current or the day not known. */
  readonly stateSince: string | null
  /** Where the authority publishes it, or says where. */
  readonly address: string
  /** Key of `catalogueSources`. */
  readonly source: string
}

export interface CatalogueData {
  readonly sources: Readonly<Record<string, { readonly source: string; readonly read: string }>>
  readonly rows: readonly PublishedIssuer[]
}

export let { rows: catalogue, sources: catalogueSources } = data as CatalogueData

/** For `useTrustData` only. */
export function useCatalogue({ rows, sources }: CatalogueData): void {
  catalogue = rows
  catalogueSources = sources
  bySha256 = byName = null
}

/** More than four on one way are nobody's. */
const maxDepth = 4

/**
 * What public authorities published of the issuer called `name`, and above it up to roots that phones have: the way that
 * is to be imported, nearest first. Revoked, superseded, expired and self-signed ones left out; the caller cannot verify
 * them, because only facts are known. Empty: the catalogue does not have the name, or no way from it.
 */
export function publishedWay(
  name: Name | string,
  keyIdentifier: string | null,
  at: Date,
  depth = 0,
): readonly PublishedIssuer[] {
  if (depth >= maxDepth) return []
  const ways = usableIssuers(name, keyIdentifier, at).map((row) => [
    row,
    ...publishedWay(row.issuer, row.issuerKeyIdentifier, at, depth + 1),
  ])
  return [...new Set(ways.filter((way) => way.some(({ leadsTo }) => leadsTo !== null)).flat())]
}

/** Certificates of the issuer called `name` that may be imported at `at`: neither withdrawn, expired nor self-signed. */
export const usableIssuers = (
  name: Name | string,
  keyIdentifier: string | null,
  at: Date,
): readonly PublishedIssuer[] =>
  named(name, keyIdentifier).filter(
    ({ state, subject, issuer, notAfter }) =>
      state === 'current' && subject !== issuer && (notAfter === null || Date.parse(notAfter) > at.getTime()),
  )

/** Releases that a published way reaches, as shipped; oldest first. */
export function releasesReached(way: readonly PublishedIssuer[]): readonly Release[] {
  const having = new Set(way.flatMap(({ leadsTo }) => (leadsTo === null ? [] : releasesHaving(leadsTo))))
  return allReleases.filter((release) => having.has(release))
}

/** Whether the catalogue has this issuer in any state: then its name is a public authority's. */
export const isPublished = (name: Name, keyIdentifier: string | null): boolean =>
  named(name, keyIdentifier).length > 0

let bySha256: ReadonlyMap<string | null, PublishedIssuer> | null = null

/** What the catalogue knows against a certificate; null: nothing. */
export function knownAgainst(sha256: string): (PublishedIssuer & { state: 'revoked' | 'superseded' }) | null {
  bySha256 ??= new Map(catalogue.map((row) => [row.sha256, row]))
  const row = bySha256.get(sha256)
  return row && row.state !== 'current' ? { ...row, state: row.state } : null
}

let byName: ReadonlyMap<string, readonly PublishedIssuer[]> | null = null

function named(name: Name | string, keyIdentifier: string | null): readonly PublishedIssuer[] {
  if (!byName) {
    const groups = new Map<string, PublishedIssuer[]>()
    for (const row of catalogue) {
      const key = looseNameKey(row.subject)
      groups.set(key, [...(groups.get(key) ?? []), row])
    }
    byName = groups
  }
  return (byName.get(looseNameKey(name)) ?? []).filter(
    (row) => row.keyIdentifier === null || keyIdentifier === null || row.keyIdentifier === keyIdentifier,
  )
}
