import {
  type Disagreement,
  evidenceFor,
  type HandshakeEvidence,
  maxConnections,
  nextShapes,
  type Tried,
} from './android/connections.js'
import { helloGroups } from './android/hellos.js'
import type { Release } from './android/releases.js'
import { observationOf } from './report/build.js'
import { cipherSuiteName, groupName, signatureSchemeName, versionName } from './tls/code-points.js'
import type { Endpoint, HelloShape, ProbeOutcome } from './tls/observation.js'
import { probe } from './tls/prober.js'
import { generalShape } from './tls/shapes.js'

/** Everything one server showed, connection by connection. */
export interface ServerObservations {
  /**
   * The answer to a hello that offers what any server can take, so that no release's limits hide the chain; to the
   * first other one where the server does not like that.
   */
  readonly main: ProbeOutcome
  /** The same without a server name; null where none could be sent anyway, or nothing answers. */
  readonly withoutServerName: ProbeOutcome | null
  /** Every connection, in order. */
  readonly tried: readonly Tried[]
  /** How the server answers each release, by its own hello or by what another answer proves of it. */
  readonly evidence: ReadonlyMap<Release, HandshakeEvidence>
}

/** Connects to one server in each of the ways that matter, at most `maxConnections` times. */
export async function observe(
  endpoint: Endpoint,
  releases: readonly Release[],
  options: { readonly timeoutMs: number; readonly proxy?: URL | null; readonly signal?: AbortSignal },
): Promise<ServerObservations> {
  const say = async (shape: HelloShape): Promise<Tried> => {
    const outcome = await probe(endpoint, shape, {
      limits: { timeoutMs: options.timeoutMs },
      proxy: options.proxy ?? null,
      ...(options.signal ? { signal: options.signal } : {}),
    })
    return { shape, outcome }
  }
  const first = await say(generalShape)
  const tried = [first]
  // Where no server answers, or it answers with no TLS at all, other hellos would only cost time.
  const speaksTls = ['observed', 'alert', 'reset', 'closed', 'protocol-error'].includes(first.outcome.kind)
  if (speaksTls) {
    const nameless =
      endpoint.serverName === null ? [] : [{ ...generalShape, id: 'no-server-name', sni: false }]
    let shapes = [...nameless, ...nextShapes(tried, releases, maxConnections - nameless.length)]
    while (shapes.length > 0) {
      tried.push(...(await Promise.all(shapes.map(say))))
      shapes = [...nextShapes(tried, releases)]
    }
  }
  return {
    main:
      tried.find(({ shape, outcome }) => shape.sni && observationOf(outcome) !== null)?.outcome ??
      first.outcome,
    withoutServerName: tried.find(({ shape }) => shape.id === 'no-server-name')?.outcome ?? null,
    tried,
    evidence: new Map(
      helloGroups(releases).flatMap(({ releases: alike }) => {
        const known = evidenceFor(alike[0]!, tried)
        return alike.map((release) => [release, known] as const)
      }),
    ),
  }
}

/** What the two sides differ in, e.g. `the server chose TLS 1.0; this release offers TLS 1.2, TLS 1.3`. */
export function disagreementText({ parameter, shown, offered }: Disagreement): string {
  const name = {
    version: versionName,
    'cipher-suite': cipherSuiteName,
    group: groupName,
    'signature-scheme': signatureSchemeName,
  }[parameter]
  const list = offered.slice(0, 4).map(name).join(', ')
  return `the server uses ${name(shown)}; this release offers ${list}${offered.length > 4 ? ` and ${offered.length - 4} more` : ''}`
}
