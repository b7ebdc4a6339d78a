import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/program.js'
import { type Issued, issue } from '../../src/demo/authority.js'
import type { ReportDocument } from '../../src/report/schema.js'
import { type ChangingServer, changingServer } from '../support/changing-server.js'
import { tlsServer } from '../support/tls-server.js'
import { expectValidDocument } from '../support/valid-report.js'

/** Servers on loopback that get their new certificate while the command looks on. */
const folder = mkdtempSync(join(tmpdir(), 'adfs-check-renewed-watch-'))
const path = (name: string) => join(folder, name)
const name = 'sts.contoso.com'
const root = issue({ subject: 'Contoso Root', ca: true })
const oldIssuing = issue({ subject: 'Contoso Issuing CA 1', issuer: root, ca: true, keyName: 'of 2018' })
const issuing = issue({ subject: 'Contoso Issuing CA 2', issuer: root, ca: true })
const month = 30 * 86_400_000
const soon = new Date(Date.now() + 6 * month)
const later = new Date(Date.now() + 12 * month)
const old = [
  issue({ subject: name, issuer: oldIssuing, names: [name], keyName: 'old', notAfter: soon }),
  oldIssuing,
]
const renewed = [issue({ subject: name, issuer: issuing, names: [name], notAfter: later }), issuing]
const pem = (chain: readonly Issued[]) => chain.map((one) => one.pem).join('')
writeFileSync(path('root.pem'), root.pem)
writeFileSync(path('NEW.pem'), pem(renewed))
writeFileSync(path('LEAF.pem'), renewed[0]!.pem)
writeFileSync(path('OLD.pem'), pem(old))

const servers: ChangingServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})
afterAll(() => rmSync(folder, { recursive: true }))
const serving = async (...chains: (readonly Issued[])[]): Promise<ChangingServer> => {
  const server = await changingServer(...chains)
  servers.push(server)
  return server
}

function watching(farm: readonly ChangingServer[], ...more: readonly string[]) {
  let out = ''
  let err = ''
  const ending = new AbortController()
  const args = [
    ...['renewed', name, '--pfx', path('NEW.pem'), '--trust-anchor', path('root.pem'), '--offline'],
    ...['--no-proxy', ...farm.flatMap(({ place }) => ['--server', place]), '--watch', '--interval', '1'],
    ...more,
  ]
  const code = run(args, {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    env: { LANG: 'C.UTF-8' },
    platform: 'linux',
    now: new Date(),
    signal: ending.signal,
  })
  const said = async (text: string, from = () => out): Promise<void> => {
    for (let waited = 0; !from().includes(text); waited += 20) {
      if (waited > 15_000) throw new Error(`"${text}" was not said, but:\n${out}\n${err}`)
      await new Promise((done) => setTimeout(done, 20))
    }
  }
  /** Everything, on one line. */
  const all = () => out.replace(/\s+/g, ' ')
  return { code, said, out: () => out, err: () => err, all, ending }
}

const ms = 40_000

describe('a renewal under watch', () => {
  it(
    'waits for servers that are accepted with the old certificate, and ends with 0 when all send the new one',
    async () => {
      const farm = [await serving(old), await serving(old)]
      const [first, second] = farm.map(({ place }) => place)
      const watch = watching(farm, '--old', path('OLD.pem'), '--kit', path('fix'))
      await watch.said('Watching ')
      expect(watch.all()).toContain('until each sends the new certificate and is accepted')
      farm[0]!.send(renewed)
      await watch.said(`${first} sends the new certificate`)
      await watch.said(`${second} still sends the old certificate`)
      farm[1]!.send(renewed)
      expect(await watch.code).toBe(0)
      expect(watch.all()).toContain('Result: all 2 servers send the new certificate and are accepted at ')
      expect(watch.err()).toBe('')
      // What is left of the old chain is known at the end only.
      expect(watch.all()).toContain(
        `Tidy "Contoso Issuing CA 1" can go: ${path('fix-2')}/README.md has the command`,
      )
      expect(readdirSync(path('fix-2')).sort()).toEqual(['README.md', 'SHA256SUMS'])
      const readme = readFileSync(join(path('fix-2'), 'README.md'), 'utf8').replace(/\s+/g, ' ')
      expect(readme).toContain('# Tidy up after the renewal of `sts.contoso.com`')
      expect(readme).toMatch(/remove it; nothing need be restarted/)
      expect(readme).toMatch(/Remove-Item/)
      expect(readme).not.toMatch(/is not what Android accepts|Install-Intermediates/)
    },
    ms,
  )

  it(
    'ends with 1 when time is up and a server is accepted with the old one, whatever --fail-on says',
    async () => {
      const farm = [await serving(renewed), await serving(old)]
      const watch = watching(farm, '--watch-timeout', '2', '--fail-on', 'critical')
      expect(await watch.code).toBe(1)
      expect(watch.all()).toContain(`${farm[1]!.place} ok still sends the old certificate`)
      expect(watch.all()).toContain('Result: time is up: 1 of 2 servers without the new certificate at ')
    },
    ms,
  )

  it(
    'ends with 2 when time is up and the new certificate is refused',
    async () => {
      const farm = [await serving([renewed[0]!])]
      const watch = watching(farm, '--watch-timeout', '2')
      expect(await watch.code).toBe(2)
      expect(watch.all()).toContain('REFUSED sends the new certificate')
    },
    ms,
  )

  it(
    'waits for the second server behind one address',
    async () => {
      const farm = [await serving(renewed, old)]
      const watch = watching(farm, '--repeat', '3')
      await watch.said('Watching ')
      await watch.said('the old certificate beside the new one')
      farm[0]!.send(renewed)
      expect(await watch.code).toBe(0)
    },
    ms,
  )

  it(
    'does not say of a name with a certificate of its own that it has the new one',
    async () => {
      const host = 'enterpriseregistration.contoso.com'
      const own = [
        issue({ subject: host, issuer: issuing, names: [host], keyName: 'other', notAfter: later }),
        issuing,
      ]
      const server = await tlsServer(renewed, {
        SNICallback: (asked, done) => {
          const chain = asked === host ? own : renewed
          done(null, createSecureContext({ key: chain[0]!.keyPem, cert: pem(chain) }))
        },
      })
      const watch = watching([], '--server', `127.0.0.1:${server.port}`, '--name', host)
      const code = await watch.code
      await server.close()
      expect(code).toBe(0)
      expect(watch.all()).toContain('Result: the server is accepted at ')
    },
    ms,
  )

  it(
    'ends with 3 when it is interrupted',
    async () => {
      const watch = watching([await serving(old)])
      await watch.said('Watching ')
      watch.ending.abort()
      expect(await watch.code).toBe(3)
    },
    ms,
  )

  it(
    'does not call it well where the file is not sound',
    async () => {
      const farm = [await serving(renewed)]
      const watch = watching(farm, '--pfx', path('LEAF.pem'))
      expect(await watch.code).toBe(2)
      expect(watch.all()).toContain('is accepted, but the file is not sound (above)')
    },
    ms,
  )

  it(
    'writes both reports as json, once, when it is over',
    async () => {
      const farm = [await serving(old)]
      const watch = watching(farm, '--format', 'json')
      await watch.said('Watching ', watch.err)
      farm[0]!.send(renewed)
      expect(await watch.code).toBe(0)
      const document = JSON.parse(watch.out()) as ReportDocument
      expectValidDocument(document)
      expect(document.reports.map(({ subjects }) => subjects[0]!.kind)).toEqual(['file', 'served'])
      expect(document.reports[1]!.renewal!.certificate).toBe(
        document.reports[1]!.subjects[0]!.answers[0]!.sent[0],
      )
      expect(document.reports[1]!.changes!.map(({ kind }) => kind)).toContain('changed')
    },
    ms,
  )

  it.each<[string, readonly string[], RegExp]>([
    ['a stopped clock', ['--at', '2026-11-24T12:00:00Z'], /--at stops the clock/],
    ['silence', ['--quiet'], /--quiet prints nothing/],
    ['a format that is written once', ['--format', 'sarif'], /--watch writes text, json or ndjson/],
    ['files of other formats', ['--output', 'json=x.json'], /--output writes one check/],
    ['a kit beside json', ['--format', 'json', '--kit', 'x'], /--kit is written with the first report/],
  ])('refuses %s', async (_what, more, problem) => {
    const watch = watching([], ...more)
    expect(await watch.code).toBe(4)
    expect(watch.err()).toMatch(problem)
  })

  it('refuses an interval of no watch', async () => {
    let err = ''
    const code = await run(['renewed', '--pfx', path('NEW.pem'), '--interval', '5'], {
      out: { write: () => {} },
      err: { write: (text) => (err += text) },
      env: {},
      platform: 'linux',
      now: new Date(),
      signal: new AbortController().signal,
    })
    expect({ code, err }).toEqual({ code: 4, err: expect.stringContaining('--interval is for --watch') })
  })
})
