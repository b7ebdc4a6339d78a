import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Machine } from '../../src/cli/machine.js'
import { type Farm, startFarm } from '../../src/demo/farm.js'
import { closedPort, rawServer } from '../support/odd-servers.js'
import { runCli } from '../support/run-cli.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-test-'))
const farm: Farm = await startFarm()
const anchor = join(folder, 'root.pem')
writeFileSync(anchor, farm.root.pem)
afterAll(async () => {
  await farm.close()
  rmSync(folder, { recursive: true })
})

/** Runs a command line on a machine without terminal, environment or locale unless given. */
async function cli(args: readonly string[], machine: Partial<Machine> = {}) {
  return runCli(args, { now: new Date(), ...machine })
}

const at = (index: number) => `127.0.0.1:${farm.servers[index]!.port}`
const farmArgs = (...indexes: number[]) => [
  farm.name,
  ...indexes.flatMap((index) => ['--server', at(index)]),
  '--trust-anchor',
  anchor,
  '--aia-allow-private',
  '--no-proxy',
]

describe('adfs-check <name>', () => {
  it('ends with 0 where every server is accepted, and says so first', async () => {
    const { code, out, err } = await cli(farmArgs(1))
    expect(code).toBe(0)
    expect(out.split('\n')[0]).toBe(
      'sts.contoso.test   ok for Android 10-17   (1 server checked, 4 connections)',
    )
    expect(out.trimEnd().split('\n').at(-1)).toMatch(
      /^Result: the server is accepted \(exit 0\); stores as shipped, updates to [\d-]+$/,
    )
    expect(err).toBe('')
  })

  it('ends with 2 where one is refused; the matrix, the missing certificate and the re-check are on the screen', async () => {
    const { code, out } = await cli(farmArgs(0, 1, 2))
    expect(code).toBe(2)
    expect(out).toMatch(
      /^sts\.contoso\.test {3}REFUSED by Android 10-17 {3}\(3 servers checked, 2 refused\)\n/,
    )
    expect(out.trimEnd().split('\n').at(-1)).toMatch(
      /^Result: 2 of 3 servers refused \(exit 2\); stores as shipped, updates to [\d-]+$/,
    )
    expect(out).toContain('leaf only')
    expect(out).toContain('Contoso Demo Issuing CA 1')
    expect(out).toContain('adfs-check sts.contoso.test')
    expect(out).toContain('leaf only: "Contoso Demo Issuing CA 1" is missing')
    expect(out).toMatch(/adfs-check explain certificate-expired/)
    expect((await cli(farmArgs(0))).out).toMatch(/MISSING {2}2 {2}Contoso Demo Issuing CA 1/)
  })

  it('puts the case into a page, from which a replay prints the same, but not with --redact', async () => {
    const page = join(folder, 'page.html')
    const { out } = await cli([...farmArgs(0, 1), '--output', `html=${page}`])
    expect(await cli(['replay', page])).toMatchObject({ code: 2, out })
    const redacted = ['--save', join(folder, 'case.json'), '--redact']
    expect((await cli([...farmArgs(0), '--format', 'html', ...redacted])).out).not.toContain('<script')
  })

  it('keeps to 80 columns, commands and file names apart', async () => {
    const { out } = await cli(farmArgs(0, 1, 2))
    const prose = out
      .split('\n')
      .filter((line) => !/adfs-check |https?:|Cert:|Restart-|Get-|Set-|Import-|Sent by/.test(line))
    expect(prose.filter((line) => line.length > 80)).toEqual([])
  })

  it('says the same in ASCII where the locale is not UTF-8', async () => {
    const { out } = await cli(farmArgs(0, 1), { env: { LANG: 'C' } })
    expect(out).not.toMatch(/[^\x00-\x7f]/)
    expect(out).toContain('REFUSED by Android 10-17   (2 servers checked, 1 refused)')
  })

  it('colours a terminal only, and not with NO_COLOR', async () => {
    const terminal = (env: Machine['env']) => {
      let text = ''
      return {
        out: { isTTY: true, columns: 80, write: (more: string) => (text += more) },
        env: { LANG: 'C.UTF-8', ...env },
        text: () => text,
      }
    }
    const [plain, colour, obeyed] = [await cli(farmArgs(1)), terminal({}), terminal({ NO_COLOR: '1' })]
    await cli(farmArgs(1), colour)
    await cli(farmArgs(1), obeyed)
    expect(plain.out).not.toContain('\x1b')
    expect(colour.text()).toContain('\x1b[32m')
    expect(obeyed.text()).not.toContain('\x1b')
  })

  it('shows progress on standard error of a terminal', async () => {
    let err = ''
    const { out } = await cli([...farmArgs(1), '--format', 'json'], {
      err: { isTTY: true, write: (text) => (err += text) },
    })
    expect(err).toContain(at(1))
    expect(() => JSON.parse(out)).not.toThrow()
  })

  it('prints nothing with --quiet when all is well, and the report when not', async () => {
    expect(await cli([...farmArgs(1), '--quiet'])).toEqual({ code: 0, out: '', err: '' })
    expect((await cli([...farmArgs(0), '--quiet'])).out).toContain('REFUSED by')
  })

  it('puts several targets under the worst verdict', async () => {
    const { code, out } = await cli([...farmArgs(1), 'other.contoso.test', '--format', 'json'])
    const value = JSON.parse(out) as { verdict: string; reports: unknown[] }
    expect([code, value.verdict, value.reports.length]).toEqual([3, 'unknown', 2])
  })

  it('selects releases', async () => {
    const { out } = await cli([...farmArgs(1), '--android', '8..9,16', '--format', 'json'])
    const [report] = (JSON.parse(out) as { reports: { policy: { releases: string[] } }[] }).reports
    expect(report!.policy.releases).toEqual(['8.0', '8.1', '9', '16'])
  })

  it('does not let the machine complete a chain', async () => {
    const complete = { NODE_EXTRA_CA_CERTS: anchor, SSL_CERT_FILE: anchor }
    const { code } = await cli([...farmArgs(0), '--offline'], { env: complete })
    expect(code).toBe(2)
  })

  it('writes the kit, the same bytes twice', async () => {
    const read = (kit: string) =>
      readdirSync(kit)
        .sort()
        .map((file) => [file, readFileSync(join(kit, file)).toString('base64')])
    const [first, second] = [join(folder, 'kit1'), join(folder, 'kit2')]
    const now = new Date()
    const { out } = await cli([...farmArgs(0, 1, 2), '--kit', first], { now })
    await cli([...farmArgs(0, 1, 2), '--kit', second], { now })
    expect(read(first)).toEqual(read(second))
    expect(readdirSync(first).some((file) => file.endsWith('.cer'))).toBe(true)
    expect(out).toContain('.ps1')
    expect(
      read(first)
        .map(([, bytes]) => Buffer.from(bytes!, 'base64').toString('latin1'))
        .join(),
    ).not.toContain('PRIVATE KEY')
  })
})

describe('bad usage ends with 4 and one sentence that says what to do', () => {
  it.each([
    ['no target', [], /Usage/],
    ['a target that is none', ['sts contoso'], /host name/],
    ['an unknown option', ['--nosuch', 'a.example'], /unknown option/],
    ['a port out of range', ['--port', '0', 'a.example'], /1 to 65535/],
    ['a release that is none', ['--android', '3', 'a.example'], /Releases are/],
    ['a range that runs backwards', ['--android', '9..8', 'a.example'], /newer/],
    ['a date that is none', ['--at', 'tomorrow', 'a.example'], /2027-03-01/],
    ['a file that is not there', ['--trust-anchor', 'no/such.pem', 'a.example'], /cannot be read/],
    ['a file without certificates', ['--trust-anchor', import.meta.filename, 'a.example'], /certificate/],
    ['both families left out', ['-4', '-6', 'a.example'], /no address/],
    ['a proxy that is no URL', ['--proxy', 'proxy:8080:x', 'a.example'], /proxy/],
    ['a proxy password that no one can decode', ['--proxy', 'http://u:p%FF@127.0.0.1:1', 'a.example'], /%25/],
    ['more servers than a run takes', ['a.example', ...Array(4_097).fill('--server=127.0.0.1')], /4096/],
    ['a page that is none', ['explain', 'nosuch'], /^adfs-check: Nothing is known by these words/],
  ])('%s', async (_what, args, message) => {
    const { code, out, err } = await cli(args)
    expect(code).toBe(4)
    expect(out).toBe('')
    expect(err).toMatch(message)
    expect(err).not.toMatch(/\n\s+at /)
  })

  it('a closed port is not bad usage but could not be checked', async () => {
    const { code, out } = await cli([`127.0.0.1:${await closedPort()}`, '--timeout', '2'])
    expect(code).toBe(3)
    expect(out).toContain('adfs-check explain could-not-connect')
  })
})

it('a percent sign in the proxy password is sent as it is', async () => {
  let asked = ''
  const proxy = await rawServer((socket) =>
    socket.on('data', (bytes) => {
      asked += bytes
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    }),
  )
  const env = { LANG: 'C.UTF-8', HTTPS_PROXY: `http://us%er:p%ZZw@127.0.0.1:${proxy.port}` }
  const { code } = await cli(['sts.contoso.test', '--server', '127.0.0.1', '--timeout', '2'], { env })
  await proxy.close()
  expect(code).toBe(3)
  const [, credentials = ''] = /Basic (\S+)/.exec(asked) ?? []
  expect(Buffer.from(credentials, 'base64').toString()).toBe('us%er:p%ZZw')
})

it('one server of many that could not be checked is not passed over', async () => {
  const { code, out } = await cli([...farmArgs(1), '--server', `127.0.0.1:${await closedPort()}`])
  expect(code).toBe(3)
  expect(out).toContain('adfs-check explain could-not-connect')
})

it('a run that is interrupted ends with 3, with what was found until then', async () => {
  const { code, out, err } = await cli(farmArgs(0), { signal: AbortSignal.abort() })
  expect(code).toBe(3)
  expect(out).toContain('COULD NOT BE CHECKED')
  expect(err).toMatch(/^adfs-check: interrupted.*\n$/)
})

it('a kit that cannot be written does not take the report with it', async () => {
  const { code, out, err } = await cli([...farmArgs(0), '--kit', join(anchor, 'no-folder')])
  expect(code).toBe(3)
  expect(out).toContain('REFUSED by')
  expect(err).toMatch(/kit cannot be written/)
})

it('what an operator was made to name cannot paint on the terminal', async () => {
  const { err } = await cli(['--trust-anchor', 'no\u001b[31m\u202efile', 'a.example'])
  expect(err).not.toMatch(/[\u001b\u202e]/)
})

it('--help shows examples and exit codes', async () => {
  const { code, out } = await cli(['--help'])
  expect(code).toBe(0)
  expect(out).toContain('Examples:')
  expect(out).toContain('Exit codes:')
})

it('explain prints the page of a finding', async () => {
  const { code, out } = await cli(['explain', 'intermediate-missing'])
  expect(code).toBe(0)
  expect(out).toMatch(/Web Application Proxy/)
  expect((await cli(['explain'])).out).toMatch(/^intermediate-missing /m)
})

it('android lists releases and the roots of one', async () => {
  const { code, out } = await cli(['android'])
  expect(code).toBe(0)
  expect(out.match(/^\S+ +\d\d +\d{4}-/gm)).toHaveLength(18)
  const roots = await cli(['android', 'roots', '--release', '7.0', 'isrg root x1'])
  expect([roots.code, roots.out]).toEqual([1, expect.stringContaining('0 of 148 roots')])
  expect((await cli(['android', 'roots', '--release', '7.1', 'isrg root x1'])).out).toContain('96bcec06')
  expect((await cli(['android', 'roots', '--release', '8'])).code).toBe(4)
})

it('demo breaks a farm, fixes it with the kit and ends green', async () => {
  const { code, out } = await cli(['demo', '--kit', join(folder, 'demo-kit')])
  expect(code).toBe(0)
  expect(out).toContain('Result: 2 of 3 servers refused (exit 2)')
  expect(out).toContain('Result: all 3 servers are accepted (exit 0)')
})

it('demo --keep leaves the farm running until stopped', async () => {
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 300)
  const { code, out } = await cli(['demo', '--keep'], { signal: stop.signal })
  expect(code).toBe(0)
  expect(out).toContain('--trust-anchor')
})
