import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Farm, startFarm } from '../../src/demo/farm.js'
import { writePfxFiles } from '../support/pfx-files.js'
import { inPackage, nodeExe, root, there, version } from './here.js'
import { type Ended, onWindows, type StartOptions } from './wine.js'

/**
 * The same command line on Linux and on Windows' node.exe, against the same servers on loopback: what they print, write
 * and end with must be the same. Standard output is a file in both, so neither has a terminal.
 */
const linuxHome = mkdtempSync(join(tmpdir(), 'adfs check-'))
/** With a space, as `C:\Program Files` has. */
const windowsHome = join(there.drive, 'adfs check')
mkdirSync(windowsHome)
afterAll(() => rmSync(linuxHome, { recursive: true }))

/** How one program is started on either system, in words before its arguments. */
interface Program {
  readonly linux: readonly [string, ...string[]]
  readonly windows: readonly string[]
}

/** Alone in an empty folder, as on a USB stick. */
function onStick(path: string): string {
  const stick = mkdtempSync(join(there.drive, 'stick-'))
  copyFileSync(path, join(stick, basename(path)))
  return join(stick, basename(path))
}
const byNode = (main: string): Program => ({
  linux: [process.execPath, main],
  windows: [nodeExe, onWindows(main)],
})
const programs: [string, Program][] = [['the package', byNode(inPackage)]]
/** By `npm run bundle`, and in CI always. Without it the file that goes into it is tried by itself. */
const executable = join(root, 'dist-bundle/adfs-check.exe')
const alone = join(root, 'dist/adfs-check.cjs')
if (existsSync(executable) || process.env.CI) {
  const linux = join(root, 'dist-bundle/adfs-check-linux-x64')
  programs.push(['the executable', { linux: [linux], windows: [onStick(executable)] }])
} else if (existsSync(alone)) programs.push(['the one file', byNode(onStick(alone))])

async function onLinux({ linux: [command, ...first] }: Program, args: readonly string[]): Promise<Ended> {
  const child = spawn(command, [...first, ...args], {
    cwd: linuxHome,
    // No UTF-8 where output is no terminal: Windows gets ASCII there.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    texts.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.err += text
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, ...texts }
}
const onWindowsNode = ({ windows }: Program, args: readonly string[], options: StartOptions = {}) =>
  there.program([...windows, ...args], { cwd: windowsHome, ...options })

/** Runs both, expects the same of both, and gives what was the same. */
async function both(main: Program, args: readonly string[]): Promise<Ended> {
  const [linux, windows] = await Promise.all([onLinux(main, args), onWindowsNode(main, args)])
  expect(texts(windows)).toEqual(texts(linux))
  return windows
}

/** The second of the run is told by JSON; nothing else may differ. */
const comparable = (text: string): string => text.replace(/^( *"at": )"[^"]+"/m, '$1"NOW"')
const texts = ({ code, out, err }: Ended): Ended => ({ code, out: comparable(out), err })

/**
 * A server that hands on every octet, and an ordinary end where the farm resets: Wine's sockets tell one for the other
 * (Node's own `net` shows it in five lines), which Windows' do not.
 */
async function withoutResets(port: number): Promise<Server> {
  const relay = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    server.on('error', () => client.end())
    client.on('error', () => server.destroy())
    client.pipe(server).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  return relay
}
const portOf = (server: Server): number => (server.address() as AddressInfo).port

/** Every file below a folder with its bytes, by its path with forward slashes. */
const contentsOf = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'latin1')]),
  )

describe.each(programs)('%s', (_name, main) => {
  it.each<[number, string[]]>([
    [0, ['--version']],
    [0, ['--help']],
    [0, ['explain']],
    [0, ['explain', 'intermediate-missing']],
    [0, ['android']],
    [4, ['explain', 'nonsense']],
    [4, ['--nonsense']],
    [4, ['no host name']],
    [4, ['sts.contoso.test', '--trust-anchor', 'missing.pem']],
    [4, ['replay', 'missing.json']],
    [3, ['127.0.0.1:1']],
    [3, ['nosuch.invalid']],
  ])('ends with %i, as on Linux: %j', async (code, args) => {
    expect((await both(main, args)).code).toBe(code)
  })

  it('is the version that was built', async () => {
    expect(await onWindowsNode(main, ['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })

  it('runs the demo to green', async () => {
    const [linux, windows] = await Promise.all([onLinux(main, ['demo']), onWindowsNode(main, ['demo'])])
    expect(windows.code).toBe(0)
    expect(windows.err).toBe('')
    expect(windows.out).toMatch(
      /ok for Android 10-17\b[\s\S]*\ball 3 servers are accepted \(exit 0\)[^\n]*\n$/,
    )
    // Ports, keys and the place of temporary files differ in every run; with them, where lines break.
    const plain = ({ out }: Ended) =>
      comparable(out)
        .replace(/"?\S*adfs-check-demo-\w+[\\/]?([\w.-]*)"?/g, 'FOLDER/$1')
        .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
        .replace(/\b(?:[0-9A-F]{40}|[0-9A-F]{8})\b/g, 'THUMBPRINT')
        .replace(/\s+/g, ' ')
    expect(plain(windows)).toBe(plain(linux))
  })

  it('Ctrl-C ends the demo that is kept running', async () => {
    const { code, err } = await onWindowsNode(main, ['demo', '--keep'], {
      interrupt: {
        signal: 'SIGINT',
        when: async (out) => {
          while (!out().includes('until you press Ctrl-C')) await wait(20)
        },
      },
    })
    expect([code, err]).toEqual([0, ''])
  })
})

describe.each(programs)('a farm, by %s', (_name, main) => {
  let farm: Farm
  let relays: Server[]
  let ask: string[]
  beforeAll(async () => {
    farm = await startFarm()
    relays = await Promise.all(farm.servers.map(({ port }) => withoutResets(port)))
    for (const home of [linuxHome, windowsHome]) {
      for (const name of readdirSync(home)) rmSync(join(home, name), { recursive: true })
      writeFileSync(join(home, 'demo root.pem'), farm.root.pem)
    }
    ask = [
      farm.name,
      ...relays.flatMap((relay) => ['--server', `127.0.0.1:${portOf(relay)}`]),
      ...['--trust-anchor', 'demo root.pem', '--aia-allow-private', '--no-proxy'],
      // One clock for both.
      ...['--at', new Date().toISOString()],
    ]
  })
  afterAll(async () => {
    for (const relay of relays) relay.close()
    await farm.close()
  })

  it.each(['text', 'markdown', 'json', 'ndjson'])('is told alike as %s', async (format) => {
    const { code, err } = await both(main, [...ask, '--format', format])
    expect([code, err]).toEqual([2, ''])
  })

  it('writes the same kit and case, over its own as well', async () => {
    for (const round of [1, 2]) {
      const { code } = await both(main, [...ask, '--kit', 'my kit', '--save', 'case.json'])
      expect([round, code]).toEqual([round, 2])
      const [linux, windows] = [linuxHome, windowsHome].map(contentsOf) as [object, object]
      expect(windows).toEqual(linux)
      expect(Object.keys(windows)).toEqual(
        expect.arrayContaining(['case.json', 'my kit/README.md', 'my kit/SHA256SUMS']),
      )
    }
  })

  it('makes the kit without a network from what it is given', async () => {
    const { code, out } = await both(main, [
      ...ask,
      ...['--offline', '--intermediates', 'my kit', '--kit', 'kit again'],
    ])
    expect(code).toBe(2)
    expect(out).toContain('Install-Intermediates.ps1')
    // The README says which file it came from, and its path is written otherwise on Windows.
    const contents = (home: string) => {
      const { 'README.md': _, SHA256SUMS: __, ...others } = contentsOf(join(home, 'kit again'))
      return others
    }
    expect(contents(windowsHome)).toEqual(contents(linuxHome))
  })

  it('writes a kit to a path with a drive, and leaves what is not its own there', async () => {
    // On Linux that is a plain file name, which makes the texts comparable.
    const { code } = await both(main, [...ask, '--kit', 'C:\\kit'])
    expect(code).toBe(2)
    const kit = join(there.drive, 'kit')
    expect(contentsOf(kit)).toEqual(contentsOf(join(linuxHome, 'C:\\kit')))
    writeFileSync(join(kit, 'README.md'), 'changed by somebody')
    const before = contentsOf(kit)
    const second = await onWindowsNode(main, [...ask, '--kit', 'C:\\kit'])
    expect([second.code, second.err]).toEqual([
      3,
      expect.stringContaining('C:\\kit\\README.md is there already'),
    ])
    expect(second.out).toContain('REFUSED')
    expect(contentsOf(kit)).toEqual(before)
    rmSync(kit, { recursive: true })
  })

  it('cannot write a kit into a device or a drive that is not there, and says so after the report', async () => {
    for (const folder of ['NUL', 'X:\\kit', 'C:\\adfs check\\demo root.pem']) {
      const { code, out, err } = await onWindowsNode(main, [...ask, '--kit', folder])
      expect([folder, code]).toEqual([folder, 3])
      expect(out).toContain('REFUSED')
      expect(err).toMatch(/^adfs-check: The kit cannot be written into /)
    }
  })

  it('replays what either recorded', async () => {
    const recorded = join(windowsHome, 'case.json')
    for (const args of [[], ['--format', 'json'], ['--verbose']]) {
      const { code } = await both(main, ['replay', 'case.json', ...args])
      expect(code).toBe(2)
    }
    await onLinux(main, [...ask, '--save', 'linux.json', '--redact'])
    const text = readFileSync(join(linuxHome, 'linux.json'), 'utf8')
    // As an editor on Windows saves it.
    writeFileSync(recorded, text.replaceAll('\n', '\r\n'))
    const [linux, windows] = await Promise.all([
      onLinux(main, ['replay', 'linux.json']),
      onWindowsNode(main, ['replay', 'C:\\adfs check\\case.json']),
    ])
    expect(windows).toEqual(linux)
    expect(windows.code).toBe(2)
  })

  it.each([
    ['--trust-anchor', 'NUL'],
    ['--trust-anchor', 'CON'],
    ['--intermediates', '\\\\.\\pipe\\nobody'],
    ['--password-file', 'COM1'],
  ])('refuses a device for a file at once: %s %s', async (option, device) => {
    const { code, err } = await onWindowsNode(main, [...ask, option, device])
    expect([code, err.split('\n')[0]]).toEqual([
      4,
      expect.stringMatching(/is not a regular file|cannot be read|holds no certificate/),
    ])
  })

  it('Ctrl-C prints what was found, ends with 3 and writes no kit', async () => {
    const sockets: Socket[] = []
    const silent: Server = createServer((socket) => {
      sockets.push(socket.on('error', () => {}))
    }).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { code, out, err } = await onWindowsNode(
      main,
      [...ask, '--server', `127.0.0.1:${portOf(silent)}`, '--timeout', '60', '--kit', 'C:\\interrupted'],
      {
        interrupt: { signal: 'SIGINT', when: () => once(silent, 'connection').then(() => wait(1_500)) },
      },
    )
    for (const socket of sockets) socket.destroy()
    silent.close()
    expect([code, err]).toEqual([3, expect.stringMatching(/^adfs-check: interrupted[^\n]*\n$/)])
    expect(out).toContain(`127.0.0.1:${portOf(relays[0]!)}  REFUSED`)
    expect(existsSync(join(there.drive, 'interrupted'))).toBe(false)
  })

  it.each([
    [0, 'whole.pfx'],
    [2, 'leaf alone.pfx'],
  ])('ends with %i for %s', async (expected, file) => {
    for (const home of [linuxHome, windowsHome]) writePfxFiles(home)
    const judged = ['file', file, '--password-file', 'password', '--name', farm.name, '--kit', 'kit of file']
    const { code } = await both(main, [...judged, '--trust-anchor', 'pfx root.pem', '--offline'])
    expect(code).toBe(expected)
  })

  it('is green after the import', async () => {
    const kit = join(windowsHome, 'my kit')
    const imported = readdirSync(kit)
      .filter((name) => name.endsWith('.cer'))
      .map((name) => readFileSync(join(kit, name)))
    for (const server of farm.servers) server.importIntermediates(imported)
    const { code } = await both(main, ask)
    expect(code).toBe(0)
    expect((await both(main, [...ask, '--quiet'])).out).toBe('')
  })
})
