import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type JudgeInput, judge, judgeAll } from '../../src/android/judge.js'
import { likeness } from '../../src/android/likeness.js'
import { releaseRules } from '../../src/android/release-rules.js'
import { releases } from '../../src/android/releases.js'
import { keyStoreAnchors, type TrustAnchors } from '../../src/android/trust-anchors.js'
import { addAnchors, trustStore } from '../../src/android/trust-store.js'
import type { Verdict } from '../../src/android/verdict.js'
import { Budget } from '../../src/path/limits.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { parseCertificate } from '../../src/x509/parse.js'
import { makeCa, makeLeaf, now, parsed } from '../support/examined.js'

/** A certificate by its hash: read anew for every verdict, it is another object. */
const told = (verdicts: readonly Verdict[]) =>
  verdicts.map((verdict) =>
    JSON.stringify(verdict, (_, value) => (typeof value === 'object' ? (value?.sha256 ?? value) : value)),
  )

describe('releases that are judged together are judged as each alone', () => {
  it.each([
    ['chains-shapes', 3],
    ['chains-staples', 9],
    ['chains-generated', 197],
    ['chains-real', 61],
  ] as const)('%s', (file, stride) => {
    const path = new URL(`../../fixtures/vectors/${file}.jsonl.gz`, import.meta.url)
    const rows = gunzipSync(readFileSync(path)).toString().trim().split('\n')
    for (const line of rows.filter((_, index) => index % stride === 0)) {
      const row = JSON.parse(line) as {
        id: string
        at: string
        anchors: string[]
        sent: string[]
        staple?: string
      }
      const bytes = (list: readonly string[]) => list.map((text) => Buffer.from(text, 'base64'))
      const readable = bytes(row.anchors).flatMap((der) => {
        const result = parseCertificate(der)
        return result.ok ? [result.certificate] : []
      })
      const input: Omit<JudgeInput, 'release' | 'anchors'> = {
        presented: bytes(row.sent),
        at: new Date(row.at),
        stapledOcsp: row.staple ? Buffer.from(row.staple, 'base64') : null,
        host: 'sts.example',
        handshake: { protocolVersion: 0x0303, keyExchange: 'ecdhe' },
        allPaths: true,
      }
      for (const anchors of [
        () => readable,
        // One release has less than the others.
        (release: string) => addAnchors('17', trustStore('17'), release === '12' ? [] : readable),
      ]) {
        const alone = releases.map((release) => judge({ ...input, release, anchors: anchors(release) }))
        expect(told(judgeAll({ ...input, anchors }, releases)), row.id).toEqual(told(alone))
      }
    }
  })
})

it('rules are data: written as text they lose nothing', () => {
  const isData = (value: unknown): boolean =>
    value instanceof Set
      ? [...value].every(isData)
      : Array.isArray(value)
        ? value.every(isData)
        : value === null || ['string', 'number', 'boolean'].includes(typeof value)
          ? true
          : typeof value === 'object' &&
            Object.getPrototypeOf(value) === Object.prototype &&
            Object.values(value!).every(isData)
  for (const release of releases) expect(isData(releaseRules[release]), release).toBe(true)
})

describe('stores are alike by all that a search can come to', () => {
  const top = makeCa('Old Root')
  // A root of the store that another root certified: the search goes on above it.
  const crossed = makeCa('New Root', top)
  const leaf = parsed(makeLeaf(crossed))
  const key = (anchors: TrustAnchors, presented: readonly Certificate[] = [leaf]) =>
    likeness({
      presented,
      anchors,
      remembered: [],
      at: now,
      rules: releaseRules['17'],
      staple: null,
      budget: new Budget(),
      allPaths: false,
    })
  const store = (...roots: readonly Certificate[]) => keyStoreAnchors(roots)

  it('a root above a root counts', () => {
    expect(key(store(parsed(crossed)))).toBe(key(store(parsed(crossed))))
    expect(key(store(parsed(crossed), parsed(top)))).not.toBe(key(store(parsed(crossed))))
  })

  it('a root of a name that nobody asks for does not', () => {
    const other = parsed(makeCa('Other Root'))
    expect(key(store(parsed(crossed), other))).toBe(key(store(parsed(crossed))))
  })

  it('a root known by its hash alone counts', () => {
    const unknown = { sha256: 'ab', spkiSha256: null, subject: 'New Root' }
    const anchors = store()
    expect(key({ ...anchors, unknownRoots: () => [unknown] })).not.toBe(key(anchors))
  })
})
