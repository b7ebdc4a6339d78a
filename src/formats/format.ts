import type { Gated } from '../gate/gate.js'
import type { Summary } from '../gate/owners.js'

/** What is known before the first report is there. */
export interface Head {
  readonly tool: { readonly name: 'adfs-check'; readonly version: string }
  readonly at: Date
  /** Cases of an earlier run. */
  readonly baseline?: Baseline
  /** Where farms are listed, by `farmKey` (outcomes.ts). */
  readonly listed?: ReadonlyMap<string, Listing>
  /** The run goes on after the reports, and ends with a code of its own. */
  readonly watched?: boolean
}

/** A place in a file, for formats that point at files. */
export interface Listing {
  /** Relative to the working directory where the file is below it. */
  readonly uri: string
  /** 1-based. */
  readonly line: number
}

/** A case of an earlier run. */
export interface BaselineCase {
  /** SHA-256 of its key. */
  readonly fingerprint: string
  /** `farmKey` of its farm. */
  readonly farm: string
  /** Null: the farm as a whole. */
  readonly subject: string | null
  readonly rule: string
  readonly releases: readonly string[]
  readonly level: 'error' | 'warning' | 'note'
}

/** By `identityOf` (baseline.ts). */
export type Baseline = ReadonlyMap<string, BaselineCase>

export interface Sink {
  write(text: string): void | Promise<void>
}

/** How text formats draw; others ignore it. */
export interface Style {
  readonly colour: boolean
  /** False: ASCII only. */
  readonly unicode: boolean
  readonly columns: number
  /** Everything, not the first screen. */
  readonly verbose: boolean
}

/** One way to write reports. `streams`: writes each report when it comes; others wait for `end`. */
export interface Format {
  readonly name: string
  readonly streams: boolean
  write(
    head: Head,
    reports: AsyncIterable<Gated>,
    end: Promise<Summary>,
    sink: Sink,
    style: Style,
  ): Promise<void>
}
