import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { readCertificates } from '../containers/bundle.js'
import type { Certificate } from '../x509/certificate.js'
import { isPublicAddress } from './address.js'

/** Bounds on what fetching issuers for one run may cost. */
export const fetchLimits = {
  /** One URL with its redirects, milliseconds. Chromium gives an issuer fetch 15 s; a person waits for this one. */
  timeoutMs: 10_000,
  /** Body bytes: Chromium's limit for issuer fetches. One certificate is about 2 KiB, a bridge CA's list 30 KiB. */
  maxBytes: 64 * 1024,
  maxRedirects: 3,
  /** URLs per fetcher, cached answers not counted. A path has at most a few issuers with one or two URLs each. */
  maxFetches: 32,
  /** All fetches of one fetcher together, milliseconds. */
  totalMs: 30_000,
} as const

export type FetchLimits = Readonly<Record<keyof typeof fetchLimits, number>>

export interface FetchOptions {
  /** Also fetch from loopback, private and reserved addresses: for a private PKI whose issuers are in-house. */
  readonly allowPrivate?: boolean
  /** `http:` URL of a proxy; null or omitted: direct. The environment is never read. */
  readonly proxy?: string | null
  readonly limits?: Partial<FetchLimits>
  readonly signal?: AbortSignal
}

/** How one URL ended. */
export type FetchOutcome =
  | { readonly kind: 'fetched'; readonly certificates: number }
  | {
      readonly kind: 'refused'
      readonly reason: 'malformed-url' | 'scheme' | 'credentials' | 'private-address'
      readonly detail: string
    }
  | { readonly kind: 'http-status'; readonly status: number }
  | { readonly kind: 'timed-out'; readonly timeoutMs: number }
  | { readonly kind: 'too-large'; readonly maximumBytes: number }
  | { readonly kind: 'too-many-redirects'; readonly maximum: number }
  | { readonly kind: 'redirect-loop' }
  | { readonly kind: 'not-certificates'; readonly detail: string }
  | { readonly kind: 'unreachable'; readonly detail: string }
  | { readonly kind: 'limit-reached'; readonly limit: 'fetches' | 'time' }

export interface FetchAttempt {
  /** As written in the certificate. */
  readonly url: string
  /** Where redirects led; empty without any. */
  readonly redirects: readonly string[]
  readonly outcome: FetchOutcome
}

export interface FetchedIssuer {
  readonly certificate: Certificate
  readonly url: string
}

/** Fetches certificates named by caIssuers URLs (RFC 5280 §4.2.2.1); answers are kept, so each URL is asked once. */
export interface IssuerFetcher {
  /** Every URL of one certificate, one after the other. Never rejects: each failure is an attempt with its outcome. */
  readonly fetch: (urls: readonly string[]) => Promise<readonly FetchedIssuer[]>
  /** Every URL asked so far, in order. */
  readonly attempts: () => readonly FetchAttempt[]
  readonly close: () => Promise<void>
}

/**
 * A fetcher with its own connections. Addresses are checked after resolution, at the moment of connecting, so a name
 * cannot resolve differently for the check and for the connection; through a proxy, which resolves itself, only
 * literal addresses and local names can be refused. The server's TLS certificate is not verified for https URLs: a
 * fetched issuer is used only if its key made the signature on its child, which no attacker on the way can forge, and
 * trusting this machine's store would make the result depend on the machine.
 */
export function issuerFetcher(options: FetchOptions = {}): IssuerFetcher {
  const limits: FetchLimits = { ...fetchLimits, ...options.limits }
  const answers = new Map<string, readonly FetchedIssuer[]>()
  const attempts: FetchAttempt[] = []
  let dispatcher: Dispatcher | undefined
  let deadline = 0

  const fetchOne = async (url: string): Promise<readonly FetchedIssuer[]> => {
    deadline ||= Date.now() + limits.totalMs
    const redirects: string[] = []
    const end = (outcome: FetchOutcome): [] => {
      attempts.push({ url, redirects, outcome })
      return []
    }
    if (attempts.length >= limits.maxFetches) return end({ kind: 'limit-reached', limit: 'fetches' })
    const timeoutMs = Math.min(limits.timeoutMs, deadline - Date.now())
    if (timeoutMs <= 0) return end({ kind: 'limit-reached', limit: 'time' })
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout
    try {
      dispatcher ??= await connections(options, limits)
      const body = await download(dispatcher, url, redirects, { options, limits, signal })
      if (!(body instanceof Uint8Array)) return end(body)
      const { certificates, problems } = await readCertificates(body, { from: 'stranger' })
      if (certificates.length === 0) {
        return end({ kind: 'not-certificates', detail: problems[0]?.message ?? 'no certificate in it' })
      }
      attempts.push({ url, redirects, outcome: { kind: 'fetched', certificates: certificates.length } })
      return certificates.map((certificate) => ({ certificate, url }))
    } catch (error) {
      if (timeout.aborted) return end({ kind: 'timed-out', timeoutMs })
      const refused = causes(error).find((cause) => cause instanceof PrivateAddress)
      if (refused) return end({ kind: 'refused', reason: 'private-address', detail: refused.message })
      return end({ kind: 'unreachable', detail: causes(error).at(-1)?.message || 'connection failed' })
    }
  }

  return {
    fetch: async (urls) => {
      const found: FetchedIssuer[] = []
      for (const url of new Set(urls)) {
        const answer = answers.get(url) ?? (await fetchOne(url))
        answers.set(url, answer)
        found.push(...answer)
      }
      return found
    },
    attempts: () => [...attempts],
    // Destroyed, not closed: nothing is under way, and a kept-alive connection must not hold the process.
    close: async () => dispatcher?.destroy(),
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
}

/** The body, or how it ended. Appends each redirect's target to `redirects`. */
async function download(
  dispatcher: Dispatcher,
  url: string,
  redirects: string[],
  { options, limits, signal }: Download,
): Promise<Uint8Array | FetchOutcome> {
  for (let next = url; ; ) {
    const target = checkedUrl(next, options)
    if (!(target instanceof URL)) return target
    const response = await dispatcher.request({
      origin: target.origin,
      path: target.pathname + target.search,
      method: 'GET',
      headers: { 'user-agent': 'adfs-check', accept: '*/*', 'accept-encoding': 'identity' },
      signal,
    })
    const { statusCode: status, headers, body } = response
    const location = headers.location
    if (status >= 300 && status < 400 && typeof location === 'string') {
      body.on('error', () => {}).destroy()
      if (redirects.length >= limits.maxRedirects) {
        return { kind: 'too-many-redirects', maximum: limits.maxRedirects }
      }
      next = URL.canParse(location, target.href) ? new URL(location, target).href : location
      if (next === target.href || next === url || redirects.includes(next)) return { kind: 'redirect-loop' }
      redirects.push(next)
      continue
    }
    if (status !== 200) {
      body.on('error', () => {}).destroy()
      return { kind: 'http-status', status }
    }
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of body) {
      size += chunk.length
      // Leaving the loop destroys the body and with it the connection.
      if (size > limits.maxBytes) return { kind: 'too-large', maximumBytes: limits.maxBytes }
      chunks.push(chunk)
    }
    return unpacked(Buffer.concat(chunks), limits.maxBytes)
  }
}

/** Some servers compress although asked not to; the first bytes tell, whatever the headers say. */
function unpacked(body: Uint8Array, maxOutputLength: number): Uint8Array | FetchOutcome {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return body
  try {
    return gunzipSync(body, { maxOutputLength })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? { kind: 'too-large', maximumBytes: maxOutputLength }
      : { kind: 'not-certificates', detail: 'damaged gzip data' }
  }
}

function checkedUrl(text: string, options: FetchOptions): URL | FetchOutcome {
  const refused = (reason: 'malformed-url' | 'scheme' | 'credentials' | 'private-address', detail: string) =>
    ({ kind: 'refused', reason, detail }) as const
  if (!URL.canParse(text)) return refused('malformed-url', 'not a URL')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return refused('scheme', `${url.protocol} is not fetched, only http: and https:`)
  }
  if (url.username || url.password) return refused('credentials', 'the URL carries credentials')
  if (options.allowPrivate) return url
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // A literal address is connected to without any lookup, so the check in `lookup` would not see it.
  const isLocal = isIP(host)
    ? !isPublicAddress(host)
    : /(^|\.)(localhost|local|internal|home\.arpa)\.?$/.test(host)
  return isLocal ? refused('private-address', new PrivateAddress(host, host).message) : url
}

async function connections(options: FetchOptions, limits: FetchLimits): Promise<Dispatcher> {
  const { Agent, ProxyAgent } = await import('undici')
  const tls = { rejectUnauthorized: false }
  if (options.proxy) {
    // Plain http goes to the proxy as an ordinary request: many proxies allow CONNECT to port 443 only.
    return new ProxyAgent({ uri: options.proxy, proxyTunnel: false, requestTls: tls })
  }
  return new Agent({
    connect: {
      ...tls,
      timeout: limits.timeoutMs,
      ...(options.allowPrivate ? {} : { lookup: publicLookup }),
    },
  })
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
