import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { startFarm } from '../../src/demo/farm.js'
import { version } from '../../src/version.js'
import { writePfxFiles } from '../support/pfx-files.js'
import { type Ended, linux, root, type StartOptions, start } from './here.js'

/**
 * The executable for Linux alone in a folder, on a path where no Node.js is, against the installed command: what they
 * print, write and end with is the same. The one for Windows is compared with it in turn (test/windows).
 */
const stick = mkdtempSync(join(tmpdir(), 'adfs check stick-'))
copyFileSync(linux, join(stick, 'adfs-check'))
const [ours, theirs] = ['ours', 'theirs'].map((name) => mkdtempSync(join(tmpdir(), `${name}-`))) as [
  string,
  string,
]
const farm = await startFarm()
for (const home of [ours, theirs]) {
  writePfxFiles(home)
  writeFileSync(join(home, 'root.pem'), farm.root.pem)
}
afterAll(async () => {
  await farm.close()
  for (const folder of [stick, ours, theirs]) rmSync(folder, { recursive: true })
})

const alone = (args: readonly string[], { env, ...options }: Partial<StartOptions> = {}) =>
  start(join(stick, 'adfs-check'), args, { cwd: ours, env: { PATH: '/nowhere', ...env }, ...options })
const at = new Date().toISOString()

async function both(...args: readonly string[]): Promise<Ended> {
  const [one, other] = await Promise.all([
    alone(args),
    start(process.execPath, [join(root, 'dist/main.cjs'), ...args], { cwd: theirs }),
  ])
  const timeless = ({ out, ...rest }: Ended) => ({ ...rest, out: out.replace(/^( *"at": )"[^"]+"/m, '$1') })
  expect(timeless(one)).toEqual(timeless(other))
  return one
}
const contentsOf = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]))

const ask = [
  farm.name,
  ...farm.servers.flatMap(({ port }) => ['--server', `127.0.0.1:${port}`]),
  ...['--trust-anchor', 'root.pem', '--aia-allow-private', '--no-proxy', '--at', at],
]

it.each<[number, string[]]>([
  [0, ['--version']],
  [0, ['--help']],
  [0, ['explain']],
  [0, ['explain', 'intermediate-missing']],
  [0, ['android', 'roots', '--release', '7.1', 'isrg root x1']],
  [4, ['--nonsense']],
  [4, ['replay', 'missing.json']],
  [3, ['127.0.0.1:1']],
  [
    0,
    [
      'file',
      'whole.pfx',
      '--password-file',
      'password',
      '--name',
      farm.name,
      '--trust-anchor',
      'pfx root.pem',
    ],
  ],
  [2, ['file', 'leaf alone.pfx', '--password-file', 'password', '--name', farm.name, '--offline']],
])('ends with %i, as installed: %j', async (code, args) => {
  expect((await both(...args)).code).toBe(code)
})

it('says nothing of its own, whatever the machine wants of its Node.js', async () => {
  for (const NODE_OPTIONS of ['', '--max-old-space-size=512', '--trace-warnings', '--no-such-flag'])
    expect(await alone(['--version'], { env: { NODE_OPTIONS } })).toEqual({
      code: 0,
      out: `${version}\n`,
      err: '',
    })
})

it('runs the demo to green', async () => {
  const { code, out, err } = await alone(['demo'])
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain('all 3 servers are accepted (exit 0)')
})

describe('a farm', () => {
  it.each(['text', 'json', 'html', 'sarif'])('is told alike as %s', async (format) => {
    expect((await both(...ask, '--format', format)).code).toBe(2)
  })

  it('gets the same kit, is kept as the same case, and replayed', async () => {
    expect((await both(...ask, '--kit', 'fix', '--save', 'case.json')).code).toBe(2)
    expect(contentsOf(join(ours, 'fix'))).toEqual(contentsOf(join(theirs, 'fix')))
    expect(Object.keys(contentsOf(join(ours, 'fix')))).toContain('Install-Intermediates.ps1')
    expect((await both('replay', 'case.json', '--verbose')).code).toBe(2)
  })

  it('Ctrl-C prints what was found, ends with 3 and writes no kit', async () => {
    const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { code, out, err } = await alone(
      [
        ...ask,
        '--server',
        `127.0.0.1:${(silent.address() as AddressInfo).port}`,
        '--timeout',
        '60',
        '--kit',
        'cut',
      ],
      { interrupt: () => once(silent, 'connection').then(() => wait(1_000)) },
    )
    silent.close()
    expect([code, err]).toEqual([3, expect.stringMatching(/^adfs-check: interrupted[^\n]*\n$/)])
    expect(out).toContain(`127.0.0.1:${farm.servers[0]!.port}  REFUSED`)
    expect(existsSync(join(ours, 'cut'))).toBe(false)
  })

  it('is green after the import', async () => {
    const imported = readdirSync(join(ours, 'fix')).filter((name) => name.endsWith('.cer'))
    for (const server of farm.servers)
      server.importIntermediates(imported.map((name) => readFileSync(join(ours, 'fix', name))))
    expect((await both(...ask)).code).toBe(0)
  })
})
