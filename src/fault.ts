/** Stable codes of misuse and of our own mistakes; findings and probe outcomes are data and never thrown. */
export type FaultCode =
  | 'ADFS_CHECK_BAD_TARGET'
  | 'ADFS_CHECK_BAD_OPTION'
  | 'ADFS_CHECK_BAD_FILE'
  | 'ADFS_CHECK_WRITE_FAILED'
  | 'ADFS_CHECK_INTERNAL'

/** Misuse or a fault of ours: what is wrong, where, and what to do about it (`hint`). */
export class AdfsCheckFault extends Error {
  override readonly name = 'AdfsCheckFault'
  readonly code: FaultCode
  readonly hint: string | null

  constructor(code: FaultCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.hint = options.hint ?? null
  }
}
