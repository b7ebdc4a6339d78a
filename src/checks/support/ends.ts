import type { Failure } from '../../tls/exchange-end.js'
import { phaseText } from '../../tls/wording.js'
import { say, type Words } from '../../words/words.js'
import type { Advice } from '../check.js'

type WithoutObservation<T> = T extends unknown ? Omit<T, 'observation'> : never

/** How a connection ended that did not get through the server's authentication, without its bytes: JSON-safe. */
export type End = WithoutObservation<Failure>

export function endOfFailure(failure: Failure): End {
  const { observation: _, ...end } = { observation: null, ...failure }
  return end as End
}

/** The fact, as a clause that begins a sentence, without its full stop. */
export function endWords(end: End): Words {
  // The first thing that TLS waits for: whatever ends here ends before anything was said.
  const isAtOnce = 'phase' in end && (end.phase === 'client-hello' || end.phase === 'server-hello')
  const afterwards = 'phase' in end ? ` while waiting for ${phaseText[end.phase]}` : ''
  switch (end.kind) {
    case 'unreachable':
      return {
        refused: say`The connection was refused: nothing listens on this port`,
        'no-route': say`There is no route from here to this address`,
        other: say`The connection failed (${{ untrusted: end.detail }})`,
      }[end.reason]
    case 'proxy-failed':
      return say`The proxy did not connect (${{ untrusted: end.detail }})`
    case 'timed-out':
      if (isAtOnce) return [`The port is open but answers nothing for ${end.timeoutMs / 1000} s`]
      // A server that drips a byte a second has said something, and has not answered.
      return [`No whole answer came within ${end.timeoutMs / 1000} s${afterwards}`]
    case 'alert':
      return [`The server answered with the TLS alert ${end.alert.name}${afterwards}`]
    case 'reset':
    case 'closed':
      return [
        isAtOnce
          ? `The connection was ${end.kind} as soon as TLS began, as Windows does for a name without a binding`
          : `The connection was ${end.kind}${afterwards}`,
      ]
    case 'not-tls':
      return end.looksLike === 'http'
        ? ['The port speaks plain HTTP, not TLS: another device or program has it']
        : say`The port does not speak TLS (${{ untrusted: end.detail }})`
    case 'limit-exceeded':
      return [
        `The server sent more than is read (${end.limit}: at most ${end.maximum}${end.actual === null ? '' : `, here ${end.actual}`})`,
      ]
    case 'protocol-error':
      return say`The server breaks the TLS protocol${afterwards} (${{ untrusted: end.detail }})`
    case 'interrupted':
      return ['The run ended before this server answered']
    case 'not-recorded':
      return ['The recorded case does not hold what this version asks']
    case 'key-not-proven':
      return say`The server did not prove its key (${{ untrusted: end.detail }})`
    case 'key-unreadable':
      return say`The proof of the key cannot be checked (${{ untrusted: end.detail }})`
  }
}

/** The same for a line that names the server. */
export function endBrief(end: End): Words {
  switch (end.kind) {
    case 'unreachable':
      return {
        refused: ['connection refused'],
        'no-route': ['no route from here'],
        other: ['connection failed'],
      }[end.reason]
    case 'timed-out':
      return [`${end.phase === 'connect' ? 'no connection' : 'no answer'} within ${end.timeoutMs / 1000} s`]
    case 'alert':
      return [`TLS alert ${end.alert.name}`]
    case 'reset':
    case 'closed':
      return [`connection ${end.kind} without an answer`]
    case 'not-tls':
      return [end.looksLike === 'http' ? 'plain HTTP, not TLS' : 'not TLS']
    case 'interrupted':
      return ['the run ended before an answer came']
    default:
      return endWords(end)
  }
}

const bindings: Advice = { action: { verb: 'look', at: { kind: 'bindings' } }, by: 'adfs-admin' }
const services: Advice = { action: { verb: 'look', at: { kind: 'services' } }, by: 'adfs-admin' }
const tlsSettings: Advice = { action: { verb: 'look', at: { kind: 'tls-settings' } }, by: 'adfs-admin' }
const firewall: Advice = { action: { verb: 'look', at: { kind: 'firewall' } }, by: 'network-admin' }
const device: Advice = { action: { verb: 'look', at: { kind: 'device-at-address' } }, by: 'network-admin' }
const elsewhere: Advice = { action: { verb: 'run-again', where: 'elsewhere' }, by: 'whoever-checks' }

/** What somebody should do about it, the likeliest first. */
export function endAdvice(end: End): readonly Advice[] {
  switch (end.kind) {
    case 'unreachable':
      return { refused: [services], 'no-route': [elsewhere], other: [firewall] }[end.reason]
    case 'proxy-failed':
      return [firewall, elsewhere]
    case 'timed-out':
      return end.phase === 'connect' ? [firewall, elsewhere] : [services, firewall, device]
    case 'alert':
      return end.alert.name === 'unrecognized_name' ? [bindings] : [tlsSettings, bindings]
    case 'reset':
    case 'closed':
      // Windows reads the hello and resets names that it has no binding for.
      return end.phase === 'client-hello' || end.phase === 'server-hello'
        ? [bindings, firewall]
        : [services, firewall]
    case 'not-tls':
      return end.looksLike === 'http' ? [device] : [elsewhere, bindings]
    case 'limit-exceeded':
    case 'protocol-error':
      return [device]
    case 'interrupted':
    case 'not-recorded':
      return [{ action: { verb: 'run-again', where: 'here' }, by: 'whoever-checks' }]
    case 'key-not-proven':
    case 'key-unreadable':
      return [bindings]
  }
}
