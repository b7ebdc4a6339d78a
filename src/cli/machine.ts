/** A stream as far as we write to it. */
export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  /** False once the reader is gone. */
  readonly writable?: boolean
  on?(event: 'resize', listener: () => void): unknown
  off?(event: 'resize', listener: () => void): unknown
  write(text: string): unknown
}

/** What a command may know of the machine it runs on. Handed in, so that commands can be tested without one. */
export interface Machine {
  /** The result, and nothing else. */
  readonly out: Output
  /** Progress, advice and errors. */
  readonly err: Output
  /** Standard input, opened when it is asked for. */
  readonly input?: () => AsyncIterable<Uint8Array>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: string
  readonly now: Date
  /** Asks for a secret that is not shown; null: there is nobody to ask. Not known before: a look at standard input costs milliseconds. */
  readonly secret?: (question: string) => Promise<string | null>
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}
