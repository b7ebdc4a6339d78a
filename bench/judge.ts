import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { judge, judgeAll } from '../src/android/judge.js'
import { releases } from '../src/android/releases.js'
import { certificateOf } from '../test/support/certificate-of.js'
import { hostileChains } from '../test/support/hostile-chains.js'
import { median } from './measure.js'

/**
 * Time of one verdict for all releases on the chains of the named shapes, and the longest single verdict on hostile
 * certificates. `npx tsx bench/judge.ts`
 */
const at = new Date()

interface Row {
  readonly at: string
  readonly anchors: readonly string[]
  readonly sent: readonly string[]
}

function ordinary(): string {
  const text = gunzipSync(
    readFileSync(new URL('../fixtures/vectors/chains-shapes.jsonl.gz', import.meta.url)),
  ).toString()
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
  const certificates = (list: readonly string[]) =>
    list.map((text) => certificateOf({ der: Buffer.from(text, 'base64') }))
  const times: number[] = []
  for (let round = 0; round < 40; round++) {
    for (const row of rows) {
      const input = {
        presented: certificates(row.sent),
        anchors: certificates(row.anchors),
        at: new Date(row.at),
      }
      const start = performance.now()
      judgeAll(input, releases)
      if (round > 4) times.push(performance.now() - start)
    }
  }
  times.sort((a, b) => a - b)
  const p99 = times[Math.floor(times.length * 0.99)]!
  return `${rows.length} ordinary chains, all ${releases.length} releases, signatures included: median ${median(times).toFixed(2)} ms, 99 % ${p99.toFixed(2)} ms`
}

function hostile(): string[] {
  return hostileChains().map(({ what, presented, anchors }) => {
    let longest = 0
    const outcomes = new Set<string>()
    for (const release of releases) {
      const start = performance.now()
      const verdict = judge({ presented, anchors, at, release })
      longest = Math.max(longest, performance.now() - start)
      const why =
        verdict.kind === 'refused'
          ? ` (${verdict.reason.rule})`
          : verdict.kind === 'undetermined'
            ? ` (${verdict.because})`
            : ''
      outcomes.add(verdict.kind + why)
    }
    return `${what}: longest verdict ${longest.toFixed(1)} ms; ${[...outcomes].join(', ')}`
  })
}

console.log([ordinary(), ...hostile()].join('\n'))
