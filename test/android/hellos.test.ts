import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type SecureVersion, type Server, type TlsOptions } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  evidenceFor,
  explainNoAgreement,
  inferable,
  maxConnections,
  nextShapes,
  type Seen,
  type Tried,
} from '../../src/android/connections.js'
import { helloGroups, helloOf, patchVariants, unionOf5To9 } from '../../src/android/hellos.js'
import { type Release, releases } from '../../src/android/releases.js'
import { type Issued, issue } from '../../src/demo/authority.js'
import type { HelloShape, Observation, ProbeOutcome } from '../../src/tls/observation.js'
import { probe } from '../../src/tls/prober.js'
import { generalShape } from '../../src/tls/shapes.js'

describe('the hellos', () => {
  it('give every release exactly one', () => {
    expect(helloGroups().flatMap((hello) => hello.releases)).toEqual(releases)
    expect(new Set(helloGroups().map(({ shape }) => shape.id)).size).toBe(helloGroups().length)
  })

  it.each<[string, Release, (shape: HelloShape) => boolean]>([
    ['4.4 offers TLS 1.0 and nothing newer', '4.4', ({ versions }) => versions.join() === '769'],
    ['4.4 has no GCM suite', '4.4', ({ cipherSuites }) => !cipherSuites.includes(0xc02f)],
    ['5.1 has no 3DES', '5.1', ({ cipherSuites }) => !cipherSuites.includes(0x000a)],
    ['6.0 still has RC4', '6.0', ({ cipherSuites }) => cipherSuites.includes(0x0005)],
    ['6.0 has no DSS', '6.0', ({ cipherSuites }) => !cipherSuites.includes(0x0032)],
    ['7.0 has P-256 only', '7.0', ({ groups }) => groups.join() === '23'],
    ['7.1 has P-521', '7.1', ({ groups }) => groups.includes(25)],
    ['7.0 has no RC4', '7.0', ({ cipherSuites }) => !cipherSuites.includes(0x0005)],
    ['8.0 has no DHE', '8.0', ({ cipherSuites }) => !cipherSuites.includes(0x0033)],
    ['8.1 has no RSA-PSS', '8.1', ({ signatureSchemes }) => !signatureSchemes.includes(0x0804)],
    ['9 has no TLS 1.3', '9', ({ versions }) => versions.at(-1) === 0x0303],
    ['13 still has TLS 1.0', '13', ({ versions }) => versions[0] === 0x0301],
    ['14 has TLS 1.2 and 1.3 only', '14', ({ versions }) => versions.join() === '771,772'],
    ['17 asks for timestamps', '17', (shape) => shape.signedCertificateTimestamps],
  ])('%s', (_, release, holds) => {
    expect(holds(helloOf(release).shape)).toBe(true)
  })

  it('asks for a staple from 8.0 on', () => {
    const asking = releases.filter((release) => helloOf(release).shape.statusRequest)
    expect(asking).toEqual(releases.slice(releases.indexOf('8.0')))
  })

  it('knows the builds of 7.1 and 14 that send an older hello', () => {
    expect(patchVariants.map(({ release, shape }) => [release, shape.id])).toEqual([
      ['7.1', 'android-7.0'],
      ['14', 'android-10'],
    ])
  })

  it('keeps in the union hello the suites and their order of every release from 5.0 to 9', () => {
    for (const release of releases.slice(releases.indexOf('5.0'), releases.indexOf('10'))) {
      const suites = helloOf(release).shape.cipherSuites.filter((suite) => suite !== 0x00ff)
      expect(unionOf5To9.cipherSuites.filter((suite) => suites.includes(suite))).toEqual(suites)
    }
  })
})

const answer = (overrides: Partial<Seen>): Seen => ({
  protocolVersion: 0x0303,
  cipherSuite: { code: 0xc02f, name: '' },
  group: { code: 23, name: 'P-256' },
  keyProof: { kind: 'proven', signatureScheme: 'rsa_pkcs1_sha256' },
  certificates: [],
  ...overrides,
})
const shapeOf = (release: Release): HelloShape => helloOf(release).shape

describe('inference', () => {
  it.each<[string, HelloShape, Partial<Seen>, HelloShape, boolean]>([
    ['16 follows from 17', shapeOf('17'), {}, shapeOf('16'), true],
    ['17 does not follow from 16, which asks for less', shapeOf('16'), {}, shapeOf('17'), false],
    ['10 follows from 17 once the server chose TLS 1.2', shapeOf('17'), {}, shapeOf('10'), true],
    ['9 follows from 17 when there is no TLS 1.3', shapeOf('17'), {}, shapeOf('9'), true],
    [
      '9 does not follow from an answer in TLS 1.3',
      shapeOf('17'),
      { protocolVersion: 0x0304, cipherSuite: { code: 0x1301, name: '' } },
      shapeOf('9'),
      false,
    ],
    ['5.0 follows from the union', unionOf5To9, {}, shapeOf('5.0'), true],
    ['7.0 follows from the union over P-256', unionOf5To9, {}, shapeOf('7.0'), true],
    ['7.0 does not follow over P-384', unionOf5To9, { group: { code: 24, name: '' } }, shapeOf('7.0'), false],
    [
      '9 follows from the union though X25519 is new: no certificate has such a key',
      unionOf5To9,
      {},
      shapeOf('9'),
      true,
    ],
    [
      '9 does not follow from RSA key exchange: X25519 might have given another suite',
      unionOf5To9,
      {
        cipherSuite: { code: 0x002f, name: '' },
        group: null,
        keyProof: { kind: 'not-provable', detail: '' },
      },
      shapeOf('9'),
      false,
    ],
    [
      '6.0 follows from RSA key exchange',
      unionOf5To9,
      {
        cipherSuite: { code: 0x002f, name: '' },
        group: null,
        keyProof: { kind: 'not-provable', detail: '' },
      },
      shapeOf('6.0'),
      true,
    ],
    [
      'nothing follows for a suite the release lacks',
      unionOf5To9,
      { cipherSuite: { code: 0xcca8, name: '' } },
      shapeOf('6.0'),
      false,
    ],
    [
      '8.0 does not follow from a signature it cannot verify',
      shapeOf('9'),
      { keyProof: { kind: 'proven', signatureScheme: 'rsa_pss_rsae_sha256' } },
      shapeOf('8.0'),
      false,
    ],
    [
      'an ECDSA answer without a readable certificate proves nothing',
      unionOf5To9,
      {
        cipherSuite: { code: 0xc02b, name: '' },
        keyProof: { kind: 'proven', signatureScheme: 'ecdsa_secp256r1_sha256' },
      },
      shapeOf('9'),
      false,
    ],
    ['nothing follows without the server name', { ...shapeOf('9'), sni: false }, {}, shapeOf('9'), false],
    [
      'a suite that the release prefers and the asker did not offer before the choice stands in the way',
      { ...shapeOf('9'), cipherSuites: [0xc02f, ...shapeOf('9').cipherSuites] },
      {},
      shapeOf('9'),
      false,
    ],
  ])('%s', (_, from, seen, to, expected) => {
    expect(inferable(answer(seen), from, to)).toBe(expected)
  })
})

describe('why there is no agreement', () => {
  it.each<[string, Release, Partial<Seen>, readonly string[]]>([
    ['TLS 1.0 only and 15', '15', { protocolVersion: 0x0301 }, ['version 769']],
    ['TLS 1.2 and 4.4', '4.4', {}, ['version 771']],
    ['P-384 and 7.0', '7.0', { group: { code: 24, name: '' } }, ['group 24']],
    ['a CBC-SHA256 suite and 9', '9', { cipherSuite: { code: 0xc027, name: '' } }, ['cipher-suite 49191']],
    [
      'RSA-PSS and 8.0',
      '8.0',
      { keyProof: { kind: 'proven', signatureScheme: 'rsa_pss_rsae_sha256' } },
      ['signature-scheme 2052'],
    ],
    ['nothing to be told', '9', {}, []],
  ])('%s', (_, release, seen, expected) => {
    const found = explainNoAgreement(shapeOf(release), answer(seen))
    expect(found.map(({ parameter, shown }) => `${parameter} ${shown}`)).toEqual(expected)
  })
})

describe('what is said to a server', () => {
  const observed = (seen: Partial<Seen>): ProbeOutcome => ({
    kind: 'observed',
    observation: answer(seen) as Observation,
  })
  const refused: ProbeOutcome = {
    kind: 'alert',
    phase: 'server-hello',
    alert: { code: 40, name: 'handshake_failure' },
    observation: null,
  }

  it('stops at the budget and calls the rest not tried', () => {
    // A reset may be about the size of the hello and proves nothing of a smaller one.
    const reset: ProbeOutcome = { kind: 'reset', phase: 'server-hello', observation: null }
    const tried = planFor(releases, () => reset)
    expect(tried).toHaveLength(maxConnections)
    const kinds = releases.map((release) => evidenceFor(release, tried).kind)
    expect(kinds).toContain('not-tried')
    expect(kinds).toContain('no-agreement')
  })

  it('says one hello when one release is wanted', () => {
    expect(planFor(['9'], () => observed({})).map(({ shape }) => shape.id)).toEqual(['android-9'])
    expect(planFor(['4.4'], () => refused).map(({ shape }) => shape.id)).toEqual(['android-4.4'])
  })

  it('proves TLS 1.2 missing for 14 and later without asking', () => {
    const tried = [{ shape: generalShape, outcome: observed({ protocolVersion: 0x0301 }) }]
    expect(evidenceFor('15', tried)).toMatchObject({
      kind: 'no-agreement',
      outcome: null,
      disagreements: [{ parameter: 'version', shown: 0x0301 }],
    })
    expect(evidenceFor('14', tried, patchVariants[1]!.shape).kind).not.toBe('no-agreement')
  })

  it('needs no second refusal of less than was refused', () => {
    const tried = [{ shape: shapeOf('5.0'), outcome: refused }]
    expect(evidenceFor('6.0', tried)).toMatchObject({ kind: 'no-agreement', outcome: null })
    expect(evidenceFor('7.0', tried).kind).toBe('not-tried')
  })

  it('does not take a time-out for a refusal', () => {
    const outcome: ProbeOutcome = { kind: 'timed-out', phase: 'connect', timeoutMs: 1, observation: null }
    expect(evidenceFor('9', [{ shape: shapeOf('9'), outcome }]).kind).toBe('no-answer')
  })
})

/** Carries out the plan with `say` as the server. */
function planFor(chosen: readonly Release[], say: (shape: HelloShape) => ProbeOutcome): Tried[] {
  const tried: Tried[] = []
  for (let next = nextShapes(tried, chosen); next.length > 0; next = nextShapes(tried, chosen)) {
    for (const shape of next) tried.push({ shape, outcome: say(shape) })
  }
  return tried
}

describe('on real servers, what was inferred is what the hello itself is answered', () => {
  let rsa: Issued
  let p256: Issued
  let p384: Issued
  const open: Server[] = []

  beforeAll(() => {
    const names = ['sts.contoso.test']
    rsa = issue({ subject: 'rsa', key: 'rsa-2048', names })
    p256 = issue({ subject: 'p256', key: 'P-256', names })
    p384 = issue({ subject: 'p384', key: 'P-384', names })
  })
  afterAll(() => {
    for (const server of open) server.close()
  })

  // OpenSSL 3 speaks TLS 1.0 and SHA-1 signatures only at security level 0.
  const ciphers = 'DEFAULT@SECLEVEL=0'
  const only = (version: SecureVersion): TlsOptions => ({ minVersion: version, maxVersion: version })
  const cases: readonly [string, number, () => TlsOptions][] = [
    ['RSA, TLS 1.0 to 1.3', 4, () => ({ ...identity(rsa), ciphers, minVersion: 'TLSv1' })],
    ['RSA, TLS 1.2 and 1.3', 4, () => identity(rsa)],
    ['RSA, TLS 1.2', 5, () => ({ ...identity(rsa), ...only('TLSv1.2') })],
    ['RSA, TLS 1.0', 4, () => ({ ...identity(rsa), ciphers, ...only('TLSv1') })],
    ['RSA, TLS 1.3', 4, () => ({ ...identity(rsa), ...only('TLSv1.3') })],
    ['RSA and P-256 in the server’s order', 5, () => ({ ...identity(rsa, p256), ...only('TLSv1.2') })],
    [
      'RSA and P-256 in the client’s order',
      4,
      () => ({ ...identity(rsa, p256), ...only('TLSv1.2'), honorCipherOrder: false }),
    ],
    [
      'RSA preferred over P-256',
      5,
      () => ({
        ...identity(rsa, p256),
        ...only('TLSv1.2'),
        ciphers: 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256',
      }),
    ],
    ['P-384 key', 5, () => ({ ...identity(p384), ...only('TLSv1.2') })],
    ['P-384 exchange', 6, () => ({ ...identity(rsa), ...only('TLSv1.2'), ecdhCurve: 'P-384' })],
    ['X25519 exchange', 6, () => ({ ...identity(rsa), ...only('TLSv1.2'), ecdhCurve: 'X25519' })],
    ['RSA key exchange', 4, () => ({ ...identity(rsa), ...only('TLSv1.2'), ciphers: 'AES128-SHA' })],
    [
      'ChaCha20 only',
      6,
      () => ({ ...identity(rsa), ...only('TLSv1.2'), ciphers: 'ECDHE-RSA-CHACHA20-POLY1305' }),
    ],
  ]

  it.each(cases)('%s', async (_, connections, options) => {
    const server = createServer({ honorCipherOrder: true, ...options() })
    server.on('tlsClientError', () => {})
    open.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const endpoint = { address: '127.0.0.1', port, serverName: 'sts.contoso.test' }

    const nameless = { ...generalShape, id: 'no-server-name', sni: false }
    const tried: Tried[] = []
    for (const shape of [generalShape, nameless]) tried.push({ shape, outcome: await probe(endpoint, shape) })
    for (let next = nextShapes(tried); next.length > 0; next = nextShapes(tried)) {
      for (const shape of next) tried.push({ shape, outcome: await probe(endpoint, shape) })
    }
    for (const { shape, releases: senders } of helloGroups()) {
      const said = await probe(endpoint, shape)
      const evidence = evidenceFor(senders[0]!, tried)
      if (evidence.kind === 'spoken' || evidence.kind === 'inferred') {
        expect(said.kind, shape.id).toBe('observed')
        expect(certificatesOf(said), shape.id).toEqual(evidence.observation.certificates)
      } else if (evidence.kind === 'no-agreement') {
        expect(said.kind, shape.id).toMatch(/alert|closed|reset/)
      }
    }
    expect(tried.length).toBe(connections)
    expect(connections).toBeLessThanOrEqual(maxConnections)
    expect(releases.filter((release) => evidenceFor(release, tried).kind === 'not-tried')).toEqual([])
  })

  const certificatesOf = (outcome: ProbeOutcome) =>
    outcome.kind === 'observed' ? outcome.observation.certificates : []
  const identity = (...issued: readonly Issued[]): TlsOptions => ({
    key: issued.map(({ keyPem }) => keyPem),
    cert: issued.map(({ pem }) => pem),
  })
})
