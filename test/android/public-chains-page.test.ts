import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import publicRoots from '../../src/android/public-roots-data.json' with { type: 'json' }
import { type Release, releases } from '../../src/android/releases.js'
import { releasesOf, rootsNamed, rootsOf, trustStore, updatesOf } from '../../src/android/trust-store.js'

const page = readFileSync(new URL('../../docs/explanation/public-chains-2026.md', import.meta.url), 'utf8')
const [head, , ...lines] = page.split('\n').filter((line) => line.startsWith('|'))
const cellsOf = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
const columns = cellsOf(head!).slice(2, -2) as Release[]
const known = new Map(
  releases.flatMap((release) => rootsOf(release)).map((root) => [root.sha256.slice(0, 16), root]),
)

/** What the stores say today of the root that a row names. */
function cell(prefix: string, release: Release): string {
  const root = known.get(prefix)?.certificate
  if (!root) return '✗'
  const updated = updatesOf(release).map((update) =>
    trustStore(release, update)
      .named(root.subject)
      .some(({ publicKey }) => publicKey.spkiSha256 === root.publicKey.spkiSha256),
  )
  const has = [releasesOf(root).includes(release), ...updated]
  return has.every(Boolean) ? '✓' : has.some(Boolean) ? '~' : '✗'
}

it('has a row for at least twenty chains, and a column for every release from 10', () => {
  expect(lines.length).toBeGreaterThanOrEqual(20)
  expect(columns).toEqual(releases.slice(releases.indexOf('10')))
})

describe('the page says what the data says', () => {
  it.each(lines.map((line) => cellsOf(line)))('%s', (...cells) => {
    const prefix = cells[1]!.replaceAll('`', '')
    expect(cells.slice(2, -2)).toEqual(columns.map((release) => cell(prefix, release)))
    const root = known.get(prefix)?.certificate
    const chrome = root
      ? rootsNamed(root.subject).some(
          ({ sha256, spkiSha256 }) =>
            spkiSha256 === root.publicKey.spkiSha256 && publicRoots.chrome.includes(sha256),
        )
      : publicRoots.chrome.some((sha256) => sha256.startsWith(prefix))
    expect(cells.at(-2)).toBe(chrome ? '✓' : '✗')
  })
})
