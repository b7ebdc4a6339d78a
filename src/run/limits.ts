/** Servers observed at a time, over all names of a run. */
export const defaultConcurrency = 8

/**
 * Connections at a time into one network: what eight servers at work say with four hellos each, so that one farm is looked
 * at as fast as ever, while neither a larger --concurrency nor a list that names a whole subnet falls on one firewall at
 * once. Browsers open six to a host.
 */
export const defaultPerNetwork = 32

export { maxRepeat, maxRetries, maxTimeoutMs } from '../farm/asked.js'
