/** A recorded verdict that ours need not meet: which rows, which columns, and why a device differs from the recording. */
export interface Exception {
  readonly id: RegExp
  readonly column: readonly string[]
  readonly reason: string
}

export const exceptions: readonly Exception[] = []
