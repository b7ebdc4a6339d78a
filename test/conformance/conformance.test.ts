import { describe, expect, it } from 'vitest'
import { type Release, releases } from '../../src/android/releases.js'
import { type Comparison, compareRows } from './compare.js'
import { explained, explanations, staleExplanations } from './explained.js'
import {
  type ChainRow,
  holdsHostNames,
  readRows,
  thirdPartyFolder,
  type VectorFile,
  vectorFiles,
} from './vectors.js'

/** Our verdicts against those of each release's own classes: every row, or every so-manieth outside CI. */

const files = vectorFiles(process.env)
const present = files.filter((file): file is VectorFile & { path: string } => file.path !== null)
const absent = files.filter(({ path }) => path === null)
const sampled = present.filter(({ stride }) => stride > 1)

if (absent.length > 0) {
  const names = absent.map(({ name }) => name).join(', ')
  console.log(`not there, so not compared: ${names} (${thirdPartyFolder} names a folder that has them)`)
}
for (const { name, stride } of sampled)
  console.log(`${name}: every ${stride}th row compared; all with CI=true`)

const idOf = (line: string, path: string): string =>
  holdsHostNames(path) ? line : (JSON.parse(line) as ChainRow).id

/** What must be empty: disagreements that nothing explains, and explanations of what agrees. */
function complaints(name: string, lines: readonly string[], { disagreements }: Comparison): string[] {
  const classOf = explanations(name)
  const unexplained = disagreements.filter((row) => classOf(row) === null)
  const ids = new Set(lines.map((line) => idOf(line, name)))
  return [
    ...unexplained.map(
      ({ id, column, lookup, theirs, ours }) =>
        `${id} ${column} (${lookup}): recorded ${theirs ? 'accepted' : 'refused'}, ours ${ours}`,
    ),
    ...staleExplanations(name, ids, disagreements).map((key) => `explained, but agrees: ${key}`),
  ]
}

describe.each(present)('$name', ({ name, path, stride }) => {
  const all = readRows(path)
  const lines = all.filter((_, i) => i % stride === 0)

  it('has the recorded verdict in every row and column', { timeout: 300_000 }, () => {
    const comparison = compareRows(lines, holdsHostNames(path))
    expect(complaints(name, lines, comparison)).toEqual([])
    expect([...comparison.agreed.keys()]).toEqual(
      holdsHostNames(path) ? ['V1', 'V2', 'V3', 'V4', 'V6'] : [...releases],
    )
    expect(comparison.rows).toBeGreaterThan(0)
  })

  // One row in the middle, one at each end, and one that is marked doubtful if there is any.
  const doubtful = all.findIndex((line) => !holdsHostNames(path) && (JSON.parse(line) as ChainRow).doubt)
  const rows = [...new Set([0, all.length >> 1, all.length - 1, Math.max(doubtful, 0)])]

  it.each(rows)('notices one flipped verdict in row %i', (i) => {
    for (const flipped of flips(all[i]!, path)) {
      const comparison = compareRows([flipped], holdsHostNames(path))
      expect(complaints(name, [flipped], comparison)).not.toEqual([])
    }
  })
})

/** The row with one verdict flipped: the first, one in the middle, the last. */
function flips(line: string, path: string): string[] {
  if (holdsHostNames(path)) {
    const digits = line.lastIndexOf('\t') + 1
    const flip = (at: number): string =>
      `${line.slice(0, at)}${line[at] === '1' ? '0' : '1'}${line.slice(at + 1)}`
    return [0, 2, 4].map((digit) => flip(digits + digit))
  }
  const row = JSON.parse(line) as ChainRow
  return (['4.4', '10', '17'] as Release[]).map((release) => {
    const accepted = { ...row.accepted, [release]: !row.accepted[release] }
    // With no verdict of its own the device look-up follows, so that one verdict is still one disagreement.
    return JSON.stringify({ ...row, accepted })
  })
}

describe('explained disagreements', () => {
  const all = Object.entries(explained)
  const doubtOf = new Map(
    readRows(present.find(({ name }) => name === 'chains-real.jsonl.gz')!.path).map((line) => {
      const { id, doubt } = JSON.parse(line) as ChainRow
      return [id, doubt ?? null]
    }),
  )

  it('are of one file only', () => {
    expect(all.map(([file]) => file)).toEqual(['chains-real.jsonl.gz'])
  })

  it('concern rows marked doubtful, or 4.4 to 6.0 and then at most one row in a hundred', () => {
    const certain = all.flatMap(([, classes]) =>
      classes.flatMap(({ rows }) => Object.entries(rows).filter(([id]) => doubtOf.get(id) === null)),
    )
    const releasesOf = (columns: string): string[] =>
      columns.split(' ').map((column) => column.split('/')[0]!)
    for (const [id, columns] of certain)
      for (const release of releasesOf(columns))
        expect(['4.4', '5.0', '5.1', '6.0'], `${id} ${release}`).toContain(release)
    expect(certain.length).toBeLessThanOrEqual(doubtOf.size / 100)
  })
})
