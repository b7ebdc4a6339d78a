import {
  connectionsFor,
  evidenceFor,
  type HandshakeEvidence,
  nextShapes,
  type Tried,
} from './android/connections.js'
import { helloGroups } from './android/hellos.js'
import type { Release } from './android/releases.js'
import { endOf, observationOf } from './tls/exchange-end.js'
import type { Endpoint, HelloShape, ProbeOutcome } from './tls/observation.js'
import { probe } from './tls/prober.js'

/** Everything one server showed, connection by connection. */
export interface ServerObservations {
  /**
   * The answer that stands for the server where one must: the newest release's if it got through, else the first that
   * did, else the first that showed certificates, else the newest release's failure.
   */
  readonly main: ProbeOutcome
  /** The newest release's hello without a server name; null where no name could be sent anyway, or nothing answers. */
  readonly withoutServerName: ProbeOutcome | null
  /** Every connection, in order. */
  readonly tried: readonly Tried[]
  /** How the server answers each release that counts, by its own hello or by what another answer proves of it. */
  readonly evidence: ReadonlyMap<Release, HandshakeEvidence>
}

/** Connects to one server in each of the ways that matter to `releases`, at most `connectionsFor` them. */
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
  const tried: Tried[] = []
  const next = () =>
    nextShapes(tried, releases, connectionsFor(releases)).filter(
      ({ sni }) => sni || endpoint.serverName !== null,
    )
  for (let shapes = next(); shapes.length > 0; shapes = next())
    tried.push(...(await Promise.all(shapes.map(say))))
  return observationsOf(tried, releases)
}

/** Sorts what was tried by what it means to `releases`. */
export function observationsOf(tried: readonly Tried[], releases: readonly Release[]): ServerObservations {
  const named = tried.filter(({ shape }) => shape.sni).map(({ outcome }) => outcome)
  const main =
    named.find((outcome) => typeof endOf(outcome) === 'string') ??
    named.find((outcome) => observationOf(outcome) !== null) ??
    named[0]!
  return {
    main,
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
