import type { UnresolvedName } from '../farm/subject.js'
import type { Endpoint, HelloShape, ProbeOutcome } from '../tls/observation.js'

/**
 * Everything outside: asked, recorded, replayed. It gives bytes and what happened, never certificates, and has no
 * opinions. The clock is not here: the instant of judgement is handed to what judges.
 */
export interface Network {
  /** Every address behind a host name, in the resolver's order, each once. */
  resolve(host: string, family: 4 | 6 | null, more?: ResolveMore): Promise<Resolution>
  /** Says one ClientHello; `nth` counts connections with the same hello to one endpoint from 0. */
  probe(at: Endpoint, offer: HelloShape, nth: number): Promise<ProbeOutcome>
  fetch(ask: FetchAsk): Promise<FetchOutcome>
}

/** Downloads as the first of these networks knows them. */
export const firstKnowing = (networks: readonly Network[]): Pick<Network, 'fetch'> =>
  networks.length === 1
    ? networks[0]!
    : {
        fetch: async (ask) => {
          const outcomes = await Promise.all(networks.map((network) => network.fetch(ask)))
          return outcomes.find(({ kind }) => kind === 'fetched') ?? outcomes.find(isRecorded) ?? outcomes[0]!
        },
      }

const isRecorded = ({ kind }: FetchOutcome): boolean => kind !== 'not-recorded'

/** What is asked beside the addresses, where somebody needs it: it takes further look-ups. */
export interface ResolveMore {
  /** The names that the host is an alias of (CNAME), in order. */
  readonly aliases: boolean
}

export type Resolution =
  | {
      readonly kind: 'found'
      readonly addresses: readonly string[]
      /** Addresses beyond the limit, which were not looked at. */
      readonly left: number
      /** Missing: nobody asked, or nobody could tell. */
      readonly aliases?: readonly string[]
    }
  | { readonly kind: 'failed'; readonly reason: UnresolvedName['reason']; readonly detail: string }

export interface FetchAsk {
  readonly url: string
  readonly purpose: 'aia' | 'crl' | 'metadata' | 'probe' | 'realm'
  /** The machine to ask, whatever DNS says of the host; missing: wherever the URL leads. */
  readonly via?: Endpoint
  /** SHA-256 of the SubjectPublicKeyInfo that has to answer over https, lower-case hex. With `via` only. */
  readonly pin?: string
}

/** What came of one download. `redirects`: the URLs it was sent on to, in order. */
export type FetchOutcome = { readonly redirects: readonly string[] } & (
  | { readonly kind: 'fetched'; readonly body: Uint8Array }
  | {
      readonly kind: 'refused'
      readonly reason: 'malformed-url' | 'scheme' | 'credentials' | 'private-address'
      readonly detail: string
    }
  | { readonly kind: 'http-status'; readonly status: number }
  | { readonly kind: 'too-large'; readonly maximumBytes: number }
  | { readonly kind: 'too-many-redirects'; readonly maximum: number }
  | { readonly kind: 'redirect-loop' }
  | { readonly kind: 'too-many-fetches'; readonly maximum: number }
  | { readonly kind: 'damaged'; readonly detail: string }
  | { readonly kind: 'timed-out'; readonly timeoutMs: number }
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** The run was told to fetch nothing. */
  | { readonly kind: 'offline' }
  /** A replayed case does not hold this: nothing may be concluded from it. */
  | { readonly kind: 'not-recorded' }
)
