import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { check } from '../../src/check.js'
import { sequence, tlv } from '../../src/demo/asn1.js'
import { type Issued, issue } from '../../src/demo/authority.js'
import { type RevocationListOptions, revocationList } from '../../src/demo/revocation.js'
import { type Case, caseText, recording, replaying } from '../../src/network/case.js'
import { live } from '../../src/network/live/live.js'
import { readCase } from '../../src/network/read-case.js'
import { redacted } from '../../src/network/redact.js'
import { askedOf, type CheckOptions } from '../../src/run/options.js'
import { certificateOf } from '../support/certificate-of.js'
import { tlsServer } from '../support/tls-server.js'

/** A lone leaf, an authority that serves issuer and list, and what becomes of the repair. */

const name = 'sts.contoso.test'
const now = new Date('2026-11-24T12:00:00Z')
const day = (days: number) => new Date(now.getTime() + days * 86_400_000)

const files = new Map<string, Uint8Array | 'slow'>()
const asked: string[] = []
const web = createServer((request, response) => {
  asked.push(request.url!)
  const body = files.get(request.url!)
  if (body === 'slow') return
  if (body) response.end(body)
  else response.writeHead(404).end()
})
web.listen(0, '127.0.0.1')
await once(web, 'listening')
const url = (path: string) => `http://127.0.0.1:${(web.address() as AddressInfo).port}${path}`

const root = issue({ subject: 'Test Root', ca: true })
const other = issue({ subject: 'Test Root', ca: true, keyName: 'other' })
const issuing = (serial: number, lists: readonly string[] = [url('/root.crl')]): Issued =>
  issue({
    subject: 'Issuing',
    issuer: root,
    ca: true,
    serialNumber: Buffer.of(serial),
    revocationLists: lists,
  })
const [first, second] = [issuing(1), issuing(2)]
const leaf = issue({ subject: name, issuer: first, names: [name], caIssuers: [url('/issuing.cer')] })
const server = await tlsServer([leaf])
afterAll(async () => {
  await server.close()
  web.closeAllConnections()
  web.close()
})
beforeEach(() => {
  files.clear()
  files.set('/issuing.cer', first.der)
  asked.length = 0
})

const list = (revoked: readonly Issued[], options: Partial<RevocationListOptions> = {}) =>
  revocationList({
    issuer: root,
    revoked: revoked.map((certificate) => ({ certificate, at: day(-30) })),
    thisUpdate: day(-1),
    nextUpdate: day(6),
    ...options,
  })

async function run(options: CheckOptions = {}) {
  const given = askedOf(name, {
    servers: [`127.0.0.1:${server.port}`],
    trustAnchors: [certificateOf(root)],
    aiaAllowPrivate: true,
    android: '14..',
    ...options,
  })
  const { network, case: saved } = recording(
    live({
      timeoutMs: 2_000,
      proxy: null,
      signal: null,
      offline: given.offline,
      aiaAllowPrivate: given.aiaAllowPrivate,
    }),
  )
  const pause = async () => true
  const { report } = await check(given, network, now, { concurrency: 1, pause })
  const text = caseText(saved(given, now, { name: 'adfs-check', version: '0' }))
  return { report, text, repair: report.subjects[0]!.repairs[0]! }
}

const replayed = async (text: string) => {
  const { saved, asked: given, at } = readCase(text, 'case')
  return (await check(given, replaying(saved as Case), at, { concurrency: 1, pause: async () => true }))
    .report
}

describe('the list of the authority of a certificate that is to be proposed', () => {
  it('is asked once, and what is not on it is proposed', async () => {
    files.set('/root.crl', list([second]))
    const { report, repair } = await run()
    expect(repair.add).toMatchObject([
      { origin: 'aia', revocation: { status: 'good', url: url('/root.crl'), asOf: '2026-11-23T12:00:00Z' } },
    ])
    expect(asked.filter((path) => path === '/root.crl')).toHaveLength(1)
    expect(report.fetches.map(({ purpose, outcome }) => `${purpose}: ${outcome}`)).toEqual([
      'aia: fetched 1 certificate',
      'crl: fetched a list of revoked certificates',
    ])
  })

  it('what is on it is refused with the reason, and no other there is none', async () => {
    files.set('/root.crl', list([first]))
    const { report, repair } = await run()
    expect(repair).toMatchObject({
      add: [],
      withdrawn: [
        {
          sha256: certificateOf(first).sha256,
          from: url('/issuing.cer'),
          state: 'revoked',
          since: '2026-10-25T12:00:00Z',
          source: url('/root.crl'),
        },
      ],
      open: { issuer: 'CN=Issuing' },
    })
    expect(report.verdict).toBe('critical')
    const [finding] = report.findings
    expect(finding!.id).toBe('intermediate-missing')
    expect(finding!.message).toMatch(
      /what can be got of it was revoked by its authority on 2026-10-25, so it is not proposed/,
    )
    // Nobody is sent to where the revoked one is served.
    expect(finding!.actions).toMatchObject([{ verb: 'reissue' }, { verb: 'confirm' }])
  })

  it('another one is taken in its place', async () => {
    files.set('/root.crl', list([first]))
    const intermediates = [{ certificate: certificateOf(second), from: 'extra.pem' }]
    for (const turn of [
      intermediates,
      [{ certificate: certificateOf(first), from: 'a' }, ...intermediates],
    ]) {
      const { repair } = await run({ intermediates: turn })
      expect(repair.add.map(({ sha256 }) => sha256)).toEqual([certificateOf(second).sha256])
      expect(repair.add[0]!.revocation!.status).toBe('good')
    }
  })

  it.each<[string, Uint8Array | 'slow' | null, RegExp]>([
    ['is not there', null, /^HTTP status 404$/],
    ['does not come', 'slow', /^no complete answer within 3000 ms$/],
    ['is no list', Buffer.from('<html>'), /^answer is no list of revoked certificates/],
    ['ran out', list([], { nextUpdate: day(-0.5) }), /^the list ran out on 2026-11-24$/],
    [
      'has the name but not the key',
      list([first], { issuer: other }),
      /^the list is not signed by the issuer$/,
    ],
    ['is too large', Buffer.alloc(70_000), /^answer larger than 65536 bytes$/],
    [
      'is a part that is published elsewhere',
      list([first], { extensions: [part({ address: url('/part-2.crl') })] }),
      /^the list does not speak of such certificates$/,
    ],
    [
      'is for end entities only',
      list([first], { extensions: [part({ usersOnly: true })] }),
      /^the list does not speak of such certificates$/,
    ],
    [
      'says only what changed',
      list([first], { extensions: [{ oid: '2.5.29.27', critical: true, value: Buffer.of(2, 1, 1) }] }),
      /^the list does not speak of such certificates$/,
    ],
    [
      'has a critical extension that nobody knows',
      list([first], { extensions: [{ oid: '1.2.3', critical: true, value: Buffer.of(5, 0) }] }),
      /^the list does not speak of such certificates$/,
    ],
  ])('that %s is said, and is no obstacle', { timeout: 15_000 }, async (_name, body, why) => {
    if (body) files.set('/root.crl', body)
    const { report, repair } = await run()
    expect(repair.add).toMatchObject([{ revocation: { status: 'unknown', why: expect.stringMatching(why) } }])
    expect(report.findings[0]!.id).toBe('intermediate-missing')
    expect(report.findings[0]!.message).not.toMatch(/revoked/)
  })

  it('even one that ran out proves a revocation, and so does a part that the certificate names', async () => {
    files.set('/root.crl', list([first], { nextUpdate: day(-10), thisUpdate: day(-20) }))
    expect((await run()).repair.withdrawn).toMatchObject([{ state: 'revoked' }])
    files.set('/root.crl', list([first], { extensions: [part({ address: url('/root.crl') })] }))
    expect((await run()).repair.withdrawn).toMatchObject([{ state: 'revoked' }])
  })

  it('is not asked offline, nor over anything but http', async () => {
    const intermediates = [{ certificate: certificateOf(first), from: 'extra.pem' }]
    const { report, repair } = await run({ offline: true, intermediates })
    expect(repair.add[0]!.revocation).toEqual({
      status: 'unknown',
      url: url('/root.crl'),
      why: 'not asked: --offline',
    })
    expect([asked, report.fetches]).toEqual([[], []])
    const ldap = issuing(3, ['ldap://directory/cn=root', 'https://127.0.0.1/root.crl'])
    files.set('/issuing.cer', ldap.der)
    expect((await run()).repair.add[0]!.revocation).toMatchObject({ status: 'unknown', url: null })
    expect(asked).toEqual(['/issuing.cer'])
  })

  it('is not asked on a private address unless that is allowed', async () => {
    const intermediates = [{ certificate: certificateOf(first), from: 'extra.pem' }]
    const { repair } = await run({ aiaAllowPrivate: false, intermediates })
    expect(repair.add[0]!.revocation!.why).toMatch(/is not a public address/)
    expect(asked).toEqual([])
  })

  it('is in the case: replayed, also redacted, it says the same', async () => {
    files.set('/root.crl', list([first]))
    const { report, text } = await run()
    files.clear()
    expect(await replayed(text)).toEqual(report)
    const hidden = await replayed((await redacted(text)).text)
    expect(hidden.subjects[0]!.repairs[0]!.withdrawn).toMatchObject([{ state: 'revoked' }])
  })

  it('of a case that was saved before lists were asked says that nothing is known', async () => {
    files.set('/root.crl', list([first]))
    const { saved, asked: given, at } = readCase((await run()).text, 'case')
    const old = { ...saved, fetches: saved.fetches.filter(({ purpose }) => purpose !== 'crl') }
    const { report } = await check(given, replaying(old), at, { concurrency: 1, pause: async () => true })
    expect(report.subjects[0]!.repairs[0]!.add).toMatchObject([
      { revocation: { status: 'unknown', why: 'not in the recorded case' } },
    ])
  })
})

/** issuingDistributionPoint (RFC 5280 §5.2.5). */
function part({ address, usersOnly }: { address?: string; usersOnly?: boolean }) {
  const fields = [
    ...(address ? [tlv(0xa0, tlv(0xa0, tlv(0x86, Buffer.from(address))))] : []),
    ...(usersOnly ? [tlv(0x81, Buffer.of(0xff))] : []),
  ]
  return { oid: '2.5.29.28', critical: true, value: sequence(...fields) }
}
