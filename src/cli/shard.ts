import { createHash } from 'node:crypto'
import { parseTarget } from '../farm/target.js'

/** The `nth` (from 1) of `count` parts of a list, each for a machine of its own. */
export interface Shard {
  readonly nth: number
  readonly count: number
}

/**
 * Whether a target belongs to this part. Every target goes by a hash of its name alone, whatever stands beside it: a line
 * that is added or taken away moves no other, and the ports of one name stay together, so that it is resolved once. A line
 * that names nothing goes by its text: one machine tells of it, not each.
 */
export function isInShard(target: string, { nth, count }: Shard): boolean {
  const hash = createHash('sha256').update(nameOf(target)).digest()
  return hash.readUInt32BE(0) % count === nth - 1
}

function nameOf(target: string): string {
  try {
    return parseTarget(target).name
  } catch {
    return target
  }
}
