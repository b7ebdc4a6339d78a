import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Machine } from '../../src/cli/machine.js'
import { run } from '../../src/cli/program.js'
import { type Issued, issue } from '../../src/demo/authority.js'
import type { Report, ReportDocument } from '../../src/report/schema.js'
import { builtProgram } from '../support/built.js'
import { type ChangingServer, changingServer } from '../support/changing-server.js'

/** Farms that are repaired, broken and taken away while another process watches them. */
const name = 'sts.contoso.com'
const root = issue({ subject: 'Contoso Root', ca: true })
const issuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true })
const leaf = issue({ subject: name, issuer: issuing, names: [name] })
const next = issue({ subject: name, issuer: issuing, names: [name], keyName: 'next' })
const whole = [leaf, issuing]
const leafOnly = [leaf]

const built = builtProgram()
const main = join(built, 'main.cjs')
const folder = mkdtempSync(join(tmpdir(), 'adfs-check-watch-'))
const anchor = join(folder, 'root.pem')
writeFileSync(anchor, root.pem)
const servers: ChangingServer[] = []
const children: Watch[] = []
afterEach(async () => {
  for (const { child } of children.splice(0)) child.kill('SIGKILL')
  for (const server of servers.splice(0)) await server.stop()
})
afterAll(() => {
  for (const path of [folder, dirname(built)]) rmSync(path, { recursive: true })
})

const serving = async (...chains: (readonly Issued[])[]): Promise<ChangingServer> => {
  const server = await changingServer(...chains)
  servers.push(server)
  return server
}

interface Watch {
  readonly child: ChildProcess
  readonly out: () => string
  readonly err: () => string
  /** Resolves once standard output, or error, has the text. */
  readonly said: (text: string | RegExp, from?: () => string) => Promise<void>
  readonly ended: Promise<number | null>
}

const argsFor = (farm: readonly ChangingServer[], ...more: readonly string[]) => [
  name,
  ...farm.flatMap(({ place }) => ['--server', place]),
  ...['--trust-anchor', anchor, '--offline', '--no-proxy', '--watch', '--interval', '1', ...more],
]

function watching(args: readonly string[], command = process.execPath, before = [main]): Watch {
  const child = spawn(command, [...before, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LANG: 'C.UTF-8', TZ: 'UTC', TERM: 'xterm', ADFS_CHECK_CODE_CACHE: 'off' },
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const ended = new Promise<number | null>((done) => child.on('close', done))
  const said = async (text: string | RegExp, from = () => out): Promise<void> => {
    for (
      let waited = 0;
      !(typeof text === 'string' ? from().includes(text) : text.test(from()));
      waited += 20
    ) {
      if (waited > 15_000) throw new Error(`"${text}" was not said, but:\n${out}\n${err}`)
      await new Promise((done) => setTimeout(done, 20))
    }
  }
  const watch = { child, out: () => out, err: () => err, said, ended }
  children.push(watch)
  return watch
}

/** Lines of the watch, times and ports replaced. */
const linesOf = (out: string, farm: readonly ChangingServer[]): string => {
  const lines = out.slice(out.indexOf('Watching ')).replace(/\b\d\d:\d\d:\d\d\b/g, 'HH:MM:SS')
  return farm.reduce((text, { place }, index) => text.replaceAll(place, `10.0.0.${5 + index}:443`), lines)
}

const isWindows = process.platform === 'win32'
const ms = 40_000

describe('a watch that is piped', () => {
  it(
    'tells each server that is fixed, what the others still lack, and ends with 0',
    async () => {
      const farm = [await serving(leafOnly), await serving(leafOnly), await serving(whole)]
      const watch = watching(argsFor(farm))
      await watch.said('Watching ')
      expect(watch.out()).toMatch(/\nResult: 2 of 3 servers refused; stores/)
      farm[0]!.send(whole)
      await watch.said('fixed')
      farm[0]!.send([next, issuing])
      await watch.said('changed')
      farm[2]!.send(leafOnly)
      await watch.said('broken')
      farm[2]!.send(whole)
      await watch.said(/fixed[\s\S]+fixed/)
      await farm[1]!.stop()
      await watch.said('unreachable')
      farm[1]!.send(whole)
      await farm[1]!.start()
      expect(await watch.ended).toBe(0)
      expect(watch.err()).toBe('')
      await expect(linesOf(watch.out(), farm)).toMatchFileSnapshot('../../fixtures/watch/repaired.txt')
    },
    ms,
  )

  it(
    'makes one connection a server and interval while nothing changes, and the full set where it does',
    async () => {
      const farm = [await serving(leafOnly), await serving(whole)]
      const watch = watching(argsFor(farm))
      await watch.said('Watching ')
      const before = farm.map(({ connections }) => connections)
      expect(before).toEqual([4, 4])
      await new Promise((done) => setTimeout(done, 5_300))
      const during = farm.map(({ connections }, index) => connections - before[index]!)
      // Fewer where the machine is busy, but never more than one for each second begun.
      for (const one of during) {
        expect(one).toBeLessThanOrEqual(6)
        expect(one).toBeGreaterThanOrEqual(3)
      }
      const sum = farm[0]!.connections
      farm[0]!.send(whole)
      expect(await watch.ended).toBe(0)
      // The look that saw it, and the four hellos.
      expect(farm[0]!.connections - sum).toBe(5)
    },
    ms,
  )

  it(
    'finds a change that one release only is shown',
    async () => {
      const farm = [await serving(whole)]
      const watch = watching(argsFor([...farm, await serving(leafOnly)]))
      await watch.said('Watching ')
      const ecdsa = issue({ subject: name, issuer: issuing, names: [name], key: 'P-256' })
      farm[0]!.send([ecdsa])
      await watch.said('broken')
    },
    ms,
  )

  it(
    'ends at once where nothing is to be waited for',
    async () => {
      const watch = watching(argsFor([await serving(whole)]))
      expect(await watch.ended).toBe(0)
      expect(watch.out()).not.toContain('Watching')
      expect(watch.out()).toMatch(/Result: the server is accepted at \d\d:\d\d:\d\d \(exit 0\)\n$/)
    },
    ms,
  )

  it(
    'asks several servers behind one address each time, and is not content with the good one',
    async () => {
      const server = await serving(leafOnly, whole)
      const watch = watching(argsFor([server], '--repeat', '4'))
      await watch.said('Watching ')
      server.send(whole, whole, whole, whole, whole, whole, whole, whole, leafOnly)
      await new Promise((done) => setTimeout(done, 3_000))
      expect(watch.child.exitCode).toBeNull()
      server.send(whole)
      expect(await watch.ended).toBe(0)
    },
    ms,
  )
})

describe('when time is up', () => {
  it(
    '2 where a server is refused',
    async () => {
      const farm = [await serving(leafOnly), await serving(whole)]
      const watch = watching(argsFor(farm, '--watch-timeout', '3'))
      expect(await watch.ended).toBe(2)
      expect(watch.out()).toMatch(/Result: time is up: 1 of 2 servers refused at \S+ \(exit 2\)\n$/)
    },
    ms,
  )

  it(
    '3 where one is only unreachable',
    async () => {
      const farm = [await serving(whole), await serving(whole)]
      await farm[0]!.stop()
      const watch = watching(argsFor(farm, '--watch-timeout', '3'))
      expect(await watch.ended).toBe(3)
      expect(watch.out()).toMatch(/Result: time is up: 1 of 2 servers not checked at \S+ \(exit 3\)\n$/)
    },
    ms,
  )

  it(
    '3 at the deadline of the run, as always',
    async () => {
      const watch = watching(argsFor([await serving(leafOnly)], '--deadline', '5'))
      expect(await watch.ended).toBe(3)
      expect(watch.out()).toMatch(/Result: the deadline of 5 s has passed: 1 of 1 server refused/)
    },
    ms,
  )

  it.skipIf(isWindows).each(['SIGINT', 'SIGTERM'] as const)(
    '%s prints how each stands and ends with 3',
    async (signal) => {
      const farm = [await serving(leafOnly), await serving(whole)]
      const watch = watching(argsFor(farm))
      await watch.said('Watching ')
      watch.child.kill(signal)
      expect(await watch.ended).toBe(3)
      expect(linesOf(watch.out(), farm)).toMatch(
        /\n {2}10\.0\.0\.5:443 {2}REFUSED {3}leaf only: .*\n {2}10\.0\.0\.6:443 {2}ok .*\nResult: interrupted: 1 of 2 servers refused at HH:MM:SS \(exit 3\)\n$/,
      )
    },
    ms,
  )
})

describe('for other programs', () => {
  it(
    'json is one document at the end, with all that changed; what happens is told on standard error',
    async () => {
      const farm = [await serving(leafOnly), await serving(whole)]
      const watch = watching(argsFor(farm, '--format', 'json'))
      await watch.said('Watching ', watch.err)
      farm[0]!.send(whole)
      expect(await watch.ended).toBe(0)
      const { reports, verdict, exitCode } = JSON.parse(watch.out()) as ReportDocument
      expect([verdict, exitCode]).toEqual(['ok', 0])
      const id = `${name}@${farm[0]!.place}`
      expect(reports[0]!.changes!.map(({ kind, subject, was, is }) => [kind, subject, was, is])).toEqual([
        ['fixed', id, 'refused', 'accepted'],
        ['recovered', id, null, null],
      ])
      expect(watch.err()).toMatch(/\d\d:\d\d:\d\d {2}\S+ fixed\nResult: all 2 servers are accepted/)
    },
    ms,
  )

  it(
    'json that is interrupted is a document all the same',
    async () => {
      const watch = watching(argsFor([await serving(leafOnly)], '--format', 'json'))
      await watch.said('Watching ', watch.err)
      watch.child.kill('SIGINT')
      expect(await watch.ended).toBe(3)
      expect(JSON.parse(watch.out())).toMatchObject({ verdict: 'critical', exitCode: 3 })
    },
    ms,
  )

  it(
    'ndjson has a line for the first check and one for each change',
    async () => {
      const farm = [await serving(leafOnly)]
      const watch = watching(argsFor(farm, '--format', 'ndjson'))
      await watch.said('Watching ', watch.err)
      farm[0]!.send(whole)
      expect(await watch.ended).toBe(0)
      const lines = watch
        .out()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Report)
      expect(lines.map(({ verdict, changes }) => [verdict, changes!.map(({ kind }) => kind)])).toEqual([
        ['critical', []],
        ['ok', ['fixed', 'recovered']],
      ])
    },
    ms,
  )
})

describe.skipIf(!existsSync('/usr/bin/script'))('a watch on a terminal', () => {
  const onTerminal = (args: readonly string[], setup = 'stty cols 80 rows 24') =>
    watching(
      ['-qefc', `${setup}; exec ${[process.execPath, main, ...args].join(' ')}`, '/dev/null'],
      'script',
      [],
    )

  it(
    'draws its table in place, lets changes stand above it, and leaves nothing torn',
    async () => {
      const farm = [await serving(leafOnly), await serving(leafOnly)]
      const watch = onTerminal(argsFor(farm))
      await watch.said(/looked \d\d:\d\d:\d\d, next/)
      farm[0]!.send(whole)
      await watch.said(/fixed.*still leaf only/)
      farm[1]!.send(whole)
      expect(await watch.ended).toBe(0)
      const screen = linesOf(screenOf(watch.out(), 80), farm)
      expect(screen.replace(/ +$/gm, '')).toMatch(
        /^Watching 2 servers, every 1 s, until each is accepted; Ctrl-C ends it\.\nHH:MM:SS {2}10\.0\.0\.5:443 fixed; 10\.0\.0\.6:443 still leaf only\nHH:MM:SS {2}10\.0\.0\.6:443 fixed\nResult: all 2 servers are accepted at HH:MM:SS \(exit 0\)\n*$/,
      )
    },
    ms,
  )

  it(
    'is cut to a narrow window, in plain ASCII and without colours where that is asked for',
    async () => {
      const farm = [await serving(leafOnly), await serving(whole)]
      const watch = onTerminal(
        argsFor(farm, '--ascii', '--watch-timeout', '8'),
        'stty cols 44 rows 12; export NO_COLOR=1',
      )
      expect(await watch.ended).toBe(2)
      const drawn = watch.out().slice(watch.out().indexOf('Watching '))
      expect(drawn).toContain('\x1b[4A')
      expect(drawn).not.toMatch(/\x1b\[\d+m|[^\x00-\x7f]/)
      const rows = drawn.split(/\r?\n/).map((line) => line.replace(/\x1b\[\d*[AJ]|\r/g, ''))
      for (const row of rows.filter((one) => one.startsWith('  127') && one.endsWith('...')))
        expect(row.length).toBeLessThan(44)
      expect(rows.some((one) => one.endsWith('...'))).toBe(true)
    },
    ms,
  )
})

/** What a terminal of so many columns shows in the end: line feeds, carriage returns, up, and erase below. */
function screenOf(text: string, columns: number): string {
  const rows: string[] = ['']
  let [row, column] = [0, 0]
  for (const part of text.split(/(\x1b\[\d*[A-Za-z]|\r|\n)/)) {
    const [, number, letter] = /^\x1b\[(\d*)([A-Za-z])$/.exec(part) ?? []
    if (letter === 'A') row -= Number(number)
    else if (letter === 'J') {
      rows.length = row + 1
      rows[row] = rows[row]!.slice(0, column)
    } else if (letter !== undefined) continue
    else if (part === '\r') column = 0
    else if (part === '\n') {
      row++
      rows[row] ??= ''
    } else
      for (const char of part) {
        if (column === columns) {
          row++
          column = 0
          rows[row] ??= ''
        }
        rows[row] = rows[row]!.slice(0, column).padEnd(column) + char + rows[row]!.slice(column + 1)
        column++
      }
  }
  return rows.join('\n')
}

describe('what cannot go with it is refused with the reason', () => {
  it.each([
    [['--watch', '--save', 'case.json'], /a watch is many/],
    [['--watch', '--at', '2027-01-01'], /stops the clock/],
    [['--watch', '--quiet'], /--quiet/],
    [['--watch', '--kit', 'fix', '--format', 'json'], /as text only/],
    [['--watch', '--state', 'state.json'], /--state/],
    [['--watch', '--format', 'sarif'], /text, json or ndjson, not sarif/],
    [['--watch', '--output', 'json=out.json'], /--output/],
    [['--interval', '5'], /for --watch/],
    [['--watch-timeout', '5'], /for --watch/],
    [['--watch', '--interval', '0'], /from 1 to 86400/],
  ])('%s', async (options, reason) => {
    let err = ''
    const machine: Machine = {
      out: { write: () => expect.unreachable() },
      err: { write: (text) => (err += text) },
      env: {},
      platform: 'linux',
      now: new Date(),
      signal: new AbortController().signal,
    }
    expect(await run([name, ...options], machine)).toBe(4)
    expect(err).toMatch(reason)
  })
})
