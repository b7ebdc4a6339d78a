import { types } from 'node:util'
import type { Asked, GivenFile } from '../farm/asked.js'
import { maxServers } from '../farm/farm.js'
import { type Inventory, isEmpty, parseNode, soundInventory } from '../farm/inventory.js'
import { type Terminator, terminators } from '../farm/subject.js'
import { AdfsCheckFault } from '../fault.js'
import { thresholdOf } from '../gate/thresholds.js'
import { isSocks, maxSocksCredential } from '../network/live/socks.js'
import type { Certificate } from '../x509/certificate.js'
import { maxRepeat, maxRetries, maxTimeoutMs } from './limits.js'

export interface CheckOptions {
  /** `address`, `address:port` or a node's own name: probed instead of asking DNS for the target. */
  readonly servers?: readonly string[]
  /** What ends TLS at every server: who is told to mend what. */
  readonly tlsEndsAt?: Terminator
  /** Port where the target names none. Default 443. */
  readonly port?: number
  /** Ports of the farm beside it, 49443 for the target's name alone. */
  readonly ports?: readonly number[]
  /** Further names of the farm, each asked on every server. */
  readonly names?: readonly string[]
  /** `enterpriseregistration.<suffix>` of each is looked up, and checked where it leads to the farm. */
  readonly upnSuffixes?: readonly string[]
  /** Machines in place of DNS, as `--node` has them: `wap1=10.0.0.5,role=wap`. */
  readonly nodes?: readonly string[]
  /** For each connection, milliseconds. Default 10 000. */
  readonly timeoutMs?: number
  /** Servers probed at a time. Default 8. */
  readonly concurrency?: number
  /** Only addresses of this family. */
  readonly family?: 4 | 6
  /** `supported`, `all` or a range like `8..` or `7.0..12,15`. Default: what the Intune apps support today. */
  readonly android?: string
  /** Anchors that the phones have in their system store beside those of their release. */
  readonly trustAnchors?: readonly Certificate[]
  /** CAs installed by the user or by MDM. */
  readonly deviceCas?: readonly Certificate[]
  /** Intermediates that an app process has met before. */
  readonly remembered?: readonly Certificate[]
  /**
   * Content of a file of newer stores and catalogue, as `--trust-data` takes it. One for the whole process: the first call
   * that gives one decides for all calls after it, and another one is refused.
   */
  readonly trustData?: Uint8Array
  /** The clock that validity is judged by. Default: now. */
  readonly at?: Date
  /** Where to look for missing issuers, each with the file it came from. */
  readonly intermediates?: readonly { readonly certificate: Certificate; readonly from: string }[]
  /** Fetch nothing over AIA. */
  readonly offline?: boolean
  /** Fetch from private and loopback addresses too. */
  readonly aiaAllowPrivate?: boolean
  /** HTTP or SOCKS 5 proxy for every connection. */
  readonly proxy?: URL | null
  /** Less of a lifetime left is a warning, or critical: `20%` or `30d`. Default: min(25 %, 30 days), min(10 %, 7 days). */
  readonly warn?: string
  readonly crit?: string
  /** Further connections with the same hello, to meet every server behind an address. Default 0. */
  readonly repeat?: number
  /** Further tries of connections and look-ups that no answer came to, with growing pauses. Default 0. */
  readonly retries?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (event: Progress) => void
}

/** What is being done, for people who wait. */
export type Progress =
  | { readonly kind: 'resolved'; readonly name: string; readonly servers: number }
  | { readonly kind: 'observed'; readonly subject: string }

/**
 * The options as given, if `check` can work with them: a number that is none would switch a limit or a warning off.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION
 */
export function validOptions(options: CheckOptions): CheckOptions {
  const {
    servers = [],
    port,
    timeoutMs,
    concurrency,
    family,
    at,
    repeat,
    retries,
    proxy,
    tlsEndsAt,
  } = options
  if (servers.length > maxServers) {
    throw badOption(
      `${servers.length} servers are named, more than ${maxServers}.`,
      'Check the farm in parts.',
    )
  }
  between('port', port, 1, 65_535, true)
  between('timeoutMs', timeoutMs, 1, maxTimeoutMs)
  between('concurrency', concurrency, 1, maxServers, true)
  between('repeat', repeat, 0, maxRepeat, true)
  between('retries', retries, 0, maxRetries, true)
  if (family !== undefined && family !== 4 && family !== 6) {
    throw badOption(`family is ${String(family)}.`, 'It is 4, 6 or left out for both.')
  }
  if (tlsEndsAt !== undefined && !terminators.includes(tlsEndsAt))
    throw badOption(`tlsEndsAt is ${String(tlsEndsAt)}.`, `It is one of ${terminators.join(', ')}.`)
  for (const one of options.ports ?? []) between('ports', one, 1, 65_535, true)
  inventoryOf(options)
  if (at !== undefined) validClock(at)
  if (proxy) validProxy(proxy, 'proxy')
  return options
}

/** The options of the library as what was asked. */
export function askedOf(target: string, options: CheckOptions): Asked {
  const given = (certificates: readonly Certificate[] | undefined, from: string): readonly GivenFile[] =>
    certificates?.length
      ? [{ path: from, certificates: certificates.map((certificate) => ({ certificate, from })) }]
      : []
  return {
    target,
    servers: options.servers ?? [],
    port: options.port ?? null,
    family: options.family ?? null,
    android: options.android ?? null,
    trustAnchors: given(options.trustAnchors, 'trustAnchors'),
    deviceCas: given(options.deviceCas, 'deviceCas'),
    remembered: given(options.remembered, 'remembered'),
    intermediates: options.intermediates?.length
      ? [{ path: 'intermediates', certificates: options.intermediates }]
      : [],
    at: options.at ?? null,
    offline: options.offline ?? false,
    aiaAllowPrivate: options.aiaAllowPrivate ?? false,
    warn: options.warn === undefined ? null : thresholdOf(options.warn),
    crit: options.crit === undefined ? null : thresholdOf(options.crit),
    timeoutMs: options.timeoutMs ?? null,
    repeat: options.repeat ?? 0,
    proxy: options.proxy ? printableProxy(options.proxy) : null,
    ...(options.tlsEndsAt === undefined ? {} : { tlsEndsAt: options.tlsEndsAt }),
    ...inventoryOf(options),
  }
}

/** @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION, ADFS_CHECK_BAD_TARGET */
function inventoryOf({ names = [], upnSuffixes = [], ports = [], nodes = [], port }: CheckOptions): {
  readonly inventory?: Inventory
} {
  const inventory = {
    names,
    upnSuffixes,
    ports: ports.length === 0 || port === undefined ? ports : [...new Set([port, ...ports])],
    nodes: nodes.map(parseNode),
  }
  return isEmpty(inventory) ? {} : { inventory: soundInventory(inventory) }
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

/** Scheme, host and port: what may be told and kept. */
export const printableProxy = ({ protocol, host }: URL): string => `${protocol}//${host}`

const proxySchemes = ['http:', 'https:', 'socks5:', 'socks5h:']

/**
 * A proxy that can be spoken to: `http:`, `https:`, `socks5:` or `socks5h:`, with credentials that can be decoded.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION
 */
export function validProxy(proxy: URL, given: string): URL {
  if (!proxySchemes.includes(proxy.protocol) || proxy.host === '') {
    throw badOption(
      `${given} is not an http, https or socks5 URL.`,
      'Write it like http://proxy.contoso.com:8080 or socks5://127.0.0.1:1080.',
    )
  }
  try {
    const lengths = [proxy.username, proxy.password].map((text) =>
      Buffer.byteLength(decodeURIComponent(text)),
    )
    if (isSocks(proxy) && lengths.some((length) => length > maxSocksCredential))
      throw badOption(
        `${given} has a name or password of more than ${maxSocksCredential} bytes.`,
        'SOCKS 5 has room for no more (RFC 1929).',
      )
  } catch (error) {
    if (error instanceof AdfsCheckFault) throw error
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
