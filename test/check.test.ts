import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import type { Release } from '../src/android/releases.js'
import { type Issued, issue } from '../src/demo/authority.js'
import { check } from '../src/index.js'
import type { Report } from '../src/report/schema.js'
import type { CheckOptions } from '../src/run/options.js'
import { certificateOf } from './support/certificate-of.js'
import { checkPorts, idsOf, kindsOf, repairOf, verdictOf } from './support/checked.js'
import { closedPort, rawServer } from './support/odd-servers.js'
import { tlsServer } from './support/tls-server.js'
import { expectValidReport } from './support/valid-report.js'

const name = 'sts.contoso.test'
const closers: (() => Promise<void>)[] = []
afterAll(() => Promise.all(closers.map((close) => close())))

/** The issuing authority's web server, with its certificates by path. */
const aia = new Map<string, Uint8Array>()
const web = createServer((request, response) => {
  const body = aia.get(request.url ?? '')
  if (body) response.end(body)
  else response.writeHead(404).end()
})
web.listen(0, '127.0.0.1')
await once(web, 'listening')
closers.push(() => new Promise((done) => web.close(() => done())))
const aiaUrl = (path: string) => `http://127.0.0.1:${(web.address() as AddressInfo).port}${path}`

// Root ─ Issuing 1 ─ Issuing 2 ─ leaf
const root = issue({ subject: 'Test Root', ca: true })
const issuing1 = issue({ subject: 'Issuing 1', issuer: root, ca: true })
const issuing2 = issue({
  subject: 'Issuing 2',
  issuer: issuing1,
  ca: { pathLength: 0 },
  caIssuers: [aiaUrl('/1.cer')],
})
const leaf = issue({ subject: name, issuer: issuing2, names: [name], caIssuers: [aiaUrl('/2.cer')] })
aia.set('/1.cer', issuing1.der)
aia.set('/2.cer', issuing2.der)

async function serving(chain: readonly Issued[]): Promise<number> {
  const server = await tlsServer(chain)
  closers.push(server.close)
  return server.port
}

const checked = (ports: readonly number[], options: CheckOptions = {}): Promise<Report> =>
  checkPorts(name, ports, {
    trustAnchors: [certificateOf(root)],
    aiaAllowPrivate: true,
    timeoutMs: 2_000,
    android: 'all',
    ...options,
  })

describe('a farm on loopback', () => {
  it('accepts a complete chain on every release, and lists it as sent', async () => {
    const chain = [leaf, issuing2, issuing1]
    const report = await checked([await serving(chain)])
    expect(report.verdict).toBe('ok')
    expect(kindsOf(report)).toEqual(['accepted'])
    expect(report.subjects[0]!.answers[0]!.sent).toEqual(chain.map((one) => certificateOf(one).sha256))
    expect(report.subjects[0]!.repairs.flatMap(({ add }) => add)).toEqual([])
    // The own hellos of 17, 14, 10, 5 and 4.4, 6.0 to 9 at once, and one without a name; then 9's, whose RSA-PSS is new.
    expect(report.subjects[0]!.connections.length).toBe(8)
  })

  it('finds a hardened farm sound: phones that no longer sign in count only where they are asked for', async () => {
    const server = await tlsServer([leaf, issuing2, issuing1], { minVersion: 'TLSv1.2' })
    closers.push(server.close)
    const today = await checked([server.port], { android: 'supported' })
    expect([today.verdict, today.policy.releases[0]]).toEqual(['ok', '10'])
    const all = await checked([server.port])
    expect(all.verdict).toBe('critical')
    expect(verdictOf(all, '4.4')).toMatchObject({ verdict: 'refused', counts: true })
  })

  it('refuses a lone leaf, fetches both issuers over AIA and proves the repair', async () => {
    const report = await checked([await serving([leaf])])
    expect(report.verdict).toBe('critical')
    expect(kindsOf(report)).toEqual(['refused'])
    expect(idsOf(report)).toContain('intermediate-missing')
    expect(repairOf(report)!.add.map(({ sha256, origin }) => [sha256, origin])).toEqual([
      [certificateOf(issuing2).sha256, 'aia'],
      [certificateOf(issuing1).sha256, 'aia'],
    ])
    expect(repairOf(report)!.verdictsAfter.map(({ verdict }) => verdict)).toEqual(['accepted'])

    // The promise is kept: what was proposed is served and checked again.
    const promised = repairOf(report)!.chain
    const all = [leaf, issuing2, issuing1, root]
    const served = promised.map((sha256) => all.find((one) => certificateOf(one).sha256 === sha256)!)
    expect((await checked([await serving(served)])).verdict).toBe('ok')
  })

  it('never lets a repair improve a verdict', async () => {
    const port = await serving([leaf])
    const [offline, repaired] = await Promise.all([checked([port], { offline: true }), checked([port])])
    const bare = (report: Report) =>
      report.subjects[0]!.verdicts.map(({ releases, verdict }) => [releases, verdict])
    expect(bare(repaired)).toEqual(bare(offline))
    expect(repairOf(offline)).toMatchObject({ add: [], open: { issuer: 'CN=Issuing 2' } })
    expect(offline.fetches).toEqual([])
  })

  it('refuses AIA on loopback unless it is allowed, and says so', async () => {
    const report = await checked([await serving([leaf])], { aiaAllowPrivate: false })
    expect(report.subjects[0]!.repairs.flatMap(({ add }) => add)).toEqual([])
    expect(report.fetches[0]!.outcome).toMatch(/not a public/)
  })

  it('judges an app that remembers the intermediates as depending on them', async () => {
    const remembered = [certificateOf(issuing1), certificateOf(issuing2)]
    const report = await checked([await serving([leaf])], { remembered })
    expect(kindsOf(report)).toEqual(['depends'])
    expect(report.verdict).not.toBe('ok')
  })

  it('tells a root unknown to Android from a missing intermediate', async () => {
    const report = await checked([await serving([leaf, issuing2, issuing1])], { trustAnchors: [] })
    expect(kindsOf(report)).toEqual(['refused'])
    expect(idsOf(report)).toContain('anchor-unknown-to-android')
    expect(idsOf(report)).not.toContain('intermediate-missing')
    expect(report.subjects[0]!.repairs.flatMap(({ add }) => add)).toEqual([])
  })

  it('makes a device CA a matter of the app from Android 7 on', async () => {
    const report = await checked([await serving([leaf, issuing2, issuing1])], {
      trustAnchors: [],
      deviceCas: [certificateOf(root)],
    })
    const by = (release: Release) => verdictOf(report, release)!.verdict
    expect([by('4.4'), by('6.0'), by('7.0'), by('17')]).toEqual([
      'accepted',
      'accepted',
      'depends',
      'depends',
    ])
  })

  it('takes the issuer from another server of the farm and says which one lacks it', async () => {
    const report = await checked([await serving([leaf]), await serving([leaf, issuing2, issuing1])], {
      offline: true,
    })
    expect(repairOf(report)!.add.map(({ origin }) => origin)).toEqual(['other-server', 'other-server'])
    expect(report.findings[0]).toMatchObject({
      id: 'intermediate-missing',
      subjects: [report.subjects[0]!.id],
    })
    expect(kindsOf(report, 1)).toEqual(['accepted'])
  })

  it('judges as of the date it is given', async () => {
    const report = await checked([await serving([leaf, issuing2, issuing1])], {
      at: new Date('2050-01-01T00:00:00Z'),
    })
    expect(kindsOf(report)).toEqual(['refused'])
    expect(idsOf(report)).toContain('certificate-expired')
  })
})

describe('what is no sound server gets one clear answer', () => {
  const cases: readonly [string, () => Promise<number>, string, RegExp][] = [
    ['a closed port', closedPort, 'unreachable', /refused/],
    ['a silent port', () => raw(() => {}), 'timed-out', /no answer within/],
    [
      'a port that speaks HTTP',
      () => raw((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
      'not-tls',
      /HTTP/,
    ],
    ['a port that closes at once', () => raw((socket) => socket.end()), 'closed', /closed/],
    [
      'a port that resets',
      () => raw((socket) => socket.once('data', () => socket.resetAndDestroy())),
      'reset',
      /reset/,
    ],
    [
      'a port that sends garbage',
      () => raw((socket) => socket.once('data', () => socket.end(Buffer.alloc(64, 0xee)))),
      'not-tls',
      /TLS/,
    ],
  ]
  it.each(cases)('%s', async (_what, open, kind, detail) => {
    const report = await checked([await open()], { timeoutMs: 500 })
    expect(report.verdict).toBe('unknown')
    expect(report.subjects[0]!.outcome.kind).toBe(kind)
    expect(report.subjects[0]!.outcome.detail).toMatch(detail)
    expect(idsOf(report)).toContain('could-not-connect')
  })

  it('a name that does not exist', async () => {
    const report = await check('nosuch.invalid', { timeoutMs: 2_000 })
    expect(report.verdict).toBe('unknown')
    expect(report.subjects).toEqual([])
    expect(idsOf(report)).toContain('could-not-connect')
    expectValidReport(report)
  })

  async function raw(serve: Parameters<typeof rawServer>[0]): Promise<number> {
    const server = await rawServer(serve)
    closers.push(server.close)
    return server.port
  }
})

it('a run stopped while an issuer is fetched ends at once, with what was found until then', async () => {
  const stop = new AbortController()
  const silent = await rawServer(() => void setTimeout(() => stop.abort(), 100))
  closers.push(silent.close)
  const url = `http://127.0.0.1:${silent.port}/ca.cer`
  const lone = issue({ subject: name, issuer: issuing2, names: [name], caIssuers: [url] })
  const port = await serving([lone])
  const started = performance.now()
  const report = await checked([port], { signal: stop.signal })
  expect(performance.now() - started).toBeLessThan(5_000)
  expect(report.verdict).toBe('critical')
  expect(report.subjects[0]!.repairs.flatMap(({ add }) => add)).toEqual([])
})

it('a certificate that expired is named with its date', async () => {
  const old = issue({
    subject: name,
    issuer: root,
    names: [name],
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2021-01-01'),
  })
  const report = await checked([await serving([old])])
  expect(report.verdict).toBe('critical')
  expect(report.findings[0]).toMatchObject({ id: 'certificate-expired', severity: 'critical' })
  expect(report.findings[0]!.message).toContain('2021-01-01')
})

it('a list beyond what phones read is refused for its length', async () => {
  const list = [leaf, ...Array.from({ length: 300 }, () => issuing2)]
  const report = await checked([await serving(list)], { android: '10..' })
  expect(report.verdict).toBe('critical')
  expect(kindsOf(report)).toEqual(['refused'])
  expect(report.findings[0]).toMatchObject({ id: 'certificate-list-too-large', severity: 'critical' })
})

it('certificates that name other hosts are told from chain troubles', async () => {
  const other = issue({ subject: 'adfs.contoso.test', issuer: root, names: ['adfs.contoso.test'] })
  const report = await checked([await serving([other])])
  expect(report.verdict).toBe('critical')
  expect(report.findings[0]!.id).toBe('hostname-not-covered')
  expect(report.findings[0]!.message).toContain('adfs.contoso.test')
})
