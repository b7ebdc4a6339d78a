import type { FetchOutcome } from './network.js'

/**
 * One line for reports, e.g. `fetched 1 certificate` or `HTTP status 404`; `found` certificates were in the body, null:
 * it is a list of revoked ones.
 */
export function fetchOutcomeText(
  outcome: FetchOutcome,
  found: number | null,
  problem: string | null,
): string {
  switch (outcome.kind) {
    case 'fetched':
      if (found === null)
        return problem === null
          ? 'fetched a list of revoked certificates'
          : `answer is no list of revoked certificates (${problem})`
      return problem === null
        ? `fetched ${found} certificate${found === 1 ? '' : 's'}`
        : `answer holds no certificate (${problem})`
    case 'refused':
      return `not fetched: ${outcome.detail}`
    case 'http-status':
      return `HTTP status ${outcome.status}`
    case 'timed-out':
      return `no complete answer within ${outcome.timeoutMs} ms`
    case 'too-large':
      return `answer larger than ${outcome.maximumBytes} bytes`
    case 'too-many-redirects':
      return `more than ${outcome.maximum} redirects`
    case 'redirect-loop':
      return 'redirects in a circle'
    case 'damaged':
      return `answer damaged: ${outcome.detail}`
    case 'too-many-fetches':
      return `not fetched: more than ${outcome.maximum} addresses in one run`
    case 'unreachable':
      return `not reachable: ${outcome.detail}`
    case 'offline':
      return 'not fetched: --offline'
    case 'not-recorded':
      return 'not in the recorded case'
  }
}
