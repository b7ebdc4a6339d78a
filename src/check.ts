import { releases as allReleases, parseReleaseRange } from './android/releases.js'
import type { Verdict } from './android/verdict.js'
import { composeReport } from './compose-report.js'
import { judgeServer, type RepairedServer, repairServer, settingsOf } from './judge-server.js'
import { observe } from './observe.js'
import type { IssuerFetcher } from './repair/fetch.js'
import type { Report } from './report/report.js'
import { resolveEndpoints } from './target/resolve.js'
import { formatEndpoint, parseServerAddress, parseTarget } from './target/target.js'
import type { Endpoint } from './tls/observation.js'
import { outcomeText } from './tls/wording.js'
import type { Certificate } from './x509/certificate.js'

export interface CheckOptions {
  /** `address`, `address:port` or a node's own name: probed instead of asking DNS for the target. */
  readonly servers?: readonly string[]
  /** Port where the target names none. Default 443. */
  readonly port?: number
  /** For each connection, milliseconds. Default 10 000. */
  readonly timeoutMs?: number
  /** Servers probed at a time. Default 8. */
  readonly concurrency?: number
  /** Only addresses of this family. */
  readonly family?: 4 | 6
  /** A range like `8..` or `7.0..12,15`. Default: every release. */
  readonly android?: string
  /** Anchors that the phones have in their system store beside those of their release. */
  readonly trustAnchors?: readonly Certificate[]
  /** CAs installed by the user or by MDM. */
  readonly deviceCas?: readonly Certificate[]
  /** Intermediates that an app process has met before. */
  readonly remembered?: readonly Certificate[]
  /** The clock that validity is judged by. Default: now. */
  readonly at?: Date
  /** Where to look for missing issuers, each with the file it came from. */
  readonly intermediates?: readonly { readonly certificate: Certificate; readonly from: string }[]
  /** Fetch nothing over AIA. */
  readonly offline?: boolean
  /** Fetch from private and loopback addresses too. */
  readonly aiaAllowPrivate?: boolean
  /** HTTP proxy for every connection. */
  readonly proxy?: URL | null
  /** A certificate with fewer days left is a warning (default 30), or critical (default 7). */
  readonly warnDays?: number
  readonly critDays?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (event: Progress) => void
}

/** What is being done, for people who wait. */
export type Progress =
  | { readonly kind: 'resolved'; readonly name: string; readonly endpoints: number }
  | { readonly kind: 'probed'; readonly endpoint: string; readonly outcome: string }
  | { readonly kind: 'repairing'; readonly endpoint: string }

/**
 * Checks every server behind one name and says, for each Android release, whether it accepts what the server sends and
 * what is to be changed if not. What servers do ends up in the report; only misuse throws.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET, ADFS_CHECK_BAD_OPTION
 */
export async function check(name: string, options: CheckOptions = {}): Promise<Report> {
  const target = parseTarget(name, options.port)
  const releases = options.android === undefined ? allReleases : parseReleaseRange(options.android)
  const timeoutMs = options.timeoutMs ?? 10_000
  const { endpoints, failures } = await resolveEndpoints(target, {
    servers: (options.servers ?? []).map(parseServerAddress),
    family: options.family ?? null,
    timeoutMs,
  })
  options.onProgress?.({ kind: 'resolved', name: target.displayName, endpoints: endpoints.length })
  const observations = await inParallel(endpoints, options.concurrency ?? 8, async (endpoint) => {
    const seen = await observe(endpoint, releases, { ...options, timeoutMs })
    options.onProgress?.({
      kind: 'probed',
      endpoint: idOf(endpoint),
      outcome: outcomeText(seen.main),
    })
    return { endpoint, seen }
  })
  const settings = settingsOf(target, releases, { ...options, timeoutMs })
  const observed = observations.map(({ endpoint, seen }) => judgeServer(endpoint, seen, settings))
  // Loaded only where something is to be fetched: most checks of a sound farm never need it.
  const repairable = observed.some((server) => server.presented.length > 0 && !isAccepted(server))
  const fetcher = options.offline || !repairable ? null : await openFetcher(options)
  try {
    // One after the other: servers of a farm lack the same issuers, and the fetcher asks each URL once.
    const judged: RepairedServer[] = []
    for (const server of observed) judged.push(await repairServer(server, observed, fetcher, settings))
    return composeReport(target, judged, failures, fetcher, settings)
  } finally {
    await fetcher?.close()
  }
}

async function openFetcher(options: CheckOptions): Promise<IssuerFetcher> {
  const { issuerFetcher } = await import('./repair/fetch.js')
  return issuerFetcher({
    allowPrivate: options.aiaAllowPrivate ?? false,
    proxy: options.proxy?.href ?? null,
    ...(options.signal ? { signal: options.signal } : {}),
  })
}

const isAccepted = ({ verdicts }: { readonly verdicts: readonly Verdict[] }) =>
  verdicts.every(({ kind }) => kind === 'accepted')

/** Runs `work` over all items, at most `limit` at a time; results keep the order of the items. */
async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length)
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await work(items[index]!)
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  return results
}

const idOf = ({ address, port }: Endpoint) => formatEndpoint(address, port)
