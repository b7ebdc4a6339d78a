import { parseReleaseRange, type Release, releases, supported } from '../android/releases.js'
import type { Asked } from '../farm/asked.js'
import { defaultThresholds, type Threshold } from './thresholds.js'

/** Which releases set the verdict, which are told beside them, and how much of a lifetime must be left. */
export interface Policy {
  /** Oldest first, like `others`. */
  readonly releases: readonly Release[]
  readonly others: readonly Release[]
  readonly warn: Threshold
  readonly crit: Threshold
}

/**
 * `supported` (the default) is what the Intune apps support today; `all` lets every release count; a range counts and
 * nothing else is told.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION
 */
export function policyOf({ android, warn, crit }: Pick<Asked, 'android' | 'warn' | 'crit'>): Policy {
  const chosen =
    android === null || android === 'supported'
      ? releases.slice(releases.indexOf(supported.from))
      : android === 'all'
        ? releases
        : parseReleaseRange(android)
  const isDefault = android === null || android === 'supported'
  return {
    releases: chosen,
    others: isDefault ? releases.filter((release) => !chosen.includes(release)) : [],
    warn: warn ?? defaultThresholds.warn,
    crit: crit ?? defaultThresholds.crit,
  }
}
