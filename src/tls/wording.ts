import type { Failure } from './exchange-end.js'
import type { ProbeOutcome, ProbePhase } from './observation.js'

/** How a connection ended, in a few words without the address. */
export function outcomeText(outcome: ProbeOutcome | Failure): string {
  switch (outcome.kind) {
    case 'observed':
      return plural(outcome.observation.certificates.length)
    case 'unreachable':
      return outcome.reason === 'refused'
        ? 'connection refused'
        : outcome.reason === 'no-route'
          ? 'no route from here'
          : outcome.detail
    case 'proxy-failed':
      return outcome.detail
    case 'timed-out':
      return `no answer within ${outcome.timeoutMs / 1000} s while waiting for ${phaseText[outcome.phase]}`
    case 'alert':
      return `TLS alert ${outcome.alert.name} while waiting for ${phaseText[outcome.phase]}`
    case 'reset':
      return `connection reset while waiting for ${phaseText[outcome.phase]}`
    case 'closed':
      return `connection closed while waiting for ${phaseText[outcome.phase]}`
    case 'not-tls':
      return outcome.looksLike === 'http'
        ? 'answers in plain HTTP, not TLS'
        : `does not speak TLS: ${outcome.detail}`
    case 'limit-exceeded':
      return `more than the limit: ${outcome.limit}, at most ${outcome.maximum}${outcome.actual === null ? '' : `, here ${outcome.actual}`}`
    case 'protocol-error':
      return `breaks the TLS protocol: ${outcome.detail}`
    case 'interrupted':
      return 'the run ended before an answer came'
    case 'not-recorded':
      return 'not in the recorded case'
    case 'key-not-proven':
      return `the key is not proven: ${outcome.detail}`
    case 'key-unreadable':
      return `the proof of the key cannot be checked: ${outcome.detail}`
  }
}

/** What was waited for. */
export const phaseText: Readonly<Record<ProbePhase, string>> = {
  resolve: 'the name to resolve',
  proxy: 'the proxy',
  connect: 'the TCP connection',
  'client-hello': 'the ClientHello to be taken',
  'server-hello': 'the ServerHello',
  certificate: 'the Certificate message',
  'key-proof': 'the proof of the key',
}

const plural = (count: number): string => `${count} certificate${count === 1 ? '' : 's'} received`
