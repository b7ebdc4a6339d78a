import type { WatchedFarm } from './watch.js'

/**
 * Looks at farms until every server is accepted, warnings aside, or until `signal` is aborted. `looked` is told of each
 * round, with the time of the next. Returns the time of the end.
 */
export async function watchUntilMended(
  farms: readonly WatchedFarm[],
  intervalMs: number,
  signal: AbortSignal,
  looked: (at: Date, next: Date) => void,
  now: () => Date = () => new Date(),
): Promise<Date> {
  for (let started = now().getTime(); !signal.aborted; ) {
    if (farms.every(({ isMended: mended }) => mended)) {
      await Promise.all(farms.map((farm) => farm.refreshed(intervalMs)))
      if (signal.aborted || farms.every(({ isMended: mended }) => mended)) break
    }
    const next = Math.max(started + intervalMs, now().getTime())
    looked(now(), new Date(next))
    await untilThen(next - now().getTime(), signal)
    if (signal.aborted) break
    started = now().getTime()
    await Promise.all(farms.map((farm) => farm.look()))
  }
  return now()
}

/** Ends early with the signal. */
const untilThen = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      done()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
