import { AdfsCheckFault } from '../fault.js'
import type { Certificate, Name } from '../x509/certificate.js'
import { parseCertificate } from '../x509/parse.js'
import { type Release, releases } from './releases.js'
import {
  combinedAnchors,
  deviceAnchors,
  looseNameKey,
  nameHash,
  type TrustAnchors,
  type UnknownRoot,
} from './trust-anchors.js'
import generated from './trust-store-data.js'

/**
 * The system trust store of each release as first shipped, and from 14 also as Play system updates replace it. The data file is generated (docs/reference/trust-stores.md);
 * a certificate is parsed when its name is asked for and not before, because a check needs a handful of three hundred.
 */

/** A root in one or more releases. */
export interface Root {
  /** SHA-256 of the certificate and of its SubjectPublicKeyInfo, lower-case hex. */
  readonly sha256: string
  readonly spkiSha256: string
  readonly releases: readonly Release[]
  readonly subject: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** Null: known by hash only. */
  readonly certificate: Certificate | null
}

/** A store that a Play system update brings, in place of the one that a release shipped with. */
export interface StoreUpdate {
  /** Month of the tag it was read from, `YYYY-MM`: when a phone gets it is not known. */
  readonly update: string
  /** Releases that shipped with an older store and take it. */
  readonly reaches: readonly Release[]
  readonly source: string
}

/** Shape of the generated file. */
export interface StoreData {
  readonly stores: readonly { readonly release: Release; readonly source: string }[]
  readonly updates: readonly StoreUpdate[]
  /** Name hash, release bits (hex), SHA-256, SHA-256 of the key, DER in Base64. */
  readonly anchors: readonly (readonly [string, string, string, string, string])[]
  readonly hashOnly: readonly {
    readonly releases: string
    readonly sha256: string
    readonly spkiSha256: string
    readonly subject: string
    readonly notBefore: string
    readonly notAfter: string
  }[]
}

interface Row {
  readonly nameHash: string
  readonly inReleases: number
  readonly sha256: string
  readonly spkiSha256: string
  readonly base64: string
  certificate: Certificate | null
}

let data: StoreData
let rows: readonly Row[]
let rowsByNameHash: ReadonlyMap<string, readonly Row[]>
/** All stores that came by a Play system update, oldest first. */
export let storeUpdates: readonly StoreUpdate[]
let hashOnlyRoots: readonly (Root & { readonly bits: number; readonly looseKey: string })[]

const sortsNames = (release: Release): boolean => releases.indexOf(release) >= releases.indexOf('7.0')

const bitOf = (release: Release): number => 1 << releases.indexOf(release)
const releasesIn = (bits: number): Release[] => releases.filter((release) => (bits & bitOf(release)) !== 0)

/** Those that may have replaced the store of `release`, oldest first; empty before 14. */
export const updatesOf = (release: Release): readonly StoreUpdate[] =>
  storeUpdates.filter(({ reaches }) => reaches.includes(release))

/**
 * The roots of `release` as shipped, or as replaced by `update`, looked up as on a device: by the hash of the name as
 * encoded.
 */
export function trustStore(release: Release, update: StoreUpdate | null = null): TrustAnchors {
  const bit = update ? 1 << (releases.length + storeUpdates.indexOf(update)) : bitOf(release)
  const hashOnly = hashOnlyRoots.filter((root) => (root.bits & bit) !== 0)
  return deviceAnchors({
    sortsNames: sortsNames(release),
    byNameHash: (hash) =>
      (rowsByNameHash.get(hash) ?? []).filter((row) => (row.inReleases & bit) !== 0).map(certificateOf),
    unknownByName: (key) => hashOnly.filter((root) => root.looseKey === key),
  })
}

/** `store` with further system anchors, e.g. a private root in a custom image: filed and found like the store's own. */
export function addAnchors(
  release: Release,
  store: TrustAnchors,
  certificates: readonly Certificate[],
): TrustAnchors {
  if (certificates.length === 0) return store
  const files = filedByName(certificates)
  const byNameHash = (hash: string) => files.get(hash) ?? []
  return combinedAnchors(store, deviceAnchors({ byNameHash, sortsNames: sortsNames(release) }))
}

const filed = new WeakMap<readonly Certificate[], ReadonlyMap<string, readonly Certificate[]>>()

/** Once for all releases: a bundle of authorities has hundreds, and a run asks thousands of times. */
function filedByName(certificates: readonly Certificate[]): ReadonlyMap<string, readonly Certificate[]> {
  const known = filed.get(certificates)
  if (known) return known
  const files = new Map<string, Certificate[]>()
  for (const certificate of certificates) {
    const hash = nameHash(certificate.subject)
    const others = files.get(hash)
    if (others) others.push(certificate)
    else files.set(hash, [certificate])
  }
  filed.set(certificates, files)
  return files
}

/**
 * The roots of `release` by subject, those known by hash only included. `subject` keeps those whose name contains it,
 * whatever the case; it also accepts the start of a SHA-256 fingerprint (8 hex digits or more).
 */
export function rootsOf(release: Release, subject = ''): readonly Root[] {
  const wanted = subject.trim().toLowerCase()
  const fingerprint = wanted.replaceAll(/[:\s]/g, '')
  const isFingerprint = /^[0-9a-f]{8,64}$/.test(fingerprint)
  return [...rows.filter((row) => (row.inReleases & bitOf(release)) !== 0).map(rootOf), ...hashOnlyRoots]
    .filter((root) => root.releases.includes(release))
    .filter(
      (root) =>
        root.subject.toLowerCase().includes(wanted) || (isFingerprint && root.sha256.startsWith(fingerprint)),
    )
    .sort((a, b) =>
      a.subject === b.subject ? (a.sha256 < b.sha256 ? -1 : 1) : a.subject < b.subject ? -1 : 1,
    )
}

/**
 * The roots that any release files under `name`, for a chain that ends below a root nobody sent: the caller verifies
 * which of them signed its last certificate. Roots known by hash only are matched by the text of the name.
 */
export function rootsNamed(name: Name): readonly Root[] {
  const key = looseNameKey(name)
  return [
    ...(rowsByNameHash.get(nameHash(name)) ?? []).map(rootOf),
    ...hashOnlyRoots.filter((root) => root.looseKey === key),
  ]
}

/**
 * The releases that trust this root, oldest first; empty: none. The platform compares name and key, not the whole
 * certificate, so a re-issued root with the same name and key counts.
 */
export function releasesOf(root: Pick<Certificate, 'subject' | 'publicKey'>): readonly Release[] {
  const same = rootsNamed(root.subject).filter((other) => other.spkiSha256 === root.publicKey.spkiSha256)
  return releases.filter((release) => same.some((other) => other.releases.includes(release)))
}

/** Releases that shipped with the root of this SHA-256, oldest first; no certificate is parsed. */
export const releasesHaving = (sha256: string): readonly Release[] =>
  releasesIn(rows.find((row) => row.sha256 === sha256)?.inReleases ?? 0)

/** The root of this SHA-256; null: no release has it. */
export function rootOfHash(sha256: string): Root | null {
  const row = rows.find((other) => other.sha256 === sha256)
  return row ? rootOf(row) : null
}

/** How many roots a Play system update brings. */
export const rootsIn = (update: StoreUpdate): number =>
  rows.filter(
    ({ inReleases }) => (inReleases & (1 << (releases.length + storeUpdates.indexOf(update)))) !== 0,
  ).length

/** What is known about one release's store: how many roots, and where the list was read. */
export interface StoreInfo {
  readonly roots: number
  readonly hashOnly: readonly UnknownRoot[]
  readonly source: string
}

export function storeInfo(release: Release): StoreInfo {
  const hashOnly = hashOnlyRoots.filter((root) => root.releases.includes(release))
  const carried = rows.filter((row) => (row.inReleases & bitOf(release)) !== 0).length
  const store = data.stores.find((other) => other.release === release)
  return { roots: carried + hashOnly.length, hashOnly, source: store?.source ?? '' }
}

/** For `useTrustData` only; bits are in the order of `releases`, those of the updates above them. */
export function useStores(newer: StoreData): void {
  data = newer
  storeUpdates = newer.updates
  rows = newer.anchors.map(([nameHash, mask, sha256, spkiSha256, base64]) => ({
    nameHash,
    inReleases: Number.parseInt(mask, 16),
    sha256,
    spkiSha256,
    base64,
    certificate: null,
  }))
  const byNameHash = new Map<string, Row[]>()
  for (const row of rows) {
    const others = byNameHash.get(row.nameHash)
    if (others) others.push(row)
    else byNameHash.set(row.nameHash, [row])
  }
  rowsByNameHash = byNameHash
  hashOnlyRoots = newer.hashOnly.map((root) => ({
    ...root,
    bits: Number.parseInt(root.releases, 16),
    looseKey: looseNameKey(root.subject),
    releases: releasesIn(Number.parseInt(root.releases, 16)),
    notBefore: new Date(root.notBefore),
    notAfter: new Date(root.notAfter),
    certificate: null,
  }))
}
useStores(generated)

function rootOf(row: Row): Root {
  const certificate = certificateOf(row)
  const { notBefore, notAfter } = certificate
  return {
    sha256: row.sha256,
    spkiSha256: row.spkiSha256,
    releases: releasesIn(row.inReleases),
    subject: certificate.subject.text,
    notBefore,
    notAfter,
    certificate,
  }
}

function certificateOf(row: Row): Certificate {
  if (row.certificate === null) {
    const parsed = parseCertificate(Buffer.from(row.base64, 'base64'))
    if (!parsed.ok) {
      throw new AdfsCheckFault('ADFS_CHECK_INTERNAL', `The trust store's root ${row.sha256} cannot be read.`)
    }
    row.certificate = parsed.certificate
  }
  return row.certificate
}
