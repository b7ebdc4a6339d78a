import type { Release } from '../android/releases.js'
import { releases as allReleases } from '../android/releases.js'
import { AdfsCheckFault } from '../fault.js'

/**
 * `adfs-check.lock`: what a farm comes to, not the bytes by which it does. A renewal from another intermediate of the same
 * authority changes nothing here; a lost name, a lost release or a new root does.
 */
export interface LockedFarm {
  /** Accepted at every server, oldest first. */
  readonly releases: readonly Release[]
  /** DNS names that every server's certificate has. */
  readonly names: readonly string[]
  /** Roots that accepted paths may end at. */
  readonly roots: readonly { readonly name: string; readonly spkiSha256: string }[]
  /** Who may issue the certificate: organisations, or a whole name where there is none. */
  readonly issuers: readonly string[]
  /** Kinds of key, with the fewest bits that may be. */
  readonly keys: readonly { readonly kind: string; readonly bits: number }[]
}

/** By farm: name, with its port where that is not 443. */
export type Lock = Readonly<Record<string, LockedFarm>>

export const lockKey = ({ id, port }: { readonly id: string; readonly port: number }): string =>
  port === 443 ? id : `${id}:${port}`

/** Null: the file does not know it. */
export const lockedFarm = (
  lock: Lock,
  farm: { readonly id: string; readonly port: number },
): LockedFarm | null => (Object.hasOwn(lock, lockKey(farm)) ? lock[lockKey(farm)]! : null)

/** Sorted, so that a change is a small difference. */
export const lockText = (lock: Lock): string =>
  `${JSON.stringify({ lockVersion: 1, farms: Object.fromEntries(Object.entries(lock).sort(([a], [b]) => (a < b ? -1 : 1))) }, null, 2)}\n`

/** @throws AdfsCheckFault ADFS_CHECK_BAD_FILE */
export function readLock(text: string, path: string): Lock {
  const bad = (what: string, cause?: unknown) =>
    new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${path} ${what}.`, {
      hint: 'Write it anew with adfs-check lock NAME.',
      cause,
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw bad('is no JSON', cause)
  }
  if (!isRecord(value) || value.lockVersion !== 1 || !isRecord(value.farms))
    throw bad('is no lock file of this version')
  for (const [name, farm] of Object.entries(value.farms))
    if (!isLocked(farm)) throw bad(`holds no outcome for "${name}"`)
  return value.farms as unknown as Lock
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isListOf = <T>(value: unknown, is: (item: unknown) => item is T): value is T[] =>
  Array.isArray(value) && value.every(is)
const isText = (value: unknown): value is string => typeof value === 'string'
const isRelease = (value: unknown): value is Release => allReleases.some((release) => release === value)

const isLocked = (farm: unknown): farm is LockedFarm =>
  isRecord(farm) &&
  isListOf(farm.releases, isRelease) &&
  isListOf(farm.names, isText) &&
  isListOf(farm.issuers, isText) &&
  isListOf(farm.roots, isRecord) &&
  farm.roots.every(({ name, spkiSha256 }) => isText(name) && isText(spkiSha256)) &&
  isListOf(farm.keys, isRecord) &&
  farm.keys.every(({ kind, bits }) => isText(kind) && typeof bits === 'number')
