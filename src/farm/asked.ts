import type { TrustDataId } from '../android/data-in-use.js'
import type { Threshold } from '../gate/thresholds.js'
import type { Certificate } from '../x509/certificate.js'
import type { Inventory } from './inventory.js'
import type { Terminator, WindowsRelease } from './subject.js'

/** Certificates that the operator gave, with the path as it was named. */
export interface GivenFile {
  /** As on the command line. */
  readonly path: string
  readonly certificates: readonly { readonly certificate: Certificate; readonly from: string }[]
}

/**
 * What the operator asked for, defaults left out: what a saved case keeps and what printed commands repeat. Never holds
 * a password; of a proxy only scheme, host and port.
 */
export interface Asked {
  /** As on the command line, one farm. */
  readonly target: string
  readonly servers: readonly string[]
  readonly port: number | null
  readonly family: 4 | 6 | null
  /** As written: `supported`, `all` or a range; null: the default. */
  readonly android: string | null
  readonly trustAnchors: readonly GivenFile[]
  readonly deviceCas: readonly GivenFile[]
  readonly remembered: readonly GivenFile[]
  readonly intermediates: readonly GivenFile[]
  /** Newer data than the program's own, with its checksum and date; missing: none. */
  readonly trustData?: AskedTrustData
  /** The clock that validity is judged by; null: the time of the run. */
  readonly at: Date | null
  readonly offline: boolean
  readonly aiaAllowPrivate: boolean
  readonly warn: Threshold | null
  readonly crit: Threshold | null
  /** For each connection, milliseconds; null: the default. */
  readonly timeoutMs: number | null
  /** Extra connections with the same hello, to meet the servers behind one address. */
  readonly repeat: number
  /** `http://proxy:3128` or `socks5://proxy:1080`, without credentials; `none`: given as --no-proxy; null: not given. */
  readonly proxy: string | 'none' | null
  /** The proxy was given with credentials, which are kept nowhere: printed commands take it from HTTPS_PROXY instead. */
  readonly proxyCredentials?: boolean
  /** What ends TLS at every server of the run; missing: not said. */
  readonly tlsEndsAt?: Terminator
  /** File with the password of the files above, as named. */
  readonly passwordFile?: string | null
  /** What is said of the farm beside its name; missing: nothing. */
  readonly inventory?: Inventory
  /** Files to be judged as if they were served; missing: servers are asked. */
  readonly files?: AskedFiles
  /** The file with the certificate that is to be served by now. */
  readonly renewed?: AskedRenewal
  /** Cases that are judged together. */
  readonly joined?: AskedJoin
}

export interface AskedTrustData extends TrustDataId {
  /** As on the command line. */
  readonly path: string
}

/** What `adfs-check file` was asked for beside. */
export interface AskedFiles {
  readonly paths: readonly string[]
  /** Every --name; the target is the one that this report is about. */
  readonly names: readonly string[]
  /** What the server is said to hold already. */
  readonly stores: readonly GivenFile[]
  readonly server: WindowsRelease | null
  /** Environment variable with the password. */
  readonly passwordEnv: string | null
  /** Live farm to compare with. */
  readonly against: string | null
}

/** What `adfs-check renewed` was asked for beside. */
export interface AskedRenewal {
  readonly pfx: string
  /** Files of what was served before, as named. */
  readonly before: readonly string[]
  /** Environment variable with the password. */
  readonly passwordEnv: string | null
}

/** What several cases were asked, as one report is asked it. */
export interface AskedJoin {
  /** Files of the cases, as named. */
  readonly paths: readonly string[]
  /** Labels as given, one a case; empty: they follow from the files. */
  readonly as: readonly string[]
  /** By label: what was asked from there, which printed commands repeat. */
  readonly views: Readonly<Record<string, Asked>>
}

/** For each connection, milliseconds. */
export const defaultTimeoutMs = 10_000

/** A day a connection: more is a mistake, and Node's timers take larger numbers for one millisecond. */
export const maxTimeoutMs = 86_400_000

/** With two servers in turn one further connection meets the other; a hundred leave little to chance. */
export const maxRepeat = 100

/** Further tries where no answer came; the pauses between them grow to seconds. */
export const maxRetries = 10
