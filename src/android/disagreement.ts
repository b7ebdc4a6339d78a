import { cipherSuiteName, groupName, signatureSchemeName, versionName } from '../tls/code-points.js'
import type { HelloShape, Observation } from '../tls/observation.js'
import { leafCurve, schemeCodes } from './leaf-key.js'

/** Why a server turns a hello down: something that it wants, and what the hello has instead. */
export type Disagreement =
  /** The server showed one value to another hello, and this one offers others only. Numbers are IANA code points. */
  | {
      readonly parameter: 'version' | 'cipher-suite' | 'group' | 'signature-scheme' | 'key-curve'
      readonly shown: number
      readonly offered: readonly number[]
    }
  | { readonly parameter: 'server-name' | 'application-protocol' | 'client-certificate' }
  /** Hellos with it are answered, and this one is without. */
  | { readonly parameter: 'extended-master-secret' }

/** The parts of an observation that reasons and inferences rest on. */
export type Seen = Pick<
  Observation,
  'protocolVersion' | 'cipherSuite' | 'group' | 'keyProof' | 'certificates'
>

/** A hello that the server answered, and with what. */
export interface Answered {
  readonly shape: HelloShape
  readonly observation: Seen
}

/** RFC 8446 §6.2. */
export const alerts = {
  handshakeFailure: 40,
  protocolVersion: 70,
  insufficientSecurity: 71,
  unrecognizedName: 112,
  certificateRequired: 116,
  noApplicationProtocol: 120,
} as const

/** Alerts that say by themselves what was missing. */
const spokenReasons: ReadonlyMap<number, Disagreement> = new Map([
  [alerts.unrecognizedName, { parameter: 'server-name' }],
  [alerts.certificateRequired, { parameter: 'client-certificate' }],
  [alerts.noApplicationProtocol, { parameter: 'application-protocol' }],
])

/**
 * Why `shape` was refused. What the alert says comes first; else what the server showed to other hellos is compared
 * with what this one offers, answers in a version that it speaks before all others. Empty: cannot be told.
 */
export function reasonsFor(
  shape: HelloShape,
  alert: number | null,
  answered: readonly Answered[],
): readonly Disagreement[] {
  const spoken = alert !== null && spokenReasons.get(alert)
  if (spoken) return [spoken]
  const [inVersion, others] = [true, false].map((wanted) =>
    answered.filter(({ observation }) => shape.versions.includes(observation.protocolVersion) === wanted),
  ) as [Answered[], Answered[]]
  if (alert !== alerts.protocolVersion) {
    const found = inVersion.map((answer) => differences(shape, answer)).find((list) => list.length > 0)
    if (found) return found
    const wantsSecret = inVersion.some(({ shape: other }) => other.extensions.includes(23))
    if (wantsSecret && !shape.extensions.includes(23)) return [{ parameter: 'extended-master-secret' }]
    const keys = others
      .flatMap(({ observation }) => schemeDifference(shape, observation))
      .filter(({ shown }) => !shape.signatureSchemes.map(keyKind).includes(keyKind(shown)))
    if (keys.length > 0) return keys.slice(0, 1)
  }
  // The server speaks a version of this hello, to another one: so the version is not what it minds.
  if (inVersion.length > 0) return []
  return others.slice(0, 1).map(({ observation }) => ({
    parameter: 'version',
    shown: observation.protocolVersion,
    offered: shape.versions,
  }))
}

type Difference = Extract<Disagreement, { readonly shown: number }>

/**
 * What the answer has and `shape` has not. What stood first in the hello that was answered may be a matter of taste;
 * what the server went past other offers for is what it needs, so that is told alone where there is such.
 */
function differences(shape: HelloShape, { shape: from, observation }: Answered): readonly Difference[] {
  const { protocolVersion: version, cipherSuite, group } = observation
  const lists: readonly [
    Difference['parameter'],
    number | undefined,
    readonly number[],
    readonly number[],
  ][] = [
    ['cipher-suite', cipherSuite.code, shape.cipherSuites, from.cipherSuites.filter(isFor(version))],
    ['group', group?.code, shape.groups, from.groups],
  ]
  const found = lists.flatMap(([parameter, shown, offered, order]) =>
    shown === undefined || offered.includes(shown)
      ? []
      : [{ difference: { parameter, shown, offered }, isTaste: order[0] === shown }],
  )
  const needed = found.filter(({ isTaste }) => !isTaste)
  const keys = [...schemeDifference(shape, observation), ...curveDifference(shape, observation)]
  const told = [
    ...(needed.length > 0 || keys.length > 0 ? needed : found).map(({ difference }) => difference),
  ]
  return [...told, ...keys]
}

function schemeDifference(shape: HelloShape, { protocolVersion, keyProof }: Seen): readonly Difference[] {
  const shown =
    protocolVersion >= 0x0303 && keyProof.kind === 'proven'
      ? schemeCodes.get(keyProof.signatureScheme)
      : undefined
  return shown === undefined || shape.signatureSchemes.includes(shown)
    ? []
    : [{ parameter: 'signature-scheme', shown, offered: shape.signatureSchemes }]
}

/** Before TLS 1.3 the groups limit the keys of ECDSA certificates too (RFC 8422 §5.1). */
function curveDifference(shape: HelloShape, { protocolVersion, certificates }: Seen): readonly Difference[] {
  const shown = protocolVersion < 0x0304 && certificates[0] ? leafCurve(certificates[0]) : null
  return shown === null || shape.groups.includes(shown)
    ? []
    : [{ parameter: 'key-curve', shown, offered: shape.groups }]
}

/**
 * The curve of the server's key, where the release ends the handshake over it: BoringSSL, in all releases from 6.0 on
 * (ssl_check_leaf_certificate, before it tls1_check_ec_cert), takes no ECDSA key on a curve that is not among its groups,
 * also from a server that did not mind. OpenSSL before it did not look.
 */
export const refusedCurve = (shape: HelloShape, seen: Seen): readonly Disagreement[] =>
  shape.extensions.includes(23) ? curveDifference(shape, seen) : []

/** Suites of a version; signalling values choose nothing. */
export const isFor =
  (version: number) =>
  (suite: number): boolean =>
    suite !== 0x00ff && suite !== 0x5600 && (suite >> 8 === 0x13) === (version === 0x0304)

/** Kind of key behind a scheme of any Android hello: RSA whatever the padding, DSA or ECDSA. */
export const keyKind = (scheme: number): number => (scheme >= 0x0804 && scheme <= 0x0806 ? 1 : scheme % 256)

/** What the two sides differ in, e.g. `the server uses TLS 1.0; this release offers TLS 1.2, TLS 1.3`. */
export function disagreementText(disagreement: Disagreement): string {
  switch (disagreement.parameter) {
    case 'server-name':
      return 'the server does not know the name that was asked for'
    case 'application-protocol':
      return 'the server wants an application protocol (ALPN) other than http/1.1'
    case 'client-certificate':
      return 'the server demands a client certificate'
    case 'extended-master-secret':
      return 'the server wants the extension extended_master_secret, which this release does not send'
    default: {
      const [uses, name] = shownWords[disagreement.parameter]
      const offered = disagreement.offered.map(name).join(', ')
      return `the server ${uses} ${name(disagreement.shown)}; this release offers ${offered}`
    }
  }
}

const shownWords: Readonly<Record<Difference['parameter'], readonly [string, (code: number) => string]>> = {
  version: ['uses', versionName],
  'cipher-suite': ['uses', cipherSuiteName],
  group: ['uses', groupName],
  'signature-scheme': ['signs with', signatureSchemeName],
  'key-curve': ['has a key on', groupName],
}
