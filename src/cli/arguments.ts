import { InvalidArgumentError } from 'commander'
import { type AskedNode, parseNode } from '../farm/inventory.js'
import { AdfsCheckFault } from '../fault.js'
import { type Threshold, thresholdOf } from '../gate/thresholds.js'
import type { Shard } from './shard.js'

/** A whole number within limits, with an error that names them. */
export const wholeNumber = (minimum: number, maximum: number) => (text: string) => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= minimum && value <= maximum))
    throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`)
  return value
}

/** Seconds, decimals allowed, as milliseconds. */
export const seconds = (minimum: number, maximum: number) => (text: string) => {
  const value = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= minimum && value <= maximum))
    throw new InvalidArgumentError(`It must be a number of seconds from ${minimum} to ${maximum}.`)
  return value * 1000
}

/** A date (`2027-03-01`, midnight UTC) or an ISO 8601 instant. */
export function instant(text: string): Date {
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? new Date(text)
    : new Date(Number.NaN)
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError(
      'It must be a date like 2027-03-01 or an instant like 2027-03-01T12:00:00Z.',
    )
  return at
}

/** Collects a repeatable option. */
export const repeatable = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
]

/** Collects ports, in order. */
export const ports = (text: string, previous: readonly number[] = []): readonly number[] => [
  ...previous,
  wholeNumber(1, 65_535)(text),
]

/** Collects nodes of the farm. */
export const nodes = (text: string, previous: readonly AskedNode[] = []): readonly AskedNode[] => {
  try {
    return [...previous, parseNode(text)]
  } catch (error) {
    if (error instanceof AdfsCheckFault)
      throw new InvalidArgumentError(`${error.message} ${error.hint ?? ''}`)
    throw error
  }
}

/** `20%` or `30d`. */
export function threshold(text: string): Threshold {
  try {
    return thresholdOf(text)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof AdfsCheckFault ? (error.hint ?? '') : String(error))
  }
}

/** More machines than a list of a hundred thousand names needs. */
const maxShards = 1_000

/** `2/5`. */
export function shardOf(text: string): Shard {
  const [nth = 0, count = 0] = (/^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? []).slice(1).map(Number)
  if (nth < 1 || nth > count || count > maxShards)
    throw new InvalidArgumentError(
      `Write it like 2/5, for the second of five parts; at most ${maxShards} parts.`,
    )
  return { nth, count }
}
