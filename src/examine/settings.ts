import type { UpdatedStore } from '../android/judge-stores.js'
import { releases as allReleases, type Release } from '../android/releases.js'
import type { TrustAnchors } from '../android/trust-anchors.js'
import { addAnchors, releasesOf, trustStore, updatesOf } from '../android/trust-store.js'
import type { Asked, GivenFile } from '../farm/asked.js'
import type { Certificate } from '../x509/certificate.js'
import { sha256Of } from '../x509/identity.js'
import { parseCertificate } from '../x509/parse.js'
import type { Entry } from './presented.js'

/** What subjects of one run are examined with. */
export interface Settings {
  /** Releases that set the verdict, and those told beside them; oldest first. */
  readonly releases: readonly Release[]
  readonly others: readonly Release[]
  readonly at: Date
  /** As shipped. */
  readonly stores: (release: Release) => TrustAnchors
  /** As Play system updates may have replaced it, oldest first. */
  readonly updated: (release: Release) => readonly UpdatedStore[]
  readonly deviceCas: readonly Certificate[]
  readonly remembered: readonly Certificate[]
  readonly intermediates: readonly { readonly certificate: Certificate; readonly from: string }[]
  readonly trustAnchors: readonly Certificate[]
  readonly offline: boolean
  /** Reads each certificate once, however many connections show it. */
  readonly entries: (list: readonly Uint8Array[]) => readonly Entry[]
}

export interface Policy {
  readonly releases: readonly Release[]
  readonly others: readonly Release[]
}

export function settingsOf(asked: Asked, { releases, others }: Policy, at: Date): Settings {
  const trustAnchors = all(asked.trustAnchors)
  const stores = new Map<Release, TrustAnchors>()
  const updated = new Map<Release, readonly UpdatedStore[]>()
  return {
    releases,
    others,
    at,
    trustAnchors,
    stores: (release) => {
      const store = stores.get(release) ?? addAnchors(release, trustStore(release), trustAnchors)
      stores.set(release, store)
      return store
    },
    updated: (release) => {
      const known =
        updated.get(release) ??
        updatesOf(release).map((update) => ({
          update: update.update,
          anchors: addAnchors(release, trustStore(release, update), trustAnchors),
        }))
      updated.set(release, known)
      return known
    },
    deviceCas: all(asked.deviceCas),
    remembered: all(asked.remembered),
    intermediates: asked.intermediates.flatMap(({ certificates }) => certificates),
    offline: asked.offline,
    entries: readOnce(),
  }
}

const all = (files: readonly GivenFile[]): readonly Certificate[] =>
  files.flatMap(({ certificates }) => certificates.map(({ certificate }) => certificate))

/** Releases, counting or not, whose store holds an anchor with this subject and key; oldest first. */
export function releasesTrusting(certificate: Certificate, settings: Settings): readonly Release[] {
  const added = settings.trustAnchors.some(
    ({ publicKey }) => publicKey.spkiSha256 === certificate.publicKey.spkiSha256,
  )
  return added ? allReleases : releasesOf(certificate)
}

function readOnce(): Settings['entries'] {
  const known = new Map<string, Entry>()
  const read = (der: Uint8Array): Entry => {
    const sha256 = sha256Of(der)
    let entry = known.get(sha256)
    if (!entry) {
      const parsed = parseCertificate(der)
      const common = { index: 0, der, sha256 }
      entry = parsed.ok
        ? { ...common, certificate: parsed.certificate }
        : { ...common, problem: parsed.problem }
      known.set(sha256, entry)
    }
    return entry
  }
  return (list) => list.map((der, index) => ({ ...read(der), index }))
}
