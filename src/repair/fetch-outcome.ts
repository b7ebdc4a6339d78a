import type { FetchOutcome } from './fetch.js'

/** One line for reports, e.g. `fetched 1 certificate` or `HTTP status 404`. */
export function fetchOutcomeText(outcome: FetchOutcome): string {
  switch (outcome.kind) {
    case 'fetched':
      return `fetched ${outcome.certificates} certificate${outcome.certificates === 1 ? '' : 's'}`
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
    case 'not-certificates':
      return `answer holds no certificate (${outcome.detail})`
    case 'unreachable':
      return `not reachable: ${outcome.detail}`
    case 'limit-reached':
      return `not fetched: the limit on ${outcome.limit === 'fetches' ? 'the number of fetches' : 'total time'} was reached`
  }
}
