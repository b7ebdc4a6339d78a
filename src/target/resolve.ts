import { lookup } from 'node:dns/promises'
import type { Endpoint } from '../tls/observation.js'
import { ipVersion, type ServerAddress, type Target } from './target.js'

export interface ResolveOptions {
  /** Probe these instead of asking DNS for the target's name. */
  readonly servers: readonly ServerAddress[]
  /** Only addresses of this family; null: both. */
  readonly family: 4 | 6 | null
  readonly timeoutMs: number
}

/** Where to connect, or why a name gave nothing to connect to. */
export interface Resolution {
  readonly endpoints: readonly Endpoint[]
  readonly failures: readonly {
    readonly host: string
    readonly reason: 'not-found' | 'no-address-of-family' | 'timed-out' | 'failed'
    readonly detail: string
  }[]
}

/** More addresses than any farm has: a hostile zone cannot make us connect without end. */
const maxEndpoints = 256

/**
 * Lists every address behind the name, in the order the resolver gives them, each once. The system's resolver is
 * asked (hosts file included), because it is what an administrator steers with; what is then sent is read off the wire.
 */
export async function resolveEndpoints(target: Target, options: ResolveOptions): Promise<Resolution> {
  const serverName = target.isAddress ? null : target.name
  const wanted = options.servers.length > 0 ? options.servers : [{ host: target.name, port: null }]
  const answers = await Promise.all(wanted.map((server) => addressesOf(server.host, options)))
  const endpoints = new Map<string, Endpoint>()
  answers.forEach((answer, index) => {
    const port = wanted[index]!.port ?? target.port
    for (const address of answer.addresses) endpoints.set(`${address} ${port}`, { address, port, serverName })
  })
  return {
    endpoints: [...endpoints.values()].slice(0, maxEndpoints),
    failures: answers.flatMap(({ failure }) => (failure === null ? [] : [failure])),
  }
}

async function addressesOf(
  host: string,
  { family, timeoutMs }: ResolveOptions,
): Promise<{ addresses: readonly string[]; failure: Resolution['failures'][number] | null }> {
  if (ipVersion(host) !== 0) return { addresses: [host], failure: null }
  try {
    const answers = await withDeadline(lookup(host, { all: true, verbatim: true }), timeoutMs)
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
