/** Servers observed at a time, over all names of a run. */
export const defaultConcurrency = 8

export { maxRepeat, maxTimeoutMs } from '../farm/asked.js'

/** Further tries where no answer came; the pauses between them grow to seconds. */
export const maxRetries = 10
