import { endOf, type Failure, isDefinite, observationOf } from '../tls/exchange-end.js'
import type { HelloShape, Observation, ProbeOutcome } from '../tls/observation.js'
import { generalShape } from '../tls/shapes.js'
import { type Answered, alerts, type Disagreement, reasonsFor, refusedCurve } from './disagreement.js'
import { helloGroups, helloOf, unionOf6To9 } from './hellos.js'
import { inferable, refusedWithMore, versionsExcluded } from './inference.js'
import { releases as allReleases, type Release } from './releases.js'

/**
 * Which hellos to say to a server, and what its answers prove about each release.
 *
 * A release that counts speaks for itself, or another hello's answer proves what it would be told. What was neither
 * said nor proven is `not-asked` and is judged by nobody's list.
 */

/** One hello that was said and what came of it. The same hello may be said again. */
export interface Tried {
  readonly shape: HelloShape
  readonly outcome: ProbeOutcome
}

/** An exchange that got through the server's authentication, and so may stand for a release. */
export interface Answer {
  /** The hello that was said. */
  readonly shape: HelloShape
  readonly ended: 'authenticated' | 'not-provable'
  /** As the release would see it: a staple or timestamps that it does not ask for are left out. */
  readonly observation: Observation
}

/** What is known of how a server answers one release's hello, `shape`. */
export type HandshakeEvidence =
  /**
   * A certificate list reaches the release. `spoken`: its own hello was said. `answers` are all exchanges that stand
   * for it, its own first; where they differ, the address answers now so and now so (then all that were answered stand
   * for everybody), and the release may meet any of them.
   */
  | {
      readonly kind: 'shown'
      readonly basis: 'spoken' | 'inferred'
      readonly shape: HelloShape
      readonly answers: readonly [Answer, ...Answer[]]
    }
  /**
   * No handshake is possible. `failure` is the server's word, given to `by`; null where the answer to `by` proves that
   * there is no common version, or is one that the release itself turns down. Empty `reasons`: none could be told.
   */
  | {
      readonly kind: 'refused'
      readonly shape: HelloShape
      readonly by: HelloShape
      readonly failure: Failure | null
      readonly reasons: readonly Disagreement[]
    }
  /** Said, and the end says nothing of the hello: cut, silent, no connection, not TLS, not readable. */
  | { readonly kind: 'undetermined'; readonly shape: HelloShape; readonly failure: Failure }
  | { readonly kind: 'not-asked'; readonly shape: HelloShape }

/** What `tried` says about a release. `shape` is for builds with another hello (`patchVariants`). */
export function evidenceFor(
  release: Release,
  tried: readonly Tried[],
  shape: HelloShape = helloOf(release).shape,
): HandshakeEvidence {
  const own = tried.filter((attempt) => attempt.shape.id === shape.id)
  const answered = tried.filter(({ shape }) => shape.sni).flatMap(answerOf)
  const failures = own.flatMap(({ outcome }) => {
    const end = endOf(outcome)
    return typeof end === 'string' ? [] : [end]
  })
  // One server behind the address turned it down: that the next one may not is no comfort.
  const word = failures.find(isDefinite)
  if (word) return { kind: 'refused', shape, by: shape, failure: word, reasons: reasons(word, answered) }
  const isOwn = (answer: Answer) => answer.shape.id === shape.id
  const proving = answered.filter(
    (answer) => !isOwn(answer) && inferable(answer.observation, answer.shape, shape),
  )
  const settling = [...answered.filter(isOwn), ...proving]
  const others = isSteady(answered) ? [] : answered.filter((answer) => !settling.includes(answer))
  const [first, ...more] = [...settling, ...others].map((answer) => asSeenBy(shape, answer))
  if (first && settling.length > 0 && (isOwn(first) || own.length === 0)) {
    const unfit = [first, ...more].find(({ observation }) => refusedCurve(shape, observation).length > 0)
    if (unfit) {
      const curve = refusedCurve(shape, unfit.observation)
      return { kind: 'refused', shape, by: unfit.shape, failure: null, reasons: curve }
    }
    return { kind: 'shown', basis: isOwn(first) ? 'spoken' : 'inferred', shape, answers: [first, ...more] }
  }
  if (failures[0]) return { kind: 'undetermined', shape, failure: failures[0] }
  const refusal = tried.find((attempt) => refusedWithMore(attempt.shape, attempt.outcome, shape))
  if (refusal) {
    const failure = endOf(refusal.outcome) as Failure
    return { kind: 'refused', shape, by: refusal.shape, failure, reasons: reasons(failure, answered) }
  }
  const older = answered.find((answer) => versionsExcluded(answer.observation, answer.shape, shape))
  return older
    ? { kind: 'refused', shape, by: older.shape, failure: null, reasons: reasonsFor(shape, null, [older]) }
    : { kind: 'not-asked', shape }

  function reasons(failure: Failure, others: readonly Answered[]): readonly Disagreement[] {
    // Once certificates came, version, suite and name had been agreed on: what ended it then is something else.
    if (failure.kind === 'key-not-proven' || observationOf(failure) !== null) return []
    return reasonsFor(shape, failure.kind === 'alert' ? failure.alert.code : null, others)
  }
}

/** The exchange as an answer; none where it did not get through the server's authentication. */
function answerOf({ shape, outcome }: Tried): Answer[] {
  const ended = endOf(outcome)
  return outcome.kind === 'observed' && typeof ended === 'string'
    ? [{ shape, ended, observation: outcome.observation }]
    : []
}

/**
 * Whether every answer is what the others prove of it. Where one is not, several servers stand behind the address and
 * take turns, and a phone may meet any of them.
 */
function isSteady(answers: readonly Answer[]): boolean {
  return answers.every(({ shape: from, observation: seen }) =>
    answers.every(
      ({ shape: to, observation: other }) =>
        isSameList(seen, other) || !(from.id === to.id || inferable(seen, from, to)),
    ),
  )
}

const isSameList = (a: Observation, b: Observation): boolean =>
  a.certificates.length === b.certificates.length &&
  a.certificates.every((der, index) => Buffer.compare(der, b.certificates[index]!) === 0)

function asSeenBy({ extensions }: HelloShape, answer: Answer): Answer {
  const { stapledOcsp, signedCertificateTimestamps: timestamps } = answer.observation
  const observation = {
    ...answer.observation,
    stapledOcsp: extensions.includes(5) ? stapledOcsp : null,
    signedCertificateTimestamps: extensions.includes(18) ? timestamps : null,
  }
  return { ...answer, observation }
}

/**
 * Connections per server: six; more where more releases count than send the three newest hellos, so that each of their
 * hellos can be said, with the union, the nameless and the general one and some that were cut.
 */
export function connectionsFor(chosen: readonly Release[]): number {
  const hellos = helloGroups(chosen).length
  return hellos <= 3 ? 6 : hellos + 6
}

/**
 * The hellos to say next, all at once, given all that were said; empty: enough is known, or `budget` connections were
 * made. `chosen` are the releases that count.
 *
 * At first: the own hello of each release from 10 on, 6.0 to 9 together where several of them count, 5.x and 4.4 by
 * themselves, and the newest one without a name. Where that settles all, the verdict takes two round trips. What it
 * leaves open is said hello by hello; a hello that was cut while another was answered is said once more; and where
 * nothing was shown to anybody, one general hello is for seeing what is there.
 */
export function nextShapes(
  tried: readonly Tried[],
  chosen: readonly Release[] = allReleases,
  budget: number = connectionsFor(chosen),
): readonly HelloShape[] {
  const left = Math.max(0, budget - tried.length)
  return (tried.length === 0 ? firstShapes(chosen) : furtherShapes(tried, chosen)).slice(0, left)
}

function firstShapes(chosen: readonly Release[]): readonly HelloShape[] {
  const shapes = helloGroups(chosen).map(({ shape }) => shape)
  const together = shapes.filter(isCovered)
  const alone = shapes.filter((shape) => together.length < 2 || !isCovered(shape)).reverse()
  const union = together.length < 2 ? [] : [unionOf6To9]
  return [...alone, ...union, ...shapes.slice(-1).map(nameless)]
}

/** Whether the union hello stands for this one. */
const isCovered = (shape: HelloShape): boolean =>
  !shape.versions.includes(0x0304) && shape.extensions.includes(23)

/** The same hello without a name, so that what differs in the answer is due to the name. */
export function nameless(shape: HelloShape): HelloShape {
  const known = namelessOf.get(shape) ?? { ...shape, id: 'no-server-name', sni: false }
  namelessOf.set(shape, known)
  return known
}

/** One for all servers: what its hellos have in common is encoded once. */
const namelessOf = new WeakMap<HelloShape, HelloShape>()

function furtherShapes(tried: readonly Tried[], chosen: readonly Release[]): readonly HelloShape[] {
  if (!tried.some(({ outcome }) => speaksTls.has(outcome.kind))) return []
  const named = tried.filter(({ shape }) => shape.sni)
  const isAnswered = named.some((attempt) => answerOf(attempt).length > 0)
  const isCutOnce = (id: string) => {
    const ends = named.filter(({ shape }) => shape.id === id).map(({ outcome }) => outcome.kind)
    return isAnswered && ends.length === 1 && cuts.has(ends[0]!)
  }
  const groups = helloGroups(chosen)
  const again = groups.map(({ shape }) => shape).filter(({ id }) => isCutOnce(id))
  // What was said is never `not-asked`, whatever came of it.
  const isSaid = (id: string) => named.some(({ shape }) => shape.id === id)
  const open = groups.filter(
    ({ shape, releases }) => !isSaid(shape.id) && evidenceFor(releases[0]!, tried).kind === 'not-asked',
  )
  const union = isCutOnce(unionOf6To9.id) ? [unionOf6To9] : []
  const alone = open.filter(({ shape }) => union.length === 0 || !isCovered(shape))
  const byReach = [...alone].sort((a, b) => b.releases.length - a.releases.length)
  const next = [...union, ...byReach.map(({ shape }) => shape), ...again]
  if (next.length > 0) return next
  const isShown = named.some(({ outcome }) => observationOf(outcome) !== null)
  const isLookedAt = tried.some(({ shape }) => shape.id === generalShape.id || shape.id === withoutAlpn.id)
  if (isShown || isLookedAt) return []
  const mindsAlpn = named.some(
    ({ outcome }) => outcome.kind === 'alert' && outcome.alert.code === alerts.noApplicationProtocol,
  )
  return [mindsAlpn ? withoutAlpn : generalShape]
}

/** For seeing the certificates of a server that turns down whoever asks for HTTP/1.1. */
const withoutAlpn: HelloShape = { ...generalShape, id: 'general-without-alpn', alpn: [] }

/** Where no server answers, or it answers with no TLS at all, other hellos would only cost time. */
const speaksTls: ReadonlySet<string> = new Set(['observed', 'alert', 'reset', 'closed', 'protocol-error'])

/** Ends that the network may have brought about. */
const cuts: ReadonlySet<string> = new Set(['reset', 'closed'])
