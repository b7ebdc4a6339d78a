import { lookup } from 'node:dns/promises'
import type { Resolution } from '../network.js'

/** More addresses than any farm has: a hostile zone cannot make us connect without end. What is left out is told. */
const maxAddresses = 256

/**
 * Every address behind a name, in the order the resolver gives them, each once. The system's resolver is asked (hosts
 * file included), because it is what an administrator steers with; what is then sent is read off the wire.
 */
export async function resolve(host: string, family: 4 | 6 | null, timeoutMs: number): Promise<Resolution> {
  const failed = (reason: Extract<Resolution, { kind: 'failed' }>['reason'], detail: string) =>
    ({ kind: 'failed', reason, detail }) as const
  try {
    const answers = await withDeadline(lookup(host, { all: true, verbatim: true }), timeoutMs)
    if (answers === null) return failed('timed-out', `no answer within ${timeoutMs} ms`)
    const wanted = answers.filter((answer) => family === null || answer.family === family)
    const addresses = [...new Set(wanted.map(({ address }) => address))]
    if (addresses.length === 0) return failed('no-address-of-family', `it has no IPv${family} address`)
    return {
      kind: 'found',
      addresses: addresses.slice(0, maxAddresses),
      left: Math.max(0, addresses.length - maxAddresses),
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    return failed(code === 'ENOTFOUND' ? 'not-found' : 'failed', code)
  }
}

/** getaddrinfo cannot be cancelled; a late answer is ignored. */
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
