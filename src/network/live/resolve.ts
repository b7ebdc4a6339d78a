import type { Resolution, ResolveMore } from '../network.js'
import { onAbort } from './abort.js'

/** More addresses than any farm has: a hostile zone cannot make us connect without end. What is left out is told. */
const maxAddresses = 256

/**
 * Look-ups at a time: getaddrinfo takes a thread of Node's four until the system gives up, and files need one too. A
 * look-up in the queue would use up its time before anybody is asked.
 */
const maxLookups = 3
let lookups = 0
const queue: (() => void)[] = []

/**
 * Every address behind a name, in the order the resolver gives them, each once. The system's resolver is asked (hosts
 * file included), because it is what an administrator steers with; what is then sent is read off the wire. Time is
 * counted from when it is asked; getaddrinfo cannot be cancelled, so a late answer is ignored.
 */
export async function resolve(
  host: string,
  family: 4 | 6 | null,
  timeoutMs: number,
  signal: AbortSignal | null = null,
  more: ResolveMore | null = null,
): Promise<Resolution> {
  const failed = (reason: Extract<Resolution, { kind: 'failed' }>['reason'], detail: string) =>
    ({ kind: 'failed', reason, detail }) as const
  const ended = failed('failed', 'the run ended before an answer came')
  if (signal?.aborted) return ended
  let disregard = (): void => {}
  const stopped = new Promise<'stopped'>((done) => {
    if (signal) disregard = onAbort(signal, () => done('stopped'))
  })
  const mine = turn()
  if ((await Promise.race([mine, stopped])) === 'stopped') {
    void mine.then(leave)
    return ended
  }
  try {
    // Loaded only where a name is to be looked up: often the servers are named.
    const asked = import('node:dns/promises').then(({ lookup }) =>
      lookup(host, { all: true, verbatim: true }),
    )
    asked.then(leave, leave)
    const chain = more?.aliases
      ? import('./aliases.js').then(({ aliasesOf }) => aliasesOf(host, timeoutMs))
      : null
    const answers = await Promise.race([withDeadline(asked, timeoutMs), stopped])
    if (answers === 'stopped') return ended
    if (answers === null) return failed('timed-out', `no answer within ${timeoutMs} ms`)
    const wanted = answers.filter((answer) => family === null || answer.family === family)
    const addresses = [...new Set(wanted.map(({ address }) => address))]
    if (addresses.length === 0) return failed('no-address-of-family', `it has no IPv${family} address`)
    const aliases = chain && (await Promise.race([chain, stopped]))
    return {
      kind: 'found',
      addresses: addresses.slice(0, maxAddresses),
      left: Math.max(0, addresses.length - maxAddresses),
      ...(Array.isArray(aliases) ? { aliases } : {}),
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    return failed(code === 'ENOTFOUND' ? 'not-found' : 'failed', code)
  } finally {
    disregard()
  }
}

function turn(): Promise<void> {
  if (lookups++ < maxLookups) return Promise.resolve()
  return new Promise((done) => queue.push(done))
}

function leave(): void {
  lookups--
  queue.shift()?.()
}

async function withDeadline<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<null>((done) => {
    timer = setTimeout(() => done(null), timeoutMs)
  })
  try {
    return await Promise.race([promise, deadline])
  } finally {
    clearTimeout(timer)
  }
}
