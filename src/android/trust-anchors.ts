import { createHash } from 'node:crypto'
import { harmonyNameKey } from '../path/name-harmony.js'
import { encode } from '../x509/ber.js'
import type { Certificate, Name } from '../x509/certificate.js'
import { bytesOf, childrenOf, onlyElement, tags } from '../x509/der.js'
import { readName, stringOf } from '../x509/name.js'
import { nameKey } from '../x509/name-match.js'
import type { ReleaseRules } from './release-rules.js'

/** A root that a release lists but whose certificate this program does not carry. */
export interface UnknownRoot {
  /** SHA-256 of the certificate and of its SubjectPublicKeyInfo, lower-case hex. */
  readonly sha256: string
  readonly spkiSha256: string | null
  readonly subject: string
}

/**
 * The trust anchors of one release or one app. The platform finds candidates by name first and only then compares a
 * key or verifies a signature, so the way names are looked up is part of the verdict.
 */
export interface TrustAnchors {
  /**
   * Anchors filed under `name`: the subject of a certificate that may itself be an anchor, or the issuer for which an
   * anchor is wanted. In the order in which the platform meets them.
   */
  named(name: Name): readonly Certificate[]
  /** Roots of that name that the release has and this program does not; a refusal for want of one is not certain. */
  unknownRoots(name: Name): readonly UnknownRoot[]
}

/**
 * Anchors of a key store in memory (an app's own trust manager, or the index that a process fills as it meets roots):
 * found by parsed name, so string type and case do not matter. `keyOf`: the key under which the release compares names.
 */
export function keyStoreAnchors(
  anchors: readonly Certificate[],
  keyOf: (name: Name) => string = nameKey,
): TrustAnchors {
  const byName = groupByName(anchors, keyOf)
  return { named: (name) => byName.get(keyOf(name)) ?? [], unknownRoots: () => [] }
}

/** How the release compares parsed names: Harmony's X500Principal before 7.0, OpenJDK's since. */
export const nameKeyOf = ({ builder }: Pick<ReleaseRules, 'builder'>): ((name: Name) => string) =>
  builder === 'greedy' ? harmonyNameKey : nameKey

/**
 * Anchors of a device: one file per root, named by `nameHash`. A child that spells its issuer with another string type
 * does not find it (conscrypt TrustedCertificateStore#findCert, frameworks DirectoryCertificateSource).
 *
 * `byNameHash` is asked once per name met, so a store may parse certificates only then.
 */
export function deviceAnchors(store: {
  readonly byNameHash: (hash: string) => readonly Certificate[]
  /**
   * From 7.0 the name asked for is encoded anew before it is hashed (X500Principal#getEncoded), which sorts the attributes
   * of one RDN; a root whose own name is not sorted has a file that nobody finds.
   */
  readonly sortsNames: boolean
  /** Roots known by hash only, filed under `looseNameKey` of their subject. */
  readonly unknownByName?: (looseKey: string) => readonly UnknownRoot[]
}): TrustAnchors {
  return {
    named: (name) => store.byNameHash(store.sortsNames ? sortedNameHash(name) : nameHash(name)),
    unknownRoots: (name) => store.unknownByName?.(looseNameKey(name)) ?? [],
  }
}

/** Several stores asked in turn, e.g. user-added certificates before the system's (4.4–6.0, or an app that opts in). */
export function combinedAnchors(...stores: readonly TrustAnchors[]): TrustAnchors {
  return {
    named: (name) => stores.flatMap((store) => store.named(name)),
    unknownRoots: (name) => stores.flatMap((store) => store.unknownRoots(name)),
  }
}

/** Asked for every release, list and store of a run, of the same few names. */
function oncePerName(of: (name: Name) => string): (name: Name) => string {
  const known = new WeakMap<Name, string>()
  return (name) => {
    const before = known.get(name)
    if (before !== undefined) return before
    const text = of(name)
    known.set(name, text)
    return text
  }
}

/** File name stem of a root on a device: `openssl x509 -subject_hash_old`, MD5 of the encoded name. */
export const nameHash = oncePerName((name) => hashOf(name.der))
const sortedNameHash = oncePerName((name) => hashOf(sortedName(name)))

function hashOf(encodedName: Uint8Array): string {
  const digest = createHash('md5').update(encodedName).digest()
  return digest.readUInt32LE(0).toString(16).padStart(8, '0')
}

/** The name with the attributes of each RDN in DER order (X.690 §11.6); almost always the name itself. */
function sortedName({ der }: Name): Uint8Array {
  const rdns = childrenOf(onlyElement(der)).map((rdn) => childrenOf(rdn).map(bytesOf))
  if (rdns.every(({ length }) => length < 2)) return der
  return encode(tags.sequence, ...rdns.map((rdn) => encode(tags.set, ...rdn.toSorted(Buffer.compare))))
}

/**
 * A key under which a parsed name and the one-line text of a name (`C=DE, O=Example, CN=Root`) meet: the attribute
 * values without punctuation, sorted. Loose on purpose: it only serves to say "not certain".
 */
export const looseNameKey = (name: Name | string): string =>
  typeof name === 'string'
    ? looseKey(name.split(/(?:^|\s*[,+/]\s*)(?:[A-Za-z]+|[\d.]+)\s*=\s*/))
    : looseKeyOf(name)

const looseKeyOf = oncePerName((name) =>
  looseKey(
    readName(onlyElement(name.der))
      .flat()
      .map((attribute) => stringOf(attribute) ?? ''),
  ),
)

const looseKey = (values: readonly string[]): string =>
  values
    .map((value) => value.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''))
    .filter((value) => value !== '')
    .sort()
    .join(' ')

function groupByName(
  anchors: readonly Certificate[],
  keyOf: (name: Name) => string,
): Map<string, Certificate[]> {
  const groups = new Map<string, Certificate[]>()
  for (const anchor of anchors) {
    const key = keyOf(anchor.subject)
    groups.set(key, [...(groups.get(key) ?? []), anchor])
  }
  return groups
}
