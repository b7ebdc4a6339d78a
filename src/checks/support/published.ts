import { isPublished, type PublishedIssuer, publishedWay, releasesReached } from '../../android/catalogue.js'
import { publicRootsNamed } from '../../android/public-roots.js'
import type { Release } from '../../android/releases.js'
import { rootsNamed } from '../../android/trust-store.js'
import { listed, say, type Words } from '../../words/words.js'
import type { Certificate, Name } from '../../x509/certificate.js'
import { quoted } from './answers.js'

/** What public authorities published of an issuer that nobody supplied: facts from the catalogue, without internet. */
export interface Published {
  /** Nearest first, up to a root of phones. */
  readonly way: readonly Way[]
  /** Of the releases asked about, those that have a root at its end. */
  readonly reaches: readonly Release[]
  /** The name is a public authority's, whatever phones have. */
  readonly isPublic: boolean
  /** Windows trusts it as a root. */
  readonly inWindows: boolean
}

export interface Way {
  readonly name: string
  readonly issuedBy: string
  /** Null: not confirmed. */
  readonly sha256: string | null
  readonly address: string
}

export const wayOf = ({ subject, issuer, sha256, address }: PublishedIssuer): Way => ({
  name: commonName(subject),
  issuedBy: commonName(issuer),
  sha256,
  address,
})

export function publishedOf(
  name: Name,
  keyIdentifier: string | null,
  releases: readonly Release[],
  at: Date,
): Published {
  const way = publishedWay(name, keyIdentifier, at)
  const having = releasesReached(way)
  const isKey = (other: string | null | undefined) =>
    keyIdentifier === null || other === null || other === undefined || other === keyIdentifier
  const roots = publicRootsNamed(name).filter((root) => isKey(root.keyIdentifier))
  // Of other releases than those asked about.
  const inStores = rootsNamed(name).some(({ certificate }) => isKey(certificate?.subjectKeyIdentifier))
  return {
    way: way.map(wayOf),
    reaches: releases.filter((release) => having.includes(release)),
    isPublic: roots.length > 0 || inStores || isPublished(name, keyIdentifier),
    inWindows: roots.some((root) => root.in.includes('microsoft')),
  }
}

/** Where the published way is to be had, and whom it helps; empty: there is none. */
export function wayWords({ way, reaches }: Published): Words {
  if (way.length === 0 || reaches.length === 0) return []
  return say` The authority publishes ${stepsWords(way)}; sending ${way.length > 1 ? 'them' : 'it'} lets ${{ releases: [...reaches] }} follow.`
}

export const stepsWords = (way: readonly Way[]): Words =>
  listed(
    way.map(
      ({ name, issuedBy, sha256, address }): Words =>
        say`${quoted(name)} as issued by ${quoted(issuedBy)} (${sha256 === null ? 'SHA-256 not confirmed here' : say`SHA-256 ${{ code: sha256 }}`}, ${{ code: address }})`,
    ),
  )

/**
 * `fetch-by-hand` with the addresses of the authority's own pages after those that the certificate names; without those
 * that serve what nobody should import.
 */
export const fetchingPublished = (child: Certificate, { way }: Published, without: readonly string[] = []) =>
  ({
    action: {
      verb: 'fetch-by-hand',
      child: child.sha256,
      urls: [...new Set([...child.caIssuers, ...way.map(({ address }) => address)])].filter(
        (url) => !without.includes(url),
      ),
    },
  }) as const

const commonName = (subject: string): string => /(?:^|,)CN=((?:\\.|[^,])+)/.exec(subject)?.[1] ?? subject
