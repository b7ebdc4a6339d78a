/** Servers observed at a time, over all names of a run. */
export const defaultConcurrency = 8

/** With two servers in turn one further connection meets the other; a hundred leave little to chance. */
export const maxRepeat = 100

/** Further tries where no answer came; the pauses between them grow to seconds. */
export const maxRetries = 10
