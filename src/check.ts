import { createHash } from 'node:crypto'
import { type HandshakeEvidence, maxConnections } from './android/connections.js'
import { judgeAllWithDeviceCas } from './android/device-ca.js'
import { judgeAll } from './android/judge.js'
import { releases as allReleases, parseReleaseRange, type Release } from './android/releases.js'
import type { TrustAnchors } from './android/trust-anchors.js'
import { addAnchors, releasesOf, storeInfo, trustStore } from './android/trust-store.js'
import type { Verdict } from './android/verdict.js'
import type { CheckContext, JudgedEndpoint } from './checks/check.js'
import { runChecks } from './checks/registry.js'
import { disagreementText, observe, type ServerObservations } from './observe.js'
import { fetchOutcomeText, type IssuerFetcher, issuerFetcher } from './repair/fetch.js'
import { planRepair, type RepairPlan } from './repair/plan.js'
import { IssuerPool } from './repair/pool.js'
import {
  CertificateIndex,
  handshakeReport,
  observationOf,
  outcomeReport,
  outcomeText,
  verdictReport,
} from './report/build.js'
import type { EndpointReport, Report } from './report/report.js'
import { overallVerdict } from './report/verdict.js'
import { resolveEndpoints } from './target/resolve.js'
import { formatEndpoint, parseServerAddress, parseTarget, type Target } from './target/target.js'
import type { Endpoint, Observation } from './tls/observation.js'
import { version } from './version.js'
import type { Certificate } from './x509/certificate.js'
import { parseCertificate } from './x509/parse.js'
import { verifySignature } from './x509/signature.js'

export interface CheckOptions {
  /** `address`, `address:port` or a node's own name: probed instead of asking DNS for the target. */
  readonly servers?: readonly string[]
  /** Port where the target names none. Default 443. */
  readonly port?: number
  /** For each connection, milliseconds. Default 10 000. */
  readonly timeoutMs?: number
  /** Servers probed at a time. Default 8. */
  readonly concurrency?: number
  /** Only addresses of this family. */
  readonly family?: 4 | 6
  /** A range like `8..` or `7.0..12,15`. Default: every release. */
  readonly android?: string
  /** Anchors that the phones have in their system store beside those of their release. */
  readonly trustAnchors?: readonly Certificate[]
  /** CAs installed by the user or by MDM. */
  readonly deviceCas?: readonly Certificate[]
  /** Intermediates that an app process has met before. */
  readonly remembered?: readonly Certificate[]
  /** The clock that validity is judged by. Default: now. */
  readonly at?: Date
  /** Where to look for missing issuers, each with the file it came from. */
  readonly intermediates?: readonly { readonly certificate: Certificate; readonly from: string }[]
  /** Fetch nothing over AIA. */
  readonly offline?: boolean
  /** Fetch from private and loopback addresses too. */
  readonly aiaAllowPrivate?: boolean
  /** HTTP proxy for every connection. */
  readonly proxy?: URL | null
  /** A certificate with fewer days left is a warning (default 30), or critical (default 7). */
  readonly warnDays?: number
  readonly critDays?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (event: Progress) => void
}

/** What is being done, for people who wait. */
export type Progress =
  | { readonly kind: 'resolved'; readonly name: string; readonly endpoints: number }
  | { readonly kind: 'probed'; readonly endpoint: string; readonly outcome: string }
  | { readonly kind: 'repairing'; readonly endpoint: string }

/**
 * Checks every server behind one name and says, for each Android release, whether it accepts what the server sends and
 * what is to be changed if not. What servers do ends up in the report; only misuse throws.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET, ADFS_CHECK_BAD_OPTION
 */
export async function check(name: string, options: CheckOptions = {}): Promise<Report> {
  const target = parseTarget(name, options.port)
  const settings = settingsOf(target, options)
  const { endpoints, failures } = await resolveEndpoints(target, {
    servers: (options.servers ?? []).map(parseServerAddress),
    family: options.family ?? null,
    timeoutMs: settings.timeoutMs,
  })
  options.onProgress?.({ kind: 'resolved', name: target.displayName, endpoints: endpoints.length })
  const observed = await inParallel(endpoints, options.concurrency ?? 8, async (endpoint) => {
    const observations = await observe(endpoint, settings.releases, settings)
    options.onProgress?.({
      kind: 'probed',
      endpoint: idOf(endpoint),
      outcome: outcomeText(observations.main),
    })
    return judgeServer(endpoint, observations, settings)
  })
  const fetcher = options.offline
    ? null
    : issuerFetcher({
        allowPrivate: options.aiaAllowPrivate ?? false,
        proxy: options.proxy?.href ?? null,
        ...(options.signal ? { signal: options.signal } : {}),
      })
  try {
    // One after the other: servers of a farm lack the same issuers, and the fetcher asks each URL once.
    const judged: RepairedServer[] = []
    for (const server of observed) judged.push(await repairServer(server, observed, fetcher, settings))
    return compose(target, judged, failures, fetcher, settings)
  } finally {
    await fetcher?.close()
  }
}

interface Settings extends CheckOptions {
  readonly target: Target
  readonly releases: readonly Release[]
  readonly at: Date
  readonly timeoutMs: number
  readonly stores: ReadonlyMap<Release, TrustAnchors>
}

function settingsOf(target: Target, options: CheckOptions): Settings {
  const releases = options.android === undefined ? allReleases : parseReleaseRange(options.android)
  const added = options.trustAnchors ?? []
  return {
    ...options,
    target,
    releases,
    at: options.at ?? new Date(),
    timeoutMs: options.timeoutMs ?? 10_000,
    stores: new Map(releases.map((release) => [release, addAnchors(trustStore(release), added)])),
  }
}

type Server = Omit<JudgedEndpoint, 'missing' | 'unresolved' | 'afterRepair' | 'acceptedAfterRepair'> & {
  readonly observations: ServerObservations
}

type RepairedServer = Server &
  JudgedEndpoint & {
    readonly plan: RepairPlan | null
    readonly remembered: ReadonlyMap<Release, readonly string[]>
  }

function judgeServer(endpoint: Endpoint, observations: ServerObservations, settings: Settings): Server {
  const entries = (observationOf(observations.main)?.certificates ?? []).map(parseCertificate)
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
    presented: readable(answer?.certificates ?? []),
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

/** Parsed where possible: the judge says what it makes of bytes that are no certificate. */
const readable = (ders: readonly Uint8Array[]): readonly (Uint8Array | Certificate)[] =>
  ders.map((der) => {
    const parsed = parseCertificate(der)
    return parsed.ok ? parsed.certificate : der
  })

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
async function repairServer(
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
const spokenFor = (shape: string, { evidence }: ServerObservations): readonly Release[] =>
  [...evidence].flatMap(([release, known]) =>
    (known.kind === 'inferred' ? known.from.id : known.shape.id) === shape && known.kind !== 'not-tried'
      ? [release]
      : [],
  )

function compose(
  target: Target,
  servers: readonly RepairedServer[],
  unresolvedNames: CheckContext['unresolvedNames'],
  fetcher: IssuerFetcher | null,
  settings: Settings,
): Report {
  const context: CheckContext = {
    target,
    at: settings.at,
    releases: settings.releases,
    warnDays: settings.warnDays ?? 30,
    critDays: settings.critDays ?? 7,
    endpoints: servers,
    unresolvedNames,
    releasesTrusting: (certificate) =>
      isAdded(certificate, settings) ? settings.releases : releasesOf(certificate),
  }
  const index = new CertificateIndex()
  const endpoints = servers.map((server) => endpointReport(server, index))
  const findings = runChecks(context)
  return {
    schemaVersion: 1,
    tool: { name: 'adfs-check', version },
    at: settings.at.toISOString(),
    target: { name: target.name, displayName: target.displayName, port: target.port },
    verdict: overallVerdict(endpoints, findings),
    releases: settings.releases,
    trustStores: {
      sources: Object.fromEntries(
        settings.releases.map((release) => [
          release,
          `${storeInfo(release).roots} roots, ${storeInfo(release).source}`,
        ]),
      ),
      added: (settings.trustAnchors ?? []).map(({ sha256 }) => sha256),
    },
    endpoints,
    findings,
    repair: repairReport(servers, fetcher, index),
    certificates: index.report(),
  }
}

const isAdded = (certificate: Certificate, { trustAnchors = [] }: Settings) =>
  trustAnchors.some(({ publicKey }) => publicKey.spkiSha256 === certificate.publicKey.spkiSha256)

function endpointReport(server: RepairedServer, index: CertificateIndex): EndpointReport {
  const { endpoint, observations, presented, verdicts, afterRepair } = server
  for (const certificate of presented) index.add(certificate, `sent by ${server.id}`)
  index.addVerdicts(verdicts)
  index.addVerdicts(afterRepair)
  const observation = observationOf(observations.main)
  const connections = observations.tried.map(({ shape, outcome }) => ({
    hello: shape.id,
    sni: shape.sni && endpoint.serverName !== null,
    outcome: outcomeText(outcome),
    releases: spokenFor(shape.id, observations),
  }))
  return {
    ...endpoint,
    outcome: outcomeReport(observations.main),
    sent: (observation?.certificates ?? []).map(sha256Of),
    handshake: observation && handshakeReport(observation),
    connections,
    withoutServerName: observations.withoutServerName && {
      outcome: outcomeText(observations.withoutServerName),
      sent: (observationOf(observations.withoutServerName)?.certificates ?? []).map(sha256Of),
    },
    verdicts: verdicts.map((verdict) => verdictReport(verdict, server.remembered.get(verdict.release) ?? [])),
    afterRepair: afterRepair.map((verdict) => verdictReport(verdict, [])),
    chromium: chromiumReport(server),
  }
}

/**
 * What Chrome and WebView make of the server: they ask the platform, and where it finds no trusted root they fetch
 * issuers over AIA and ask again (chromium net/cert/cert_verify_proc_android.cc). Judged on the newest release only.
 */
function chromiumReport({
  verdicts,
  afterRepair,
  plan,
  unresolved,
}: RepairedServer): EndpointReport['chromium'] {
  const newest = verdicts.at(-1)
  if (!newest) return null
  if (newest.kind === 'accepted') return { verdict: 'accepted', reason: 'needs nothing that is not sent' }
  const urls = [
    ...(plan?.missing.map(({ issued }) => issued) ?? []),
    ...(unresolved ? [unresolved.child] : []),
  ]
  const helps = afterRepair.at(-1)?.kind === 'accepted'
  if (helps && plan!.missing.every(({ origin }) => origin === 'aia')) {
    return { verdict: 'accepted', reason: 'fetches the missing intermediates over AIA; apps do not' }
  }
  if ((helps || unresolved) && urls.every(({ caIssuers }) => caIssuers.length > 0)) {
    return {
      verdict: 'unknown',
      reason: 'would try to fetch the missing intermediates over AIA, which was not tried here; apps do not',
    }
  }
  return { verdict: 'refused', reason: 'has nothing to fetch that would help' }
}

function repairReport(
  servers: readonly RepairedServer[],
  fetcher: IssuerFetcher | null,
  index: CertificateIndex,
): Report['repair'] {
  const missing = new Map<string, Report['repair']['missing'][number]>()
  const unresolved = new Map<string, Report['repair']['unresolved'][number]>()
  const chains = new Map<string, Report['repair']['chains'][number]>()
  for (const { id, plan } of servers) {
    if (!plan) continue
    for (const { certificate, origin, from, issued } of plan.missing) {
      index.add(certificate, `${origin}: ${from}`)
      const known = missing.get(certificate.sha256)
      missing.set(certificate.sha256, {
        sha256: certificate.sha256,
        subject: certificate.subject.text,
        origin,
        from,
        issued: issued.sha256,
        endpoints: [...(known?.endpoints ?? []), id],
      })
    }
    if (plan.unresolved) {
      const { child, urls } = plan.unresolved
      const known = unresolved.get(child.issuer.text)
      unresolved.set(child.issuer.text, {
        subject: child.issuer.text,
        keyIdentifier: child.authorityKeyIdentifier?.keyIdentifier ?? null,
        urls,
        endpoints: [...(known?.endpoints ?? []), id],
      })
    }
    if (plan.missing.length > 0) {
      const chain = plan.chain.map(({ sha256 }) => sha256)
      const known = chains.get(chain.join())
      chains.set(chain.join(), { endpoints: [...(known?.endpoints ?? []), id], chain })
    }
  }
  return {
    missing: [...missing.values()],
    unresolved: [...unresolved.values()],
    chains: [...chains.values()],
    fetches: (fetcher?.attempts() ?? []).map(({ url, outcome }) => ({
      url,
      outcome: fetchOutcomeText(outcome),
    })),
    files: [],
    steps: [],
  }
}

const idOf = ({ address, port }: Endpoint) => formatEndpoint(address, port)
const sha256Of = (der: Uint8Array) => createHash('sha256').update(der).digest('hex')

/** Runs `work` over all items, at most `limit` at a time; results keep the order of the items. */
async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length)
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return results
}
