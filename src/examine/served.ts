import { type HandshakeEvidence, evidenceFor, inferable } from '../android/connections.js'
import { judgeAllWithDeviceCas } from '../android/device-ca.js'
import { handshakeVerdict } from '../android/handshake-verdict.js'
import { helloGroups } from '../android/hellos.js'
import { type Release, releases as allReleases } from '../android/releases.js'
import type { Verdict } from '../android/verdict.js'
import type { ServedSubject } from '../farm/subject.js'
import type { Observation } from '../tls/observation.js'
import { sha256Of } from '../x509/identity.js'
import type { Attempt, Examination, Reach, ReleaseVerdict, Seen } from './examination.js'
import type { Answer, AnswerId, Exchange, Presented } from './presented.js'
import type { Settings } from './settings.js'

/** Judges what one server showed, for every release; nothing is asked of anybody. */
export function examineServed(
  subject: ServedSubject,
  attempts: readonly Attempt[],
  settings: Settings,
): Examination {
  const listed = attempts.filter(({ outcome }) => observationOf(outcome) !== null)
  const answered = listed.length > 0 || attempts.some(({ outcome }) => outcome.kind === 'alert')
  const first = attempts[0]!
  if (!answered) return { kind: 'unseen', subject, attempts, outcome: first.outcome }

  const told = [...settings.others, ...settings.releases]
  const tried = attempts.map(({ offer, outcome }) => ({ shape: offer, outcome }))
  const evidence = new Map<Release, HandshakeEvidence>()
  for (const { releases } of helloGroups(told)) {
    const known = evidenceFor(releases[0]!, tried)
    for (const release of releases) evidence.set(release, known)
  }
  const newestFirst = [...told].sort((a, b) => allReleases.indexOf(b) - allReleases.indexOf(a))
  const answers = answersOf(listed, newestFirst.map((release) => evidence.get(release)!), settings)
  const answerTo = (observation: Observation): Answer =>
    answers.find(({ entries }) => listKey(observation) === entries.map(({ sha256 }) => sha256).join())!
  const varying = varyingAnswers(listed, answers)
  const reach = newestFirst.reverse().map((release): Reach => {
    const known = evidence.get(release)!
    const got = 'observation' in known && known.observation ? [answerTo(known.observation).id] : []
    return { release, evidence: known, answers: got.some((id) => varying.includes(id)) ? varying : got }
  })
  const nameless = attempts.find(({ offer }) => !offer.sni)
  const shownNameless = nameless && observationOf(nameless.outcome)
  const seen = { answers, reach, varying }
  return {
    kind: 'seen',
    subject,
    attempts,
    ...seen,
    withoutName: nameless
      ? { outcome: nameless.outcome, answer: shownNameless ? answerTo(shownNameless).id : null }
      : null,
    verdicts: verdictsOf(seen, settings, subject),
    repairs: [],
  }
}

/** The lists received, each once: what the newest release is shown first, what is shown to none last. */
function answersOf(
  listed: readonly Attempt[],
  evidence: readonly HandshakeEvidence[],
  settings: Settings,
): readonly Answer[] {
  const groups = new Map<string, Attempt[]>()
  for (const attempt of listed) {
    const key = listKey(observationOf(attempt.outcome)!)
    groups.set(key, [...(groups.get(key) ?? []), attempt])
  }
  const order = evidence.flatMap((known) =>
    'observation' in known && known.observation ? [listKey(known.observation)] : [],
  )
  const keys = [...new Set([...order, ...groups.keys()])]
  return keys.map((key, index) => {
    const attempts = groups.get(key)!
    const entries = settings.entries(observationOf(attempts[0]!.outcome)!.certificates)
    return {
      id: `a${index + 1}`,
      entries,
      exchanges: attempts.map((attempt) => exchangeOf(attempt, entries)),
    }
  })
}

function exchangeOf({ offer, nth, outcome }: Attempt, entries: Answer['entries']): Exchange {
  const observation = observationOf(outcome)!
  return {
    offer: offer.id,
    nth,
    sni: offer.sni,
    ended: observation.ended,
    presented: presentedIn(observation, entries),
  }
}

const presentedIn = (observation: Observation, entries: Answer['entries']): Presented => ({
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
 * Lists of which one should have come where another came: equal hellos, or hellos to which any server would give one
 * list. Then several servers stand behind the address. A nameless hello counts where it is shown the same leaf with
 * another chain (a fallback binding may have another certificate, but Windows builds one chain for one certificate).
 */
function varyingAnswers(listed: readonly Attempt[], answers: readonly Answer[]): readonly AnswerId[] {
  const varying = new Set<AnswerId>()
  const idOf = (attempt: Attempt) => {
    const key = listKey(observationOf(attempt.outcome)!)
    return answers.find(({ entries }) => entries.map(({ sha256 }) => sha256).join() === key)!.id
  }
  const named = listed.filter(({ offer }) => offer.sni)
  for (const [index, a] of named.entries()) {
    for (const b of named.slice(index + 1)) {
      if (idOf(a) !== idOf(b) && (settles(a, b) || settles(b, a))) varying.add(idOf(a)).add(idOf(b))
    }
  }
  return answers.map(({ id }) => id).filter((id) => varying.has(id))
}

const settles = (from: Attempt, to: Attempt): boolean =>
  from.offer.id === to.offer.id || inferable(observationOf(from.outcome)!, from.offer, to.offer)

/**
 * Each release by what it is shown. Releases that share a connection are judged together, so that it is read once; one
 * that may meet several lists gets the worst of its verdicts.
 */
export function verdictsOf(
  { answers, reach }: Pick<Seen, 'answers' | 'reach'>,
  settings: Settings,
  subject: ServedSubject,
): readonly ReleaseVerdict[] {
  const asked = new Map<Exchange, { answer: AnswerId; releases: Release[] }>()
  const found = new Map<Release, ReleaseVerdict[]>()
  for (const { release, evidence, answers: ids } of reach) {
    const unfit = handshakeVerdict(release, evidence)
    if (unfit) found.set(release, [{ release, answer: ids[0] ?? null, verdict: unfit }])
    for (const id of ids) {
      const exchanges = answers.find((answer) => answer.id === id)!.exchanges
      // Its own connection where it is known; of another node's list, any.
      const own = 'observation' in evidence && evidence.observation
      const exchange =
        exchanges.find(({ presented }) => own && presented.staple === own.stapledOcsp) ?? exchanges[0]!
      const group = asked.get(exchange) ?? { answer: id, releases: [] }
      group.releases.push(release)
      asked.set(exchange, group)
    }
  }
  for (const [{ presented }, { answer, releases }] of asked) {
    for (const verdict of judgePresented(presented, releases, settings, subject)) {
      found.set(verdict.release, [
        ...(found.get(verdict.release) ?? []),
        { release: verdict.release, answer, verdict },
      ])
    }
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
  return [...verdicts].sort((a, b) => rank(a) - rank(b))[0]!
}

/** What releases make of a presented list, however it was got. */
export function judgePresented(
  { entries, staple, handshake }: Presented,
  releases: readonly Release[],
  settings: Settings,
  { name, node }: Pick<ServedSubject, 'name' | 'node'>,
  remembered = settings.remembered,
): readonly Verdict[] {
  return judgeAllWithDeviceCas(
    {
      // Parsed where possible: the judge says what it makes of bytes that are no certificate.
      presented: entries.map((entry) => ('certificate' in entry ? entry.certificate : entry.der)),
      anchors: settings.stores,
      at: settings.at,
      host: name?.ascii ?? node.address,
      remembered,
      stapledOcsp: staple,
      ...(handshake && { handshake }),
    },
    releases,
    settings.deviceCas,
  )
}

const observationOf = (outcome: Attempt['outcome']): Observation | null =>
  'observation' in outcome ? outcome.observation : null

const keys = new WeakMap<Observation, string>()

function listKey(observation: Observation): string {
  let key = keys.get(observation)
  if (key === undefined) {
    key = observation.certificates.map(sha256Of).join()
    keys.set(observation, key)
  }
  return key
}
