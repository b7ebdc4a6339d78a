import type { ProbeOutcome } from '../../tls/observation.js'
import type { Network, Resolution } from '../network.js'
import { onAbort } from './abort.js'

/** Before the second try, milliseconds; doubled each time, up to the longest. */
const firstPauseMs = 500
const longestPauseMs = 8_000

/**
 * Asks again, up to `retries` times, where no answer came: nothing listens, no route, silence, a proxy or a resolver that
 * fails. What a server did say, and be it an alert or a reset, is its answer and is not asked for twice.
 */
export function retrying(
  network: Pick<Network, 'resolve' | 'probe'>,
  retries: number,
  signal: AbortSignal | null,
): Pick<Network, 'resolve' | 'probe'> {
  const again = async <T>(ask: () => Promise<T>, isAnswer: (told: T) => boolean): Promise<T> => {
    for (let tried = 0; ; tried++) {
      const told = await ask()
      if (tried >= retries || isAnswer(told) || signal?.aborted) return told
      await pause(Math.min(firstPauseMs * 2 ** tried, longestPauseMs), signal)
      if (signal?.aborted) return told
    }
  }
  return {
    resolve: (host, family, more) => again(() => network.resolve(host, family, more), isResolved),
    probe: (at, offer, nth) => again(() => network.probe(at, offer, nth), isAnswered),
  }
}

const isAnswered = (outcome: ProbeOutcome): boolean =>
  outcome.kind === 'timed-out'
    ? outcome.observation !== null
    : outcome.kind !== 'unreachable' && outcome.kind !== 'proxy-failed'

const isResolved = (answer: Resolution): boolean =>
  answer.kind === 'found' || (answer.reason !== 'timed-out' && answer.reason !== 'failed')

/** Ends early where the run ends. */
const pause = (ms: number, signal: AbortSignal | null): Promise<void> =>
  new Promise((done) => {
    const disregard = signal ? onAbort(signal, () => ended()) : () => {}
    const timer = setTimeout(() => ended(), ms)
    const ended = (): void => {
      clearTimeout(timer)
      disregard()
      done()
    }
  })
