import { evidenceFor, type HandshakeEvidence } from '../android/connections.js'
import { handshakeVerdict } from '../android/handshake-verdict.js'
import { helloGroups } from '../android/hellos.js'
import { judgeAllStores } from '../android/judge-stores.js'
import { releases as allReleases, type Release } from '../android/releases.js'
import type { Verdict } from '../android/verdict.js'
import type { ServedSubject, Subject } from '../farm/subject.js'
import { endOf, isDefinite, observationOf } from '../tls/exchange-end.js'
import type { Observation } from '../tls/observation.js'
import { sha256Of } from '../x509/identity.js'
import type { Attempt, Examination, Reach, ReleaseVerdict } from './examination.js'
import type { Answer, AnswerId, Entry, Exchange, Presented } from './presented.js'
import type { Settings } from './settings.js'

/** Judges what one server showed, for every release; nothing is asked of anybody. Servers that answer alike, once. */
export function examineServed(
  subject: ServedSubject,
  attempts: readonly Attempt[],
  settings: Settings,
): Examination {
  const known = examined.get(settings) ?? new Map<string, Examination>()
  examined.set(settings, known)
  const key = [subject.name?.ascii ?? subject.node.address, ...attempts.map(likeness)].join(' ')
  const alike = known.get(key)
  if (alike) return { ...alike, subject, attempts }
  const examination = examineOne(subject, attempts, settings)
  known.set(key, examination)
  return examination
}

const examined = new WeakMap<Settings, Map<string, Examination>>()

/** All that is judged of one connection. What only this one server could have said (its address, times) is left out. */
function likeness({ offer, nth, outcome }: Attempt): string {
  const seen = observationOf(outcome)
  if (!seen) return JSON.stringify([offer.id, nth, outcome])
  const { endpoint, certificates, stapledOcsp, signedCertificateTimestamps, ...rest } = seen
  const told = { ...rest, connectMs: 0, handshakeMs: 0, bytesReceived: 0 }
  const bytes = [stapledOcsp, signedCertificateTimestamps].map((some) => (some ? sha256Of(some) : null))
  return JSON.stringify([offer.id, nth, { ...outcome, observation: null }, listKey(seen), bytes, told])
}

function examineOne(subject: ServedSubject, attempts: readonly Attempt[], settings: Settings): Examination {
  const listed = attempts.filter(({ outcome }) => observationOf(outcome) !== null)
  const said = attempts.some(({ outcome }) => {
    const end = endOf(outcome)
    return typeof end !== 'string' && (end.kind === 'alert' || isDefinite(end))
  })
  if (listed.length === 0 && !said)
    return { kind: 'unseen', subject, attempts, outcome: attempts[0]!.outcome }

  const told = allReleases.filter(
    (release) => settings.releases.includes(release) || settings.others.includes(release),
  )
  const tried = attempts.map(({ offer, outcome }) => ({ shape: offer, outcome }))
  const evidence = new Map<Release, HandshakeEvidence>()
  for (const { releases } of helloGroups(told)) {
    const known = evidenceFor(releases[0]!, tried)
    for (const release of releases) evidence.set(release, known)
  }
  const newestFirst = told.toReversed().map((release) => evidence.get(release)!)
  const answers = answersOf(listed, newestFirst.flatMap(shownTo).map(listKey), settings)
  const idOf = (observation: Observation): AnswerId =>
    answers.find(({ entries }) => entries.map(({ sha256 }) => sha256).join() === listKey(observation))!.id
  const reach = told.map((release): Reach => {
    const known = evidence.get(release)!
    return { release, evidence: known, answers: [...new Set(shownTo(known).map(idOf))] }
  })
  const nameless = attempts.find(({ offer }) => !offer.sni)
  const withoutName = nameless && observationOf(nameless.outcome)
  const several = new Set(reach.flatMap((one) => (one.answers.length > 1 ? one.answers : [])))
  return {
    kind: 'seen',
    subject,
    attempts,
    answers,
    reach,
    varying: answers.map(({ id }) => id).filter((id) => several.has(id)),
    withoutName: nameless
      ? { outcome: nameless.outcome, answer: withoutName ? idOf(withoutName) : null }
      : null,
    verdicts: verdictsOf(reach, idOf, settings, subject),
    repairs: [],
  }
}

/** What a release was shown: every exchange that stands for it, or what came before its own handshake failed. */
function shownTo(known: HandshakeEvidence): readonly Observation[] {
  if (known.kind === 'shown') return known.answers.map(({ observation }) => observation)
  const failed = known.kind === 'not-asked' ? null : known.failure
  const observation = failed && observationOf(failed)
  return observation ? [observation] : []
}

/** The lists received, each once: what the newest release is shown first, what is shown to none last. */
function answersOf(
  listed: readonly Attempt[],
  order: readonly string[],
  settings: Settings,
): readonly Answer[] {
  const groups = new Map<string, Attempt[]>(order.map((key) => [key, []]))
  for (const attempt of listed) {
    const key = listKey(observationOf(attempt.outcome)!)
    groups.set(key, [...(groups.get(key) ?? []), attempt])
  }
  return [...groups.values()].map((attempts, index) => {
    const entries = settings.entries(observationOf(attempts[0]!.outcome)!.certificates)
    return {
      id: `a${index + 1}`,
      entries,
      exchanges: attempts.map(({ offer, nth, outcome }): Exchange => {
        const observation = observationOf(outcome)!
        const presented = presentedIn(observation, entries)
        return { offer: offer.id, nth, sni: offer.sni, ended: endOf(outcome), presented }
      }),
    }
  })
}

const presentedIn = (observation: Observation, entries: readonly Entry[]): Presented => ({
  entries,
  staple: observation.stapledOcsp,
  timestamps: observation.signedCertificateTimestamps,
  handshake: {
    protocolVersion: observation.protocolVersion,
    cipherSuite: observation.cipherSuite.code,
    group: observation.group?.code ?? null,
    keyExchange: observation.keyExchange,
    signatureScheme: observation.keyProof.kind === 'proven' ? observation.keyProof.signatureScheme : null,
    alpn: observation.alpn,
    clientCertificateRequested: observation.clientCertificateRequested,
  },
})

/**
 * Each release by all that it is shown, together with what the handshake alone decides; the worst counts. Releases that
 * share an exchange are judged together, so that it is read once.
 */
function verdictsOf(
  reach: readonly Reach[],
  idOf: (observation: Observation) => AnswerId,
  settings: Settings,
  subject: ServedSubject,
): readonly ReleaseVerdict[] {
  const asked = new Map<string, { observation: Observation; releases: Release[] }>()
  const found = new Map<Release, ReleaseVerdict[]>()
  for (const { release, evidence, answers } of reach) {
    const unfit = handshakeVerdict(release, evidence)
    found.set(release, unfit ? [{ release, answer: answers[0] ?? null, verdict: unfit }] : [])
    for (const observation of shownTo(evidence)) {
      const { protocolVersion, keyExchange, stapledOcsp } = observation
      const staple = stapledOcsp ? sha256Of(stapledOcsp) : ''
      const key = [listKey(observation), protocolVersion, keyExchange, staple].join(' ')
      const group = asked.get(key) ?? { observation, releases: [] }
      if (!group.releases.includes(release)) group.releases.push(release)
      asked.set(key, group)
    }
  }
  for (const { observation, releases } of asked.values()) {
    const presented = presentedIn(observation, settings.entries(observation.certificates))
    for (const verdict of judgePresented(presented, releases, settings, subject))
      found.get(verdict.release)!.push({ release: verdict.release, answer: idOf(observation), verdict })
  }
  return reach.map(({ release }) => worst(found.get(release)!))
}

/** A refusal by the chain is graver than one by the handshake: no other handshake would help it. */
function worst(verdicts: readonly ReleaseVerdict[]): ReleaseVerdict {
  const rank = ({ verdict }: ReleaseVerdict) =>
    verdict.kind === 'refused'
      ? verdict.reason.rule === 'handshake-refused'
        ? 1
        : 0
      : { undetermined: 2, depends: 3, accepted: 4 }[verdict.kind]
  return verdicts.reduce((worse, next) => (rank(next) < rank(worse) ? next : worse))
}

/** What is asked of the certificate. */
export const hostOf = (subject: Subject): string =>
  subject.kind === 'file' ? subject.name.ascii : (subject.name?.ascii ?? subject.node.address)

/**
 * For a list that came over no connection: what a release that counts and a Windows Server 2012 R2 or newer agree on at
 * least, a signed key exchange. TLS 1.3 asks the same of the certificate.
 */
const supposedHandshake = { protocolVersion: 0x0303, keyExchange: 'ecdhe' } as const

/** What releases make of a presented list, however it was got. */
export function judgePresented(
  { entries, staple, handshake }: Presented,
  releases: readonly Release[],
  settings: Settings,
  subject: Subject,
  remembered = settings.remembered,
): readonly Verdict[] {
  return judgeAllStores(
    {
      // Parsed where possible: the judge says what it makes of bytes that are no certificate.
      presented: entries.map((entry) => ('certificate' in entry ? entry.certificate : entry.der)),
      anchors: settings.stores,
      updated: settings.updated,
      at: settings.at,
      host: hostOf(subject),
      remembered,
      stapledOcsp: staple,
      allPaths: true,
      handshake: handshake ?? supposedHandshake,
    },
    releases,
    settings.deviceCas,
  )
}

const keys = new WeakMap<readonly Uint8Array[], string>()

/** Equal lists have equal keys. Hashed once, however many releases a list stands for. */
function listKey({ certificates }: Observation): string {
  const key = keys.get(certificates) ?? certificates.map(sha256Of).join()
  keys.set(certificates, key)
  return key
}
