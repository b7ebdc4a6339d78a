import type { AskedNode } from '../farm/inventory.js'
import type { Terminator } from '../farm/subject.js'
import type { Listing } from '../formats/format.js'
import type { FormatName } from '../formats/names.js'
import type { Threshold } from '../gate/thresholds.js'
import type { Waiver } from '../gate/waivers.js'
import { defaultConcurrency } from '../run/limits.js'
import type { OutputFile } from './outputs.js'
import type { Shard } from './shard.js'

/** Options of `check`, as commander hands them over. */
export interface CheckFlags {
  readonly server: readonly string[]
  readonly tlsEndsAt?: Terminator
  readonly port?: number
  /** All ports of the farm, the first beside `port`. */
  readonly ports?: readonly number[]
  /** Further names of the farm; of `file` the names it is for. */
  readonly name?: readonly string[]
  readonly upnSuffix?: readonly string[]
  readonly node?: readonly AskedNode[]
  readonly timeout?: number
  readonly concurrency: number
  /** Connections at a time into one network. */
  readonly perNetwork?: number
  /** File with a target on each line; `-`: standard input. */
  readonly targets?: string
  /** The part of the targets that this run checks. */
  readonly shard?: Shard
  readonly ipv4Only?: boolean
  readonly ipv6Only?: boolean
  readonly android?: string
  readonly trustAnchor: readonly string[]
  readonly deviceCa: readonly string[]
  readonly remembered: readonly string[]
  /** Newer stores and catalogue. */
  readonly trustData?: string
  readonly at?: Date
  readonly intermediates: readonly string[]
  readonly passwordFile?: string
  readonly offline?: boolean
  readonly aiaAllowPrivate?: boolean
  /** A URL, or false for `--no-proxy`. */
  readonly proxy?: string | false
  readonly kit?: string
  readonly format: FormatName
  readonly output?: readonly OutputFile[]
  /** Report of an earlier run, for sarif. */
  readonly baseline?: string
  readonly warn?: Threshold
  readonly crit?: Threshold
  readonly failOn?: 'warning' | 'critical'
  /** From --config. */
  readonly waivers?: readonly Waiver[]
  readonly config?: string
  /** Of a farm of --config. */
  readonly owner?: string
  /** File of outcomes to compare with. */
  readonly lock?: string
  readonly repeat: number
  readonly retries: number
  /** For the whole run, milliseconds. */
  readonly deadline?: number
  /** Look again until every server is accepted. */
  readonly watch?: boolean
  /** Between two looks, milliseconds. */
  readonly interval?: number
  /** Milliseconds. */
  readonly watchTimeout?: number
  /** File that the outcome of the last run is kept in. */
  readonly state?: string
  readonly save?: string
  readonly redact?: boolean
  readonly verbose?: boolean
  readonly quiet?: boolean
  readonly color?: boolean
  readonly ascii?: boolean
}

/** A target with options of its own. */
export interface Aimed {
  readonly target: string
  readonly flags: CheckFlags
  /** Where the policy has the farm. */
  readonly listed?: Listing
}

/** Options that were not given. */
export const checkDefaults = {
  server: [],
  trustAnchor: [],
  deviceCa: [],
  remembered: [],
  intermediates: [],
  concurrency: defaultConcurrency,
  repeat: 0,
  retries: 0,
  format: 'text',
} as const satisfies Partial<CheckFlags>
