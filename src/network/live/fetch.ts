import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns'
import type { IncomingMessage } from 'node:http'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { FetchAsk, FetchOutcome } from '../network.js'
import { isPublicAddress } from './public-address.js'
import { isSocks } from './socks.js'
import { type Dialled, dial } from './transport.js'

/** Bounds on what downloads of one run may cost. */
export const fetchLimits = {
  /** One URL with its redirects, milliseconds. Chromium gives an issuer fetch 15 s; a person waits for this one. */
  timeoutMs: 10_000,
  /** The same for a list of revoked certificates: the answer does not wait long for what does not decide it. */
  listTimeoutMs: 3_000,
  /** Body bytes: Chromium's limit for issuer fetches. One certificate is about 2 KiB, a bridge CA's list 30 KiB. */
  maxBytes: 64 * 1024,
  maxRedirects: 3,
  /** All downloads of one run together, milliseconds. */
  totalMs: 30_000,
} as const

export type FetchLimits = Readonly<Record<keyof typeof fetchLimits, number>>

export interface FetchOptions {
  /** Also fetch from loopback, private and reserved addresses: for a private PKI whose issuers are in-house. */
  readonly allowPrivate: boolean
  /** Null: direct. The environment is never read. */
  readonly proxy: URL | null
  readonly signal: AbortSignal | null
  readonly limits?: Partial<FetchLimits>
}

/** One GET that was answered: its status, where it redirects to, and the body to come. */
interface Reply {
  readonly status: number
  readonly location: string | undefined
  readonly body: Readable
}

/**
 * Downloads over http and https. Addresses are checked after resolution, at the moment of connecting, so a name cannot
 * resolve differently for the check and for the connection; through a proxy, which resolves itself, only literal
 * addresses and local names can be refused. The server's TLS certificate is not verified for https URLs: what is
 * fetched is used only if its signature fits, which nobody on the way can forge, and trusting this machine's store would
 * make the result depend on the machine. Where what is said is to be believed (`isVerified`), it is verified.
 */
export function fetcher(
  options: FetchOptions,
): (url: string, purpose?: FetchAsk['purpose']) => Promise<FetchOutcome> {
  const limits: FetchLimits = { ...fetchLimits, ...options.limits }
  let deadline = 0
  return async (url, purpose) => {
    // What Microsoft says of a domain is believed, so it has to be Microsoft that says it.
    const isVerified = purpose === 'realm'
    deadline ||= Date.now() + limits.totalMs
    const patience = purpose === 'crl' ? limits.listTimeoutMs : limits.timeoutMs
    const timeoutMs = Math.max(1, Math.min(patience, deadline - Date.now()))
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout
    const redirects: string[] = []
    try {
      return await download(url, redirects, { options, limits, signal, isVerified })
    } catch (error) {
      if (options.signal?.aborted)
        return { kind: 'unreachable', detail: 'the run ended before an answer came', redirects }
      if (timeout.aborted) return { kind: 'timed-out', timeoutMs, redirects }
      const refused = causes(error).find((cause) => cause instanceof PrivateAddress)
      if (refused) return { kind: 'refused', reason: 'private-address', detail: refused.message, redirects }
      return { kind: 'unreachable', detail: causes(error).at(-1)?.message || 'connection failed', redirects }
    }
  }
}

class PrivateAddress extends Error {
  constructor(host: string, address: string) {
    super(`${host === address ? host : `${host} (${address})`} is not a public address`)
  }
}

interface Download {
  readonly options: FetchOptions
  readonly limits: FetchLimits
  readonly signal: AbortSignal
  /** By this machine's roots. */
  readonly isVerified: boolean
}

type Ended = FetchOutcome extends infer O ? (O extends FetchOutcome ? Omit<O, 'redirects'> : never) : never

/** Appends each redirect's target to `redirects`. */
async function download(
  url: string,
  redirects: string[],
  { options, limits, signal, isVerified }: Download,
): Promise<FetchOutcome> {
  const end = (outcome: Ended) => ({ ...outcome, redirects }) as FetchOutcome
  for (let next = url; ; ) {
    const target = checkedUrl(next, options)
    if (!(target instanceof URL)) return end(target)
    const { status, location, body } = await get(target, options, signal, isVerified)
    // What is not read to its end is cut; a late error of it concerns nobody.
    const cut = () => body.on('error', () => {}).destroy()
    if (status >= 300 && status < 400 && location !== undefined) {
      cut()
      if (redirects.length >= limits.maxRedirects)
        return end({ kind: 'too-many-redirects', maximum: limits.maxRedirects })
      next = URL.canParse(location, target.href) ? new URL(location, target).href : location
      if (next === target.href || next === url || redirects.includes(next))
        return end({ kind: 'redirect-loop' })
      redirects.push(next)
      continue
    }
    if (status !== 200) {
      cut()
      return end({ kind: 'http-status', status })
    }
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.length
      // Leaving the loop destroys the body and with it the connection.
      if (size > limits.maxBytes) return end({ kind: 'too-large', maximumBytes: limits.maxBytes })
      chunks.push(chunk)
    }
    return end(await unpacked(Buffer.concat(chunks), limits.maxBytes))
  }
}

const headers = { 'user-agent': 'adfs-check', accept: '*/*', 'accept-encoding': 'identity' }

async function get(
  target: URL,
  options: FetchOptions,
  signal: AbortSignal,
  isVerified: boolean,
): Promise<Reply> {
  if (options.proxy && !isSocks(options.proxy)) return throughProxy(target, options.proxy, signal, isVerified)
  // Node's own client: undici takes 70 ms to load, which every leaf-only check would pay for one plain GET.
  const { request } = await (target.protocol === 'http:' ? import('node:http') : import('node:https'))
  const tunnel =
    options.proxy && (await throughSocks(target, options.proxy, options.allowPrivate, signal, isVerified))
  return new Promise((resolve, reject) => {
    request(
      target,
      {
        headers,
        signal,
        ...(tunnel ? { createConnection: () => tunnel } : { agent: false }),
        rejectUnauthorized: isVerified,
        ...(options.allowPrivate ? {} : { lookup: publicLookup }),
      },
      (reply: IncomingMessage) =>
        resolve({ status: reply.statusCode ?? 0, location: reply.headers.location, body: reply }),
    )
      .on('error', reject)
      .end()
  })
}

/**
 * A connection to the target by way of a SOCKS proxy, TLS begun for https. `socks5:` takes addresses, which are looked up and
 * looked at here, `socks5h:` names, as curl has it.
 */
async function throughSocks(
  target: URL,
  proxy: URL,
  allowPrivate: boolean,
  signal: AbortSignal,
  isVerified: boolean,
): Promise<Socket> {
  const host = target.hostname.replace(/^\[|\]$/g, '')
  const port = Number(target.port || (target.protocol === 'http:' ? 80 : 443))
  const addresses =
    proxy.protocol === 'socks5h:' || isIP(host) ? [host] : await addressesOf(host, allowPrivate, signal)
  let failure = 'connection failed'
  for (const address of addresses) {
    signal.throwIfAborted()
    const result = await new Promise<Dialled>((done, fail) => {
      const abandon = dial({ address, port }, proxy, done)
      // Later, too: it then takes the open connection with it.
      const stop = (): void => {
        abandon()
        fail(signal.reason)
      }
      signal.addEventListener('abort', stop, { once: true })
    })
    if ('failure' in result) {
      failure = result.failure.detail
      continue
    }
    const { socket } = result
    // Errors before the request takes it over; later ones are the request's too.
    socket.on('error', () => {})
    if (target.protocol === 'http:') return socket
    const { connect } = await import('node:tls')
    return connect({ socket, servername: isIP(host) ? '' : host, rejectUnauthorized: isVerified })
  }
  throw new Error(failure)
}

const addressesOf = (host: string, allowPrivate: boolean, signal: AbortSignal): Promise<readonly string[]> =>
  new Promise((done, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true })
    const look = allowPrivate ? (lookup as unknown as LookupFunction) : publicLookup
    look(host, { all: true }, (error, found) => {
      if (error) fail(error)
      else done((found as LookupAddress[]).map(({ address }) => address))
    })
  })

/** Plain http goes to the proxy as an ordinary request: many proxies allow CONNECT to port 443 only. */
async function throughProxy(
  target: URL,
  proxy: URL,
  signal: AbortSignal,
  isVerified: boolean,
): Promise<Reply> {
  const { ProxyAgent } = await import('undici')
  const dispatcher = new ProxyAgent({
    uri: proxy.href,
    proxyTunnel: false,
    requestTls: { rejectUnauthorized: isVerified },
  })
  const {
    statusCode,
    headers: answered,
    body,
  } = await dispatcher.request({
    origin: target.origin,
    path: target.pathname + target.search,
    method: 'GET',
    headers,
    signal,
  })
  // Destroyed, not closed: a kept-alive connection must not hold the process.
  body.once('close', () => void dispatcher.destroy())
  const location = answered.location
  return { status: statusCode, location: typeof location === 'string' ? location : undefined, body }
}

/** Some servers compress although asked not to; the first bytes tell, whatever the headers say. */
async function unpacked(body: Uint8Array, maxOutputLength: number): Promise<Ended> {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return { kind: 'fetched', body }
  const { gunzipSync } = await import('node:zlib')
  try {
    return { kind: 'fetched', body: gunzipSync(body, { maxOutputLength }) }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? { kind: 'too-large', maximumBytes: maxOutputLength }
      : { kind: 'damaged', detail: 'the gzip data cannot be read' }
  }
}

function checkedUrl(text: string, { allowPrivate }: FetchOptions): URL | Ended {
  const refused = (reason: 'malformed-url' | 'scheme' | 'credentials' | 'private-address', detail: string) =>
    ({ kind: 'refused', reason, detail }) as const
  if (!URL.canParse(text)) return refused('malformed-url', 'not a URL')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return refused('scheme', `${url.protocol} is not fetched, only http: and https:`)
  if (url.username || url.password) return refused('credentials', 'the URL carries credentials')
  if (allowPrivate) return url
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // A literal address is connected to without any lookup, so the check in `lookup` would not see it.
  const isLocal = isIP(host)
    ? !isPublicAddress(host)
    : /(^|\.)(localhost|local|internal|home\.arpa)\.?$/.test(host)
  return isLocal ? refused('private-address', new PrivateAddress(host, host).message) : url
}

/** Resolves like `dns.lookup` and leaves out every address that is not public; none left is an error. */
const publicLookup: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, [])
    const allowed = addresses.filter(({ address }) => isPublicAddress(address))
    const [first] = allowed
    if (!first) return callback(new PrivateAddress(host, addresses[0]?.address ?? host), [])
    if (options.all) callback(null, allowed)
    else callback(null, first.address, first.family)
  })
}

/** The error, what it wraps, and what an AggregateError of several addresses holds; outermost first. */
function causes(error: unknown, depth = 0): Error[] {
  if (!(error instanceof Error) || depth > 4) return []
  const inner = error instanceof AggregateError ? error.errors : [error.cause]
  return [error, ...inner.flatMap((cause) => causes(cause, depth + 1))]
}
