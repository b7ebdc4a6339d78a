import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { releases } from '../../src/android/releases.js'
import { nameHash } from '../../src/android/trust-anchors.js'
import { builtIn, type TrustData, useTrustData } from '../../src/android/trust-data.js'
import { issue } from '../../src/demo/authority.js'
import { maxTrustDataBytes, readTrustData } from '../../src/farm/trust-data.js'
import { check } from '../../src/index.js'
import { sha256Of } from '../../src/x509/identity.js'
import { certificateOf } from '../support/certificate-of.js'
import { runCli } from '../support/run-cli.js'
import { tlsServer } from '../support/tls-server.js'

/** A tool of last year, and a root that came since. */

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-trust-data-'))
const now = new Date('2027-03-01T12:00:00Z')
const root = issue({ subject: 'Public Root of 2027', ca: true })
const leaf = issue({ subject: 'sts.contoso.com', issuer: root, names: ['sts.contoso.com'], at: now })
const server = await tlsServer([leaf])
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})
afterEach(() => useTrustData(null))

type Loose<T> = T extends object ? { -readonly [K in keyof T]: Loose<T[K]> } : T
type Written = Loose<TrustData> & { trustDataVersion: number }
/** The program's own data, changed, as a file. */
function written(name: string, change: (data: Written) => unknown = () => {}): string {
  const data = structuredClone({ trustDataVersion: 1, ...builtIn }) as unknown as Written
  change(data)
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(data))
  return path
}
const { subject, sha256, publicKey } = certificateOf(root)
const base64 = Buffer.from(root.der).toString('base64')
/** In 15 and newer, in a file that knows a release between 16 and 17 that nobody here does. */
const newer = written('newer.json', (data) => {
  data.supported.asOf = '2027-02-01'
  data.stores.stores.splice(-1, 0, { release: '16L' as '16', source: 'a release to come' })
  const from = (mask: string) => {
    const bits = Number.parseInt(mask, 16)
    const below = (1 << releases.indexOf('17')) - 1
    return ((bits & below) | ((bits & ~below) << 1)).toString(16)
  }
  for (const row of data.stores.anchors) row[1] = from(row[1])
  const bits = [...data.stores.stores.keys()].slice(releases.indexOf('15'))
  const updates = data.stores.updates.map((_, index) => data.stores.stores.length + index)
  const mask = [...bits, ...updates].reduce((sum, bit) => sum | (1 << bit), 0).toString(16)
  data.stores.anchors.push([nameHash(subject), mask, sha256, publicKey.spkiSha256, base64])
})

async function cli(...args: string[]) {
  useTrustData(null)
  return runCli(args, { now })
}
const farm = ['sts.contoso.com', '--server', `127.0.0.1:${server.port}`, '--offline', '--no-proxy']
const json = (text: string) => JSON.parse(text).reports[0]

describe('a file of newer trust data', () => {
  it('decides, and the report says which and of when', async () => {
    const own = await cli(...farm, '--android', '15..')
    expect(own.code).toBe(2)
    const { code, out } = await cli(...farm, '--android', '15..', '--trust-data', newer)
    // A warning is left: nobody logged this certificate.
    expect(code).toBe(1)
    expect(out).toMatch(/stores as shipped, updates to \d{4}-\d\d, trust data of 2027-02-01 \([0-9a-f]{8}\)/)
    const report = json((await cli(...farm, '--trust-data', newer, '--format', 'json')).out)
    expect(report.trustStores.data).toEqual({
      file: newer,
      sha256: sha256Of(readFileSync(newer)),
      date: '2027-02-01',
    })
    // Phones of 14 may have got the store with it by an update, those before may not.
    const verdicts = report.subjects[0].verdicts as { releases: string[]; verdict: string }[]
    const of = (release: string) => verdicts.find(({ releases: list }) => list.includes(release))!.verdict
    expect([of('13'), of('14'), of('15'), of('17')]).toEqual(['refused', 'depends', 'accepted', 'accepted'])
    expect(report.asked).toContain('--trust-data')
    expect(report.policy.supported.asOf).toBe('2027-02-01')
  })

  it('is shown with the data, and what of it is not understood', async () => {
    const { out } = await cli('android', '--data', '--trust-data', newer)
    expect(out).toMatch(/^Trust data of 2027-02-01: .*newer\.json, SHA-256 [0-9a-f]{64}\n/)
    expect(out).toContain('stores of Android 16L, which this program does not know')
    expect((await cli('android', 'roots', '--release', '17', '--trust-data', newer, '2027')).out).toContain(
      'Public Root of 2027',
    )
  })

  it('may be named by the policy, from where that lies', async () => {
    const config = join(folder, 'adfs-check.yaml')
    writeFileSync(config, 'policy:\n  trust-data: newer.json\n  android: "15.."\n')
    expect((await cli(...farm, '--config', config)).code).toBe(1)
    writeFileSync(config, 'farms:\n  - name: sts.contoso.com\n    trust-data: newer.json\n')
    expect((await cli('--config', config)).err).toMatch(/has no field "trust-data"/)
  })

  it('is needed again for a replay, or newer data', async () => {
    const saved = join(folder, 'case.json')
    const run = await cli(...farm, '--android', '15..', '--trust-data', newer, '--save', saved)
    const bare = await cli('replay', saved)
    expect([bare.code, bare.out]).toEqual([4, ''])
    expect(bare.err).toMatch(
      /was judged by trust data of 2027-02-01 \(SHA-256 [0-9a-f]{16}\), which this program/,
    )
    expect(await cli('replay', saved, '--trust-data', newer)).toMatchObject({ code: 1, out: run.out })
    const other = written('other.json', (data) => Object.assign(data.supported, { asOf: '2027-02-01' }))
    expect((await cli('replay', saved, '--trust-data', other)).err).toMatch(/is not the file given/)
    const later = written('later.json', (data) => Object.assign(data.supported, { asOf: '2027-02-02' }))
    expect((await cli('replay', saved, '--trust-data', later)).code).toBe(2)
  })

  it('is needed for a join as for a replay', async () => {
    const saved = ['in.json', 'out.json'].map((file) => join(folder, file))
    const judging = [...farm, '--android', '15..', '--trust-data', newer]
    for (const file of saved) await cli(...judging, '--save', file)
    const bare = await cli('join', ...saved)
    expect([bare.code, bare.out]).toEqual([4, ''])
    expect(bare.err).toMatch(/in\.json was judged by trust data of 2027-02-01/)
    const { code, out } = await cli('join', ...saved, '--trust-data', newer, '--format', 'json')
    expect(code).toBe(1)
    expect(json(out).trustStores.data.file).toBe(newer)
  })

  it('decides in a lock, in a renewal and in a watch', async () => {
    const judging = [...farm.slice(1), '--android', '15..']
    const lock = join(folder, 'adfs-check.lock')
    const locked = await cli('lock', farm[0]!, ...judging, '--lock', lock, '--trust-data', newer)
    expect(locked.code).toBe(1)
    expect(JSON.parse(readFileSync(lock, 'utf8')).farms[farm[0]!].releases).toEqual(['15', '16', '17'])
    const pfx = join(folder, 'NEW.pem')
    writeFileSync(pfx, leaf.pem)
    const renewed = await cli('renewed', farm[0]!, ...judging, '--pfx', pfx, '--trust-data', newer)
    expect(renewed.code).toBe(1)
    expect((await cli('renewed', farm[0]!, ...judging, '--pfx', pfx)).code).toBe(2)
    // A watch goes by the clock.
    const today = await tlsServer([
      issue({ subject: 'sts.contoso.com', issuer: root, names: ['sts.contoso.com'], at: new Date() }),
    ])
    const watched = [
      'sts.contoso.com',
      '--server',
      `127.0.0.1:${today.port}`,
      '--android',
      '15..',
      '--offline',
    ]
    const watch = ['--no-proxy', '--watch', '--watch-timeout', '1', '--format', 'json']
    try {
      const own = await cli(...watched, ...watch)
      expect(own.code).toBe(2)
      const { code, out } = await cli(...watched, ...watch, '--trust-data', newer)
      expect(code).toBe(0)
      expect(json(out).trustStores.data.file).toBe(newer)
    } finally {
      await today.close()
    }
  })

  it('judges older cases as any newer program does', async () => {
    const saved = join(folder, 'before.json')
    expect((await cli(...farm, '--android', '15..', '--save', saved)).code).toBe(2)
    const { code, out } = await cli('replay', saved, '--trust-data', newer, '--format', 'json')
    expect(code).toBe(1)
    expect(json(out).asked).toContain(newer)
  })

  it('is one a process, in the library too', async () => {
    const trustData = readFileSync(newer)
    const report = await check('sts.contoso.com', {
      servers: [`127.0.0.1:${server.port}`],
      android: '15..',
      offline: true,
      at: now,
      trustData,
    })
    expect(report.verdict).toBe('warning')
    expect(report.trustStores.data).toMatchObject({ file: 'trustData', date: '2027-02-01' })
    // What would be judged otherwise without it says so.
    expect(report.asked.join(' ')).toContain('--trust-data trustData')
    const other = readFileSync(written('other.json'))
    await expect(check('sts.contoso.com', { trustData: other })).rejects.toMatchObject({
      code: 'ADFS_CHECK_BAD_OPTION',
    })
  })
})

describe('what is refused', () => {
  const refused = (change: (data: Written) => unknown): string => {
    const path = written('bad.json', change)
    try {
      readTrustData(readFileSync(path), 'bad.json')
    } catch (error) {
      return (error as Error).message
    }
    return 'nothing'
  }
  it.each<[string, (data: Written) => unknown, RegExp]>([
    ['its own data as it is', () => {}, /^nothing$/],
    [
      'another version',
      (data) => Object.assign(data, { trustDataVersion: 2 }),
      /trustDataVersion is 2; .* Use a newer/,
    ],
    [
      'older releases that count',
      (data) => Object.assign(data.supported, { asOf: '2026-01-01' }),
      /older .*"supported" is of 2026-01-01, the program's own of 2026-/,
    ],
    ['older logs', (data) => Object.assign(data.logs, { newestChange: '2025-01-01' }), /older .*"logs"/],
    ['an older store by update', (data) => data.stores.updates.pop(), /older .*"stores"/],
    ['a release left out', (data) => data.stores.stores.pop(), /stores\.stores lacks Android 17/],
    ['a release twice', (data) => data.stores.stores.push(data.stores.stores[0]!), /names a release twice/],
    [
      'a root that is another one',
      (data) => Object.assign(data.stores.anchors[3]!, { 4: base64 }),
      /stores\.anchors\[3\] is another certificate than its hashes say/,
    ],
    [
      'a root that is none',
      (data) => Object.assign(data.stores.anchors[3]!, { 4: 'AAAA' }),
      /stores\.anchors\[3\] is no certificate/,
    ],
    [
      'bits that are none',
      (data) => Object.assign(data.stores.anchors[3]!, { 1: 'xyz' }),
      /stores\.anchors\[3\]\[1\] is no set of releases/,
    ],
    [
      'what a terminal would obey',
      (data) => Object.assign(data.supported, { source: 'a\u001b[2J' }),
      /supported\.source is no plain text/,
    ],
    [
      'a row without a source',
      (data) => Object.assign(data.catalogue.rows[0]!, { source: 'nobody' }),
      /catalogue\.rows\[0\]\.source is none of/,
    ],
    [
      'an address that is none',
      (data) => Object.assign(data.catalogue.rows[0]!, { address: 'javascript:1' }),
      /address is no address/,
    ],
    [
      'too many rows',
      (data) => Object.assign(data.publicRoots, { chrome: Array(10_001).fill('0'.repeat(64)) }),
      /publicRoots\.chrome has more than 10000/,
    ],
  ])('%s', (_name, change, problem) => {
    expect(refused(change)).toMatch(problem)
  })

  it('what is no JSON, and what is too long', () => {
    expect(() => readTrustData(Buffer.from('{'), 'x')).toThrow(
      /x is no trust data of adfs-check: it is not JSON/,
    )
    expect(() => readTrustData(Buffer.alloc(maxTrustDataBytes + 1), 'x')).toThrow(/more than 16777216 bytes/)
  })
})
