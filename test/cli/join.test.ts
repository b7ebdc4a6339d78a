import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import type { Farm } from '../../src/farm/subject.js'
import { joinedFarm } from '../../src/farm/vantage.js'
import { leftOutText } from '../../src/formats/machines.js'
import type { ReportDocument } from '../../src/report/schema.js'
import { joinedFile, joinedText } from '../scenarios/joined.js'
import { runCli } from '../support/run-cli.js'
import { tlsServer } from '../support/tls-server.js'
import { expectValidReport } from '../support/valid-report.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-join-'))
const home = process.cwd()
beforeAll(() => {
  for (const place of ['inside', 'outside'])
    copyFileSync(joinedFile('inspected-by-copy', `${place}-case.json`), join(folder, `${place}-case.json`))
  process.chdir(folder)
})
afterAll(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true })
})

async function cli(...args: readonly string[]) {
  return runCli(args, { now: new Date('2026-11-24T12:00:00Z') })
}
const cases = ['inside-case.json', 'outside-case.json'] as const

/** What the operator named is not where phones are led. */
it('does not take a named server for one that the name leads to', async () => {
  const named = edited('named-case.json', ({ asked }) => {
    asked.servers = ['203.0.113.10']
  })
  const { out } = await cli('join', cases[0], named, '--format', 'json')
  const [report] = (JSON.parse(out) as ReportDocument).reports
  expect(report!.checks.find(({ id }) => id === 'local-network-address')).toMatchObject({
    status: 'not-applicable',
  })
})

/** The case as it would be had it been saved so. */
const edited = (file: string, change: (saved: { at: string; asked: Record<string, unknown> }) => void) => {
  const saved = JSON.parse(readFileSync(cases[1], 'utf8'))
  change(saved)
  writeFileSync(file, JSON.stringify(saved))
  return file
}

describe('join', () => {
  it('prints the golden', async () => {
    const { code, out, err } = await cli('join', ...cases)
    expect({ code, err }).toEqual({ code: 2, err: '' })
    expect(out).toBe(joinedText('inspected-by-copy', 'report.txt'))
  })

  it('names the places as it is told to, in every format', async () => {
    const { out } = await cli('join', ...cases, '--as', 'office', '--as', 'guest-wlan', '--format', 'json')
    const [report] = (JSON.parse(out) as ReportDocument).reports
    expectValidReport(report!)
    expect(report!.subjects.map(({ id, vantage }) => [id, vantage])).toEqual([
      ['sts.contoso.com@office/10.0.0.5:443', 'office'],
      ['sts.contoso.com@guest-wlan/203.0.113.10:443', 'guest-wlan'],
    ])
    expect(report!.vantages!.points.map(({ keys }) => keys.length)).toEqual([1, 1])
    for (const format of [
      'html',
      'markdown',
      'csv',
      'junit',
      'sarif',
      'prometheus',
      'nagios',
      'ndjson',
      'gitlab',
    ])
      expect((await cli('join', ...cases, '--format', format)).out, format).toContain('outside/203.0.113.10')
    for (const format of ['html', 'markdown'])
      expect((await cli('join', ...cases, '--format', format)).out, format).toContain(
        'a device in between answers',
      )
  })

  it('takes a page for a case', async () => {
    await cli('replay', cases[0], '--output', 'html=inside.html')
    expect((await cli('join', 'inside.html', cases[1])).out).toBe(
      joinedText('inspected-by-copy', 'report.txt'),
    )
  })

  it.each<[string, readonly string[], RegExp]>([
    ['one case', [cases[0]], /nothing to be joined with/],
    ['one place twice', [cases[0], './inside-case.json'], /do not tell the places apart/],
    ['a label too few', [...cases, '--as', 'inside'], /2 cases and 1 --as/],
    [
      'a label that would be taken for something else',
      [...cases, '--as', 'a/b', '--as', 'b'],
      /cannot name a place/,
    ],
    ['a file that is none', [cases[0], 'nowhere.json'], /nowhere\.json cannot be read/],
  ])('refuses %s', async (_what, args, problem) => {
    const { code, out, err } = await cli('join', ...args)
    expect({ code, out }).toEqual({ code: 4, out: '' })
    expect(err).toMatch(problem)
  })

  it.each<[string, (saved: { asked: Record<string, unknown> }) => void, RegExp]>([
    ['name', ({ asked }) => (asked.target = 'adfs.contoso.com'), /different names/],
    ['roots', ({ asked }) => (asked.trustAnchors = []), /different roots/],
    ['releases', ({ asked }) => (asked.android = 'all'), /different releases/],
    ['port', ({ asked }) => (asked.port = 8443), /different ports/],
  ])('refuses cases of another %s', async (_what, change, problem) => {
    const { code, err } = await cli('join', cases[0], edited('other.json', change))
    expect(code).toBe(4)
    expect(err).toMatch(problem)
  })

  it('judges as of the later case and says when they are far apart', async () => {
    const later = edited('later.json', (saved) => (saved.at = '2026-11-27T09:00:00.000Z'))
    const { out, err } = await cli('join', cases[0], later, '--format', 'json')
    expect(err).toMatch(/saved 3 days apart/)
    expect(JSON.parse(out).reports[0].at).toBe('2026-11-27T09:00:00Z')
  })
})

describe('cases of farms whose nodes and names were said', () => {
  const name = 'sts.contoso.com'
  const certauth = `certauth.${name}`
  const root = issue({ subject: 'Contoso Root', ca: true })
  const issuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true })
  const dates = { notBefore: new Date('2026-11-01'), notAfter: new Date('2027-11-01') }
  const leaf = issue({ subject: name, issuer: issuing, names: [name], ...dates })
  const own = issue({ subject: certauth, issuer: issuing, names: [certauth], keyName: 'own', ...dates })

  it('compares what both places asked for, and repeats for each what was said there', async () => {
    const servers = await Promise.all([
      tlsServer([leaf, issuing], {
        SNICallback: (host, done) => {
          const chain = host === certauth ? [own, issuing] : [leaf, issuing]
          const cert = chain.map(({ pem }) => pem).join('')
          done(null, createSecureContext({ key: chain[0]!.keyPem, cert }))
        },
      }),
      tlsServer([leaf]),
      tlsServer([leaf, issuing]),
    ])
    const [wap, adfs, outside] = servers.map(({ port }) => `127.0.0.1:${port}`)
    writeFileSync('root.pem', root.pem)
    const judging = ['--trust-anchor', 'root.pem', '--offline', '--no-proxy']
    const nodes = ['--node', `wap1=${wap},role=wap`, '--node', `adfs1=${adfs},role=adfs`]
    try {
      await cli(name, ...nodes, '--name', certauth, ...judging, '--save', 'in.json')
      await cli(name, '--server', outside!, ...judging, '--save', 'out.json')
    } finally {
      await Promise.all(servers.map((server) => server.close()))
    }
    const { code, out, err } = await cli('join', 'in.json', 'out.json', '--format', 'json')
    expect({ code, err }).toEqual({ code: 2, err: '' })
    const [report] = (JSON.parse(out) as ReportDocument).reports
    expectValidReport(report!)
    expect([...new Set(report!.subjects.map(({ node }) => node))]).toContain('in/wap1')
    const ids = report!.findings.map(({ id }) => id)
    expect(ids).toContain('intermediate-missing')
    // One place was asked for a name that has a certificate of its own.
    expect(ids).not.toContain('vantage-points-differ')
    // A server that was named is not where the name leads.
    expect(ids).not.toContain('local-network-address')
    const again = report!.plan.steps.filter(({ action }) => action.verb === 'confirm')
    const argv = again.map((step) => step.argv!.join(' '))
    expect(argv.some((line) => line.includes(`--node adfs1=${adfs},role=adfs`))).toBe(true)
    expect(argv.some((line) => line.includes('in/'))).toBe(false)
  })

  it('tells once what is left out everywhere, and where it is so if it is not', () => {
    const at = new Date()
    const absent = { name: 'enterpriseregistration.contoso.com', reason: 'absent', detail: '' } as const
    const elsewhere = { name: certauth, reason: 'elsewhere', detail: '10.9.9.9' } as const
    const farm = { id: name, names: [], subjects: [], unresolved: [] } as unknown as Farm
    const { leftOut } = joinedFarm(
      [
        { label: 'inside', at },
        { label: 'outside', at },
      ],
      [
        { ...farm, leftOut: [absent, elsewhere] },
        { ...farm, leftOut: [absent] },
      ],
    )
    expect(leftOut).toEqual([absent, { ...elsewhere, vantages: ['inside'] }])
    expect(leftOutText(leftOut[1]! as Parameters<typeof leftOutText>[0])).toBe(
      '(from inside) is not checked: it leads to 10.9.9.9, which is not of this farm',
    )
  })
})
