import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Action } from '../../src/adfs/actions.js'
import { planOf } from '../../src/adfs/plan.js'
import type { Finding } from '../../src/checks/result.js'
import type { Asked } from '../../src/farm/asked.js'
import { certificateFileName } from '../../src/kit/file-names.js'
import type { Kit } from '../../src/kit/files.js'
import { codeSpan } from '../../src/kit/markdown.js'
import { kitOf } from '../../src/kit/plan.js'
import { thumbprintOf } from '../../src/x509/identity.js'
import { added, asked, farmOf, finding, type Machine, mint, read } from '../adfs/farm.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-kit-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Every way out of a string, a comment, a line or a code span that a subject could try. */
const hostileName = `Evil'; Remove-Item C:\\ -Recurse #'"\`$(calc)\n#> \u2019 </script> \u202e \u009b2J`
/** Of an AIA address: newlines, a heading, an indented block, what a log takes for a command. */
const hostileUrl =
  'http://127.0.0.1/ca.cer?\x1b[31m\u009b2J\n\n<script>alert(1)</script>\n\n# Injected\n\n    Remove-Item C:\\\n::error::x'
const rootIssued = mint({ subject: 'Root', ca: true })
const upperIssued = mint({ subject: hostileName, issuer: rootIssued, ca: true })
const lowerIssued = mint({ subject: 'Issuing CA 1', issuer: upperIssued, ca: { pathLength: 0 } })
const leafIssued = mint({ subject: 'sts.contoso.test', issuer: lowerIssued, names: ['sts.contoso.test'] })
const [root, upper, lower, leaf] = [read(rootIssued), read(upperIssued), read(lowerIssued), read(leafIssued)]

const short = (address: string, more: Partial<Machine> = {}): Machine => ({
  address,
  presented: [leaf],
  repair: { add: [added(lower, leaf), added(upper, lower, hostileUrl)], chain: [leaf, lower, upper] },
  ...more,
})
const importing = (...certificates: { sha256: string }[]): Action => ({
  verb: 'import',
  certificates: certificates.map(({ sha256 }) => sha256),
  store: 'CA',
})

function kit(
  machines: readonly Machine[],
  findings: readonly Finding[],
  some: Partial<Asked> = {},
): Kit | null {
  const farm = farmOf(machines)
  const options = { ...asked, ...some }
  return kitOf({
    farm,
    plan: planOf(findings, farm, options),
    asked: options,
    version: '0.1.0',
    server: null,
  })
}
const filesOf = (made: Kit | null) =>
  new Map(made!.files.map(({ path, contents }) => [path, Buffer.from(contents)]))
const machines = [short('10.0.0.5'), short('2001:db8::1')]
const usual = [finding('intermediate-missing', machines, [importing(lower, upper)])]
const files = filesOf(kit(machines, usual))
const text = files.get('README.md')!.toString()

describe('the files', () => {
  it('are the intermediates one by one and together, the full chain, the script with its data, and the ticket', () => {
    expect([...files.keys()].map((path) => path.replace(/[0-9a-f]{8}/, '#')).sort()).toEqual(
      [
        'Evil-Remove-Item-C-Recurse-calc-script-2J-#.cer',
        'Evil-Remove-Item-C-Recurse-calc-script-2J-#.pem',
        'Install-Intermediates.ps1',
        'Issuing-CA-1-#.cer',
        'Issuing-CA-1-#.pem',
        'README.md',
        'SHA256SUMS',
        'certificates.json',
        'fullchain.pem',
        'intermediates.p7b',
      ].sort(),
    )
  })

  it('.cer is the DER and .pem the same certificate', () => {
    const base = certificateFileName(lower)
    expect(files.get(`${base}.cer`)!.equals(lower.der)).toBe(true)
    expect(Buffer.from(new X509Certificate(files.get(`${base}.pem`)!).raw).equals(lower.der)).toBe(true)
  })

  it('OpenSSL reads the .p7b: both intermediates, no root', () => {
    const path = join(folder, 'intermediates.p7b')
    writeFileSync(path, files.get('intermediates.p7b')!)
    const printed = execFileSync('openssl', ['pkcs7', '-inform', 'DER', '-in', path, '-print_certs'], {
      encoding: 'utf8',
    })
    expect(ders(printed)).toEqual([lower, upper].map(({ der }) => hex(der)))
  })

  it('the full chain is leaf first, no root', () => {
    expect(ders(files.get('fullchain.pem')!.toString())).toEqual(
      [leaf, lower, upper].map(({ der }) => hex(der)),
    )
  })

  it('the data names each file with its true hash, in ASCII, and nothing that a certificate says of itself', () => {
    const data = files.get('certificates.json')!.toString('latin1')
    expect(data).toMatch(/^[\n\x20-\x7e]+$/)
    const { format, certificates, checks } = JSON.parse(data) as {
      format: number
      certificates: { file: string; sha256: string; thumbprint: string }[]
      checks: string[]
    }
    expect(format).toBe(1)
    expect(
      certificates.map(({ file }) => createHash('sha256').update(files.get(file)!).digest('hex')),
    ).toEqual(certificates.map(({ sha256 }) => sha256))
    expect(certificates.map(({ thumbprint }) => thumbprint)).toEqual([lower, upper].map(thumbprintOf))
    expect(checks).toEqual(['adfs-check sts.contoso.test --server 10.0.0.5 --server 2001:db8::1'])
    expect(data).not.toMatch(/"subject"|\$\(|\\u202e/)
  })

  it('the checksums are true, and those of the script too', () => {
    const list = [
      ...files
        .get('SHA256SUMS')!
        .toString()
        .matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm),
    ]
    expect(list).toHaveLength(files.size - 1)
    for (const [, sha256, path] of list)
      expect(createHash('sha256').update(files.get(path!)!).digest('hex')).toBe(sha256)
  })

  it('the same input gives the same bytes', () => {
    for (const [path, contents] of filesOf(kit(machines, usual)))
      expect(files.get(path)!.equals(contents), path).toBe(true)
  })

  it('a root never gets in, whatever the plan says', () => {
    const withRoot = kitOf({
      farm: farmOf([short('10.0.0.5', { presented: [leaf, root] })]),
      plan: [
        {
          on: ['sts.contoso.test@10.0.0.5:443'],
          by: 'adfs-admin',
          action: importing(lower, root),
          argv: null,
          because: [],
        },
        {
          on: ['sts.contoso.test@10.0.0.5:443'],
          by: 'network-admin',
          action: { verb: 'edit-bundle', chain: [leaf.sha256, lower.sha256, root.sha256] },
          argv: null,
          because: [],
        },
      ],
      asked,
      version: '0.1.0',
      server: null,
    })
    const all = Buffer.concat(withRoot!.files.map(({ contents }) => contents))
    expect(all.includes(Buffer.from(root.der))).toBe(false)
    expect(all.includes(thumbprintOf(root))).toBe(false)
    expect(all.includes(new X509Certificate(root.der).toString().split('\n')[1]!)).toBe(false)
  })

  it('machines that need different files have folders of their own under one ticket', () => {
    const other = [short('10.0.0.5', { label: 'wap01.contoso.test' }), short('10.0.0.6')]
    const both = filesOf(
      kit(other, [
        finding('x', other.slice(0, 1), [importing(lower)]),
        finding('x', other.slice(1), [importing(lower, upper)]),
      ]),
    )
    const paths = [...both.keys()]
    expect(paths.filter((path) => !path.includes('/')).sort()).toEqual(['README.md', 'SHA256SUMS'])
    for (const [machine, count] of [
      ['wap01-contoso-test-10-0-0-5', 1],
      ['10-0-0-6', 2],
    ] as const) {
      expect(paths.filter((path) => path.startsWith(`${machine}/`) && path.endsWith('.cer'))).toHaveLength(
        count,
      )
      const own = both.get(`${machine}/SHA256SUMS`)!.toString()
      expect(own).toContain('  certificates.json\n')
      expect(own).not.toContain('/')
      expect(both.get('README.md')!.toString()).toContain(`Folder \`${machine}/\``)
    }
  })

  it('there is no kit where files would not help', () => {
    expect(kit(machines, [finding('x', machines, [{ verb: 'look', at: { kind: 'clock' } }])])).toBeNull()
  })
})

describe('the ticket', () => {
  it.each([
    ['the presented certificate by subject and thumbprint', /service communications certificate/],
    [
      'and that thumbprint',
      new RegExp(`subject: \`CN=sts.contoso.test\`, thumbprint \`${thumbprintOf(leaf)}\``),
    ],
    ['the script', /\.\\Install-Intermediates\.ps1 -WhatIf\r\n\.\\Install-Intermediates\.ps1 -Restart/],
    [
      'the way by hand',
      /Import-Certificate -FilePath \.\\Issuing-CA-1-[0-9a-f]{8}\.cer -CertStoreLocation Cert:\\LocalMachine\\CA/,
    ],
    ['the way without PowerShell 5.1', /certutil -addstore CA Issuing-CA-1-[0-9a-f]{8}\.cer/],
    ["Microsoft's way", /Android device is missing a required certificate[\s\S]+Personal/],
    ['why both work', /Root, CA, My \(Personal\) and Trust/],
    ['never the root store', /never Trusted Root/],
    [
      'the re-check of each server',
      /^adfs-check sts\.contoso\.test --server 10\.0\.0\.5 --server 2001:db8::1\r$/m,
    ],
    [
      'the certificate to set again',
      new RegExp(`^Set-AdfsSslCertificate -Thumbprint ${thumbprintOf(leaf)}\r$`, 'm'),
    ],
    ['balancers', /Citrix NetScaler[\s\S]+F5[\s\S]+Kemp/],
    ['undo', /-Remove -Restart/],
    ['what keeps a script from running', /AllSigned[\s\S]+-Confirm:\$false[\s\S]+Constrained/],
    [
      'the words of DigiCert',
      /\*Certificate Name Matches\*[\s\S]+\*SSL Certificate is correctly Installed\*/,
    ],
    ['the promise', /Android 14 would accept every server/],
  ])('has %s', (_what, pattern) => {
    expect(text).toMatch(pattern)
  })

  it('has Windows line ends and no placeholder', () => {
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    expect(text).not.toMatch(/THUMBPRINT|FILE\.cer|EXPORTED|\bDIR\b/)
  })

  it('names only files that are there', () => {
    // The line `found` names where a file came from.
    for (const [, named] of text
      .replace(/^ {2}- found: .*$/gm, '')
      .matchAll(/([A-Za-z0-9-]+\.(?:cer|pem|p7b|ps1|json))\b/g))
      expect([...files.keys()], named!).toContain(named)
  })

  it('shows hostile text as one code span on one line', () => {
    expect(text).not.toMatch(/[\u202e\u009b\x1b]/)
    expect(text).not.toMatch(/^(# Injected|::error| {4}Remove-Item|<script>|#>)/m)
    const found = text.split('\r\n').find((line) => line.includes('# Injected'))!
    expect(found).toMatch(/^ {2}- found: `[^`]+`$/)
  })

  it.each([
    ['plain', '`plain`'],
    ['a`b', '``a`b``'],
    ['`', '`` ` ``'],
    ['``x', '``` ``x ```'],
    ['a\nb', '`a\\0ab`'],
    ['', '`  `'],
  ])('%j is written %s', (raw, span) => {
    expect(codeSpan(raw)).toBe(span)
  })

  it('is right also when nothing could be fetched', () => {
    const open = short('10.0.0.5', {
      repair: { open: { child: leaf, urls: [hostileUrl], asked: [] }, chain: [leaf], verdictsAfter: [] },
    })
    const made = kit(
      [open],
      [
        finding(
          'intermediate-missing',
          [open],
          [{ verb: 'fetch-by-hand', child: leaf.sha256, urls: [hostileUrl] }],
        ),
      ],
    )!
    const only = filesOf(made)
    const ticket = only.get('README.md')!.toString()
    expect([[...only.keys()], made.incomplete]).toEqual([['README.md', 'SHA256SUMS'], true])
    expect(ticket).toMatch(/Certification Path/)
    expect(ticket).toMatch(/^## Import by hand\r$/m)
    expect(ticket).toContain('certutil -addstore CA EXPORTED.cer')
    expect(ticket).toContain(`Set-AdfsSslCertificate -Thumbprint ${thumbprintOf(leaf)}`)
    expect(ticket).toMatch(/^Restart-Service adfssrv\r$/m)
    expect(ticket).not.toMatch(/Install-Intermediates|fullchain|intermediates\.p7b|certificates\.json/)
    expect(ticket).not.toMatch(/^(# Injected|::error|<script>)/m)
    expect(ticket).not.toMatch(/would accept/)
  })

  it('has the text to send to the authority for a new certificate', () => {
    const reissue: Action = {
      verb: 'reissue',
      certificate: leaf.sha256,
      demands: [{ kind: 'names', names: ['certauth.sts.contoso.test'] }, { kind: 'stronger-key' }],
    }
    const ticket = filesOf(kit(machines, [finding('hostname-not-covered', machines, [reissue])]))
      .get('README.md')!
      .toString()
    expect(ticket).toMatch(
      /> Please issue a TLS server certificate in place of the one with serial number `[0-9a-f]+`/,
    )
    expect(ticket).toContain(
      '> - DNS subject alternative names: `sts.contoso.test`, `certauth.sts.contoso.test`',
    )
    expect(ticket).toContain('RSA of at least 2048 bits')
    expect(ticket).toContain('Set-AdfsSslCertificate -Thumbprint $new.Thumbprint')
  })

  it('promises with conditions only with them', () => {
    const unless = [{ kind: 'root-disabled', root: null, twinOf: upper.sha256 }] as const
    const machine = short('10.0.0.5')
    const conditional = {
      ...machine,
      repair: { ...machine.repair, takesEffect: { predicted: true, unless } },
    }
    const ticket = filesOf(kit([conditional], [finding('x', [conditional], [importing(lower, upper)])]))
      .get('README.md')!
      .toString()
    expect(ticket).toMatch(/only with all the steps below/)
    expect(ticket).toMatch(/Disable all purposes/)
    const [before] = text.split('## If the old chain is still sent after the restart')
    expect(before).not.toMatch(/only with all the steps below|Disable all purposes/)
  })
})

const hex = (der: Uint8Array) => Buffer.from(der).toString('hex')
const ders = (pem: string) =>
  [...pem.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)].map(([one]) =>
    hex(new X509Certificate(one).raw),
  )
