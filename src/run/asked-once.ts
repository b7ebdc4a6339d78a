import type { LiveOptions } from '../network/live/live.js'
import type { FetchOutcome, Network, Resolution } from '../network/network.js'

/** Names and URLs whose answers are kept, and bytes of downloads: beyond, what was not asked for longest is let go. */
export const onceLimits = { names: 4_096, urls: 1_024, bytes: 16 * 1024 * 1024 } as const

/**
 * Gives farms of one run a network that asks no name and no URL twice: servers behind many names lack the same issuers, and
 * ports of one name are behind the same addresses. Answers are shared only among farms that would have asked in the same
 * way. Bounded, so that a list may be of any length.
 */
export function askedOnce(
  limits: { names: number; urls: number; bytes: number } = onceLimits,
  keeps: (outcome: FetchOutcome) => boolean = hadItsTime,
) {
  const names = new Kept<Resolution>(limits.names, Number.POSITIVE_INFINITY, () => 0)
  const urls = new Kept<FetchOutcome>(limits.urls, limits.bytes, sizeOf, keeps)
  return (network: Network, options: LiveOptions): Network => {
    const { timeoutMs, retries = 0, offline, aiaAllowPrivate, proxy } = options
    const way = `${timeoutMs} ${retries} ${offline} ${aiaAllowPrivate} ${proxy?.href ?? ''}`
    return {
      ...network,
      resolve: (host, family, more) =>
        names.of(`${host} ${family ?? ''} ${more?.aliases ?? false} ${timeoutMs} ${retries}`, () =>
          network.resolve(host, family, more),
        ),
      fetch: (ask) => urls.of(`${JSON.stringify(ask)} ${way}`, () => network.fetch(ask)),
    }
  }
}

/** Less patience than any download begins with: one farm had used up what all of its downloads may take. */
const hadItsTime = (outcome: FetchOutcome): boolean =>
  outcome.kind !== 'timed-out' || outcome.timeoutMs >= 3_000

const sizeOf = (outcome: FetchOutcome): number => (outcome.kind === 'fetched' ? outcome.body.length : 0)

/** Answers by key, those that were asked for last. One that is under way counts as an entry without a size. */
class Kept<T> {
  readonly #answers = new Map<string, { readonly answer: Promise<T>; size: number }>()
  #size = 0

  constructor(
    readonly maxEntries: number,
    readonly maxSize: number,
    readonly sizeOf: (answer: T) => number,
    readonly keeps: (answer: T) => boolean = () => true,
  ) {}

  of(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key)
    const entry = known ?? { answer: ask(), size: 0 }
    this.#answers.delete(key)
    this.#answers.set(key, entry)
    if (!known)
      entry.answer.then(
        (answer) => {
          if (this.#answers.get(key) !== entry) return
          if (!this.keeps(answer)) return this.#drop(key, entry)
          entry.size = this.sizeOf(answer)
          this.#size += entry.size
          this.#trim()
        },
        () => this.#drop(key, entry),
      )
    this.#trim()
    return entry.answer
  }

  #trim(): void {
    for (const [key, entry] of this.#answers) {
      if (this.#answers.size <= this.maxEntries && this.#size <= this.maxSize) return
      this.#drop(key, entry)
    }
  }

  #drop(key: string, entry: { readonly size: number }): void {
    if (this.#answers.get(key) !== entry) return
    this.#answers.delete(key)
    this.#size -= entry.size
  }
}
