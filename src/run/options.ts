import { types } from 'node:util'
import { AdfsCheckFault } from '../fault.js'
import { resolveLimits } from '../target/resolve.js'
import type { Certificate } from '../x509/certificate.js'

export interface CheckOptions {
  /** `address`, `address:port` or a node's own name: probed instead of asking DNS for the target. */
  readonly servers?: readonly string[]
  /** Port where the target names none. Default 443. */
  readonly port?: number
  /** For each connection, milliseconds. Default 10 000. */
  readonly timeoutMs?: number
  /** Servers probed at a time. Default 8. */
  readonly concurrency?: number
  /** Only addresses of this family. */
  readonly family?: 4 | 6
  /** A range like `8..` or `7.0..12,15`. Default: every release. */
  readonly android?: string
  /** Anchors that the phones have in their system store beside those of their release. */
  readonly trustAnchors?: readonly Certificate[]
  /** CAs installed by the user or by MDM. */
  readonly deviceCas?: readonly Certificate[]
  /** Intermediates that an app process has met before. */
  readonly remembered?: readonly Certificate[]
  /** The clock that validity is judged by. Default: now. */
  readonly at?: Date
  /** Where to look for missing issuers, each with the file it came from. */
  readonly intermediates?: readonly { readonly certificate: Certificate; readonly from: string }[]
  /** Fetch nothing over AIA. */
  readonly offline?: boolean
  /** Fetch from private and loopback addresses too. */
  readonly aiaAllowPrivate?: boolean
  /** HTTP proxy for every connection. */
  readonly proxy?: URL | null
  /** A certificate with fewer days left is a warning (default 30), or critical (default 7). */
  readonly warnDays?: number
  readonly critDays?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (event: Progress) => void
}

/** What is being done, for people who wait. */
export type Progress =
  | { readonly kind: 'resolved'; readonly name: string; readonly endpoints: number }
  | { readonly kind: 'probed'; readonly endpoint: string; readonly outcome: string }
  | { readonly kind: 'repairing'; readonly endpoint: string }

/** A day a connection: more is a mistake, and Node's timers take larger numbers for one millisecond. */
const maxTimeoutMs = 86_400_000

/**
 * The options as given, if `check` can work with them: a number that is none would switch a limit or a warning off.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION
 */
export function validOptions(options: CheckOptions): CheckOptions {
  const { servers = [], port, timeoutMs, concurrency, family, at, warnDays, critDays, proxy } = options
  if (servers.length > resolveLimits.addresses) {
    throw badOption(
      `${servers.length} servers are named, more than ${resolveLimits.addresses}.`,
      'Check the farm in parts.',
    )
  }
  between('port', port, 1, 65_535, true)
  between('timeoutMs', timeoutMs, 1, maxTimeoutMs)
  between('concurrency', concurrency, 1, resolveLimits.addresses, true)
  between('warnDays', warnDays, 0, 36_500)
  between('critDays', critDays, 0, 36_500)
  if (family !== undefined && family !== 4 && family !== 6) {
    throw badOption(`family is ${String(family)}.`, 'It is 4, 6 or left out for both.')
  }
  if (at !== undefined) validClock(at)
  if (proxy) validProxy(proxy, 'proxy')
  return options
}

/**
 * A date that is one. Compared with anything else, every certificate would be valid.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION
 */
export function validClock(at: unknown): Date {
  if (!types.isDate(at) || Number.isNaN(at.getTime())) {
    throw badOption(
      '"at" is not a valid Date.',
      'Validity cannot be judged without a clock: give new Date().',
    )
  }
  return at
}

/**
 * A proxy that can be spoken to: `http:` or `https:`, with credentials that can be decoded.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION
 */
export function validProxy(proxy: URL, given: string): URL {
  if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:') {
    throw badOption(`${given} is not an http or https URL.`, 'Write it like http://proxy.contoso.com:8080.')
  }
  try {
    decodeURIComponent(proxy.username + proxy.password)
  } catch {
    throw badOption(
      `${given} has a name or password with a percent sign that is no escape.`,
      'Write a percent sign as %25, and other special characters as UTF-8 in percent escapes.',
    )
  }
  return proxy
}

function between(
  name: string,
  value: number | undefined,
  minimum: number,
  maximum: number,
  isWhole = false,
): void {
  if (value === undefined) return
  if (!(value >= minimum && value <= maximum) || (isWhole && !Number.isInteger(value))) {
    throw badOption(
      `${name} is ${String(value)}.`,
      `It is a ${isWhole ? 'whole number' : 'number'} from ${minimum} to ${maximum}.`,
    )
  }
}

const badOption = (message: string, hint: string) =>
  new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', message, { hint })
