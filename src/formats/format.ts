import type { Gate, Gated } from '../gate/gate.js'

/** What is known before the first report is there. */
export interface Head {
  readonly tool: { readonly name: 'adfs-check'; readonly version: string }
  readonly at: Date
}

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
    end: Promise<Gate>,
    sink: Sink,
    style: Style,
  ): Promise<void>
}
