import type { FetchAsk, FetchOutcome, Network } from '../network.js'
import { probe } from './prober.js'
import { resolve } from './resolve.js'
import { retrying } from './retrying.js'

export interface LiveOptions {
  /** For each connection and each look-up, milliseconds. */
  readonly timeoutMs: number
  /** Further tries where no answer came. Default 0. */
  readonly retries?: number
  /** HTTP proxy for every connection. */
  readonly proxy: URL | null
  readonly offline: boolean
  readonly aiaAllowPrivate: boolean
  /** Aborted when the run is to end at once. */
  readonly signal: AbortSignal | null
}

/** The real one: DNS, TLS and HTTP from this machine. */
export function live(options: LiveOptions): Network {
  let fetch: Promise<(url: string, purpose: FetchAsk['purpose']) => Promise<FetchOutcome>> | undefined
  const { signal } = options
  const once: Pick<Network, 'resolve' | 'probe'> = {
    resolve: (host, family) => resolve(host, family, options.timeoutMs, signal),
    probe: async (at, offer) => {
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
    },
  }
  return {
    ...retrying(once, options.retries ?? 0, signal),
    fetch: async ({ url, purpose }) => {
      if (options.offline) return { kind: 'offline', redirects: [] }
      // Loaded only where something is to be fetched: most checks of a sound farm never need it.
      fetch ??= import('./fetch.js').then(({ fetcher }) =>
        fetcher({ allowPrivate: options.aiaAllowPrivate, proxy: options.proxy, signal: options.signal }),
      )
      return (await fetch)(url, purpose)
    },
  }
}
