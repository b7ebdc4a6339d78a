import { AdfsCheckFault } from '../fault.js'

/** Android releases with a verdict of their own: those whose trust store or rules differ in AOSP. Oldest first. */
// biome-ignore format: a table of one line
export const releases = [
  '4.4', '5.0', '5.1', '6.0', '7.0', '7.1', '8.0', '8.1', '9', '10', '11', '12', '12L', '13', '14', '15', '16', '17',
] as const

export type Release = (typeof releases)[number]

/** One row of the table of releases. */
export interface ReleaseFacts {
  readonly release: Release
  readonly apiLevel: number
  readonly name: string
  /** First public date, `YYYY-MM-DD` or `YYYY-MM`; where sources differ, the date the system was announced as released. */
  readonly released: string
  /** AOSP tag that stands for the release where its rules were read. */
  readonly tag: string
}

/**
 * Sources: developer.android.com (API levels), source.android.com build numbers, dates of the AOSP tags. Android 4.4W
 * (API 20) ran on watches only and has no row; 7.1 stands for 7.1.1, because 7.1.0 was on a few phones for two months.
 */
const table: readonly ReleaseFacts[] = [
  row('4.4', 19, 'KitKat', '2013-10-31', 'android-4.4_r1'),
  row('5.0', 21, 'Lollipop', '2014-11-12', 'android-5.0.0_r1'),
  row('5.1', 22, 'Lollipop', '2015-03-09', 'android-5.1.0_r1'),
  row('6.0', 23, 'Marshmallow', '2015-10-05', 'android-6.0.0_r1'),
  row('7.0', 24, 'Nougat', '2016-08-22', 'android-7.0.0_r1'),
  row('7.1', 25, 'Nougat', '2016-12-05', 'android-7.1.1_r1'),
  row('8.0', 26, 'Oreo', '2017-08-21', 'android-8.0.0_r1'),
  row('8.1', 27, 'Oreo', '2017-12-05', 'android-8.1.0_r1'),
  row('9', 28, 'Pie', '2018-08-06', 'android-9.0.0_r1'),
  row('10', 29, 'Android 10', '2019-09-03', 'android-10.0.0_r1'),
  row('11', 30, 'Android 11', '2020-09-08', 'android-11.0.0_r1'),
  row('12', 31, 'Android 12', '2021-10-04', 'android-12.0.0_r1'),
  row('12L', 32, 'Android 12L', '2022-03-07', 'android-12.1.0_r1'),
  row('13', 33, 'Android 13', '2022-08-15', 'android-13.0.0_r1'),
  row('14', 34, 'Android 14', '2023-10-04', 'android-14.0.0_r1'),
  row('15', 35, 'Android 15', '2024-09-03', 'android-15.0.0_r1'),
  row('16', 36, 'Android 16', '2025-06-10', 'android-16.0.0_r2'),
  row('17', 37, 'Android 17', '2026-06', 'android-17.0.0_r1'),
]

function row(release: Release, apiLevel: number, name: string, released: string, tag: string): ReleaseFacts {
  return { release, apiLevel, name, released, tag }
}

export function factsOf(release: Release): ReleaseFacts {
  return table[releases.indexOf(release)]!
}

/**
 * When apps meet what Android 17 asks of those that target API 37 (Certificate Transparency, the local network): Google
 * Play takes new builds for API 36 only since 2026-08-31, and has raised that every year on that day.
 */
export const targetingApi37 = {
  from: '2027-08-31',
  read: '2026-11-24',
  source: 'Google Play: target API level 36 since 2026-08-31; 37 a year later by the same rule (inferred)',
} as const

/**
 * The releases that a range names, oldest first: `10`, `8..`, `..9`, `7.0..14`, or several separated by commas. A
 * number without its minor version means all of them: `8` is 8.0 and 8.1, `8..` begins at 8.0, `..8` ends at 8.1.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION
 */
export function parseReleaseRange(text: string): readonly Release[] {
  const chosen = new Set<Release>()
  for (const part of text.split(',')) {
    const [from = '', to = from, ...rest] = part.trim().split('..')
    if (rest.length > 0 || (from === '' && to === '')) throw badRange(text, `"${part.trim()}" is not a range`)
    const first = from === '' ? 0 : releases.indexOf(named(from, text).at(0)!)
    const last = to === '' ? releases.length - 1 : releases.indexOf(named(to, text).at(-1)!)
    if (first > last) throw badRange(text, `${from} is newer than ${to}`)
    for (const release of releases.slice(first, last + 1)) chosen.add(release)
  }
  return releases.filter((release) => chosen.has(release))
}

function named(word: string, text: string): readonly Release[] {
  const wanted = word.trim().toLowerCase()
  const exact = releases.filter((release) => release.toLowerCase() === wanted)
  const found = exact.length > 0 ? exact : releases.filter((release) => release.startsWith(`${wanted}.`))
  if (found.length === 0) throw badRange(text, `"${word.trim()}" is not an Android release known here`)
  return found
}

const badRange = (text: string, why: string): AdfsCheckFault =>
  new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `Cannot read the Android range "${text}": ${why}.`, {
    hint: `Releases are ${releases.join(', ')}. Write 10, 8.., ..9, 7.0..14 or 8.1,10..12L.`,
  })

/**
 * The oldest release on which the Intune apps still sign users in. Microsoft: "user-based management … requires
 * Android 10 or later" since October 2024 ("Support for Android OS versions for user-based management", Intune what's
 * new). It is raised once or twice a year, so the date goes into every report.
 */
export const builtInSupported: Supported = {
  from: '10',
  asOf: '2026-11-24',
  source: 'Microsoft Intune: user-based management requires Android 10 or later (since 2024-10)',
}

/** What this run goes by. */
export let supported = builtInSupported

export interface Supported {
  readonly from: Release
  /** `YYYY-MM-DD` */
  readonly asOf: string
  readonly source: string
}

/** For `useTrustData` only. */
export function useSupported(newer: Supported): void {
  supported = newer
}
