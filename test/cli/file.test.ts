import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { ReadStream } from 'node:tty'
import { afterAll, describe, expect, it } from 'vitest'
import type { Machine } from '../../src/cli/machine.js'
import { askSecret } from '../../src/cli/prompt.js'
import { issue } from '../../src/demo/authority.js'
import type { ReportDocument } from '../../src/report/schema.js'
import { runCli } from '../support/run-cli.js'
import { tlsServer } from '../support/tls-server.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-file-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, contents: string | Uint8Array) => {
  writeFileSync(join(folder, name), contents)
  return join(folder, name)
}

const name = 'sts.contoso.com'
const at = new Date('2026-11-24T12:00:00Z')
const root = issue({ subject: 'Contoso Root', ca: true, key: 'rsa-2048' })
const issuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true })
const soon = { notBefore: new Date('2026-11-01'), notAfter: new Date('2027-11-01') }
const leaf = issue({ subject: name, issuer: issuing, names: [name], key: 'rsa-2048', ...soon })
const live = issue({
  subject: name,
  issuer: issuing,
  names: [name, `certauth.${name}`],
  keyName: 'live',
  ...soon,
})

const pfx = join(folder, 'new.pfx')
execFileSync('openssl', [
  ...['pkcs12', '-export', '-inkey', file('leaf.key', leaf.keyPem), '-in', file('leaf.pem', leaf.pem)],
  ...['-certfile', file('ca.pem', issuing.pem), '-out', pfx, '-passout', 'pass:secret'],
])
const judging = ['--name', name, '--trust-anchor', file('root.pem', root.pem), '--offline', '--no-proxy']

async function cli(args: readonly string[], machine: Partial<Machine> = {}) {
  return runCli(['file', ...args], { now: at, ...machine })
}

describe('adfs-check file', () => {
  it('ends with 0 for a PFX with its chain: the verdict first and last, the conditions told', async () => {
    const { code, out, err } = await cli([
      pfx,
      ...judging,
      '--password-file',
      file('pw', 'secret\r\nnot this\n'),
    ])
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(out).toMatch(/^sts\.contoso\.com {3}ok for Android 10-17 {3}\(1 file checked\)\n/)
    expect(out.replace(/\s+/g, ' ')).toContain('A prediction: check the servers after the import.')
    expect(out).toMatch(/\nResult: the file is accepted \(exit 0\); .*\n$/)
  })

  it('ends with 2 for the leaf alone, and writes the kit from --intermediates', async () => {
    const kit = join(folder, 'kit')
    const { code, out } = await cli([
      join(folder, 'leaf.pem'),
      ...judging,
      ...['--intermediates', join(folder, 'ca.pem'), '--kit', kit],
    ])
    expect(code).toBe(2)
    expect(out).toContain('MISSING  2  Contoso Issuing CA')
    expect(out.replace(/\s+/g, ' ')).toContain('each server that gets the file')
    expect(readdirSync(kit)).toContain('Install-Intermediates.ps1')
    expect(readdirSync(kit).some((path) => readFileSync(join(kit, path)).includes('PRIVATE KEY'))).toBe(false)
  })

  it('takes the password from the environment, or asks for it', async () => {
    const asked: string[] = []
    const secret = async (question: string) => {
      asked.push(question)
      return 'secret'
    }
    expect((await cli([pfx, ...judging], { secret })).code).toBe(0)
    expect(asked).toEqual([`Password of ${pfx}: `])
    const env = { LANG: 'C.UTF-8', PFX_PASSWORD: 'secret' }
    expect((await cli([pfx, ...judging, '--password-env', 'PFX_PASSWORD'], { env })).code).toBe(0)
  })

  it.each<[string, string[], RegExp]>([
    ['no name', [pfx], /No name is given/],
    [
      'an address as the name',
      [pfx, '--name', '203.0.113.10', '--password-file', join(folder, 'pw')],
      /is an address/,
    ],
    ['no password', [pfx, ...judging], /needs a password[\s\S]*--password-env/],
    [
      'a wrong password',
      [pfx, ...judging, '--password-file', file('bad', 'guess')],
      /cannot be opened with the password given/,
    ],
    ['a variable that is not set', [pfx, ...judging, '--password-env', 'NOWHERE'], /NOWHERE is not set/],
    [
      'a file cut short',
      [file('cut.pfx', readFileSync(pfx).subarray(0, 900)), ...judging],
      /cut off or damaged/,
    ],
    ['a file of nothing', [file('empty.cer', ''), ...judging], /holds no certificate/],
    ['authorities only', [join(folder, 'ca.pem'), ...judging], /holds authorities only/],
    ['a server without --against', [pfx, ...judging, '--server', '203.0.113.10'], /--against/],
  ])('ends with 4 for %s', async (_what, args, message) => {
    const { code, out, err } = await cli(args)
    expect([code, out]).toEqual([4, ''])
    expect(err).toMatch(message)
    expect(err).not.toContain('guess')
  })

  it('says what it does not predict of a farm whose TLS ends at a device, and how to ask that farm later', async () => {
    const server = await tlsServer([live, issuing])
    try {
      const policy = file(
        'nodes.yaml',
        `farms:
  - name: ${name}
    names: [certauth.${name}]
    ports: [443, 49443]
    nodes:
      - { name: f5, addresses: "127.0.0.1:${server.port}", tls-ends-at: f5 }
`,
      )
      const leafOnly = [join(folder, 'leaf.pem'), ...judging, '--config', policy]
      const { code, out, err } = await cli([...leafOnly, '--format', 'json'])
      expect({ code, err }).toEqual({ code: 2, err: '' })
      const { reports } = JSON.parse(out) as ReportDocument
      expect(reports[0]!.subjects[0]!.file!.devices).toEqual(['f5'])
      const again = reports[0]!.plan.steps.find(({ action }) => action.verb === 'confirm')!.argv!
      expect(again).toEqual([
        ...[name, '--node', `f5=127.0.0.1:${server.port},tls-ends-at=f5`, '--port', '443'],
        ...['--trust-anchor', join(folder, 'root.pem'), '--offline', '--no-proxy'],
      ])
      const { out: screen } = await cli(leafOnly)
      expect(screen.replace(/\s+/g, ' ')).toContain('Not so at F5 BIG-IP: it sends the file that it is given')
      const against = await cli([...leafOnly, '--against', name])
      expect(against.out).toContain(`127.0.0.1:${server.port}: loses certauth.${name}`)
    } finally {
      await server.close()
    }
  })

  it('compares with what is live', async () => {
    const server = await tlsServer([live, issuing])
    try {
      const { code, out } = await cli([
        join(folder, 'leaf.pem'),
        ...judging,
        ...['--store', join(folder, 'ca.pem'), '--against', name, '--server', `127.0.0.1:${server.port}`],
      ])
      expect(code).toBe(1)
      expect(out.replace(/\s+/g, ' ')).toContain(
        `127.0.0.1:${server.port}: loses certauth.${name}; RSA 2048 key instead of EC P-256; same issuer`,
      )
      expect(out).toContain('name-lost')
    } finally {
      await server.close()
    }
  })

  it('says the same as JSON', async () => {
    const args = [pfx, ...judging, '--password-file', join(folder, 'pw'), '--format', 'json']
    const { reports } = JSON.parse((await cli(args)).out)
    expect(reports[0].subjects[0].file).toMatchObject({
      container: 'PKCS #12',
      mac: 'sha256',
      keys: [{ kind: 'rsa', cipher: 'AES-256', problem: null }],
    })
  })
})

describe('asking for a password', () => {
  const terminal = () =>
    Object.assign(new PassThrough(), {
      modes: [] as boolean[],
      setRawMode(mode: boolean) {
        this.modes.push(mode)
        return this
      },
    })

  it('shows nothing of it and takes corrections', async () => {
    const input = terminal()
    let shown = ''
    const answer = askSecret('Password: ', input as unknown as ReadStream, {
      write: (text) => (shown += text),
    })
    input.write('secx\u007fret\r')
    expect(await answer).toBe('secret')
    expect(shown).toBe('Password: \n')
    expect(input.modes).toEqual([true, false])
  })

  it('ends with Ctrl-C', async () => {
    const input = terminal()
    const answer = askSecret('Password: ', input as unknown as ReadStream, { write: () => {} })
    input.write('sec\u0003')
    await expect(answer).rejects.toMatchObject({ code: 'ADFS_CHECK_BAD_OPTION' })
  })
})
