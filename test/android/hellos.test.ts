import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type SecureVersion, type Server, type TlsOptions } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectionsFor, evidenceFor, nextShapes, type Tried } from '../../src/android/connections.js'
import { reasonsFor, type Seen } from '../../src/android/disagreement.js'
import { helloGroups, helloOf, patchVariants, unionOf6To9 } from '../../src/android/hellos.js'
import { inferable } from '../../src/android/inference.js'
import { type Release, releases } from '../../src/android/releases.js'
import { type Issued, issue } from '../../src/demo/authority.js'
import { probe } from '../../src/network/live/prober.js'
import type { HelloShape, Observation, ProbeOutcome } from '../../src/tls/observation.js'
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
    ['17 asks for timestamps', '17', ({ extensions }) => extensions.includes(18)],
  ])('%s', (_, release, holds) => {
    expect(holds(helloOf(release).shape)).toBe(true)
  })

  it('asks for a staple from 8.0 on', () => {
    const asking = releases.filter((release) => helloOf(release).shape.extensions.includes(5))
    expect(asking).toEqual(releases.slice(releases.indexOf('8.0')))
  })

  it('knows the builds of 7.1 and 14 that send an older hello', () => {
    expect(patchVariants.map(({ release, shape }) => [release, shape.id])).toEqual([
      ['7.1', 'android-7.0'],
      ['14', 'android-10'],
    ])
  })

  it('keeps in the union hello the suites and their order of every release from 6.0 to 9', () => {
    for (const release of releases.slice(releases.indexOf('6.0'), releases.indexOf('10'))) {
      const suites = helloOf(release).shape.cipherSuites.filter((suite) => suite !== 0x00ff)
      expect(unionOf6To9.cipherSuites.filter((suite) => suites.includes(suite))).toEqual(suites)
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
    [
      '5.0 does not follow from a hello with extended_master_secret',
      { ...shapeOf('5.0'), extensions: [...shapeOf('5.0').extensions, 23] },
      {},
      shapeOf('5.0'),
      false,
    ],
    [
      '5.0 does not follow from a hello with ALPN',
      { ...shapeOf('5.0'), alpn: ['http/1.1'] },
      {},
      shapeOf('5.0'),
      false,
    ],
    ['6.0 follows from the union', unionOf6To9, {}, shapeOf('6.0'), true],
    ['7.0 follows from the union over P-256', unionOf6To9, {}, shapeOf('7.0'), true],
    ['7.0 does not follow over P-384', unionOf6To9, { group: { code: 24, name: '' } }, shapeOf('7.0'), false],
    [
      '9 follows from the union though X25519 is new: no certificate has such a key',
      unionOf6To9,
      {},
      shapeOf('9'),
      true,
    ],
    [
      '9 does not follow from RSA key exchange: X25519 might have given another suite',
      unionOf6To9,
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
      unionOf6To9,
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
      unionOf6To9,
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
      unionOf6To9,
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

describe('why a hello is refused', () => {
  const p384 = { group: { code: 24, name: '' } }
  const inTls13 = { protocolVersion: 0x0304, cipherSuite: { code: 0x1301, name: '' } }
  const x25519 = { group: { code: 29, name: '' } }
  const signedWith = (signatureScheme: string): Partial<Seen> => ({
    keyProof: { kind: 'proven', signatureScheme },
  })
  type Answers = readonly (readonly [HelloShape, Partial<Seen>])[]
  it.each<[string, Release, number | null, Answers, readonly string[]]>([
    ['TLS 1.0 only and 15', '15', null, [[shapeOf('10'), { protocolVersion: 0x0301 }]], ['version 769']],
    ['TLS 1.2 and 4.4', '4.4', 70, [[shapeOf('17'), {}]], ['version 771']],
    [
      'P-384 and 7.0, though the first answer came in TLS 1.3',
      '7.0',
      40,
      [
        [shapeOf('17'), { ...inTls13, ...p384 }],
        [unionOf6To9, p384],
      ],
      ['group 24'],
    ],
    [
      'a CBC-SHA256 suite and 7.1, and X25519 was a matter of taste',
      '7.1',
      40,
      [[generalShape, { ...x25519, cipherSuite: { code: 0xc027, name: '' } }]],
      ['cipher-suite 49191'],
    ],
    ['X25519 and nothing else to be told, and 7.1', '7.1', 40, [[shapeOf('9'), x25519]], ['group 29']],
    [
      'RSA-PSS and 8.0',
      '8.0',
      80,
      [[shapeOf('9'), signedWith('rsa_pss_rsae_sha256')]],
      ['signature-scheme 2052'],
    ],
    [
      'an Ed25519 key in TLS 1.3 and 9, which has no TLS 1.3',
      '9',
      40,
      [[generalShape, { ...inTls13, ...signedWith('ed25519') }]],
      ['signature-scheme 2055'],
    ],
    [
      'a TLS 1.2 that is there for others does not make the version the reason',
      '9',
      40,
      [[unionOf6To9, {}]],
      [],
    ],
    ['a name that the server does not know', '17', 112, [], ['server-name']],
    ['another ALPN', '17', 120, [[shapeOf('5.0'), p384]], ['application-protocol']],
    ['a client certificate', '17', 116, [], ['client-certificate']],
    ['extended_master_secret and 5.1', '5.1', 40, [[unionOf6To9, {}]], ['extended-master-secret']],
    ['nothing to be told', '9', 40, [], []],
  ])('%s', (_, release, alert, answers, expected) => {
    const found = reasonsFor(
      shapeOf(release),
      alert,
      answers.map(([shape, seen]) => ({ shape, observation: answer(seen) })),
    )
    expect(
      found.map((reason) => ('shown' in reason ? `${reason.parameter} ${reason.shown}` : reason.parameter)),
    ).toEqual(expected)
  })

  it('a key on P-521 and 9, though the exchange is on P-256', () => {
    const { der } = issue({ subject: 'p521', key: 'P-521' })
    const seen = answer({
      cipherSuite: { code: 0xc02b, name: '' },
      keyProof: { kind: 'proven', signatureScheme: 'ecdsa_secp521r1_sha512' },
      certificates: [der],
    })
    const found = reasonsFor(shapeOf('9'), 40, [{ shape: shapeOf('7.1'), observation: seen }])
    expect(found).toMatchObject([
      { parameter: 'signature-scheme', shown: 0x0603 },
      { parameter: 'key-curve', shown: 25 },
    ])
  })
})

const observed = (seen: Partial<Observation>): ProbeOutcome => ({
  kind: 'observed',
  observation: { keyExchange: 'ecdhe', ...answer(seen), ...seen } as Observation,
})
const alerted = (code: number, observation: Observation | null = null): ProbeOutcome => ({
  kind: 'alert',
  phase: observation ? 'key-proof' : 'server-hello',
  alert: { code, name: `alert ${code}` },
  observation,
})
const reset: ProbeOutcome = { kind: 'reset', phase: 'server-hello', observation: null }
const tls13 = {
  protocolVersion: 0x0304,
  cipherSuite: { code: 0x1301, name: '' },
  keyExchange: 'tls13',
} as const
const from10 = releases.slice(releases.indexOf('10'))
const idsOf = (shapes: readonly { readonly id: string }[]) => shapes.map(({ id }) => id)

describe('what is said to a server', () => {
  it('from 10 on: the own hellos of 17, 14 and 10 and one without a name, and no more', () => {
    const wave = nextShapes([], from10)
    expect(idsOf(wave)).toEqual(['android-17', 'android-14', 'android-10', 'no-server-name'])
    const tried = wave.map((shape) => ({ shape, outcome: observed(tls13) }))
    expect(nextShapes(tried, from10)).toEqual([])
    expect(connectionsFor(from10)).toBe(6)
    for (const release of from10)
      expect(evidenceFor(release, tried)).toMatchObject({ kind: 'shown', basis: 'spoken' })
    expect(evidenceFor('9', tried).kind).toBe('not-asked')
  })

  it('every release: seven at once', () => {
    const ids = ['17', '14', '10', '5', '4.4', '6-to-9'].map((id) => `android-${id}`)
    expect(idsOf(nextShapes([]))).toEqual([...ids, 'no-server-name'])
  })

  it('one release: its own, with and without a name', () => {
    expect(idsOf(nextShapes([], ['9']))).toEqual(['android-9', 'no-server-name'])
    expect(nextShapes([], ['9'])[1]).toMatchObject({ sni: false, cipherSuites: shapeOf('9').cipherSuites })
  })

  it('a hello that was cut while others were answered is said once more, and not a third time', () => {
    const say = (shape: HelloShape) => (shape.id === 'android-14' ? reset : observed(tls13))
    const tried = planFor(from10, say)
    expect(idsOf(tried.map(({ shape }) => shape)).filter((id) => id === 'android-14')).toHaveLength(2)
    expect(evidenceFor('14', tried).kind).toBe('undetermined')
    const patient = planFor(from10, (shape, count) => (count === 3 ? reset : say({ ...shape, id: '' })))
    expect(evidenceFor('10', patient)).toMatchObject({ kind: 'shown', basis: 'spoken' })
  })

  it('a general hello looks at a server that shows nobody a list, without ALPN where that is the reason', () => {
    expect(idsOf(planFor(from10, () => alerted(40)).map(({ shape }) => shape)).at(-1)).toBe('general')
    const alpn = planFor(from10, (shape) => (shape.alpn.length > 0 ? alerted(120) : observed(tls13)))
    expect(idsOf(alpn.map(({ shape }) => shape)).at(-1)).toBe('general-without-alpn')
    expect(evidenceFor('17', alpn)).toMatchObject({
      kind: 'refused',
      reasons: [{ parameter: 'application-protocol' }],
    })
  })

  it('nothing more where nothing speaks TLS', () => {
    const silent: ProbeOutcome = { kind: 'timed-out', phase: 'client-hello', timeoutMs: 1, observation: null }
    expect(planFor(releases, () => silent)).toHaveLength(7)
  })

  it('never more than the budget, and each release that counts is spoken or settled within it', () => {
    for (const say of [() => alerted(40), () => reset, () => observed({ ...tls13 })]) {
      const tried = planFor(releases, say)
      expect(tried.length).toBeLessThanOrEqual(connectionsFor(releases))
      expect(releases.filter((release) => evidenceFor(release, tried).kind === 'not-asked')).toEqual([])
    }
    expect(nextShapes([], releases, 3)).toHaveLength(3)
  })
})

describe('what one outcome proves', () => {
  const said = (release: Release, outcome: ProbeOutcome): Tried => ({ shape: shapeOf(release), outcome })
  const seen = (observed({}) as Extract<ProbeOutcome, { kind: 'observed' }>).observation

  it.each<[string, ProbeOutcome, string]>([
    ['a proven key', observed({}), 'shown'],
    [
      'RSA key exchange',
      observed({ keyExchange: 'rsa', keyProof: { kind: 'not-provable', detail: '' } }),
      'shown',
    ],
    ['a wrong signature', observed({ keyProof: { kind: 'failed', detail: '' } }), 'refused'],
    [
      'a wrong signature, then a close',
      {
        kind: 'closed',
        phase: 'key-proof',
        observation: { ...seen, keyProof: { kind: 'failed', detail: '' } },
      },
      'refused',
    ],
    [
      'a key that cannot be read',
      observed({ keyProof: { kind: 'not-provable', detail: '' } }),
      'undetermined',
    ],
    ['an alert', alerted(40), 'refused'],
    ['an alert after Certificate', alerted(80, seen), 'refused'],
    ['close_notify after Certificate', alerted(0, seen), 'undetermined'],
    ['a close after Certificate', { kind: 'closed', phase: 'key-proof', observation: seen }, 'undetermined'],
    ['a reset after Certificate', { kind: 'reset', phase: 'key-proof', observation: seen }, 'undetermined'],
    [
      'silence after Certificate',
      { kind: 'timed-out', phase: 'key-proof', timeoutMs: 1, observation: seen },
      'undetermined',
    ],
    [
      'a broken message after Certificate',
      { kind: 'protocol-error', phase: 'key-proof', detail: '', observation: seen },
      'undetermined',
    ],
    ['a reset', reset, 'undetermined'],
  ])('%s', (_, outcome, kind) => {
    const tried = [said('17', outcome)]
    expect(evidenceFor('17', tried).kind).toBe(kind)
    // What does not get through stands for nobody else either.
    if (kind !== 'shown') expect(evidenceFor('16', tried).kind).not.toBe('shown')
    // A second hello that is answered does not make up for a definite end.
    const again = evidenceFor('17', [...tried, said('17', observed({}))]).kind
    expect(again).toBe(kind === 'refused' ? 'refused' : 'shown')
  })

  it('a cut connection is not made good by another hello that would prove the answer', () => {
    expect(evidenceFor('16', [said('17', observed({})), said('16', reset)]).kind).toBe('undetermined')
  })

  it('TLS 1.2 is missing for 14 and later where a hello that had it was answered in TLS 1.0', () => {
    const tried = [said('10', observed({ protocolVersion: 0x0301 }))]
    expect(evidenceFor('15', tried)).toMatchObject({
      kind: 'refused',
      failure: null,
      reasons: [{ parameter: 'version', shown: 0x0301 }],
    })
    expect(evidenceFor('14', tried, patchVariants[1]!.shape).kind).toBe('shown')
  })

  it('less than was refused needs no refusal of its own', () => {
    const tried = [said('7.1', alerted(40))]
    expect(evidenceFor('7.0', tried)).toMatchObject({ kind: 'refused', by: { id: 'android-7.1' } })
    expect(evidenceFor('9', tried).kind).toBe('not-asked')
    expect(evidenceFor('5.1', tried).kind).toBe('not-asked')
  })

  it('a refusal inside TLS 1.3 proves nothing about TLS 1.2', () => {
    const tried = [said('10', alerted(40))]
    expect(evidenceFor('9', tried).kind).toBe('not-asked')
    expect(evidenceFor('14', tried)).toMatchObject({ kind: 'refused' })
  })

  it('several answers to one hello all stand for the release', () => {
    const other = observed({ certificates: [Buffer.from('other')] })
    const known = evidenceFor('17', [said('17', observed({})), said('17', other)])
    expect(known.kind === 'shown' && known.answers).toHaveLength(2)
  })

  it('an answer that contradicts what another proves: all answers stand for everybody', () => {
    const other = observed({ ...tls13, certificates: [Buffer.from('other')] })
    const tried = [said('17', observed(tls13)), said('14', other), said('9', observed({}))]
    const lengths = (['17', '14', '9'] as const).map((release) => {
      const known = evidenceFor(release, tried)
      return known.kind === 'shown' ? known.answers.length : 0
    })
    expect(lengths).toEqual([3, 3, 3])
    // A list of its own for TLS 1.2 contradicts nothing.
    const dual = [said('17', observed(tls13)), said('9', observed({ certificates: [Buffer.from('rsa')] }))]
    expect(evidenceFor('17', dual)).toMatchObject({
      kind: 'shown',
      answers: [{ shape: { id: 'android-17' } }],
    })
    expect(evidenceFor('9', tried.slice(0, 2)).kind).toBe('not-asked')
  })

  it.each<[Release, 'P-384' | 'P-521', 'shown' | 'refused']>([
    ['5.1', 'P-521', 'shown'],
    ['7.0', 'P-384', 'refused'],
    ['7.1', 'P-521', 'shown'],
    ['8.0', 'P-384', 'shown'],
    ['8.0', 'P-521', 'refused'],
    ['17', 'P-521', 'refused'],
  ])('Android %s shown a key on %s in TLS 1.2: %s', (release, key, kind) => {
    const { der } = issue({ subject: key, key })
    const known = evidenceFor(release, [said(release, observed({ certificates: [der] }))])
    expect(known.kind).toBe(kind)
    if (known.kind === 'refused') expect(known.reasons).toMatchObject([{ parameter: 'key-curve' }])
  })

  it('a staple that the release does not ask for is not part of its answer', () => {
    const answered = observed({ stapledOcsp: Buffer.from('staple') })
    const known = evidenceFor('7.1', [{ shape: unionOf6To9, outcome: answered }])
    expect(known).toMatchObject({ kind: 'shown', answers: [{ observation: { stapledOcsp: null } }] })
  })
})

/** Carries out the plan with `say` as the server; `count` is the number of connections before. */
function planFor(
  chosen: readonly Release[],
  say: (shape: HelloShape, count: number) => ProbeOutcome,
): Tried[] {
  const tried: Tried[] = []
  for (let next = nextShapes(tried, chosen); next.length > 0; next = nextShapes(tried, chosen)) {
    for (const shape of next) tried.push({ shape, outcome: say(shape, tried.length) })
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
    ['RSA, TLS 1.0 to 1.3', 7, () => ({ ...identity(rsa), ciphers, minVersion: 'TLSv1' })],
    ['RSA, TLS 1.2 and 1.3', 7, () => identity(rsa)],
    ['RSA, TLS 1.2', 7, () => ({ ...identity(rsa), ...only('TLSv1.2') })],
    ['RSA, TLS 1.0', 7, () => ({ ...identity(rsa), ciphers, ...only('TLSv1') })],
    ['RSA, TLS 1.3', 7, () => ({ ...identity(rsa), ...only('TLSv1.3') })],
    ['RSA and P-256 in the server’s order', 7, () => ({ ...identity(rsa, p256), ...only('TLSv1.2') })],
    [
      'RSA and P-256 in the client’s order',
      7,
      () => ({ ...identity(rsa, p256), ...only('TLSv1.2'), honorCipherOrder: false }),
    ],
    [
      'RSA preferred over P-256',
      7,
      () => ({
        ...identity(rsa, p256),
        ...only('TLSv1.2'),
        ciphers: 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-GCM-SHA256',
      }),
    ],
    ['P-384 key', 8, () => ({ ...identity(p384), ...only('TLSv1.2') })],
    ['P-384 exchange', 8, () => ({ ...identity(rsa), ...only('TLSv1.2'), ecdhCurve: 'P-384' })],
    ['X25519 exchange', 8, () => ({ ...identity(rsa), ...only('TLSv1.2'), ecdhCurve: 'X25519' })],
    ['RSA key exchange', 8, () => ({ ...identity(rsa), ...only('TLSv1.2'), ciphers: 'AES128-SHA' })],
    [
      'ChaCha20 only',
      8,
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

    const tried: Tried[] = []
    for (let next = nextShapes(tried); next.length > 0; next = nextShapes(tried)) {
      for (const shape of next) tried.push({ shape, outcome: await probe(endpoint, shape) })
    }
    for (const { shape, releases: senders } of helloGroups()) {
      const said = await probe(endpoint, shape)
      const alone = evidenceFor(senders[0]!, [{ shape, outcome: said }])
      const evidence = evidenceFor(senders[0]!, tried)
      // Alone and among all others a release is told the same.
      expect(evidence.kind, shape.id).toBe(alone.kind)
      if (evidence.kind === 'shown')
        for (const { observation } of evidence.answers)
          expect(observation.certificates, shape.id).toEqual(certificatesOf(said))
    }
    expect(tried.length).toBe(connections)
    expect(connections).toBeLessThanOrEqual(connectionsFor(releases))
    const unsettled = releases.filter((release) => !/shown|refused/.test(evidenceFor(release, tried).kind))
    expect(unsettled).toEqual([])
  })

  const certificatesOf = (outcome: ProbeOutcome) =>
    outcome.kind === 'observed' ? outcome.observation.certificates : []
  const identity = (...issued: readonly Issued[]): TlsOptions => ({
    key: issued.map(({ keyPem }) => keyPem),
    cert: issued.map(({ pem }) => pem),
  })
})
