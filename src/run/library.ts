import { setImmediate } from 'node:timers/promises'
import { check as checkFarm } from '../check.js'
import { type Asked, defaultTimeoutMs } from '../farm/asked.js'
import { live } from '../network/live/live.js'
import type { Report } from '../report/schema.js'
import { defaultConcurrency } from './limits.js'
import { askedOf, type CheckOptions, validOptions } from './options.js'

/**
 * Checks every server behind one name and says, for each Android release, whether it accepts what the server sends and
 * what is to be changed if not. What servers do ends up in the report; only misuse throws.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET, ADFS_CHECK_BAD_OPTION
 */
export async function check(name: string, options: CheckOptions = {}): Promise<Report> {
  const {
    signal,
    onProgress,
    concurrency = defaultConcurrency,
    proxy = null,
    at,
    retries,
  } = validOptions(options)
  const asked: Asked = { ...askedOf(name, options), ...(await trustDataOf(options)) }
  const network = live({
    ...asked,
    timeoutMs: asked.timeoutMs ?? defaultTimeoutMs,
    ...(retries === undefined ? {} : { retries }),
    proxy,
    signal: signal ?? null,
  })
  const { report } = await checkFarm(asked, network, at ?? new Date(), {
    concurrency,
    pause: turns(signal),
    ...(onProgress && {
      resolved: ({ id, subjects }) => onProgress({ kind: 'resolved', name: id, servers: subjects.length }),
      observed: ({ id }) => onProgress({ kind: 'observed', subject: id }),
    }),
  })
  return report
}

/** As other files that are given as values, it is told by the name of its option. */
async function trustDataOf({ trustData }: CheckOptions): Promise<Pick<Asked, 'trustData'>> {
  if (!trustData) return {}
  const { goBy } = await import('../farm/trust-data.js')
  return { trustData: { path: 'trustData', ...goBy(trustData, 'trustData').id } }
}

/** Gives way to signals and timers; false once `signal` is aborted. */
export const turns = (signal: AbortSignal | undefined) => async (): Promise<boolean> => {
  await setImmediate()
  return !signal?.aborted
}
