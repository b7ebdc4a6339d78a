/** Servers observed at a time, over all names of a run. */
export const defaultConcurrency = 8

export { maxRepeat, maxRetries, maxTimeoutMs } from '../farm/asked.js'
