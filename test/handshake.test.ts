import { afterAll, describe, expect, it } from 'vitest'
import { parseReleaseRange, type Release, releases } from '../src/android/releases.js'
import { type Issued, issue } from '../src/demo/authority.js'
import type { Report } from '../src/report/schema.js'
import type { CheckOptions } from '../src/run/options.js'
import { choosing, type Ending, extensionsIn, type Front, offersTls13, spoiling } from './support/altering.js'
import { certificateOf } from './support/certificate-of.js'
import { checkPorts, kindsOf, verdictOf } from './support/checked.js'
import {
  buildMbedtlsServer,
  has,
  hasMbedtls,
  type RunningServer,
  startProgram,
  Workspace,
} from './support/peers.js'
import { pemOf, startGnutls, startOpenssl } from './support/servers.js'
import { tlsServer } from './support/tls-server.js'

/** Servers that send a sound list and then misbehave, or misbehave before: what each release is said to make of them. */

const name = 'sts.contoso.test'
const root = issue({ subject: 'Test Root', ca: true, key: 'rsa-2048' })
const ca = issue({ subject: 'Issuing', issuer: root, ca: true, key: 'rsa-2048' })
const leafWith = (key: 'rsa-2048' | 'P-256' | 'P-521' | 'ed25519') =>
  issue({ subject: name, issuer: ca, names: [name], key })
const rsa = leafWith('rsa-2048')
const p256 = leafWith('P-256')
const chain = [rsa, ca]

const closers: (() => Promise<unknown>)[] = []
afterAll(() => Promise.all(closers.map((close) => close())))
const kept = (server: Front): number => {
  closers.push(server.close)
  return server.port
}
const running = (server: RunningServer): number => {
  closers.push(server.stop)
  return server.port
}
const serving = async (...args: Parameters<typeof tlsServer>): Promise<number> =>
  kept(await tlsServer(...args))

const checked = (port: number, android: string, options: CheckOptions = {}): Promise<Report> =>
  checkPorts(name, [port], { trustAnchors: [certificateOf(root)], offline: true, android, ...options })

/** Releases by their verdict: `accepted: 10..17`. */
interface Expected {
  readonly accepted?: string
  readonly refused?: string
  readonly undetermined?: string
}
const kinds = ['accepted', 'refused', 'undetermined'] as const

async function expectVerdicts(port: number, expected: Expected, options: CheckOptions = {}): Promise<Report> {
  const report = await checked(port, '..17', options)
  const found = Object.fromEntries(
    kinds.map((kind) => [kind, releases.filter((release) => verdictOf(report, release)?.verdict === kind)]),
  )
  const wanted = Object.fromEntries(
    kinds.map((kind) => [kind, expected[kind] ? parseReleaseRange(expected[kind]) : []]),
  )
  expect(found).toEqual(wanted)
  // What is said of a release does not depend on the others that were asked for.
  for (const release of ['4.4', '5.1', '6.0', '7.0', '8.0', '9', '12', '14', '17'] as const) {
    const alone = await checked(port, release, options)
    const verdict = verdictOf(alone, release)?.verdict ?? 'undetermined'
    expect([release, verdict]).toEqual([release, verdictOf(report, release)?.verdict])
    expect(alone.verdict === 'ok').toBe(verdict === 'accepted')
  }
  return report
}
const reasonOf = (report: Report, release: Release) => verdictOf(report, release)?.reason

describe('a list that came before the handshake failed is no acceptance', () => {
  it.each<[Ending, 'refused' | 'undetermined', RegExp]>([
    ['wrong signature', 'refused', /does not fit the key|a key that is not that of the certificate/],
    ['alert', 'refused', /alert internal_error after its certificates/],
    ['close', 'undetermined', /closed while waiting for the proof of the key/],
    ['reset', 'undetermined', /reset while waiting for the proof of the key/],
    ['silence', 'undetermined', /no answer within 0\.4 s|no whole answer came within 0\.4 s/],
  ])('TLS 1.2, then %s: %s up to 9, and 10 to 17 accept in TLS 1.3', async (ending, verdict, reason) => {
    const port = kept(await spoiling(await serving(chain), 'TLS 1.2', ending))
    const report = await expectVerdicts(
      port,
      { accepted: '10..', [verdict]: '..9' },
      ending === 'silence' ? { timeoutMs: 400 } : {},
    )
    expect(reasonOf(report, '6.0')).toMatch(reason)
    expect(report.verdict).toBe(verdict === 'refused' ? 'critical' : 'unknown')
    const told = report.findings.filter(({ releases: whom }) => whom.includes('6.0'))
    // One finding for all of them, whole.
    expect(told.map(({ message }) => message).join()).toMatch(reason)
    expect(told.map(({ message }) => message).join()).not.toContain('...')
  })

  it.each<[Ending, 'refused' | 'undetermined', RegExp]>([
    ['alert', 'refused', /alert internal_error after its certificates/],
    ['close', 'undetermined', /closed while waiting for the proof of the key/],
    ['reset', 'undetermined', /reset while waiting for the proof of the key/],
    ['garbage', 'undetermined', /breaks the TLS protocol/],
  ])('TLS 1.3 without Finished, then %s: 10 to 17 %s', async (ending, verdict, reason) => {
    const server = await serving(chain, { minVersion: 'TLSv1.3' })
    const port = kept(await spoiling(server, 'TLS 1.3', ending))
    const report = await checked(port, '10..')
    expect(kindsOf(report)).toEqual([verdict])
    expect(reasonOf(report, '17')).toMatch(reason)
    expect(report.verdict).toBe(verdict === 'refused' ? 'critical' : 'unknown')
  })

  it('a refusal that is certain stays one: the list that was cut off is refused all the same', async () => {
    const port = kept(await spoiling(await serving([rsa]), 'TLS 1.2', 'close'))
    const report = await checked(port, '9')
    expect(verdictOf(report, '9')).toMatchObject({ verdict: 'refused', rule: 'no-path-missing-issuer' })
  })
})

describe('what a release does not send decides for it', () => {
  it('a server that insists on extended_master_secret refuses 4.4 to 5.1', async () => {
    const server = await serving(chain)
    const port = kept(await choosing((hello) => (extensionsIn(hello).includes(23) ? server : { alert: 40 })))
    const report = await expectVerdicts(port, { accepted: '6.0..', refused: '..5.1' })
    expect(reasonOf(report, '5.0')).toMatch(/extended_master_secret/)
    expect(report.verdict).toBe('critical')
  })

  it('a certificate chosen by ALPN is short for 4.4 to 5.1, which send none', async () => {
    const [full, short] = [await serving(chain), await serving([rsa])]
    const port = kept(await choosing((hello) => (extensionsIn(hello).includes(16) ? full : short)))
    const report = await expectVerdicts(port, { accepted: '6.0..', refused: '..5.1' })
    expect(verdictOf(report, '5.1')!.rule).toBe('no-path-missing-issuer')
  })

  it('a server that wants HTTP/2 alone refuses whoever asks for HTTP/1.1, and its leaf is seen', async () => {
    const port = await serving(chain, { ALPNProtocols: ['h2'] })
    const report = await expectVerdicts(port, { accepted: '..5.1', refused: '6.0..' })
    expect(reasonOf(report, '17')).toMatch(/ALPN.*no_application_protocol/)
    const modern = await checked(port, '10..')
    expect(modern.verdict).toBe('critical')
    expect(modern.subjects[0]!.answers[0]!.sent).toEqual(chain.map((one) => certificateOf(one).sha256))
    expect(modern.subjects[0]!.connections).toHaveLength(5)
  })
})

describe('a cut connection proves nothing', () => {
  it('three TLS 1.2 connections cut once: nobody is refused for it', async () => {
    const server = await serving(chain)
    let cuts = 0
    const port = kept(await choosing((hello) => (!offersTls13(hello) && ++cuts <= 3 ? 'reset' : server)))
    const report = await checked(port, '..17')
    expect(report.subjects[0]!.verdicts.filter(({ verdict }) => verdict === 'refused')).toEqual([])
    expect(report.verdict).toBe('ok')
  })

  it('every TLS 1.2 connection cut: 4.4 to 9 undetermined, not refused', async () => {
    const server = await serving(chain)
    const port = kept(await choosing((hello) => (offersTls13(hello) ? server : 'reset')))
    const report = await expectVerdicts(port, { accepted: '10..', undetermined: '..9' })
    expect(report.verdict).toBe('unknown')
    expect(reasonOf(report, '9')).toMatch(/connection reset/)
  })
})

describe('an alert to every hello is critical, with its reason', () => {
  const critical = async (port: number, reason: RegExp): Promise<Report> => {
    const report = await checked(port, '10..')
    expect(report.verdict).toBe('critical')
    expect(kindsOf(report)).toEqual(['refused'])
    expect(reasonOf(report, '17')).toMatch(reason)
    expect(report.findings.map(({ id }) => id)).not.toContain('could-not-connect')
    return report
  }

  it('a name that OpenSSL does not know', async () => {
    const extra = ['-servername', 'other.contoso.test', '-servername_fatal', ...secondIdentity()]
    const port = running(await startOpenssl({ leaf: rsa, rest: [ca.der], protocol: 'TLS 1.2', extra }))
    await critical(port, /does not know the name.*unrecognized_name/)
  })

  it('a group that no phone has', async () => {
    const port = running(
      await startOpenssl({ leaf: rsa, rest: [ca.der], protocol: 'TLS 1.3', groups: 'X448' }),
    )
    await critical(port, /handshake_failure/)
  })

  it('TLS 1.0 alone: 14 and later are refused for the version', async () => {
    const port = await serving(chain, { maxVersion: 'TLSv1' })
    const report = await expectVerdicts(port, { accepted: '..13', refused: '14..' })
    expect(reasonOf(report, '15')).toMatch(/uses TLS 1\.0; this release offers TLS 1\.2, TLS 1\.3/)
  })

  it('TLS 1.3 alone: 4.4 to 9 are refused for the version', async () => {
    const port = await serving(chain, { minVersion: 'TLSv1.3' })
    const report = await expectVerdicts(port, { accepted: '10..', refused: '..9' })
    expect(reasonOf(report, '9')).toMatch(/uses TLS 1\.3; this release offers TLS 1\.0, TLS 1\.1, TLS 1\.2/)
  })

  it('without a name the alert is the same: the name is not blamed', async () => {
    const port = running(
      await startOpenssl({ leaf: rsa, rest: [ca.der], protocol: 'TLS 1.3', groups: 'X448' }),
    )
    const report = await checked(port, '10..')
    expect(report.findings.map(({ id }) => id)).not.toContain('sni-required')
  })
})

describe('the reason is the one that differs', () => {
  it.each<[string, () => Promise<number>, Expected, Release, RegExp, RegExp]>([
    [
      'P-384 alone in TLS 1.2 and 1.3: the group, not the version',
      () => serving(chain, { ecdhCurve: 'P-384', minVersion: 'TLSv1.2', ciphers: 'ECDHE+AESGCM' }),
      { accepted: '5.0..6.0,7.1..', refused: '4.4,7.0' },
      '7.0',
      /uses P-384; this release offers P-256/,
      /group P-384, which these phones do not offer/,
    ],
    [
      'a CBC-SHA256 suite alone: the suite, not the group',
      () => serving(chain, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA256' }),
      { refused: '4.4..' },
      '7.1',
      /uses TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256; this release offers TLS_ECDHE_ECDSA(?!.*X25519)/,
      /suite TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, which these phones do not offer(?!.*group)/,
    ],
    [
      'an Ed25519 key in TLS 1.2 and 1.3: the kind of key',
      () => serving([leafWith('ed25519'), ca], { minVersion: 'TLSv1.2' }),
      { refused: '4.4..' },
      '9',
      /signs with ed25519; this release offers ecdsa_secp256r1_sha256.*rsa_pkcs1_sha1\b/,
      /signs with ed25519, which these phones do not offer/,
    ],
  ])('%s', async (_, open, expected, release, reason, message) => {
    const report = await expectVerdicts(await open(), expected)
    expect(reasonOf(report, release)).toMatch(reason)
    const told = report.findings.find(
      ({ id, releases: whom }) => id === 'handshake-refused-to-release' && whom.includes(release),
    )
    expect(told!.message).toMatch(message)
    expect(told!.message).not.toContain('...')
  })
})

describe('a refusal inside TLS 1.3 proves nothing about TLS 1.2', () => {
  const all = ['-min_protocol', 'TLSv1', '-max_protocol', 'TLSv1.3']
  it.each([
    ['ffdhe2048', 'ffdhe2048'],
    ['X448', 'X448'],
    ['P-521', 'P-521'],
  ])('OpenSSL with %s alone: old releases fall back to RSA key exchange', async (_, groups) => {
    const setup = { leaf: rsa, rest: [ca.der], protocol: 'TLS 1.2', groups, extra: all } as const
    const report = await checked(running(await startOpenssl(setup)), '..17')
    for (const release of ['8.0', '8.1', '9'] as const)
      expect([release, verdictOf(report, release)!.verdict]).toEqual([release, 'accepted'])
    for (const release of ['8.0', '9', '14'] as const) {
      const alone = await checked(running(await startOpenssl(setup)), release)
      expect(verdictOf(alone, release)!.verdict).toBe(verdictOf(report, release)!.verdict)
    }
    expect(report.subjects[0]!.verdicts.filter(({ verdict }) => verdict === 'undetermined')).toEqual([])
  })

  it.skipIf(!has('gnutls-serv'))('GnuTLS with ffdhe2048 alone', async () => {
    const ciphers = 'NORMAL:%COMPAT:+VERS-TLS1.0:+VERS-TLS1.1:+RSA:-GROUP-ALL:+GROUP-FFDHE2048'
    const port = running(await startGnutls({ leaf: rsa, rest: [ca.der], protocol: 'TLS 1.2', ciphers }))
    const report = await checked(port, '..17')
    expect(verdictOf(report, '9')!.verdict).toBe('accepted')
    expect(verdictOf(report, '14')!.verdict).toBe(verdictOf(await checked(port, '14'), '14')!.verdict)
    expect(report.subjects[0]!.verdicts.filter(({ verdict }) => verdict === 'undetermined')).toEqual([])
  })
})

describe('each release is judged by what it is shown itself', () => {
  it('RSA short and ECDSA full: those who get the short one are refused, alone and among all', async () => {
    const port = await serving([p256, ca], {
      key: [p256.keyPem, rsa.keyPem],
      cert: [p256.pem + ca.pem, rsa.pem],
      honorCipherOrder: false,
      maxVersion: 'TLSv1.2',
    })
    await expectVerdicts(port, { accepted: '5.0..', refused: '4.4' })
  })

  it('a stock P-521 key with a full chain is settled for every release', async () => {
    const port = await serving([leafWith('P-521'), ca])
    const report = await checked(port, '..17')
    expect(report.subjects[0]!.verdicts.filter(({ verdict }) => verdict === 'undetermined')).toEqual([])
  })

  it('an address that answers now with this list and now with that is accepted by nobody who may meet both', async () => {
    const [full, short] = [await serving(chain), await serving([rsa])]
    let count = 0
    const port = kept(await choosing(() => (count++ % 2 === 0 ? full : short)))
    const report = await checked(port, '10..')
    expect(report.verdict).toBe('critical')
    expect(kindsOf(report)).toEqual(['refused'])
  })
})

describe.skipIf(!hasMbedtls())('mbedTLS as it comes', () => {
  const start = async (curve: 'any' | 'P-521', ...identities: readonly Issued[][]): Promise<number> => {
    const files = new Workspace()
    const paths = identities.flatMap((list, index) => [
      files.write(`${index}.pem`, list.map(({ pem }) => pem).join('')),
      files.write(`${index}.key`, list[0]!.keyPem),
    ])
    const program = buildMbedtlsServer(files)
    return running(await startProgram(program, (port) => [String(port), curve, ...paths], files))
  }

  it('a full chain is settled for every release, and accepted by all with TLS 1.2', async () => {
    await expectVerdicts(await start('any', chain), { accepted: '4.4..' })
  })

  it('RSA short and EC full: those who get the short one are refused, and 6.0 is not', async () => {
    // mbedTLS prefers ChaCha20, which comes with RSA here; 6.0 and older do not have it.
    await expectVerdicts(await start('any', [rsa], [p256, ca]), { accepted: '..6.0', refused: '7.0..' })
  })

  it('P-521 alone: a connection that ends after the certificates is no acceptance', async () => {
    // It holds on to P-521 where a hello has it or has a suite that needs no group, and closes without a word else.
    const report = await expectVerdicts(await start('P-521', chain), {
      accepted: '..6.0,7.1',
      undetermined: '7.0,8.0..',
    })
    expect(reasonOf(report, '17')).toMatch(/closed while waiting for the proof of the key/)
    expect(report.verdict).toBe('unknown')
  })
})

it('RSA key exchange is accepted and told as not provable', async () => {
  const port = await serving(chain, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA:@SECLEVEL=0' })
  const report = await expectVerdicts(port, { accepted: '4.4..' })
  expect(report.findings.find(({ id }) => id === 'key-not-proven')).toMatchObject({ severity: 'info' })
})

it('the verdict of one ordinary server takes four connections at once', async () => {
  const report = await checked(await serving(chain), '10..')
  expect(report.verdict).toBe('ok')
  expect(report.subjects[0]!.connections.map(({ hello }) => hello)).toEqual([
    'android-17',
    'android-14',
    'android-10',
    'no-server-name',
  ])
})

/** `s_server -servername` wants a second identity. */
function secondIdentity(): string[] {
  const files = new Workspace()
  closers.push(async () => files.remove())
  return ['-cert2', files.write('leaf.pem', pemOf(rsa.der)), '-key2', files.write('key.pem', rsa.keyPem)]
}
