import { dataSources } from '../android/data-sources.js'
import { helloOf } from '../android/hellos.js'
import { releaseRules } from '../android/release-rules.js'
import { factsOf, parseReleaseRange, type Release, releases, supported } from '../android/releases.js'
import { rootsOf, storeInfo, storeUpdates, updatesOf } from '../android/trust-store.js'
import { AdfsCheckFault } from '../fault.js'
import { inAscii, neutralised } from '../formats/terminal-text.js'
import { versionName } from '../tls/code-points.js'
import { trustDataBy } from './asked.js'
import type { Machine } from './machine.js'
import { textStyle } from './terminal.js'

/** Lists the releases with the rules and stores they are judged by. */
export async function androidCommand(trustData: string | undefined, machine: Machine): Promise<number> {
  await usingTrustData(trustData, machine)
  const rows = releases.map((release) => {
    const facts = factsOf(release)
    const { shape } = helloOf(release)
    const rules = releaseRules[release]
    const { roots, hashOnly } = storeInfo(release)
    return [
      release,
      String(facts.apiLevel),
      facts.released,
      releases.indexOf(release) >= releases.indexOf(supported.from) ? 'yes' : '-',
      `${roots}${hashOnly.length > 0 ? ` (${hashOnly.length} by hash only)` : ''}`,
      updatesOf(release)
        .map(({ update }) => update)
        .join(', ') || '-',
      versionSpan(shape.versions),
      rules.verifier === rules.patchedVerifier
        ? rules.verifier
        : `${rules.verifier}, patched ${rules.patchedVerifier}`,
      rules.builder,
    ]
  })
  print(
    machine,
    table([
      [
        'Android',
        'API',
        'released',
        'counts',
        'roots',
        'store updates',
        'offers',
        'host names',
        'path search',
      ],
      ...rows,
    ]),
  )
  machine.out.write(
    `\nCounting by default: ${supported.from} and newer, as of ${supported.asOf} (${supported.source}).\nFrom Android 14 a Play system update replaces the store (read last: ${storeUpdates.at(-1)!.update}); what differs: adfs-check android roots --diff 16..17\nSources and dates of all data: adfs-check android --data\n`,
  )
  machine.out.write(
    '\nHost name rules V1 to V6, path search and their sources: docs/explanation/how-android-decides.md.\nRoots of one release: adfs-check android roots --release 7.0 [subject or SHA-256]\n',
  )
  return 0
}

/** Every datum with its date and source. */
export async function androidDataCommand(trustData: string | undefined, machine: Machine): Promise<number> {
  await usingTrustData(trustData, machine)
  print(
    machine,
    table([
      ['datum', 'date', 'source'],
      ...dataSources().map(({ datum, date, source }) => [datum, date, source]),
    ]),
  )
  return 0
}

/** Which roots came and went between the first and the last release of a range, as shipped. */
export async function androidRootsDiffCommand(
  range: string,
  trustData: string | undefined,
  machine: Machine,
): Promise<number> {
  await usingTrustData(trustData, machine)
  const chosen = parseReleaseRange(range)
  const [first, last] = [chosen[0]!, chosen.at(-1)!]
  if (first === last) {
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `"${range}" names one release only.`, {
      hint: 'Write two with dots between them, like 14..17.',
    })
  }
  const [before, after] = [rootsOf(first), rootsOf(last)]
  const has = (list: typeof before, sha256: string) => list.some((root) => root.sha256 === sha256)
  const rows = [
    ...before.filter(({ sha256 }) => !has(after, sha256)).map((root) => ['-', root] as const),
    ...after.filter(({ sha256 }) => !has(before, sha256)).map((root) => ['+', root] as const),
  ]
  print(
    machine,
    table([
      ['', 'SHA-256', 'until', 'subject'],
      ...rows.map(([sign, { sha256, notAfter, subject }]) => [
        sign,
        sha256.slice(0, 16),
        notAfter.toISOString().slice(0, 10),
        subject,
      ]),
    ]),
  )
  const gone = rows.filter(([sign]) => sign === '-').length
  machine.out.write(
    `\n${gone} gone, ${rows.length - gone} new from Android ${first} to ${last}, as shipped. Sources: ${storeInfo(first).source}; ${storeInfo(last).source}.\n`,
  )
  return 0
}

/** Lists the roots of one release, or those whose subject or fingerprint matches. */
export async function androidRootsCommand(
  range: string | undefined,
  subject: string | undefined,
  trustData: string | undefined,
  machine: Machine,
): Promise<number> {
  await usingTrustData(trustData, machine)
  if (range === undefined) {
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', 'Say which release, or which two are to be compared.', {
      hint: 'Write --release 7.0 or --diff 14..17.',
    })
  }
  const [release, ...more] = parseReleaseRange(range)
  if (release === undefined || more.length > 0) {
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `"${range}" is not one Android release.`, {
      hint: `Releases are ${releases.join(', ')}.`,
    })
  }
  const roots = rootsOf(release, subject)
  print(
    machine,
    table([
      ['SHA-256', 'until', 'in Android', 'subject'],
      ...roots.map((root) => [
        root.sha256.slice(0, 16),
        root.notAfter.toISOString().slice(0, 10),
        span(root.releases),
        root.subject + (root.certificate ? '' : ' (known by hash only)'),
      ]),
    ]),
  )
  machine.out.write(
    `\n${roots.length} of ${storeInfo(release).roots} roots of Android ${release}. Source: ${storeInfo(release).source}.\n`,
  )
  return roots.length > 0 ? 0 : 1
}

/** Whatever is listed is of that file, which is said first. */
async function usingTrustData(path: string | undefined, machine: Machine): Promise<void> {
  if (path === undefined) return
  const { sha256, date, unknownReleases } = await trustDataBy(path)
  const more =
    unknownReleases.length > 0
      ? `It also has stores of Android ${unknownReleases.join(', ')}, which this program does not know.\n`
      : ''
  print(machine, `Trust data of ${date}: ${path}, SHA-256 ${sha256}\n${more}`)
}

const span = (having: readonly Release[]) =>
  having.length === 1 ? having[0]! : `${having[0]}-${having.at(-1)}`

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function print(machine: Machine, text: string): void {
  const safe = `${neutralised(text)}\n`
  machine.out.write(textStyle(machine, machine.out, {}).unicode ? safe : inAscii(safe))
}

const versionSpan = (versions: readonly number[]) =>
  [...new Set([versions[0]!, versions.at(-1)!])].map(versionName).join(' to ')
