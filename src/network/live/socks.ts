import { isIP } from 'node:net'
import type { ProbeOutcome } from '../../tls/observation.js'
import { groups6 } from './groups6.js'

/** What is still to come, what is to be said next, what follows once the way is open, or why it is not. */
export type ProxyAnswer =
  | 'incomplete'
  | { readonly say: Buffer; readonly used: number }
  | { readonly rest: Buffer }
  | { readonly failure: Extract<ProbeOutcome, { kind: 'unreachable' }> | string }

/** A proxy's protocol: what we begin with, and what is made of everything received and not yet used. */
export interface ProxyProtocol {
  readonly hello: Buffer
  readonly read: (received: Buffer) => ProxyAnswer
  /** What it means that the proxy closes now; default: it gave no answer. */
  readonly closed?: () => string | null
}

export const isSocks = ({ protocol }: URL): boolean => protocol === 'socks5:' || protocol === 'socks5h:'

/** RFC 1929: a length is one byte. */
export const maxSocksCredential = 255

const noAuthentication = 0
const userPassword = 2

/** RFC 1928 §6, what can become of a request. */
const replies: Readonly<Record<number, string>> = {
  1: 'it failed and does not say why',
  2: 'its rules do not allow this connection',
  3: 'it has no route to that network',
  4: 'it cannot reach that host',
  6: 'it cannot reach that host (TTL expired)',
  7: 'it does not do CONNECT',
  8: 'it does not do addresses of this family',
}

/**
 * SOCKS 5 (RFC 1928), CONNECT only, without a password or with one (RFC 1929). Written here and not taken from undici,
 * whose client is experimental, says so on standard error and gives five seconds to every step.
 */
export function socks5({ host, port }: { host: string; port: number }, proxy: URL): ProxyProtocol {
  const [user, password] = [proxy.username, proxy.password].map((text) =>
    Buffer.from(decodeURIComponent(text)),
  )
  const methods = user!.length > 0 ? [noAuthentication, userPassword] : [noAuthentication]
  const request = Buffer.from([5, 1, 0, ...addressOf(host), port >> 8, port & 0xff])
  let step: 'method' | 'password' | 'reply' = 'method'
  const read = (received: Buffer): ProxyAnswer => {
    if (received.length < 2) return 'incomplete'
    const [version, code] = received as unknown as readonly [number, number]
    if (version !== (step === 'password' ? 1 : 5)) return { failure: 'its answer is not SOCKS 5' }
    if (step === 'method') {
      if (code === userPassword && methods.includes(userPassword)) {
        step = 'password'
        return { say: Buffer.from([1, ...prefixed(user!), ...prefixed(password!)]), used: 2 }
      }
      if (code !== noAuthentication)
        return { failure: user!.length > 0 ? 'it accepts no password' : 'it wants a password' }
      step = 'reply'
      return { say: request, used: 2 }
    }
    if (step === 'password') {
      if (code !== 0) return { failure: 'it does not accept the name and the password' }
      step = 'reply'
      return { say: request, used: 2 }
    }
    if (code === 5)
      return {
        failure: { kind: 'unreachable', reason: 'refused', detail: 'connection refused, says the proxy' },
      }
    if (code !== 0) return { failure: replies[code] ?? `it answered with code ${code}` }
    const length = boundLength(received)
    if (length === null) return { failure: 'its answer is not SOCKS 5' }
    return received.length < length ? 'incomplete' : { rest: received.subarray(length) }
  }
  return {
    hello: Buffer.from([5, methods.length, ...methods]),
    read,
    // OpenSSH 9.2 has no other way to say it.
    closed: () =>
      step === 'reply' ? 'it closed instead of connecting, as ssh -D does where nothing answers' : null,
  }
}

const prefixed = (text: Buffer): readonly number[] => [text.length, ...text]

/** A name is left to the proxy to resolve. */
function addressOf(host: string): readonly number[] {
  switch (isIP(host)) {
    case 4:
      return [1, ...host.split('.').map(Number)]
    case 6:
      return [4, ...groups6(host).flatMap((group) => [group >> 8, group & 0xff])]
    default:
      return [3, ...prefixed(Buffer.from(host))]
  }
}

/** Length of the reply with the address that it names, which nobody needs; null: of no known kind. */
function boundLength(reply: Buffer): number | null {
  if (reply.length < 5) return 5
  const lengths: Readonly<Record<number, number>> = { 1: 4, 3: 1 + reply[4]!, 4: 16 }
  const length = lengths[reply[3]!]
  return length === undefined ? null : 4 + length + 2
}
