import { type HandshakeEvidence, maxConnections } from './android/connections.js'
import { judgeAllWithDeviceCas } from './android/device-ca.js'
import { judgeAll } from './android/judge.js'
import type { Release } from './android/releases.js'
import type { TrustAnchors } from './android/trust-anchors.js'
import { addAnchors, trustStore } from './android/trust-store.js'
import type { Verdict } from './android/verdict.js'
import type { CheckOptions } from './check.js'
import type { JudgedEndpoint } from './checks/check.js'
import { disagreementText, type ServerObservations } from './observe.js'
import type { IssuerFetcher } from './repair/fetch.js'
import { fetchOutcomeText } from './repair/fetch-outcome.js'
import { planRepair, type RepairPlan } from './repair/plan.js'
import { IssuerPool } from './repair/pool.js'
import { observationOf, outcomeText } from './report/build.js'
import { formatEndpoint, type Target } from './target/target.js'
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
    stores: new Map(releases.map((release) => [release, addAnchors(release, trustStore(release), added)])),
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
  return { ...server, verdicts: entries.length === 0 ? [] : verdictsOf(server, settings) }
}

/**
 * Judges what each release is sent: by the answer to its own hello, or to another that proves what it would be.
 * Releases that share an answer are judged together, so that it is read once.
 */
function verdictsOf(server: Omit<Server, 'verdicts'>, settings: Settings): readonly Verdict[] {
  const { main, evidence } = server.observations
  const answers = new Map<Observation | null, Release[]>()
  const found = new Map<Release, Verdict>()
  for (const [release, known] of evidence) {
    const unfit = handshakeVerdict(release, known)
    if (unfit) found.set(release, unfit)
    const answer = 'observation' in known ? known.observation : observationOf(main)
    answers.set(answer, [...(answers.get(answer) ?? []), release])
  }
  for (const [answer, releases] of answers) {
    for (const verdict of judgeAllWithDeviceCas(
      judgeInput(answer, settings),
      releases,
      settings.deviceCas ?? [],
    )) {
      // A chain that is refused is the graver news: no handshake would help it.
      if (verdict.kind === 'refused' || !found.has(verdict.release)) found.set(verdict.release, verdict)
    }
  }
  return settings.releases.map((release) => found.get(release)!)
}

function judgeInput(answer: Observation | null, settings: Settings) {
  return {
    // Parsed where possible: the judge says what it makes of bytes that are no certificate.
    presented: (answer?.certificates ?? []).map((der) => {
      const parsed = settings.read(der)
      return parsed.ok ? parsed.certificate : der
    }),
    anchors: (release: Release) => settings.stores.get(release)!,
    at: settings.at,
    host: settings.target.name,
    remembered: settings.remembered ?? [],
    ...(answer && {
      handshake: { protocolVersion: answer.protocolVersion, keyExchange: answer.keyExchange },
      stapledOcsp: answer.stapledOcsp,
    }),
  }
}

/** Null: the release and the server agree on a handshake. */
function handshakeVerdict(release: Release, known: HandshakeEvidence): Verdict | null {
  switch (known.kind) {
    case 'spoken':
    case 'inferred':
      return null
    case 'no-agreement': {
      // A reset or a close alone may be the network's; an alert, or a difference that another answer shows, is not.
      const detail = known.disagreements.map(disagreementText).join('; ')
      const alert =
        known.outcome?.kind === 'alert'
          ? `the server answered with the alert ${known.outcome.alert.name}`
          : ''
      if (detail === '' && alert === '')
        return {
          kind: 'undetermined',
          release,
          because:
            "The connection broke off when this release's ClientHello was sent, and another kind of ClientHello was answered. Run the check again.",
        }
      const reason = {
        rule: 'handshake-refused',
        certificate: null,
        detail: [detail, alert].filter((part) => part !== '').join('; '),
      } as const
      return { kind: 'refused', release, reason, attempted: [] }
    }
    case 'no-answer':
      return {
        kind: 'undetermined',
        release,
        because: `This release's ClientHello got no answer: ${outcomeText(known.outcome)}. Run the check again.`,
      }
    case 'not-tried':
      return {
        kind: 'undetermined',
        release,
        because: `This release's ClientHello was not sent: ${maxConnections} connections were not enough to tell. Ask for it alone: --android ${release}.`,
      }
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
  const { main, evidence } = server.observations
  return {
    ...server,
    observations: {
      ...server.observations,
      main: replaced(main),
      evidence: new Map([...evidence].map(([release, known]) => [release, replaced(known)])),
    },
  }
}

/** Releases whose ClientHello this was, or whose answer it proves. */
export const spokenFor = (shape: string, { evidence }: ServerObservations): readonly Release[] =>
  [...evidence].flatMap(([release, known]) =>
    (known.kind === 'inferred' ? known.from.id : known.shape.id) === shape && known.kind !== 'not-tried'
      ? [release]
      : [],
  )

export const idOf = ({ address, port }: Endpoint) => formatEndpoint(address, port)
