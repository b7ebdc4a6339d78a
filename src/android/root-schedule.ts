import type { Certificate } from '../x509/certificate.js'

/**
 * When Mozilla takes a root's trust for websites away, by the age of its key (Mozilla Root Store Policy §7.4 and "CA/Root
 * CA Lifecycles"). A forecast for phones, no verdict: Android's store follows Mozilla's with a delay. Of the roots removed
 * due on 2025-04-15 the store of 2025-12 (android-16.0.0_r4) had one left, ePKI, for which a delay had been asked.
 */
export const rootSchedule = {
  source: 'wiki.mozilla.org CA/Root_CA_Lifecycles: keys of more than 15 years, with a transition until 2029',
  read: '2026-11-24',
  /** Keys made before the first date lose the trust bit on the second. */
  rows: [
    { madeBefore: '2006-01-01', removed: '2025-04-15' },
    { madeBefore: '2008-01-01', removed: '2026-04-15' },
    { madeBefore: '2010-01-01', removed: '2027-04-15' },
    { madeBefore: '2012-01-01', removed: '2028-04-15' },
    { madeBefore: '2014-04-15', removed: '2029-04-15' },
  ],
  /** What Android did before: months from Mozilla's removal to the first store without the root. */
  delayMonths: 8,
} as const

/**
 * The day by that schedule. The validity's beginning stands for the making of the key, as Mozilla takes it where there is
 * no record of the ceremony; a root that was issued anew for an old key leaves earlier than said here.
 */
export function scheduledRemoval({ notBefore }: Pick<Certificate, 'notBefore'>): Date {
  const row = rootSchedule.rows.find(({ madeBefore }) => notBefore.getTime() < Date.parse(madeBefore))
  if (row) return new Date(row.removed)
  const late = new Date(notBefore)
  late.setUTCFullYear(late.getUTCFullYear() + 15)
  return late
}
