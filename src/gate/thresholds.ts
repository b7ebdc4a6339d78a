import { AdfsCheckFault } from '../fault.js'

/** How much of a lifetime must be left: a part of it, a number of days, or both (then the smaller counts). */
export interface Threshold {
  /** 0 … 100, of notAfter - notBefore. */
  readonly percent: number | null
  readonly days: number | null
}

/** Warning below min(25 % of the lifetime, 30 days), critical below min(10 %, 7 days): 6-, 47- and 398-day certificates alike. */
export const defaultThresholds: { readonly warn: Threshold; readonly crit: Threshold } = {
  warn: { percent: 25, days: 30 },
  crit: { percent: 10, days: 7 },
}

const dayMs = 86_400_000

/** Milliseconds that must be left of a certificate with this validity. */
export function leastLeft(
  { percent, days }: Threshold,
  validity: { notBefore: Date; notAfter: Date },
): number {
  const lifetime = validity.notAfter.getTime() - validity.notBefore.getTime()
  return Math.min(
    percent === null ? Number.POSITIVE_INFINITY : (lifetime * percent) / 100,
    days === null ? Number.POSITIVE_INFINITY : days * dayMs,
  )
}

/**
 * `20%` of the lifetime, or `30d`.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION
 */
export function thresholdOf(text: string): Threshold {
  const [, number, unit] = /^(\d{1,4}(?:\.\d{1,3})?)(%|d)$/.exec(text) ?? []
  const value = Number(number)
  if (number === undefined || (unit === '%' && value > 100)) {
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `"${text}" is no part of a lifetime.`, {
      hint: 'Write a percentage like 20% or a number of days like 30d.',
    })
  }
  return unit === '%' ? { percent: value, days: null } : { percent: null, days: value }
}

/** As it is written on a command line. */
export const thresholdText = ({ percent, days }: Threshold): string =>
  percent === null ? `${days}d` : `${percent}%`
