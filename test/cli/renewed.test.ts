import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { afterAll, describe, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import type { Report, ReportDocument } from '../../src/report/schema.js'
import { runCli } from '../support/run-cli.js'
import { tlsServer } from '../support/tls-server.js'
import { expectValidDocument } from '../support/valid-report.js'

/** A farm in the middle of a renewal, on loopback: the old chain has an intermediate of the new one's name. */
const folder = mkdtempSync(join(tmpdir(), 'adfs-check-renewed-'))
const at = '2026-11-24T12:00:00Z'
const names = ['certauth.sts.contoso.com', 'sts.contoso.com']
const root = issue({ subject: 'Contoso Root', ca: true })
const oldIssuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true, keyName: 'of 2018' })
const issuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true })
const dates = (from: string, to: string) => ({ notBefore: new Date(from), notAfter: new Date(to) })
const old = issue({
  subject: 'sts.contoso.com',
  issuer: oldIssuing,
  names,
  keyName: 'old',
  ...dates('2025-12-20', '2026-12-30'),
})
const leaf = issue({
  subject: 'sts.contoso.com',
  issuer: issuing,
  names,
  ...dates('2026-11-20', '2027-11-20'),
})
const refusedLeaf = issue({
  subject: 'sts.contoso.com',
  names,
  keyName: 'private',
  ...dates('2026-01-01', '2026-12-30'),
})
const [renewed, forgotten, both, refused] = await Promise.all([
  tlsServer([leaf, issuing]),
  tlsServer([old, oldIssuing]),
  tlsServer([leaf, issuing]),
  tlsServer([refusedLeaf]),
])
afterAll(async () => {
  await Promise.all([renewed, forgotten, both, refused].map((server) => server.close()))
  rmSync(folder, { recursive: true })
})
const path = (name: string) => join(folder, name)
writeFileSync(path('root.pem'), root.pem)
for (const [name, one, chain] of [
  ['NEW', leaf, issuing],
  ['OLD', old, oldIssuing],
] as const) {
  writeFileSync(path(`${name}.pem`), one.pem + chain.pem)
  writeFileSync(path(`${name}.key`), one.keyPem)
  const made = ['pkcs12', '-export', '-inkey', path(`${name}.key`), '-in', path(`${name}.pem`)]
  execFileSync('openssl', [...made, '-out', path(`${name}.pfx`), '-passout', 'pass:secret'])
}

async function cli(...args: readonly string[]) {
  return runCli(['renewed', ...args], { now: new Date(at), env: { LANG: 'C.UTF-8', PFX: 'secret' } })
}
const at_ = (...servers: readonly { readonly port: number }[]) =>
  servers.flatMap(({ port }) => ['--server', `127.0.0.1:${port}`])
const common = ['--trust-anchor', path('root.pem'), '--offline', '--password-env', 'PFX', '--no-proxy']
const pfx = ['--pfx', path('NEW.pfx')]
const serious = ({ findings }: Report) =>
  findings.filter(({ severity }) => severity !== 'info').map(({ id }) => id)

async function judged(...args: readonly string[]) {
  const { code, out, err } = await cli(...pfx, ...common, ...args, '--format', 'json')
  const document = JSON.parse(out) as ReportDocument
  expectValidDocument(document)
  const [file, farm] = document.reports as [Report, Report]
  return { code, err, file, farm }
}

describe('renewed', () => {
  it('ends with 1 while a server has the old certificate, and says which', async () => {
    const { code, err, file, farm } = await judged(...at_(renewed, forgotten))
    expect({ code, err }).toEqual({
      code: 1,
      err: `adfs-check: the name is taken from ${path('NEW.pfx')}: sts.contoso.com\n`,
    })
    expect(serious(file)).toEqual([])
    expect(file.subjects[0]!.file!.against.map(({ sameCertificate }) => sameCertificate)).toEqual([
      true,
      false,
    ])
    const [first] = farm.findings
    expect(first).toMatchObject({
      id: 'old-certificate-still-served',
      subjects: [`sts.contoso.com@127.0.0.1:${forgotten.port}`],
    })
    const verbs = farm.plan.steps.map(({ on, action }) => [action.verb, on.length])
    expect(verbs).toContainEqual(['bind', 1])
    // Where the old one is served, its chain is needed.
    const tidied = farm.plan.steps.filter(({ action }) => action.verb === 'tidy')
    expect(tidied.map(({ on }) => on)).toEqual([[`sts.contoso.com@127.0.0.1:${renewed.port}`]])
    const again = farm.plan.steps.find(({ action }) => action.verb === 'confirm')!.argv!
    expect(again.slice(0, 2)).toEqual(['renewed', 'sts.contoso.com'])
    expect(again.join(' ')).toContain(`--pfx ${path('NEW.pfx')}`)
    expect(again.join(' ')).toContain('--password-env PFX')
    expect(JSON.stringify([file, farm])).not.toContain('secret')
  })

  it('runs the command that it prints', async () => {
    const { farm } = await judged(...at_(renewed, forgotten))
    const again = farm.plan.steps.find(({ action }) => action.verb === 'confirm')!.argv!
    expect((await cli(...again.slice(1), '--no-proxy')).code).toBe(1)
  })

  it('ends with 0 once every server has it, and tells what of the old chain can go', async () => {
    const { code, file, farm } = await judged(...at_(renewed, both), '--old', path('OLD.pfx'))
    expect(code).toBe(0)
    expect([...serious(file), ...serious(farm)]).toEqual([])
    const [left] = farm.findings.filter(({ id }) => id === 'intermediate-no-longer-needed')
    expect(left!.subjects).toHaveLength(2)
    expect(left!.cases[0]!.evidence).toMatchObject({ why: 'twin' })
    expect(farm.certificates[left!.certificate!]!.origins).toContain('operator file')
    const { out } = await cli(...pfx, ...common, ...at_(renewed, both), '--old', path('OLD.pfx'), '--verbose')
    expect(out.replace(/\s+/g, ' ')).toContain('nothing need be restarted')
    const { out: brief } = await cli(...pfx, ...common, ...at_(renewed, both), '--old', path('OLD.pfx'))
    expect(brief).toContain('Tidy  "Contoso Issuing CA" can go: --verbose has the command')
    // What is left to be tidied has a page to go by, and no certificate to be imported.
    const kit = ['--old', path('OLD.pfx'), '--kit', path('fix')]
    const { out: withKit } = await cli(...pfx, ...common, ...at_(renewed, both), ...kit)
    expect(withKit.replace(/\s+/g, ' ')).toContain(`can go: ${path('fix-2')}/README.md has the command`)
    expect(readdirSync(path('fix-2')).sort()).toEqual(['README.md', 'SHA256SUMS'])
    expect(readFileSync(join(path('fix-2'), 'README.md'), 'utf8')).toContain('Tidy up after the renewal')
  })

  it('orders nothing where the new certificate is at hand already', async () => {
    const { code, farm } = await judged(...at_(renewed, refused))
    expect(code).toBe(2)
    expect(serious(farm)).toContain('self-signed-certificate')
    const verbs = farm.plan.steps.map(({ action }) => action.verb)
    expect(verbs).not.toContain('reissue')
    const { action, on, by } = farm.plan.steps.find((step) => step.action.verb === 'bind')!
    expect({ action, on, by }).toEqual({
      action: { verb: 'bind', certificate: farm.subjects[0]!.answers[0]!.sent[0] },
      on: [`sts.contoso.com@127.0.0.1:${refused.port}`],
      by: 'adfs-admin',
    })
  })

  it('does not call a sound farm with another certificate well', async () => {
    const { code, farm } = await judged(...at_(forgotten))
    expect(code).toBe(1)
    expect(serious(farm)[0]).toBe('old-certificate-still-served')
  })

  it('says that the file may be the wrong one where servers have a newer one', async () => {
    const { code, out } = await cli('--pfx', path('OLD.pfx'), ...common, ...at_(renewed))
    expect(code).toBe(1)
    expect(out.replace(/\s+/g, ' ')).toContain('see whether it is the right file')
    expect(out).not.toContain('Set-AdfsSslCertificate')
  })

  it('cannot say that it is well where no server answers', async () => {
    const { code, farm } = await judged('--server', '127.0.0.1:1')
    expect(code).toBe(3)
    expect(serious(farm)).toEqual(['could-not-connect'])
  })

  it('takes servers and roots from the policy', async () => {
    writeFileSync(
      path('adfs-check.yaml'),
      `policy: { trust-anchor: root.pem, offline: true }
farms:
  - { name: sts.contoso.com, servers: ["127.0.0.1:${renewed.port}", "127.0.0.1:${forgotten.port}"] }
`,
    )
    const args = [...pfx, '--password-env', 'PFX', '--no-proxy', '--config', path('adfs-check.yaml')]
    const { code, out } = await cli(...args, '--format', 'json')
    expect(code).toBe(1)
    expect((JSON.parse(out) as ReportDocument).reports[1]!.subjects).toHaveLength(2)
  })

  it('takes nodes, names and ports from the policy, and repeats them in a command that comes to the same', async () => {
    writeFileSync(
      path('nodes.yaml'),
      `policy: { trust-anchor: root.pem, offline: true }
farms:
  - name: sts.contoso.com
    names: [certauth.sts.contoso.com]
    ports: [443, 49443]
    nodes:
      - { name: wap1, addresses: "127.0.0.1:${renewed.port}", role: wap }
      - { name: f5, addresses: "127.0.0.1:${forgotten.port}", tls-ends-at: f5 }
`,
    )
    const args = [...pfx, '--password-env', 'PFX', '--no-proxy', '--config', path('nodes.yaml')]
    const { code, out } = await cli(...args, '--format', 'json')
    const [file, farm] = (JSON.parse(out) as ReportDocument).reports as [Report, Report]
    expect(code).toBe(1)
    expect([...new Set(farm.subjects.map(({ node }) => node))]).toEqual(['wap1', 'f5'])
    expect(farm.subjects.map(({ id }) => id)).toContain(
      `certauth.sts.contoso.com@127.0.0.1:${forgotten.port}`,
    )
    expect(file.subjects[0]!.file!.devices).toEqual(['f5'])
    const bound = farm.plan.steps.find(({ action }) => action.verb === 'bind')!
    expect(bound.by).toBe('network-admin')
    const again = farm.plan.steps.find(({ action }) => action.verb === 'confirm')!.argv!
    expect(again.slice(0, 2)).toEqual(['renewed', 'sts.contoso.com'])
    const later = await cli(...again.slice(1), '--no-proxy', '--format', 'json')
    expect(later.code).toBe(1)
    const same = (JSON.parse(later.out) as ReportDocument).reports[1]!
    // Of the one that has to be mended, as it was told of it.
    const told = ({ subjects }: Report) =>
      subjects.filter(({ node }) => node === 'f5').map(({ id, tlsEnd }) => [id, tlsEnd])
    expect(same.subjects.every(({ node }) => node === 'f5')).toBe(true)
    expect(told(same)).toEqual(told(farm))
    expect(serious(same)).toEqual(serious(farm))
  })

  it('leaves the certificate of another name alone, and not one that loses a name', async () => {
    const host = 'enterpriseregistration.contoso.com'
    const other = issue({
      subject: host,
      issuer: issuing,
      names: [host],
      keyName: 'other',
      ...dates('2026-01-01', '2027-01-01'),
    })
    const wider = issue({
      subject: 'sts.contoso.com',
      issuer: issuing,
      names: ['sts.contoso.com', host],
      keyName: 'wider',
      ...dates('2026-01-01', '2026-12-30'),
    })
    const serving = (own: typeof other) =>
      tlsServer([leaf, issuing], {
        SNICallback: (asked, done) => {
          const [first, ...rest] = asked === host ? [own, issuing] : [leaf, issuing]
          const cert = [first!, ...rest].map(({ pem }) => pem).join('')
          done(null, createSecureContext({ key: first!.keyPem, cert }))
        },
      })
    for (const [own, isOld] of [
      [other, false],
      [wider, true],
    ] as const) {
      const server = await serving(own)
      const { farm } = await judged('sts.contoso.com', ...at_(server), '--name', host)
      await server.close()
      expect(serious(farm).includes('old-certificate-still-served')).toBe(isOld)
    }
  })

  it.each<[string, readonly string[], RegExp]>([
    ['no file', [], /required option '--pfx <file>'/],
    ['a wrong password', ['--pfx', path('NEW.pfx'), '--password-file', path('root.pem')], /password/],
    ['an authority alone', ['--pfx', path('root.pem')], /names no single host/],
  ])('refuses %s', async (_what, args, problem) => {
    const { code, err } = await cli(...args)
    expect(code).toBe(4)
    expect(err).toMatch(problem)
  })
})
