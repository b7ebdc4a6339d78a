import type { HelloShape, ProbeOutcome } from '../tls/observation.js'
import { alerts, isFor, keyKind, type Seen } from './disagreement.js'
import { leafCurve, schemeCodes } from './leaf-key.js'

/**
 * What the answer to one hello proves about another one. It rests on how servers choose: highest common version; then
 * the best common suite, either in their own order or in the client's. Only "yes" is certain.
 */

/**
 * Whether the server, had it been sent `to`, would have sent the certificates that it sent for `from`, and got as far.
 * Asking for less (staple, timestamps) is taken to change nothing.
 */
export function inferable(seen: Seen, from: HelloShape, to: HelloShape): boolean {
  const { protocolVersion: version } = seen
  const sameVersion =
    to.versions.includes(version) &&
    to.versions.every((other) => other <= version || from.versions.includes(other))
  if (!asksNoMore(from, to) || !sameVersion) return false
  // A server may insist on extended_master_secret (RFC 7627 §5.2); TLS 1.3 has no use for it.
  if (version < 0x0304 && sends(from, 23) && !sends(to, 23)) return false
  const suitesOf = (shape: HelloShape) => shape.cipherSuites.filter(isFor(version))
  if (!sameChoice(seen.cipherSuite.code, suitesOf(from), suitesOf(to))) return false
  if (!sameGroup(seen, from, to)) return false
  return version < 0x0303 || sameSignature(seen, from, to)
}

/**
 * The server said that it has nothing in common with a hello that offered all this and more. Both must have the same
 * highest version: what failed inside TLS 1.3 says nothing of TLS 1.2.
 */
export function refusedWithMore(from: HelloShape, outcome: ProbeOutcome, to: HelloShape): boolean {
  if (outcome.kind !== 'alert' || outcome.observation !== null) return false
  if (!isSubset(to.versions, from.versions) || !asksNoMore(from, to)) return false
  if (outcome.alert.code === alerts.protocolVersion) return true
  return (
    (outcome.alert.code === alerts.handshakeFailure || outcome.alert.code === alerts.insufficientSecurity) &&
    to.versions.at(-1) === from.versions.at(-1) &&
    (sends(from, 23) || !sends(to, 23)) &&
    isSubset(to.cipherSuites.filter(choosesSomething), from.cipherSuites) &&
    isSubset(to.groups, from.groups) &&
    isSubset(to.signatureSchemes, from.signatureSchemes)
  )
}

/** The server chose an older version although it was offered every version of `to`, so it has none of them. */
export function versionsExcluded(seen: Seen, from: HelloShape, to: HelloShape): boolean {
  return to.versions.every((version) => version > seen.protocolVersion && from.versions.includes(version))
}

/** Name and ALPN are the same (servers choose certificates by either), and nothing is asked that was not. */
function asksNoMore(from: HelloShape, to: HelloShape): boolean {
  return (
    from.sni === to.sni &&
    from.alpn.join() === to.alpn.join() &&
    [5, 18].every((extension) => sends(from, extension) || !sends(to, extension))
  )
}

const sends = (shape: HelloShape, extension: number): boolean => shape.extensions.includes(extension)

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
  const curve = certificates[0] ? leafCurve(certificates[0]) : null
  return curve !== null && to.groups.includes(curve)
}

/**
 * TLS 1.3 chooses the certificate by these schemes, in either side's order. TLS 1.2 chooses it with the suite, and by
 * then the server knows which keys could sign: what `to` has and `from` had not may only be for the kind of key that was
 * used; for another, it might bring a suite into play that was passed over.
 */
function sameSignature({ protocolVersion, keyProof }: Seen, from: HelloShape, to: HelloShape): boolean {
  const used = keyProof.kind === 'proven' ? schemeCodes.get(keyProof.signatureScheme) : undefined
  if (protocolVersion === 0x0304)
    return used !== undefined && sameChoice(used, from.signatureSchemes, to.signatureSchemes)
  const added = to.signatureSchemes.filter((scheme) => !from.signatureSchemes.includes(scheme))
  if (keyProof.kind === 'not-provable') return added.length === 0
  return (
    used !== undefined &&
    to.signatureSchemes.includes(used) &&
    added.every((scheme) => keyKind(scheme) === keyKind(used))
  )
}

/** Not a signalling value. */
const choosesSomething = (suite: number): boolean => isFor(0x0303)(suite) || isFor(0x0304)(suite)

const isSubset = <T>(part: readonly T[], whole: readonly T[]): boolean =>
  part.every((value) => whole.includes(value))

/** X25519, X448 and the hybrid with ML-KEM: no certificate carries such a key. */
const keyExchangeOnly: ReadonlySet<number> = new Set([29, 30, 0x11ec])

/** ECDHE_ECDSA suites of Android's hellos. */
const ecdsaSuites: ReadonlySet<number> = new Set([0xc02b, 0xc02c, 0xcca9, 0xc009, 0xc00a, 0xc007, 0xc008])
