import type { Network } from '../network.js'
import type { fetcher } from './fetch.js'
import { probe } from './prober.js'
import { resolve } from './resolve.js'
import { retrying } from './retrying.js'

export interface LiveOptions {
  /** For each connection and each look-up, milliseconds. */
  readonly timeoutMs: number
  /** Further tries where no answer came. Default 0. */
  readonly retries?: number
  /** HTTP or SOCKS 5 proxy for every connection. */
  readonly proxy: URL | null
  readonly offline: boolean
  readonly aiaAllowPrivate: boolean
  /** Held while a connection to the address goes on; default: nothing waits. */
  readonly connecting?: <T>(address: string, connect: () => Promise<T>) => Promise<T>
  /** Aborted when the run is to end at once. */
  readonly signal: AbortSignal | null
}

/** The real one: DNS, TLS and HTTP from this machine. */
export function live(options: LiveOptions): Network {
  let fetch: Promise<ReturnType<typeof fetcher>> | undefined
  const { signal, connecting = (_, connect) => connect() } = options
  const once: Pick<Network, 'resolve' | 'probe'> = {
    resolve: (host, family, more) => resolve(host, family, options.timeoutMs, signal, more),
    probe: (at, offer) =>
      connecting(at.address, async () => {
        if (signal?.aborted) return { kind: 'interrupted' }
        try {
          return await probe(at, offer, {
            limits: { timeoutMs: options.timeoutMs },
            proxy: options.proxy,
            ...(signal ? { signal } : {}),
          })
        } catch (error) {
          if (signal?.aborted) return { kind: 'interrupted' }
          throw error
        }
      }),
  }
  return {
    ...retrying(once, options.retries ?? 0, signal),
    fetch: async (ask) => {
      const { url, purpose, via } = ask
      if (options.offline) return { kind: 'offline', redirects: [] }
      if (via) {
        const { fetchVia } = await import('./pinned-fetch.js')
        return fetchVia({ ...ask, via }, options)
      }
      // Loaded only where something is to be fetched: most checks of a sound farm never need it.
      fetch ??= import('./fetch.js').then(({ fetcher }) =>
        fetcher({ allowPrivate: options.aiaAllowPrivate, proxy: options.proxy, signal: options.signal }),
      )
      return (await fetch)(url, purpose)
    },
  }
}
