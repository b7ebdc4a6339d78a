import type { HandshakeEvidence } from './android/connections.js'
import { judgeAllWithDeviceCas } from './android/device-ca.js'
import { handshakeVerdict } from './android/handshake-verdict.js'
import { judgeAll } from './android/judge.js'
import type { Release } from './android/releases.js'
import type { TrustAnchors } from './android/trust-anchors.js'
import { addAnchors, trustStore } from './android/trust-store.js'
import type { Verdict } from './android/verdict.js'
import type { CheckOptions } from './check.js'
import type { JudgedEndpoint } from './checks/check.js'
import type { ServerObservations } from './observe.js'
import type { IssuerFetcher } from './repair/fetch.js'
import { fetchOutcomeText } from './repair/fetch-outcome.js'
import { planRepair, type RepairPlan } from './repair/plan.js'
import { IssuerPool } from './repair/pool.js'
import { formatEndpoint, type Target } from './target/target.js'
import { observationOf } from './tls/exchange-end.js'
import type { Endpoint, Observation } from './tls/observation.js'
import type { Certificate, ParseResult } from './x509/certificate.js'
import { parseCertificate } from './x509/parse.js'
import { verifySignature } from './x509/signature.js'

/** The options of one check, defaults filled in, with the trust stores to judge by. */
export interface Settings extends CheckOptions {
  readonly target: Target
  readonly releases: readonly Release[]
  readonly at: Date
  readonly timeoutMs: number
  readonly stores: ReadonlyMap<Release, TrustAnchors>
  /** Reads each certificate once, however many connections show it. */
  readonly read: (der: Uint8Array) => ParseResult
}

export function settingsOf(
  target: Target,
  releases: readonly Release[],
  options: CheckOptions & { readonly timeoutMs: number },
): Settings {
  const added = options.trustAnchors ?? []
  return {
    ...options,
    target,
    releases,
    at: options.at ?? new Date(),
    read: readOnce(),
    stores: new Map(releases.map((release) => [release, addAnchors(trustStore(release), added)])),
  }
}

/** `parseCertificate` with a memory that lives as long as one check. */
function readOnce(): Settings['read'] {
  const known = new Map<string, ParseResult>()
  return (der) => {
    const key = Buffer.from(der).toString('latin1')
    const result = known.get(key) ?? parseCertificate(der)
    known.set(key, result)
    return result
  }
}

export type Server = Omit<
  JudgedEndpoint,
  'missing' | 'unresolved' | 'afterRepair' | 'acceptedAfterRepair'
> & {
  readonly observations: ServerObservations
}

export type RepairedServer = Server &
  JudgedEndpoint & {
    readonly plan: RepairPlan | null
    readonly remembered: ReadonlyMap<Release, readonly string[]>
  }

/** What was seen of one server, judged for every selected release. */
export function judgeServer(
  endpoint: Endpoint,
  observations: ServerObservations,
  settings: Settings,
): Server {
  const entries = (observationOf(observations.main)?.certificates ?? []).map(settings.read)
  const presented = entries.flatMap((entry) => (entry.ok ? [entry.certificate] : []))
  const server = {
    id: idOf(endpoint),
    endpoint,
    observations,
    outcome: observations.main,
    presented,
    unreadable: entries.flatMap((entry, index) => (entry.ok ? [] : [{ index, problem: entry.problem }])),
    withoutServerName: observations.withoutServerName,
    hellos: observations.tried.map(({ shape, outcome }) => ({
      id: shape.id,
      releases: spokenFor(shape.id, observations),
      outcome,
    })),
  }
  // A server that turns a hello down has been judged, if it has shown no certificate to anybody.
  const isJudged =
    entries.length > 0 || [...observations.evidence.values()].some(({ kind }) => kind === 'refused')
  return { ...server, verdicts: isJudged ? verdictsOf(server, settings) : [] }
}

/**
 * Judges what each release is shown, by its own hello or by another whose answer proves it. Where a release may be
 * shown several lists, the worst verdict is its own. Releases that share an answer are judged together.
 */
function verdictsOf(server: Omit<Server, 'verdicts'>, settings: Settings): readonly Verdict[] {
  const answers = new Map<Observation, Release[]>()
  const found = new Map<Release, Verdict>()
  for (const [release, known] of server.observations.evidence) {
    const unfit = handshakeVerdict(release, known)
    if (unfit) found.set(release, unfit)
    for (const observation of shownTo(known))
      answers.set(observation, [...(answers.get(observation) ?? []), release])
  }
  for (const [answer, releases] of answers) {
    for (const verdict of judgeAllWithDeviceCas(
      judgeInput(answer, settings),
      releases,
      settings.deviceCas ?? [],
    )) {
      const known = found.get(verdict.release)
      // A handshake that came to no end leaves open whether the release accepts, not whether it refuses this list.
      if (!known || gravity[verdict.kind] > gravity[known.kind]) found.set(verdict.release, verdict)
    }
  }
  return settings.releases.map((release) => found.get(release)!)
}

const gravity = { accepted: 0, depends: 1, undetermined: 2, refused: 3 } as const

/** The lists that reach a release, with or without a handshake that got through. */
function shownTo(known: HandshakeEvidence): readonly Observation[] {
  if (known.kind === 'shown') return known.answers.map(({ observation }) => observation)
  const seen = known.kind === 'undetermined' ? observationOf(known.failure) : null
  return seen ? [seen] : []
}

function judgeInput(answer: Observation, settings: Settings) {
  return {
    // Parsed where possible: the judge says what it makes of bytes that are no certificate.
    presented: answer.certificates.map((der) => {
      const parsed = settings.read(der)
      return parsed.ok ? parsed.certificate : der
    }),
    anchors: (release: Release) => settings.stores.get(release)!,
    at: settings.at,
    host: settings.target.name,
    remembered: settings.remembered ?? [],
    handshake: { protocolVersion: answer.protocolVersion, keyExchange: answer.keyExchange },
    stapledOcsp: answer.stapledOcsp,
  }
}

/** Looks for what would make more releases accept the server, and judges that by the same rules. */
export async function repairServer(
  server: Server,
  all: readonly Server[],
  fetcher: IssuerFetcher | null,
  settings: Settings,
): Promise<RepairedServer> {
  const nothing = {
    plan: null,
    missing: [],
    unresolved: null,
    afterRepair: [],
    acceptedAfterRepair: [],
    remembered: new Map<Release, readonly string[]>(),
  }
  const refused = server.verdicts.some(({ kind }) => kind !== 'accepted')
  if (server.presented.length === 0 || !refused) return { ...server, ...nothing }
  settings.onProgress?.({ kind: 'repairing', endpoint: server.id })
  const pool = new IssuerPool()
  for (const { certificate, from } of settings.intermediates ?? [])
    pool.add({ certificate, origin: 'operator', from })
  for (const other of all) {
    for (const certificate of other.presented.slice(1))
      pool.add({ certificate, origin: 'other-server', from: other.id })
  }
  // Only the chain can be repaired by importing certificates: name, protocol and staple are judged apart.
  const anchors = (release: Release) => settings.stores.get(release)!
  const score = (presented: readonly Certificate[]) =>
    new Set(
      judgeAll({ presented, anchors, at: settings.at }, settings.releases).flatMap(({ kind, release }) =>
        kind === 'accepted' ? [release] : [],
      ),
    )
  const plan = await planRepair({
    presented: server.presented,
    pool,
    ...(fetcher ? { fetch: fetcher.fetch } : {}),
    score,
    wanted: new Set(settings.releases),
    anchored: (certificate) => isAnchored(certificate, settings),
    at: settings.at,
  })
  const missing = plan.missing.map(({ certificate, from, issued }) => ({ certificate, from, issued }))
  const unresolved = plan.unresolved && {
    ...plan.unresolved,
    tried: (fetcher?.attempts() ?? [])
      .filter(({ url }) => plan.unresolved!.urls.includes(url))
      .map(({ url, outcome }) => `${url}: ${fetchOutcomeText(outcome)}`),
  }
  if (missing.length === 0) return { ...server, ...nothing, plan, unresolved }
  const repaired = withChain(server, plan.chain)
  const afterRepair = verdictsOf(repaired, settings)
  const met = verdictsOf(server, { ...settings, remembered: missing.map(({ certificate }) => certificate) })
  const byLuck = met.filter(
    ({ kind }, index) => kind === 'depends' && server.verdicts[index]!.kind === 'refused',
  )
  return {
    ...server,
    plan,
    missing,
    unresolved,
    afterRepair,
    acceptedAfterRepair: afterRepair.flatMap(({ kind, release }) => (kind === 'accepted' ? [release] : [])),
    remembered: new Map(
      byLuck.map(({ release }) => [release, missing.map(({ certificate }) => certificate.sha256)]),
    ),
  }
}

const isAnchored = (certificate: Certificate, { stores }: Settings) =>
  [...stores.values()].some((store) =>
    store.named(certificate.issuer).some((anchor) => verifySignature(certificate, anchor)),
  )

/** The server as it would be if every one of its answers carried `chain`. */
function withChain(server: Server, chain: readonly Certificate[]): Server {
  const certificates = chain.map(({ der }) => der)
  const replaced = <T extends object>(seen: T): T =>
    'observation' in seen && seen.observation
      ? { ...seen, observation: { ...seen.observation, certificates } }
      : seen
  const shown = (known: HandshakeEvidence): HandshakeEvidence => {
    if (known.kind === 'shown') {
      const [first, ...more] = known.answers
      return { ...known, answers: [replaced(first), ...more.map(replaced)] }
    }
    return known.kind === 'undetermined' ? { ...known, failure: replaced(known.failure) } : known
  }
  const { main, evidence } = server.observations
  return {
    ...server,
    observations: {
      ...server.observations,
      main: replaced(main),
      evidence: new Map([...evidence].map(([release, known]) => [release, shown(known)])),
    },
  }
}

/** Releases whose ClientHello this was, or whose answer it proves. */
export const spokenFor = (shape: string, { evidence }: ServerObservations): readonly Release[] =>
  [...evidence].flatMap(([release, known]) => (speakersOf(known).includes(shape) ? [release] : []))

function speakersOf(known: HandshakeEvidence): readonly string[] {
  switch (known.kind) {
    case 'shown':
      return known.answers.map(({ shape }) => shape.id)
    case 'refused':
      return [known.by.id]
    case 'undetermined':
      return [known.shape.id]
    case 'not-asked':
      return []
  }
}

export const idOf = ({ address, port }: Endpoint) => formatEndpoint(address, port)
