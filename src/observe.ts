import type { Release } from './android/releases.js'
import { observationOf } from './report/build.js'
import type { Endpoint, HelloShape, ProbeOutcome } from './tls/observation.js'
import { type ProbeOptions, probe } from './tls/prober.js'
import { generalShape } from './tls/shapes.js'

/** Everything one server showed, connection by connection. */
export interface ServerObservations {
  /** The connection that shows the server at its best: a general hello, so that no release's limits hide the chain. */
  readonly main: ProbeOutcome
  /** The same without a server name; null where none could be sent anyway. */
  readonly withoutServerName: ProbeOutcome | null
  /** Hellos of Android releases, with the releases whose answer each settles. */
  readonly hellos: readonly {
    readonly shape: HelloShape
    readonly releases: readonly Release[]
    readonly outcome: ProbeOutcome
  }[]
}

/** Connects to one server in each of the ways that matter. */
export async function observe(
  endpoint: Endpoint,
  _releases: readonly Release[],
  options: { readonly timeoutMs: number; readonly proxy?: URL | null; readonly signal?: AbortSignal },
): Promise<ServerObservations> {
  const say = (shape: HelloShape): Promise<ProbeOutcome> => {
    const probeOptions: ProbeOptions = {
      limits: { timeoutMs: options.timeoutMs },
      proxy: options.proxy ?? null,
    }
    return probe(endpoint, shape, options.signal ? { ...probeOptions, signal: options.signal } : probeOptions)
  }
  const main = await say(generalShape)
  // A server that does not even take a TCP connection is not asked again.
  if (observationOf(main) === null && !('phase' in main && main.phase !== 'connect')) {
    return { main, withoutServerName: null, hellos: [] }
  }
  const withoutServerName =
    endpoint.serverName === null ? null : await say({ ...generalShape, id: 'no-server-name', sni: false })
  return { main, withoutServerName, hellos: [] }
}
