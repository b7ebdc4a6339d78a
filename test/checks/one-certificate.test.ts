import { describe, expect, it } from 'vitest'
import { releasesText } from '../../src/android/releases-text.js'
import transparency from '../../src/android/transparency-data.json' with { type: 'json' }
import { findingsOf, runChecks } from '../../src/checks/registry.js'
import { type Issued, sequence, tlv } from '../../src/demo/authority.js'
import {
  examinedFarm,
  host,
  inDays,
  make,
  makeCa,
  makeLeaf,
  soundPki,
  type World,
} from '../support/examined.js'
import { plainWords } from '../support/plain-words.js'

/** What is wrong with one certificate, its staple or its timestamps: names, keys, purposes, lifetimes. One long table of small
 * worlds: rows are worth more side by side than in files of a length. */

const { root, intermediate, leaf } = soundPki()
const anchors = [root]
const twin = (issuer: Issued, options = {}) =>
  makeCa('Contoso Issuing CA', issuer, { key: intermediate.key, ...options })
const serving = (...sent: readonly (Issued | Uint8Array)[]): World => ({ servers: [{ sent }], anchors })
const variant = (options: Parameters<typeof makeLeaf>[1]): World =>
  serving(makeLeaf(intermediate, options), intermediate)
const living = (from: number, to: number): World => variant({ notBefore: inDays(from), notAfter: inDays(to) })
const named = (names: readonly string[]): World => variant({ names })
const knownLogs = transparency.operators
  .flatMap(({ logs }) => logs.filter((log) => !('retiredAt' in log)).slice(0, 1))
  .slice(0, 3)
  .map(({ id }) => Buffer.from(id, 'base64'))

/** A SignedCertificateTimestampList with one timestamp, of yesterday, by each log. */
function timestamps(logs: readonly Buffer[]) {
  const uint16 = (value: number) => Buffer.of(value >> 8, value & 255)
  const milliseconds = Buffer.alloc(8)
  milliseconds.writeBigUInt64BE(BigInt(inDays(-1).getTime()))
  const entries = logs.map((log) => {
    const timestamp = Buffer.concat([Buffer.of(0), log, milliseconds, Buffer.alloc(6)])
    return Buffer.concat([uint16(timestamp.length), timestamp])
  })
  const list = Buffer.concat(entries)
  return { oid: '1.3.6.1.4.1.11129.2.4.2', value: tlv(0x04, uint16(list.length), list) }
}
const logged = (logs: readonly Buffer[]): World => ({
  ...variant({ extensions: [timestamps(logs)] }),
  publicAnchors: true,
})

type Row = [sentence: string, world: World, finds: readonly string[], says?: RegExp]

/** `severity id`, and the releases where not all are concerned. */
function found(world: World) {
  const farm = examinedFarm(world)
  const findings = findingsOf(runChecks(farm))
  const summary = findings.map(({ id, severity, releases }) =>
    releases.length === farm.releases.length
      ? `${severity} ${id}`
      : `${severity} ${id}: ${releases.length === 0 ? '-' : releasesText(releases).replace('Android ', '')}`,
  )
  return { farm, findings, summary, says: findings[0] && plainWords(findings[0].words, farm) }
}

function table(rows: readonly Row[]) {
  it.each<Row>([...rows])('%s', (_sentence, world, finds, pattern) => {
    const { summary, says } = found(world)
    expect(summary).toEqual(finds)
    if (pattern) expect(says).toMatch(pattern)
  })
}

describe('names', () => {
  const short = makeLeaf(intermediate, { names: ['www.contoso.com'] })
  table([
    ['the name among the alternatives', named([host]), []],
    [
      'another name',
      named(['mail.contoso.com', 'www.contoso.com']),
      ['critical hostname-not-covered'],
      /does not cover sts\.contoso\.com; it covers mail\.contoso\.com and www\.contoso\.com\. Apps on Android 4\.4-17 refuse it\.$/,
    ],
    [
      'a name with two letters exchanged',
      named(['sts.contsoo.com']),
      ['critical hostname-not-covered'],
      /sts\.contsoo\.com comes close: see whether it is misspelt/,
    ],
    [
      'a wildcard one label too high',
      { ...named(['*.contoso.com']), name: 'certauth.sts.contoso.com' },
      ['critical hostname-not-covered'],
      /\*\.contoso\.com covers exactly one label in the place of the asterisk/,
    ],
    [
      'a wildcard for the name itself',
      { ...named(['*.contoso.com']), name: 'contoso.com' },
      ['critical hostname-not-covered: 6.0-17'],
      /\*\.contoso\.com covers the names below it, not the name itself/,
    ],
    [
      'the parent of the name',
      { ...named([host]), name: `certauth.${host}` },
      ['critical hostname-not-covered'],
      /covers that name alone, not the names below it/,
    ],
    [
      'another name on a server that lacks its intermediate: two defects',
      { servers: [{ sent: [short] }], anchors, found: [intermediate] },
      ['critical intermediate-missing', 'critical hostname-not-covered'],
    ],
    [
      'the common name only',
      variant({ names: [] }),
      ['critical common-name-only: 8.1-17'],
      /Android 9-17 looks only there and refuses it and Android 8\.1 refuses it from the security patch of 2021-02/,
    ],
    [
      'the common name only, on releases that still read it',
      { ...variant({ names: [] }), releases: '5.1..7.0' },
      [],
    ],
    [
      'the common name only, where only the patch level decides',
      { ...variant({ names: [] }), releases: '8.1' },
      ['warning common-name-only'],
    ],
    [
      'a name that only releases told beside trip over',
      { ...named(['*.contoso.com']), name: 'contoso.com', releases: '4.4', others: '17' },
      ['info hostname-not-covered: -'],
    ],
  ])

  it('speaks of the list with the wrong name, and of who gets it', () => {
    const rsa = makeLeaf(intermediate, { names: ['www.contoso.com'], key: 'rsa-2048' })
    const { findings, says } = found({
      servers: [
        {
          lists: [
            { sent: [leaf, intermediate], to: '5.0..' },
            { sent: [rsa, intermediate], to: '4.4' },
          ],
        },
      ],
      anchors,
    })
    expect(findings.map(({ id, releases }) => [id, releases])).toEqual([['hostname-not-covered', ['4.4']]])
    expect(says).toMatch(/^Besides the ECDSA certificate the server has an RSA one/)
  })

  it('asks for a binding, not for a certificate, where another server has the right one', () => {
    const other = makeLeaf(intermediate, { names: ['old.contoso.com'] })
    const farm = examinedFarm({
      servers: [{ sent: [leaf, intermediate] }, { sent: [other, intermediate] }],
      anchors,
    })
    const [finding] = findingsOf(runChecks(farm)).filter(({ id }) => id === 'hostname-not-covered')
    const verbs = finding!.advice.map(({ action }) => action.verb)
    expect(verbs).toContain('bind')
    expect(verbs).not.toContain('reissue')
  })

  it.each([
    ['expired', -1],
    ['ends soon', 3],
  ])('asks for a binding where it %s and another server has its successor', (_when, days) => {
    const old = makeLeaf(intermediate, { notAfter: inDays(days) })
    const farm = examinedFarm({
      servers: [{ sent: [leaf, intermediate] }, { sent: [old, intermediate] }],
      anchors,
    })
    const advice = findingsOf(runChecks(farm))
      .filter(({ id }) => id.startsWith('certificate-expir'))
      .flatMap((finding) => finding.advice.map(({ action }) => action))
    expect(advice[0]).toEqual({ verb: 'bind', certificate: parsed(leaf).sha256 })
  })

  it.each([
    ['not listed', [host], /AD FS is checked by its name, not its address/],
    ['as a DNS name', ['203.0.113.10', host], /has the address 203\.0\.113\.10 as a DNS name/],
  ])('sends whoever checks an address to the name: %s', (_where, names, pattern) => {
    const asDns = make({
      subject: host,
      issuer: intermediate,
      extensions: [
        { oid: '2.5.29.17', value: sequence(...names.map((name) => tlv(0x82, Buffer.from(name)))) },
      ],
    })
    const byName = examinedFarm({ ...serving(asDns, intermediate), name: '203.0.113.10' })
    const farm = {
      ...byName,
      farm: { ...byName.farm, name: null },
      examinations: byName.examinations.map((one) => ({ ...one, subject: { ...one.subject, name: null } })),
    } as typeof byName
    const [finding] = findingsOf(runChecks(farm)).filter(({ id }) => id === 'hostname-not-covered')
    expect(plainWords(finding!.words, farm)).toMatch(pattern)
    expect(finding!.advice.map(({ action }) => action.verb)).toEqual(['check-by-name'])
  })
})

describe('keys, signatures and purposes', () => {
  const oldRoot = makeCa('Old Root', undefined, { hash: 'sha1' })
  const issuing = makeCa('Old Issuing CA', oldRoot)
  table([
    [
      'a leaf signed with SHA-1',
      variant({ hash: 'sha1' }),
      ['critical weak-signature: 10-17'],
      /is signed with SHA-1; Android 10-17/,
    ],
    [
      'a root signed with SHA-1',
      { servers: [{ sent: [makeLeaf(issuing), issuing] }], anchors: [oldRoot] },
      [],
    ],
    ['an Ed25519 key', variant({ key: 'ed25519' }), ['critical weak-key: 6.0-17']],
    [
      'a certificate for clients',
      variant({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] }),
      ['critical unsuitable-extended-key-usage'],
    ],
    ['a leaf whose key may not sign', variant({ keyUsage: [2] }), ['critical unsuitable-key-usage: 8.0-17']],
    [
      'an authority whose key may not certify',
      serving(leaf, twin(root, { keyUsage: [6] })),
      ['critical unsuitable-key-usage'],
    ],
    [
      'a damaged stapled response',
      { servers: [{ sent: [leaf, intermediate], staple: Buffer.from('garbage') }], anchors },
      ['critical staple-rejected: 8.0-17'],
    ],
  ])

  it('imports the successor of an intermediate with a weak signature, and removes the weak one', () => {
    const weak = twin(root, { hash: 'sha1' })
    const { findings } = found({ ...serving(leaf, weak), found: [intermediate] })
    const finding = findings.find(({ id }) => id === 'weak-signature')!
    expect(finding.advice.map(({ action }) => action.verb)).not.toContain('reissue')
    expect(finding.advice[0]!.action).toMatchObject({ verb: 'import', store: 'CA' })
  })
})

describe('lists that phones cannot take', () => {
  const garbage = Buffer.from('no certificate')
  table([
    ['an empty list', serving(), ['critical no-certificate-sent'], /TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256/],
    [
      'bytes in the middle',
      serving(leaf, garbage, intermediate),
      ['critical certificate-unreadable'],
      /presented\[1\]/,
    ],
    ['bytes in front', serving(garbage, intermediate), ['critical certificate-unreadable'], /presented\[0\]/],
  ])
})

describe('lifetimes', () => {
  table([
    ['a six-day certificate one day old', living(-1, 5), []],
    ['a six-day certificate with 1.2 days left', living(-4.8, 1.2), ['warning certificate-expiring']],
    [
      'a six-day certificate with half a day left',
      living(-5.5, 0.5),
      ['critical certificate-expiring'],
      /in 0 days of 6/,
    ],
    ['a 47-day certificate with 12 days left', living(-35, 12), []],
    ['a 47-day certificate with 11 days left', living(-36, 11), ['warning certificate-expiring']],
    ['a 47-day certificate with 4 days left', living(-43, 4), ['critical certificate-expiring']],
    ['a year with 31 days left', living(-334, 31), []],
    [
      'a year with 29 days left',
      living(-336, 29),
      ['warning certificate-expiring'],
      /expires on 2026-12-22, in 29 days of 365; then Android 4\.4-17 refuses/,
    ],
    ['a year with 6 days left', living(-359, 6), ['critical certificate-expiring']],
    ['a warning wanted for ten days', { ...living(-345, 20), warn: { percent: null, days: 10 } }, []],
    [
      'a warning wanted for half a life',
      { ...living(-200, 165), warn: { percent: 50, days: null } },
      ['warning certificate-expiring'],
    ],
    [
      'an intermediate is not measured by the percentage that an operator gives',
      {
        ...serving(leaf, twin(root, { notBefore: inDays(-2000), notAfter: inDays(1000) })),
        warn: { percent: 50, days: null },
      },
      [],
    ],
    [
      'an intermediate with 20 days left',
      serving(leaf, twin(root, { notAfter: inDays(20) })),
      ['warning certificate-expiring'],
      /"Contoso Issuing CA" \(presented\[1\]\) expires/,
    ],
    [
      'an intermediate with 3 days left, and its successor behind it',
      serving(leaf, twin(root, { notAfter: inDays(3) }), intermediate),
      ['warning certificate-expiring'],
      /successor is sent beside it/,
    ],
    [
      'a copy that no path needs',
      serving(leaf, intermediate, twin(makeCa('Other Root'), { notAfter: inDays(20) })),
      [],
    ],
    [
      'only releases that do not count get it',
      {
        servers: [
          {
            lists: [
              { sent: [leaf, intermediate], to: '10..' },
              {
                sent: [makeLeaf(intermediate, { notAfter: inDays(2), key: 'rsa-2048' }), intermediate],
                to: '..9',
              },
            ],
          },
        ],
        anchors,
        releases: '10..',
        others: '..9',
      },
      ['info certificate-expiring: -'],
      /Android 4\.4-9/,
    ],
  ])
})

describe('timestamps', () => {
  table([
    [
      'one for a year',
      logged(knownLogs.slice(0, 1)),
      ['warning too-few-sct: 17'],
      /timestamps of 1 known log .* in the certificate, where 3 of 2 operators/,
    ],
    [
      'none under a public authority',
      { ...variant({}), publicAnchors: true },
      ['warning too-few-sct: 17'],
      /no timestamps/,
    ],
    ['none under a private authority', variant({}), []],
    ['three logs of different operators', logged(knownLogs), []],
    [
      'three logs that nobody here knows',
      logged([1, 2, 3].map((log) => Buffer.alloc(32, log))),
      ['info too-few-sct: 17'],
    ],
    ['one where Android 17 does not count', { ...logged(knownLogs.slice(0, 1)), releases: '15..16' }, []],
  ])
})
