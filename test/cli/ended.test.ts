import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Machine } from '../../src/cli/machine.js'
import { run } from '../../src/cli/program.js'
import { startFarm } from '../../src/demo/farm.js'
import type { ReportDocument } from '../../src/report/schema.js'
import { builtProgram, runBuilt } from '../support/built.js'
import { killAtRandom } from '../support/killing.js'
import { closedPort, rawServer } from '../support/odd-servers.js'

/** Runs that do not come to their end, or only late: what was found reaches the person all the same. */
const built = builtProgram()
const main = join(built, 'main.cjs')
const folder = mkdtempSync(join(tmpdir(), 'adfs-check-ended-'))
const farm = await startFarm()
const silent = await rawServer(() => {})
const anchor = join(folder, 'root.pem')
writeFileSync(anchor, farm.root.pem)
afterAll(async () => {
  await farm.close()
  await silent.close()
  for (const path of [folder, dirname(built)]) rmSync(path, { recursive: true })
})

const at = (index: number) => `127.0.0.1:${farm.servers[index]!.port}`
const hanging = `127.0.0.1:${silent.port}`
const common = ['--trust-anchor', anchor, '--aia-allow-private', '--no-proxy']
const servers = (...places: string[]) => [farm.name, ...places.map((place) => `--server=${place}`), ...common]
const isWindows = process.platform === 'win32'

describe('a run that is ended prints what was found, says so in one line and ends with 3', () => {
  it.skipIf(isWindows).each(['SIGINT', 'SIGTERM'] as const)('%s', async (signal) => {
    const kit = join(folder, `kit-${signal}`)
    const { code, out, err } = await runBuilt(main, [...servers(at(0), hanging), '--kit', kit], {
      signal,
      when: 1_500,
    })
    expect(code).toBe(3)
    expect(out).toContain(at(0))
    expect(out).toMatch(/UNKNOWN +the run ended before/i)
    expect(err).toBe(
      'adfs-check: interrupted; the report holds what was found until then, and no file was written.\n',
    )
    expect(readdirSync(folder)).not.toContain(`kit-${signal}`)
  })

  it('--deadline, in time', async () => {
    const { code, out, err, ms } = await runBuilt(main, [...servers(at(1), hanging), '--deadline', '1.5'])
    expect(code).toBe(3)
    expect(out).toContain(at(1))
    expect(err).toMatch(/^adfs-check: the deadline of 1\.5 s has passed; the report holds .*\n$/)
    expect(ms).toBeLessThan(4_000)
  })

  it('several names, as JSON: those that were done are whole', async () => {
    const args = [farm.name, `127.0.0.1:${silent.port}`, `--port=${farm.servers[1]!.port}`, ...common]
    const { code, out } = await runBuilt(main, [
      ...args,
      '--deadline=1.5',
      '--format=json',
      '--server=127.0.0.1',
    ])
    const { reports, verdict, exitCode } = JSON.parse(out) as ReportDocument
    expect([code, verdict, exitCode, reports.length]).toEqual([3, 'unknown', 3, 2])
    expect(reports[0]!.verdict).toBe('ok')
  })

  it('before anything was found', async () => {
    const { code, out, err } = await runIn(servers(hanging), { signal: AbortSignal.abort() })
    expect(code).toBe(3)
    expect(out).toContain('COULD NOT BE CHECKED')
    expect(err.split('\n')).toHaveLength(2)
  })
})

it('a deadline that is far away changes nothing and holds nobody', async () => {
  const { code, ms } = await runBuilt(main, [...servers(at(1)), '--deadline', '300'])
  expect(code).toBe(0)
  expect(ms).toBeLessThan(5_000)
})

describe('one bad name does not stop the others', () => {
  it('it is said, the others are told, and the run ends with 3 at least', async () => {
    const { code, out, err } = await runIn(['bad name', ...servers(at(1)), '--format', 'json'])
    const { reports, verdict, exitCode } = JSON.parse(out) as ReportDocument
    expect([code, exitCode, verdict, reports.length]).toEqual([3, 3, 'unknown', 1])
    expect(reports[0]!.verdict).toBe('ok')
    expect(err).toMatch(/^adfs-check: "bad name" .*host name/)
  })

  it('a refused server still weighs more', async () => {
    expect((await runIn(['bad name', ...servers(at(0)), '--offline'])).code).toBe(2)
  })

  it('with no good one among them it is bad usage', async () => {
    const { code, out } = await runIn(['bad name', 'worse name'])
    expect([code, out]).toEqual([4, ''])
  })

  it('a name that does not resolve is told in its place', async () => {
    const args = ['nowhere.invalid', farm.name, ...common, `--port=${await closedPort()}`, '--timeout=2']
    const { out } = await runIn([...args, '--format=json'])
    const { reports } = JSON.parse(out) as ReportDocument
    expect(reports.map(({ farm: { id } }) => id)).toEqual(['nowhere.invalid', farm.name])
  })
})

it('hanging names delay nobody: six of them on two slots, and the seventh is told first', async () => {
  const lines: string[] = []
  const err = { isTTY: true, write: (line: string) => lines.push(line) }
  const silents = await Promise.all(Array.from({ length: 6 }, () => rawServer(() => {})))
  const args = [...silents.map(({ port }) => `127.0.0.1:${port}`), at(1)]
  const { out } = await runIn([...args, ...common, '--concurrency=2', '--timeout=5', '--format=ndjson'], {
    err,
  })
  for (const { close } of silents) await close()
  const told = lines.filter((line) => line.startsWith('  ['))
  expect(told).toHaveLength(7)
  // Asked by its address, without a name, it says no; it says so at once.
  expect(told[0]).toMatch(new RegExp(`^ {2}\\[1/7\\] ${at(1)}: connection reset`))
  expect(told[6]).toMatch(/^ {2}\[7\/7\] .*no answer within 5 s/)
  // Standard output tells each when it is done.
  const reports = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).farm.id + JSON.parse(line).farm.ports)
  expect(reports[0]).toBe(at(1).replace(':', ''))
  expect(reports.sort()).toEqual(args.map((place) => place.replace(':', '')).sort())
}, 30_000)

it('what a server makes of its name cannot paint the progress', async () => {
  let err = ''
  const odd = await rawServer((socket) => socket.end('\u001b[31mhello\r\n'))
  await runIn([`127.0.0.1:${odd.port}`, ...common], { err: { isTTY: true, write: (line) => (err += line) } })
  await odd.close()
  expect(err).toContain('does not speak TLS')
  expect(err).not.toContain('\u001b[31mhello')
})

it('says nothing of Node.js: no warning, however many servers and however it ends', async () => {
  const many = Array.from({ length: 16 }, () => rawServer((socket) => socket.end()))
  const closing = await Promise.all(many)
  const places = closing.map(({ port }) => `127.0.0.1:${port}`)
  const { err } = await runBuilt(main, [
    ...servers(at(0), at(1), ...places, hanging),
    '--retries=1',
    '--deadline=2',
  ])
  for (const { close } of closing) await close()
  expect(err).toMatch(/^adfs-check: the deadline .*\n$/)
}, 20_000)

/** Runs a command line in this process. */
async function runIn(args: readonly string[], machine: Partial<Machine> = {}) {
  let [out, err] = ['', '']
  const code = await run(args, {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    env: { LANG: 'C.UTF-8' },
    platform: 'linux',
    now: new Date(),
    signal: new AbortController().signal,
    ...machine,
  })
  return { code, out, err }
}

it('no report is lost and no kit is left that the next run refuses, whenever a run is killed', async () => {
  const { faults, ends } = await killAtRandom(main, 9, true)
  expect(faults).toEqual([])
  expect(Object.values(ends).reduce((sum, count) => sum + count, 0)).toBe(9)
}, 120_000)
