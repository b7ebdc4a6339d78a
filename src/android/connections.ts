import type { HelloShape, Observation, ProbeOutcome } from '../tls/observation.js'
import { parseCertificate } from '../x509/parse.js'
import { helloGroups, helloOf, unionOf5To9 } from './hellos.js'
import { releases as allReleases, type Release } from './releases.js'

/**
 * Which hellos to say to a server, and what its answers prove about the releases whose hello was not said.
 *
 * Eighteen releases send ten different hellos; a server is asked at most six times. What one answer proves about
 * another hello rests on how servers choose: highest common version; then the best common suite, either in their own
 * order or in the client's. Where neither way of choosing could give another certificate, the answer is inferred.
 */

/** One hello that was said and what came of it. */
export interface Tried {
  readonly shape: HelloShape
  readonly outcome: ProbeOutcome
}

/** What is known of how a server answers one hello. */
export type HandshakeEvidence =
  /** Said, and a certificate list came back. */
  | { readonly kind: 'spoken'; readonly shape: HelloShape; readonly observation: Observation }
  /** Not said; `observation` answers `from` and would have been the same for `shape`. */
  | {
      readonly kind: 'inferred'
      readonly shape: HelloShape
      readonly from: HelloShape
      readonly observation: Observation
    }
  /** No handshake is possible. `outcome` is null where another hello's answer proves it. Empty: no reason could be told. */
  | {
      readonly kind: 'no-agreement'
      readonly shape: HelloShape
      readonly outcome: ProbeOutcome | null
      readonly disagreements: readonly Disagreement[]
    }
  /** Said, but the answer says nothing of the hello: no connection, time-out, something that is not TLS. */
  | { readonly kind: 'no-answer'; readonly shape: HelloShape; readonly outcome: ProbeOutcome }
  | { readonly kind: 'not-tried'; readonly shape: HelloShape }

/** A parameter of which the server showed one value and the release offers others only. Numbers are IANA code points. */
export interface Disagreement {
  readonly parameter: 'version' | 'cipher-suite' | 'group' | 'signature-scheme'
  readonly shown: number
  readonly offered: readonly number[]
}

/** What `tried` says about a release. `shape` is for builds with another hello (`patchVariants`). */
export function evidenceFor(
  release: Release,
  tried: readonly Tried[],
  shape: HelloShape = helloOf(release).shape,
): HandshakeEvidence {
  const said = tried.find((attempt) => attempt.shape.id === shape.id)
  const answered = tried.flatMap(({ shape, outcome }) => {
    const observation = observationOf(outcome)
    return observation ? [{ shape, observation }] : []
  })
  const disagreements =
    answered
      .map(({ observation }) => explainNoAgreement(shape, observation))
      .find((list) => list.length > 0) ?? []
  if (said) {
    const observation = observationOf(said.outcome)
    if (observation) return { kind: 'spoken', shape, observation }
    if (!isRefusal(said.outcome)) return { kind: 'no-answer', shape, outcome: said.outcome }
    return { kind: 'no-agreement', shape, outcome: said.outcome, disagreements }
  }
  const source = answered.find((other) => inferable(other.observation, other.shape, shape))
  if (source) return { kind: 'inferred', shape, from: source.shape, observation: source.observation }
  const excluded = answered.some((other) => versionsExcluded(other.observation, other.shape, shape))
  if (!excluded && !tried.some((attempt) => refusedWithMore(attempt, shape)))
    return { kind: 'not-tried', shape }
  return { kind: 'no-agreement', shape, outcome: null, disagreements }
}

/** Connections per server, the general and the nameless one included: enough for every release on nearly all servers. */
export const maxConnections = 6

/**
 * The hellos to say next, given all that were said (the general and the nameless one count too); empty: enough is
 * known, or `budget` is used up. The newest release speaks for itself, and so does 4.4 with its TLS 1.0; 5.0 to 9 are
 * asked together. What that leaves open is asked hello by hello, those that most releases send first.
 */
export function nextShapes(
  tried: readonly Tried[],
  chosen: readonly Release[] = allReleases,
  budget: number = maxConnections,
): readonly HelloShape[] {
  const left = Math.max(0, budget - tried.length)
  const groups = helloGroups(chosen).filter(
    ({ releases }) => evidenceFor(releases[0]!, tried).kind === 'not-tried',
  )
  const together = groups.filter(({ shape }) => isCovered(shape))
  if (together.length < 2 || tried.some((attempt) => attempt.shape.id === unionOf5To9.id)) {
    const byReach = [...groups].sort((a, b) => b.releases.length - a.releases.length)
    return byReach.map(({ shape }) => shape).slice(0, left)
  }
  const alone = groups.filter((group) => !together.includes(group)).map(({ shape }) => shape)
  const newest = alone.filter(({ versions }) => versions.includes(0x0304)).slice(-1)
  const oldest = alone.filter(({ versions }) => !versions.includes(0x0303))
  return [...newest, unionOf5To9, ...oldest].slice(0, left)
}

/** Whether the union hello stands for this one. */
const isCovered = (shape: HelloShape): boolean =>
  !shape.versions.includes(0x0304) && shape.versions.includes(0x0303)

/** The parts of an observation that an inference rests on. */
export type Seen = Pick<
  Observation,
  'protocolVersion' | 'cipherSuite' | 'group' | 'keyProof' | 'certificates'
>

/**
 * Whether the server, had it been sent `to`, would have sent the certificates that it sent for `from`. Only "yes" is
 * certain. ALPN without a protocol that the other lacks, and asking for less beside, is taken to change nothing.
 */
export function inferable(seen: Seen, from: HelloShape, to: HelloShape): boolean {
  const { protocolVersion: version } = seen
  const asksNoMore =
    from.sni === to.sni &&
    (from.statusRequest || !to.statusRequest) &&
    (from.signedCertificateTimestamps || !to.signedCertificateTimestamps) &&
    isSubset(to.alpn, from.alpn)
  const sameVersion =
    to.versions.includes(version) &&
    to.versions.every((other) => other <= version || from.versions.includes(other))
  if (!asksNoMore || !sameVersion) return false
  const suitesOf = (shape: HelloShape) => shape.cipherSuites.filter((suite) => isForVersion(suite, version))
  if (!sameChoice(seen.cipherSuite.code, suitesOf(from), suitesOf(to))) return false
  if (!sameGroup(seen, from, to)) return false
  return version < 0x0303 || sameSignature(seen, from, to)
}

/**
 * `choice` would be made from `to` as it was from `from`. If the server goes by its own order, its favourite among
 * more is its favourite among fewer. If it goes by the client's, what stood before the choice is what it does not
 * have; so nothing new may stand before the choice in `to`.
 */
function sameChoice(choice: number, from: readonly number[], to: readonly number[]): boolean {
  const before = (list: readonly number[]) => list.slice(0, list.indexOf(choice))
  return to.includes(choice) && isSubset(to, from) && isSubset(before(to), before(from))
}

/**
 * Which group is used changes no certificate, so long as there still is one and no new one admits a key on another
 * curve (RFC 8422 §5.1: before TLS 1.3 the list limits ECDSA keys too). Without a group the lists must not grow.
 */
function sameGroup(
  { protocolVersion, group, cipherSuite, certificates }: Seen,
  from: HelloShape,
  to: HelloShape,
): boolean {
  const added = to.groups.filter((other) => !from.groups.includes(other))
  if (group === null) return added.length === 0
  if (!to.groups.includes(group.code)) return false
  if (protocolVersion === 0x0304) return true
  if (!added.every((other) => keyExchangeOnly.has(other))) return false
  if (!ecdsaSuites.has(cipherSuite.code)) return true
  const curve = curves.get(certificates[0] ? leafCurve(certificates[0]) : '')
  return curve !== undefined && to.groups.includes(curve)
}

/** An observation is asked about once per release. */
const knownCurves = new WeakMap<Uint8Array, string>()

function leafCurve(der: Uint8Array): string {
  let curve = knownCurves.get(der)
  if (curve === undefined) {
    const leaf = parseCertificate(der)
    curve = (leaf.ok && leaf.certificate.publicKey.curve) || ''
    knownCurves.set(der, curve)
  }
  return curve
}

/**
 * TLS 1.3 chooses the certificate by these schemes, in either side's order. TLS 1.2 has chosen it with the suite; there
 * the list must admit no further kind of key and still hold the scheme that was used.
 */
function sameSignature({ protocolVersion, keyProof }: Seen, from: HelloShape, to: HelloShape): boolean {
  if (protocolVersion < 0x0304) {
    if (!isSubset(to.signatureSchemes.map(keyKind), from.signatureSchemes.map(keyKind))) return false
    if (keyProof.kind === 'not-provable') return true
  }
  const used = keyProof.kind === 'proven' ? schemeCodes.get(keyProof.signatureScheme) : undefined
  if (used === undefined) return false
  if (protocolVersion < 0x0304) return to.signatureSchemes.includes(used)
  return sameChoice(used, from.signatureSchemes, to.signatureSchemes)
}

/** The server chose an older version although it was offered every version of `to`, so it has none of them. */
function versionsExcluded(seen: Seen, from: HelloShape, to: HelloShape): boolean {
  return to.versions.every((version) => version > seen.protocolVersion && from.versions.includes(version))
}

/**
 * The server said that it has nothing in common with a hello that offered all this and more. A reset or a close proves
 * nothing of the kind: some middleboxes drop hellos for their size.
 */
function refusedWithMore({ shape: from, outcome }: Tried, to: HelloShape): boolean {
  if (outcome.kind !== 'alert' || outcome.observation !== null) return false
  if (!isSubset(to.versions, from.versions) || from.sni !== to.sni) return false
  if (outcome.alert.code === alerts.protocolVersion) return true
  return (
    (outcome.alert.code === alerts.handshakeFailure || outcome.alert.code === alerts.insufficientSecurity) &&
    isSubset(to.cipherSuites.filter(choosesSomething), from.cipherSuites) &&
    isSubset(to.groups, from.groups) &&
    isSubset(to.signatureSchemes, from.signatureSchemes)
  )
}

/** RFC 8446 §6.2. */
const alerts = { handshakeFailure: 40, protocolVersion: 70, insufficientSecurity: 71 }

/**
 * Why a server that refuses `shape` may do so: the parameters whose value in an answer to another hello is not among
 * those that `shape` offers. Empty: cannot be told from this answer.
 */
export function explainNoAgreement(shape: HelloShape, seen: Seen): readonly Disagreement[] {
  const { protocolVersion: version, cipherSuite, group, keyProof } = seen
  if (!shape.versions.includes(version)) {
    return [{ parameter: 'version', shown: version, offered: shape.versions }]
  }
  const scheme =
    version >= 0x0303 && keyProof.kind === 'proven' ? schemeCodes.get(keyProof.signatureScheme) : undefined
  const shown: readonly [Disagreement['parameter'], number | undefined, readonly number[]][] = [
    ['group', group?.code, shape.groups],
    ['cipher-suite', cipherSuite.code, shape.cipherSuites],
    ['signature-scheme', scheme, shape.signatureSchemes],
  ]
  return shown.flatMap(([parameter, value, offered]) =>
    value === undefined || offered.includes(value) ? [] : [{ parameter, shown: value, offered }],
  )
}

/** Whether the server turned the hello down, rather than that nothing was learnt. */
const isRefusal = ({ kind }: ProbeOutcome): boolean =>
  kind === 'alert' || kind === 'reset' || kind === 'closed'

const observationOf = (outcome: ProbeOutcome): Observation | null =>
  'observation' in outcome ? outcome.observation : null

/** Not a signalling value. */
const choosesSomething = (suite: number): boolean => suite !== 0x00ff && suite !== 0x5600

const isForVersion = (suite: number, version: number): boolean =>
  choosesSomething(suite) && (suite >> 8 === 0x13) === (version === 0x0304)

const isSubset = <T>(part: readonly T[], whole: readonly T[]): boolean =>
  part.every((value) => whole.includes(value))

/** X25519, X448 and the hybrid with ML-KEM: no certificate carries such a key. */
const keyExchangeOnly: ReadonlySet<number> = new Set([29, 30, 0x11ec])

const curves: ReadonlyMap<string, number> = new Map([
  ['P-256', 23],
  ['P-384', 24],
  ['P-521', 25],
])

/** ECDHE_ECDSA suites of the hellos above. */
const ecdsaSuites: ReadonlySet<number> = new Set([0xc02b, 0xc02c, 0xcca9, 0xc009, 0xc00a, 0xc007, 0xc008])

/** Kind of key behind a scheme of any Android hello: RSA whatever the padding, DSA or ECDSA. */
const keyKind = (scheme: number): number => (scheme >= 0x0804 && scheme <= 0x0806 ? 1 : scheme % 256)

/** Schemes that some Android release offers, by the names of RFC 8446 §4.2.3 and for old pairs in the same manner. */
const schemeCodes: ReadonlyMap<string, number> = new Map([
  ['rsa_pkcs1_sha1', 0x0201],
  ['dsa_sha1', 0x0202],
  ['ecdsa_sha1', 0x0203],
  ['rsa_pkcs1_sha224', 0x0301],
  ['dsa_sha224', 0x0302],
  ['ecdsa_sha224', 0x0303],
  ['rsa_pkcs1_sha256', 0x0401],
  ['dsa_sha256', 0x0402],
  ['ecdsa_secp256r1_sha256', 0x0403],
  ['rsa_pkcs1_sha384', 0x0501],
  ['dsa_sha384', 0x0502],
  ['ecdsa_secp384r1_sha384', 0x0503],
  ['rsa_pkcs1_sha512', 0x0601],
  ['dsa_sha512', 0x0602],
  ['ecdsa_secp521r1_sha512', 0x0603],
  ['rsa_pss_rsae_sha256', 0x0804],
  ['rsa_pss_rsae_sha384', 0x0805],
  ['rsa_pss_rsae_sha512', 0x0806],
])
