import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { check } from '../../src/check.js'
import { readOffered } from '../../src/containers/bundle.js'
import { type Issued, type IssueOptions, issue } from '../../src/demo/authority.js'
import type { Asked } from '../../src/farm/asked.js'
import type { LiveServer, WindowsRelease } from '../../src/farm/subject.js'
import { live } from '../../src/network/live/live.js'
import { checkFiles, readFileOf } from '../../src/run/file.js'
import { turns } from '../../src/run/library.js'
import { certificateOf } from '../support/certificate-of.js'
import { tlsServer } from '../support/tls-server.js'

const name = 'sts.contoso.com'
const at = new Date('2026-11-24T12:00:00Z')
const days = (count: number) => new Date(at.getTime() + count * 86_400_000)
const make = (options: IssueOptions) => issue({ notBefore: days(-30), notAfter: days(300), ...options })

const root = make({ subject: 'Contoso Root', ca: true, key: 'rsa-2048', notAfter: days(3000) })
const issuing = make({ subject: 'Contoso Issuing CA', issuer: root, ca: true, notAfter: days(2000) })
const leafOf = (issuer: Issued, options: Partial<IssueOptions> = {}) =>
  make({ subject: name, issuer, names: [name], key: 'rsa-2048', ...options })
const leaf = leafOf(issuing)

const given = (path: string, ...certificates: Issued[]) => ({
  path,
  certificates: certificates.map((one) => ({ certificate: certificateOf(one), from: path })),
})
const asked = (changes: Partial<Asked> = {}): Asked => ({
  target: name,
  servers: [],
  port: null,
  family: null,
  android: null,
  trustAnchors: [given('root.pem', root)],
  deviceCas: [],
  remembered: [],
  intermediates: [],
  at,
  offline: true,
  aiaAllowPrivate: false,
  warn: null,
  crit: null,
  timeoutMs: 3_000,
  repeat: 0,
  proxy: 'none',
  ...changes,
})
const network = live({ timeoutMs: 3_000, proxy: null, offline: true, aiaAllowPrivate: false, signal: null })
const pause = turns(undefined)

interface Served {
  readonly held?: readonly Issued[]
  readonly server?: WindowsRelease
  readonly against?: readonly LiveServer[]
  readonly trusted?: readonly Issued[]
  readonly android?: string
}

/** As PEM: containers have tests of their own. */
async function asFile(text: string, { held = [], server, against, trusted = [root], android }: Served = {}) {
  const bytes = Buffer.from(text)
  const files = {
    paths: ['new.pem'],
    names: [name],
    stores: held.length > 0 ? [given('store', ...held)] : [],
    server: server ?? null,
    passwordEnv: null,
    against: null,
  }
  const own = {
    ...asked({ trustAnchors: [given('root.pem', ...trusted)], android: android ?? null }),
    files,
  }
  const read = readFileOf('new.pem', bytes, await readOffered(bytes))
  return checkFiles([read], own, network, at, { pause }, against ?? null)
}

const pem = (...certificates: Issued[]) => certificates.map((one) => one.pem).join('')
const ids = ({ report }: Awaited<ReturnType<typeof asFile>>) => report.findings.map(({ id }) => id)

describe('a file as if it were served', () => {
  it('is accepted with its whole chain, whatever the order, and refused as a leaf alone', async () => {
    for (const text of [pem(leaf, issuing), pem(root, issuing, leaf), leaf.keyPem + pem(issuing, leaf)]) {
      const { gate, report } = await asFile(text)
      expect([gate.exitCode, report.findings]).toEqual([0, []])
      expect(report.subjects[0]!.answers[0]!.sent).toEqual(
        [leaf, issuing].map((one) => certificateOf(one).sha256),
      )
    }
    const alone = await asFile(leaf.pem)
    expect(alone.gate.exitCode).toBe(2)
    expect(ids(alone)).toEqual(['intermediate-missing'])
  })

  it('takes what the server already has into the list', async () => {
    expect((await asFile(leaf.pem, { held: [issuing, root] })).gate.exitCode).toBe(0)
  })

  it('names the file in the subject and in the command that writes the kit', async () => {
    const { report } = await asFile(leaf.pem, { held: [] })
    expect(report.subjects[0]).toMatchObject({ kind: 'file', label: 'new.pem', name, address: null })
    expect(report.subjects[0]!.id).toMatch(/^sts\.contoso\.com@file:[0-9a-f]{8}$/)
    const found = { ...asked(), intermediates: [given('ca.pem', issuing)] }
    const bytes = Buffer.from(leaf.pem)
    const read = readFileOf('new.pem', bytes, await readOffered(bytes))
    const files = {
      paths: ['new.pem'],
      names: [name],
      stores: [],
      server: null,
      passwordEnv: 'PFX',
      against: null,
    }
    const { steps } = await checkFiles([read], { ...found, files }, network, at, { pause })
    const argvOf = (verb: string) => steps.find(({ action }) => action.verb === verb)?.argv
    expect(argvOf('save')?.slice(0, 4)).toEqual(['file', 'new.pem', '--name', name])
    expect(argvOf('save')).toContain('--password-env')
    expect(argvOf('confirm')?.[0]).toBe(name)
  })

  it('judges every certificate that a key in the file fits', async () => {
    const second = leafOf(issuing, { keyName: 'second', names: ['other.contoso.com'] })
    const { report } = await asFile(pem(leaf, second, issuing) + second.keyPem + leaf.keyPem)
    expect(report.subjects.map(({ id }) => id.replace(/[0-9a-f]{8}/, ''))).toEqual([
      `${name}@file:`,
      `${name}@file:.2`,
    ])
    expect(report.subjects.map(({ verdicts }) => verdicts[0]!.verdict)).toEqual(['accepted', 'refused'])
  })

  it('takes a file of authorities for a mistake', async () => {
    await expect(asFile(pem(issuing, root))).rejects.toMatchObject({ code: 'ADFS_CHECK_BAD_FILE' })
  })
})

describe('the private key', () => {
  it('has to be the certificate’s own', async () => {
    const wrong = await asFile(pem(leaf, issuing) + root.keyPem)
    expect([wrong.gate.exitCode, ids(wrong)]).toEqual([2, ['private-key-not-fitting']])
  })

  it('of another kind than RSA stays in CNG, which 2012 R2 does not take', async () => {
    const ec = leafOf(issuing, { key: 'P-256' })
    const told = await asFile(pem(ec, issuing) + ec.keyPem)
    expect([told.gate.exitCode, ids(told)]).toEqual([0, ['key-store-unsuitable']])
    expect((await asFile(pem(ec, issuing) + ec.keyPem, { server: '2012R2' })).gate.exitCode).toBe(2)
  })
})

describe('the same chain as a file and served live gives the same findings', () => {
  const close: (() => Promise<void>)[] = []
  afterAll(() => Promise.all(close.map((one) => one())))

  it('for chains that Windows sends', async () => {
    const chain = fc.record({
      intermediates: fc.integer({ min: 0, max: 2 }),
      sent: fc.integer({ min: 0, max: 2 }),
      covers: fc.boolean(),
      ends: fc.constantFrom(-1, 3, 20, 300),
      issuerEnds: fc.constantFrom(-1, 2000),
      hash: fc.constantFrom('sha256' as const, 'sha1' as const),
      trusted: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(chain, async (shape) => {
        const authorities: Issued[] = []
        for (let depth = 0; depth < shape.intermediates; depth++)
          authorities.unshift(
            make({
              subject: `Authority ${depth}`,
              issuer: authorities[0] ?? root,
              ca: true,
              key: 'rsa-2048',
              notAfter: days(shape.issuerEnds),
            }),
          )
        const own = leafOf(authorities[0] ?? root, {
          notAfter: days(shape.ends),
          hash: shape.hash,
          ...(shape.covers ? {} : { names: ['adfs.contoso.com'] }),
        })
        const list = [own, ...authorities.slice(0, shape.sent)]
        const trusted = shape.trusted ? [root] : [make({ subject: 'Another Root', ca: true })]
        const server = await tlsServer(list)
        close.push(server.close)
        // Releases that only a connection would have to be asked for are left out: a file is judged for each.
        const android = '10..'
        const served = await check(
          asked({
            servers: [`127.0.0.1:${server.port}`],
            trustAnchors: [given('root.pem', ...trusted)],
            android,
          }),
          network,
          at,
          { concurrency: 1, pause },
        )
        const file = await asFile(pem(...list), { trusted, android })
        const findings = ({ report }: typeof file) =>
          report.findings
            .filter(({ id }) => !tlsOnly.has(id))
            .map(({ id, severity, releases, certificate }) => ({ id, severity, releases, certificate }))
        expect(findings(file)).toEqual(findings(served))
        expect(file.gate).toEqual(served.gate)
      }),
      { numRuns: 60 },
    )
  }, 120_000)

  /** What only a connection tells. */
  const tlsOnly = new Set(['fallback-certificate', 'sni-required', 'handshake-refused-to-release'])
})

describe('--against', () => {
  const server = (of: Issued): LiveServer => ({
    id: `${name}@203.0.113.10:443`,
    leaf: certificateOf(of),
    judged: ['14', '15'],
    accepting: ['14', '15'],
  })
  const old = leafOf(issuing, {
    keyName: 'old',
    names: [name, `certauth.${name}`, 'alias.contoso.com'],
    notAfter: days(20),
  })

  it('tells names, key, issuer, lifetime and releases gained and lost', async () => {
    const fresh = leafOf(issuing, { names: [name, '*.contoso.com'] })
    const { report, gate } = await asFile(fresh.pem, { against: [server(old)] })
    expect(report.subjects[0]!.file!.against).toMatchObject([
      {
        subject: `${name}@203.0.113.10:443`,
        sameCertificate: false,
        names: { gained: ['*.contoso.com'], lost: [`certauth.${name}`] },
        releases: { gained: [], lost: ['14', '15'] },
        key: { was: 'RSA 2048', is: 'RSA 2048', same: false },
        issuer: { was: 'CN=Contoso Issuing CA', is: 'CN=Contoso Issuing CA' },
      },
    ])
    expect(gate.exitCode).toBe(2)
  })

  it('finds a lost certauth name, and notes others', async () => {
    const lost = await asFile(pem(leaf, issuing), { against: [server(old)] })
    expect(lost.report.findings.map(({ id, severity, key }) => [id, severity, key.split('|')[2]])).toEqual([
      ['name-lost', 'warning', `certauth.${name}`],
      ['name-lost', 'info', 'alias.contoso.com'],
    ])
    expect(lost.gate.exitCode).toBe(1)
    expect((await asFile(pem(leaf, issuing), { against: [server(leaf)] })).gate.exitCode).toBe(0)
  })
})
