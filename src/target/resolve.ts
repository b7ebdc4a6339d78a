import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { Endpoint } from '../tls/observation.js'
import { ipVersion, type ServerAddress, type Target } from './target.js'

export interface ResolveOptions {
  /** Probe these instead of asking DNS for the target's name. */
  readonly servers: readonly ServerAddress[]
  /** Only addresses of this family; null: both. */
  readonly family: 4 | 6 | null
  readonly timeoutMs: number
  /** Stands in for the system's resolver. */
  readonly lookup?: (host: string) => Promise<readonly LookupAddress[]>
}

/** Where to connect, or why a name gave nothing to connect to. */
export interface Resolution {
  readonly endpoints: readonly Endpoint[]
  readonly failures: readonly {
    readonly host: string
    readonly reason: 'not-found' | 'no-address-of-family' | 'timed-out' | 'failed' | 'too-many-addresses'
    readonly detail: string
  }[]
}

/**
 * A hostile zone cannot make us connect without end: addresses of one name, and of one run. Addresses that an operator
 * names are all checked; naming more than a run may have is bad usage.
 */
export const resolveLimits = { addressesOfName: 256, addresses: 4096 } as const

/**
 * Lists every address behind the name, in the order the resolver gives them, each once. The system's resolver is
 * asked (hosts file included), because it is what an administrator steers with; what is then sent is read off the wire.
 */
export async function resolveEndpoints(target: Target, options: ResolveOptions): Promise<Resolution> {
  const serverName = target.isAddress ? null : target.name
  const wanted = options.servers.length > 0 ? options.servers : [{ host: target.name, port: null }]
  const answers = await Promise.all(wanted.map((server) => addressesOf(server.host, options)))
  const endpoints = new Map<string, Endpoint>()
  const failures = answers.flatMap(({ failure }) => failure ?? [])
  answers.forEach(({ addresses }, index) => {
    const { host, port } = wanted[index]!
    let left = 0
    for (const [nth, address] of addresses.entries()) {
      const endpoint = { address, port: port ?? target.port, serverName }
      const key = `${address} ${endpoint.port}`
      const isFull = nth >= resolveLimits.addressesOfName || endpoints.size >= resolveLimits.addresses
      if (!isFull) endpoints.set(key, endpoint)
      else if (!endpoints.has(key)) left++
    }
    if (left > 0) {
      const detail = `${left} of ${addresses.length} were left out`
      failures.push({ host, reason: 'too-many-addresses', detail })
    }
  })
  return { endpoints: [...endpoints.values()], failures }
}

const lookupAll = (host: string) => lookup(host, { all: true, verbatim: true })

async function addressesOf(
  host: string,
  { family, timeoutMs, lookup: ask = lookupAll }: ResolveOptions,
): Promise<{ addresses: readonly string[]; failure: Resolution['failures'][number] | null }> {
  if (ipVersion(host) !== 0) return { addresses: [host], failure: null }
  try {
    const answers = await withDeadline(ask(host), timeoutMs)
    if (answers === null) return failed(host, 'timed-out', `no answer within ${timeoutMs} ms`)
    const addresses = answers
      .filter((answer) => family === null || answer.family === family)
      .map(({ address }) => address)
    if (addresses.length === 0) return failed(host, 'no-address-of-family', `it has no IPv${family} address`)
    return { addresses, failure: null }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    return failed(host, code === 'ENOTFOUND' ? 'not-found' : 'failed', code)
  }
}

function failed(host: string, reason: Resolution['failures'][number]['reason'], detail: string) {
  return { addresses: [], failure: { host, reason, detail } }
}

/** getaddrinfo cannot be cancelled; a late answer is ignored. */
async function withDeadline<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), timeoutMs)
  })
  try {
    return await Promise.race([promise, deadline])
  } finally {
    clearTimeout(timer)
  }
}
