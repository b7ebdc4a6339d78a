import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { aimedBy } from '../../src/cli/config.js'
import { issue } from '../../src/demo/authority.js'
import type { ReportDocument } from '../../src/report/schema.js'
import { runCli } from '../support/run-cli.js'
import { tlsServer } from '../support/tls-server.js'
import { expectValidDocument } from '../support/valid-report.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-config-'))
const at = new Date('2026-11-24T12:00:00Z')
const root = issue({ subject: 'Contoso Root', ca: true })
const issuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true })
const leaf = issue({
  subject: 'sts.contoso.com',
  issuer: issuing,
  names: ['sts.contoso.com'],
  notBefore: new Date('2026-11-01'),
  notAfter: new Date('2027-11-01'),
})
const server = await tlsServer([leaf])
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})
writeFileSync(join(folder, 'root.pem'), root.pem)
const config = join(folder, 'adfs-check.yaml')
const here = `127.0.0.1:${server.port}`
const waived = (until: string) => `policy:
  trust-anchor: root.pem
  offline: true
  timeout: 3
  waivers:
    - finding: intermediate-missing
      subject: sts.contoso.com@${here}
      reason: the balancer is replaced
      owner: network team
      until: ${until}
farms:
  - name: sts.contoso.com
    servers: ["${here}"]
`

async function cli(...args: string[]) {
  const { code, out, err } = await runCli(args, { now: at })
  return { code, out: out.replace(/\s+/g, ' '), err }
}

describe('--config', () => {
  it('checks its farms, and waives what it says: still on the screen, with the owner', async () => {
    writeFileSync(config, waived('2026-12-31'))
    const { code, out } = await cli('--config', config, '--no-proxy')
    expect(code).toBe(0)
    expect(out).toContain('sts.contoso.com refused by Android 10-17, waived')
    expect(out).toContain(
      '[intermediate-missing]: until 2026-12-31 by network team, the balancer is replaced',
    )
  })

  it('points reports at the line of the farm, and has the waiver as a suppression', async () => {
    writeFileSync(config, waived('2026-12-31'))
    const args = ['--config', config, '--no-proxy', '--format'] as const
    const [run] = JSON.parse((await cli('https://STS.contoso.com/', ...args, 'sarif')).out).runs
    const line = 1 + waived('').split('\n').indexOf('  - name: sts.contoso.com')
    for (const { locations } of run.results)
      expect(locations[0].physicalLocation).toMatchObject({
        artifactLocation: { uri: expect.stringMatching(/adfs-check\.yaml$/) },
        region: { startLine: line },
      })
    const suppressed = run.results.filter((result: { suppressions: unknown[] }) => result.suppressions[0])
    expect(suppressed).toMatchObject([
      {
        ruleId: 'intermediate-missing',
        suppressions: [{ justification: 'the balancer is replaced (network team, until 2026-12-31)' }],
      },
    ])
    const [issue] = JSON.parse((await cli(...args, 'gitlab')).out)
    expect(issue.location.lines).toEqual({ begin: line })
  })

  it('ends with a summary for each owner, the worst first', async () => {
    writeFileSync(
      config,
      `policy: { offline: true, timeout: 3 }
farms:
  - { name: "a.contoso.com", servers: ["${here}"], owner: "Contoso | <b>" }
  - { name: "b.contoso.com", servers: ["127.0.0.1:1"], owner: "Contoso | <b>" }
  - { name: "sts.contoso.com", servers: ["${here}"], trust-anchor: root.pem, intermediates: issuing.pem, fail-on: critical, owner: Fabrikam }
  - { name: "c.contoso.com", servers: ["127.0.0.1:1"] }
`,
    )
    writeFileSync(join(folder, 'issuing.pem'), issuing.pem)
    const args = ['--config', config, '--no-proxy'] as const
    const text = await cli(...args)
    expect(text.out).toContain(
      'Owner farms critical unknown warning ok Contoso | <b> 2 1 1 0 0 a.contoso.com critical, b.contoso.com unknown Fabrikam 1 1 0 0 0 sts.contoso.com critical no owner named 1 0 1 0 0 c.contoso.com unknown All 4 names: critical (exit 2)',
    )
    const { out } = await cli(...args, '--format', 'json')
    const document = JSON.parse(out) as ReportDocument
    expectValidDocument(document)
    expect(
      document.owners!.map(({ owner, verdicts }) => [owner, verdicts.critical, verdicts.unknown]),
    ).toEqual([
      ['Contoso | <b>', 1, 1],
      ['Fabrikam', 1, 0],
      [null, 0, 1],
    ])
    expect(document.reports.map(({ farm }) => farm.owner)).toEqual([
      'Contoso | <b>',
      'Contoso | <b>',
      'Fabrikam',
      undefined,
    ])
    const page = (await cli(...args, '--format', 'markdown')).out
    expect(page).toContain('| `Fabrikam` | 1 | 1 | 0 | 0 | 0 |')
    expect(page).toContain('| `Contoso \\| <b>` | 2 | 1 | 1 | 0 | 0 |')
    expect((await cli(...args, '--format', 'html')).out).toContain(
      '<bdi>Contoso | &lt;b&gt;</bdi></th><td>2</td>',
    )
    expect((await cli(...args, '--format', 'nagios')).out).toContain('Contoso / <b>: 1 critical, 1 unknown')
  })

  it('fails again the day after, and says why', async () => {
    writeFileSync(config, waived('2026-11-23'))
    const { code, out } = await cli('sts.contoso.com', '--config', config, '--no-proxy')
    expect(code).toBe(2)
    expect(out).toContain(`WAIVER EXPIRED on 2026-11-23: intermediate-missing at ${here}, of network team`)
  })

  it('ends with 4 for a mistake, with line and column', async () => {
    writeFileSync(config, 'policy:\n  failon: warning\n')
    const { code, err } = await cli('--config', config)
    expect(code).toBe(4)
    expect(err).toContain('adfs-check.yaml:2:3: policy has no field "failon"; "fail-on" is meant?')
  })

  it('gives way to the command line, a policy to its farm, a default to the policy', async () => {
    writeFileSync(
      config,
      `policy:
  timeout: 4
  repeat: 2
  android: 8..
farms:
  - name: sts.contoso.com
    repeat: 3
    servers: [10.0.0.5]
    tls-ends-at: netscaler
  - name: fs.fabrikam.com
`,
    )
    const { aimed } = await aimedBy(config, [], { android: '9..' })
    expect(aimed).toMatchObject([
      {
        target: 'sts.contoso.com',
        flags: {
          timeout: 4000,
          repeat: 3,
          android: '9..',
          server: ['10.0.0.5'],
          tlsEndsAt: 'netscaler',
        },
      },
      { target: 'fs.fabrikam.com', flags: { timeout: 4000, repeat: 2, server: [], concurrency: 8 } },
    ])
  })
})

describe('adfs-check lock', () => {
  it('writes what a farm comes to beside what is there, and --lock compares', async () => {
    const lock = join(folder, 'adfs-check.lock')
    const options = ['--server', here, '--trust-anchor', join(folder, 'root.pem'), '--offline', '--no-proxy']
    expect((await cli('lock', 'sts.contoso.com', '--lock', lock, ...options)).code).toBe(2)
    const { farms } = JSON.parse(readFileSync(lock, 'utf8'))
    expect(farms).toMatchObject({ 'sts.contoso.com': { releases: [], names: ['sts.contoso.com'] } })

    farms['sts.contoso.com'].names.push('certauth.sts.contoso.com')
    writeFileSync(
      lock,
      JSON.stringify({ lockVersion: 1, farms: { ...farms, 'other.test': farms['sts.contoso.com'] } }),
    )
    const compared = await cli('sts.contoso.com', '--lock', lock, '--format', 'json', ...options)
    const ids = JSON.parse(compared.out).reports[0].findings.map(({ id }: { id: string }) => id)
    expect(ids).toContain('locked-outcome-changed')

    await cli('lock', 'sts.contoso.com', '--lock', lock, ...options)
    const anew = JSON.parse(readFileSync(lock, 'utf8')).farms
    expect(anew['sts.contoso.com'].names).toEqual(['sts.contoso.com'])
    expect(Object.keys(anew)).toEqual(['other.test', 'sts.contoso.com'])
  })

  it('writes nothing for a farm that could not be seen', async () => {
    const lock = join(folder, 'nothing.lock')
    const args = ['lock', 'sts.contoso.com', '--server', '127.0.0.1:1', '--no-proxy', '--lock', lock]
    const { code, err } = await cli(...args)
    expect([code, existsSync(lock)]).toEqual([3, false])
    expect(err).toContain('sts.contoso.com was not seen whole')
  })
})
