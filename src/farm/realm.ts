import { AdfsCheckFault } from '../fault.js'
import type { FetchOutcome } from '../network/network.js'
import { suffixOf } from './inventory.js'
import { parseTarget } from './target.js'

/** Where Microsoft says which sign-in page a domain has; the host is also what a proxy is chosen for. */
export const realmHost = 'login.microsoftonline.com'

/** Of a user only the domain is sent, under a name that nobody has. */
export const realmUrl = (suffix: string): string =>
  `https://${realmHost}/getuserrealm.srf?login=${encodeURIComponent(`adfs-check@${suffix}`)}&json=1`

/** The suffix of a target that is a user; null: it is none. */
export function userSuffix(target: string): string | null {
  const [, suffix] = /^[^\s@:/?#]+@([^\s@:/?#]+)$/.exec(target.trim()) ?? []
  return suffix === undefined ? null : suffixOf(suffix)
}

/** What stands behind the @ of a user signs in where? */
export type Realm =
  /** At a federation service; `isAdfs`: its address is one of AD FS. */
  | { readonly kind: 'federated'; readonly target: string; readonly isAdfs: boolean; readonly url: string }
  /** At Microsoft. */
  | { readonly kind: 'managed' }
  /** Microsoft does not know the domain. */
  | { readonly kind: 'unknown' }
  /** Nothing was learnt. */
  | { readonly kind: 'unanswered'; readonly why: string }

/** Reads the answer; whatever is not as it should be is no answer. */
export function realmOf(outcome: FetchOutcome): Realm {
  const unanswered = (why: string) => ({ kind: 'unanswered', why }) as const
  if (outcome.kind !== 'fetched') return unanswered(whyNot(outcome))
  let answer: unknown
  try {
    answer = JSON.parse(Buffer.from(outcome.body).toString('utf8'))
  } catch {
    return unanswered('the answer is no JSON')
  }
  if (typeof answer !== 'object' || answer === null) return unanswered('the answer is no object')
  const { NameSpaceType: kind, AuthURL: url } = answer as Readonly<Record<string, unknown>>
  if (kind === 'Managed') return { kind: 'managed' }
  if (kind === 'Unknown') return { kind: 'unknown' }
  if (kind !== 'Federated' || typeof url !== 'string') return unanswered('the answer names no sign-in page')
  try {
    const { displayName: host, port, isAddress } = parseTarget(url)
    if (isAddress) return unanswered('the sign-in page has an address and no name')
    return {
      kind: 'federated',
      target: port === 443 ? host : `${host}:${port}`,
      isAdfs: /^\/adfs\//i.test(new URL(url).pathname),
      url: `https://${host}${new URL(url).pathname}`,
    }
  } catch (error) {
    if (error instanceof AdfsCheckFault || error instanceof TypeError)
      return unanswered('the sign-in page has no https address')
    throw error
  }
}

function whyNot(outcome: FetchOutcome): string {
  switch (outcome.kind) {
    case 'http-status':
      return `HTTP status ${outcome.status}`
    case 'timed-out':
      return `no answer within ${outcome.timeoutMs} ms`
    case 'unreachable':
    case 'refused':
      return outcome.detail
    default:
      return outcome.kind
  }
}
