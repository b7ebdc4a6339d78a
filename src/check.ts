import { releases as allReleases, parseReleaseRange } from './android/releases.js'
import type { Verdict } from './android/verdict.js'
import { composeReport } from './compose-report.js'
import { farmPool, judgeServer, type RepairedServer, repairServer, settingsOf } from './judge-server.js'
import { observe } from './observe.js'
import type { IssuerFetcher } from './repair/fetch.js'
import { outcomeText } from './report/build.js'
import type { Report } from './report/report.js'
import { type CheckOptions, validOptions } from './run/options.js'
import { resolveEndpoints } from './target/resolve.js'
import { formatEndpoint, parseServerAddress, parseTarget } from './target/target.js'
import type { Endpoint } from './tls/observation.js'

/**
 * Checks every server behind one name and says, for each Android release, whether it accepts what the server sends and
 * what is to be changed if not. What servers do ends up in the report; only misuse throws.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET, ADFS_CHECK_BAD_OPTION
 */
export async function check(name: string, given: CheckOptions = {}): Promise<Report> {
  const options = validOptions(given)
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
    const pool = farmPool(observed, settings)
    for (const server of observed) judged.push(await repairServer(server, pool, fetcher, settings))
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
