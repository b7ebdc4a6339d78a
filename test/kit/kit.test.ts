import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Language, type Node, Parser } from 'web-tree-sitter'
import { issue } from '../../src/demo/authority.js'
import { AdfsCheckFault } from '../../src/fault.js'
import { certificateFileName } from '../../src/kit/file-names.js'
import { type KitFile, type KitInput, planKit } from '../../src/kit/plan.js'
import { writeKit } from '../../src/kit/write.js'
import { certificateOf } from '../support/certificate-of.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-kit-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Every way out of a string, a comment or a line that a subject could try. */
const hostileName = `Evil'; Remove-Item C:\\ -Recurse #'"\`$(calc)\n#> \u2019 </script> \u202e`
const root = issue({ subject: 'Root', ca: true, key: 'rsa-2048' })
const upper = issue({ subject: hostileName, issuer: root, ca: true })
const lower = issue({ subject: 'Issuing CA 1', issuer: upper, ca: { pathLength: 0 } })
const leaf = issue({ subject: 'sts.contoso.test', issuer: lower, names: ['sts.contoso.test'] })

const input: KitInput = {
  name: 'sts.contoso.test',
  port: 443,
  at: new Date('2026-11-23T12:00:00Z'),
  version: '0.1.0',
  servers: ['10.0.0.5:443', '[2001:db8::1]:443'],
  intermediates: [
    {
      certificate: certificateOf(lower.der),
      from: 'http://ca.contoso.test/1.cer',
      servers: ['10.0.0.5:443'],
    },
    { certificate: certificateOf(upper.der), from: `C:\\x' | evil`, servers: ['10.0.0.5:443'] },
  ],
  chains: [{ servers: ['10.0.0.5:443'], chain: [leaf, lower, upper].map(({ der }) => certificateOf(der)) }],
  unresolved: [],
  wrongRoot: null,
  promise: 'Android 4.4-17 would accept it.',
}
const files = new Map(planKit(input).map(({ path, contents }) => [path, Buffer.from(contents)]))
const script = files.get('Install-Intermediates.ps1')!.toString('latin1')

describe('the files', () => {
  it('are the intermediates one by one and together, the full chain, the script and the ticket', () => {
    expect([...files.keys()].map((path) => path.replace(/[0-9a-f]{8}/, '#')).sort()).toEqual(
      [
        'Evil-Remove-Item-C-Recurse-calc-script-#.cer',
        'Evil-Remove-Item-C-Recurse-calc-script-#.pem',
        'Install-Intermediates.ps1',
        'Issuing-CA-1-#.cer',
        'Issuing-CA-1-#.pem',
        'README.md',
        'SHA256SUMS',
        'fullchain.pem',
        'intermediates.p7b',
      ].sort(),
    )
  })

  it('.cer is the DER and .pem the same certificate', () => {
    const base = certificateFileName(certificateOf(lower.der))
    expect(files.get(`${base}.cer`)!.equals(lower.der)).toBe(true)
    expect(Buffer.from(new X509Certificate(files.get(`${base}.pem`)!).raw).equals(lower.der)).toBe(true)
  })

  it('OpenSSL reads the .p7b: both intermediates, no root', () => {
    const path = join(folder, 'intermediates.p7b')
    writeFileSync(path, files.get('intermediates.p7b')!)
    const printed = execFileSync('openssl', ['pkcs7', '-inform', 'DER', '-in', path, '-print_certs'], {
      encoding: 'utf8',
    })
    const ders = [...printed.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)].map(
      ([pem]) => new X509Certificate(pem).raw,
    )
    expect(ders.map((der) => der.equals(lower.der) || der.equals(upper.der))).toEqual([true, true])
  })

  it('the full chain is leaf first, no root', () => {
    const pems = files
      .get('fullchain.pem')!
      .toString()
      .match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g)!
    expect(pems.map((pem) => new X509Certificate(pem).raw.toString('hex'))).toEqual(
      [leaf, lower, upper].map(({ der }) => Buffer.from(der).toString('hex')),
    )
  })

  it('the same input gives the same bytes', () => {
    for (const { path, contents } of planKit(input))
      expect(files.get(path)!.equals(contents), path).toBe(true)
  })

  it('a root never gets in, whatever the input says', () => {
    const withRoot = planKit({
      ...input,
      intermediates: [
        ...input.intermediates,
        { certificate: certificateOf(root.der), from: 'x', servers: [] },
      ],
      chains: [{ servers: [], chain: [certificateOf(leaf.der), certificateOf(root.der)] }],
    })
    const thumbprint = createHash('sha1').update(root.der).digest('hex').toUpperCase()
    const all = Buffer.concat(withRoot.map(({ contents }) => contents))
    expect(all.includes(Buffer.from(root.der))).toBe(false)
    expect(all.includes(thumbprint)).toBe(false)
    expect(all.includes(new X509Certificate(root.der).toString().split('\n')[1]!)).toBe(false)
  })

  it('without anything found, the ticket says how to export from the Certification Path tab', () => {
    const only = planKit({
      ...input,
      intermediates: [],
      chains: [],
      unresolved: [{ subject: 'CN=Issuing CA 1', urls: [], servers: ['10.0.0.5:443'] }],
    })
    expect(only.map(({ path }) => path)).toEqual(['README.md', 'SHA256SUMS'])
    expect(Buffer.from(only[0]!.contents).toString()).toMatch(/Certification\s+Path/)
  })
})

const readmeOf = (kit: readonly KitFile[]): string =>
  Buffer.from(kit.find(({ path }) => path === 'README.md')!.contents).toString()

describe('the ticket', () => {
  const text = files.get('README.md')!.toString()
  it.each([
    ['both ways', /Cert:\\LocalMachine\\CA[\s\S]+certlm\.msc[\s\S]+Personal/],
    ['why both work', /Root, CA, My \(Personal\) and Trust/],
    ['never the root store', /never \*Trusted Root\*/],
    ['the restart of each role', /Restart-Service adfssrv[\s\S]+appproxysvc/],
    [
      'the re-check of each server',
      /adfs-check sts\.contoso\.test --server 10\.0\.0\.5:443\n +adfs-check sts\.contoso\.test --server \[2001:db8::1\]:443/,
    ],
    ['what to try next', /still sends the old chain/],
    ['balancers', /Citrix ADC[\s\S]+F5[\s\S]+Kemp/],
    ['undo', /-Remove -Restart/],
  ])('has %s', (_what, pattern) => {
    expect(text).toMatch(pattern)
  })

  it('names the thumbprint to set again, by the cmdlet that fits the names of the certificate', () => {
    const thumbprint = createHash('sha1').update(leaf.der).digest('hex').toUpperCase()
    expect(text).toContain(`Set-AdfsSslCertificate -Thumbprint ${thumbprint}`)
    const names = ['sts.contoso.test', 'certauth.sts.contoso.test']
    const certauth = issue({ subject: 'sts.contoso.test', issuer: lower, names })
    const other = planKit({ ...input, chains: [{ servers: [], chain: [certificateOf(certauth.der)] }] })
    expect(readmeOf(other)).toContain('Set-AdfsAlternateTlsClientBinding -Thumbprint ')
  })

  it('tells of a root that Windows prefers only where there is one, with the risk of turning it off', () => {
    const newRoot = issue({ subject: 'New Root', ca: true })
    const crossSigned = issue({ subject: 'New Root', issuer: root, key: newRoot.key, ca: true })
    const wrongRoot = { root: certificateOf(newRoot.der), crossSigned: certificateOf(crossSigned.der) }
    const thumbprint = createHash('sha1').update(newRoot.der).digest('hex').toUpperCase()
    expect(readmeOf(planKit({ ...input, wrongRoot }))).toMatch(
      new RegExp(`older phones lack[\\s\\S]+Where-Object Thumbprint -eq ${thumbprint}[\\s\\S]+Risk`),
    )
    expect(text).not.toContain('older phones lack')
  })

  it('shows a hostile subject as text', () => {
    expect(text).not.toContain('\u202e')
    expect(text).not.toMatch(/^#> /m)
  })
})

describe('the script', () => {
  const require = createRequire(import.meta.url)
  const parsed = (async () => {
    await Parser.init()
    const grammar = join(
      dirname(require.resolve('tree-sitter-powershell/package.json')),
      'tree-sitter-powershell.wasm',
    )
    const parser = new Parser()
    parser.setLanguage(await Language.load(grammar))
    return (text: string) => parser.parse(text)!.rootNode
  })()
  const nodes = (node: Node): Node[] => [
    node,
    ...node.children.flatMap((child) => (child ? nodes(child) : [])),
  ]

  it('parses as PowerShell without an error, and the grammar does find errors', async () => {
    const parse = await parsed
    const bad = nodes(parse(script)).filter((node) => node.isError || node.isMissing)
    expect(bad.map((node) => `${node.startPosition.row + 1}: ${node.text.slice(0, 60)}`)).toEqual([])
    expect(parse(script.replace('finally {', 'finally (')).hasError).toBe(true)
  })

  it('uses nothing that PowerShell 5.1 does not know', async () => {
    expect(script).not.toMatch(/\?\?|&&|\|\||-Parallel|Get-Error|\?\.|\bternary\b/)
    // `"$name:"` is read as a drive and fails at run time, which no grammar sees.
    expect(script).not.toMatch(/"[^"\n]*\$(env:)?\w+:[^:\w]/)
  })

  it('is ASCII with Windows line ends', () => {
    expect(script).toMatch(/^[\x09\x0a\x0d\x20-\x7e]*$/)
    expect(script.replaceAll('\r\n', '')).not.toContain('\n')
  })

  it('calls only commands that an administrator can account for', async () => {
    const parse = await parsed
    const commands = new Set(
      nodes(parse(script))
        .filter(({ type }) => type === 'command_name')
        .map(({ text }) => text),
    )
    expect([...commands].sort()).toEqual(
      [
        'ForEach-Object',
        'Get-Date',
        'Get-Service',
        'Invoke-Command',
        'New-Object',
        'Open-LocalStore',
        'Read-Verified',
        'Restart-FederationService',
        'Restart-Service',
        'Set-StrictMode',
        'Show-Misplaced',
        'Update-LocalStore',
        'Where-Object',
        'Write-Host',
        'Write-Warning',
      ].sort(),
    )
  })

  it('carries each certificate with its true SHA-256 and thumbprint, and nothing it says of itself', () => {
    const rows = [
      ...script.matchAll(/Sha256 = '([0-9a-f]{64})'\s+Thumbprint = '([0-9A-F]{40})'\s+Base64 = \(([^)]+)\)/g),
    ]
    expect(rows).toHaveLength(2)
    for (const [, sha256, thumbprint, base64] of rows) {
      const der = Buffer.from([...base64!.matchAll(/'([^']+)'/g)].map(([, part]) => part).join(''), 'base64')
      expect(createHash('sha256').update(der).digest('hex')).toBe(sha256)
      expect(createHash('sha1').update(der).digest('hex').toUpperCase()).toBe(thumbprint)
      expect([lower, upper].some((one) => der.equals(one.der))).toBe(true)
    }
    expect(script).not.toMatch(/Evil|Remove-Item|Issuing CA/)
  })

  it('does not report the self-signed certificate that every Windows has among the intermediates', () => {
    expect(script).toMatch(
      /-eq \$_\.Issuer -and \$_\.Thumbprint -ne 'FEE449EE0E3965A5246F000E87FDE2A065FD89D4'/,
    )
  })

  it('leaves no placeholder', () => {
    expect(script).not.toMatch(/@[A-Z]+@/)
  })

  it.each(['-WhatIf', '-Remove', '-Restart', '-ComputerName'])('documents %s', (parameter) => {
    expect(script).toContain(parameter)
  })
})

describe('writeKit', () => {
  it('writes every file, and again over its own kit', async () => {
    const kit = join(folder, 'kit')
    await writeKit(kit, planKit(input))
    const paths = await writeKit(kit, planKit(input))
    expect(paths).toHaveLength(files.size)
    expect(readFileSync(join(kit, 'README.md')).equals(files.get('README.md')!)).toBe(true)
  })

  it('removes what an earlier kit had and this one has not, and leaves everything else', async () => {
    const kit = mkdtempSync(join(folder, 'later-'))
    await writeKit(kit, planKit(input))
    writeFileSync(join(kit, 'notes.txt'), 'mine')
    const fewer = planKit({ ...input, intermediates: input.intermediates.slice(0, 1) })
    await writeKit(kit, fewer)
    expect(readdirSync(kit).sort()).toEqual([...fewer.map(({ path }) => path), 'notes.txt'].sort())
  })

  it('does not overwrite a file of the kit that somebody changed', async () => {
    const kit = mkdtempSync(join(folder, 'changed-'))
    await writeKit(kit, planKit(input))
    writeFileSync(join(kit, 'README.md'), 'ticket 4711')
    await expect(writeKit(kit, planKit(input))).rejects.toThrow(/README\.md is there already/)
  })

  it('takes no checksum list for leave to touch other folders', async () => {
    const kit = mkdtempSync(join(folder, 'list-'))
    writeFileSync(join(folder, 'outside'), 'x')
    const sha256 = createHash('sha256').update('x').digest('hex')
    writeFileSync(join(kit, 'SHA256SUMS'), `${sha256}  ../outside\n`)
    await expect(writeKit(kit, planKit(input))).rejects.toThrow(AdfsCheckFault)
    expect(readFileSync(join(folder, 'outside'), 'utf8')).toBe('x')
  })

  it('does not overwrite what is not its own', async () => {
    const other = mkdtempSync(join(folder, 'other-'))
    writeFileSync(join(other, 'README.md'), 'mine')
    await expect(writeKit(other, planKit(input))).rejects.toThrow(AdfsCheckFault)
    expect(readFileSync(join(other, 'README.md'), 'utf8')).toBe('mine')
  })

  it('says clearly that it cannot write', async () => {
    await expect(writeKit(join(import.meta.filename, 'kit'), planKit(input))).rejects.toMatchObject({
      code: 'ADFS_CHECK_WRITE_FAILED',
    })
  })
})
