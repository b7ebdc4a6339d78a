import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Kit } from '../../src/kit/files.js'
import { writeKit } from '../../src/kit/write.js'
import { kitNumber } from './writer.js'

const home = mkdtempSync(join(tmpdir(), 'adfs-check-write-'))
afterAll(() => rmSync(home, { recursive: true }))
const fresh = () => join(mkdtempSync(join(home, 'k-')), 'kit')
const kit = kitNumber(1, false)

/** What lies in a folder is one kit, whole, with true checksums; nothing of a run is left over. */
function expectWhole(folder: string): void {
  execFileSync('sha256sum', ['--quiet', '-c', 'SHA256SUMS'], { cwd: folder })
  const listed = [...readFileSync(join(folder, 'SHA256SUMS'), 'utf8').matchAll(/ {2}(.+)$/gm)].map(
    ([, path]) => path,
  )
  const there = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  expect(there.sort()).toEqual([...listed, 'SHA256SUMS'].sort())
}

describe('writing a kit', () => {
  it('makes the folder and writes every file, and again over its own kit', async () => {
    const folder = join(fresh(), 'a', 'b')
    for (const number of [0, 1, 2, 2]) {
      const { kind, files } = await writeKit(folder, kitNumber(number))
      expect([kind, files.length]).toEqual(['written', 5])
      expectWhole(folder)
      expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe(`ticket ${number}`)
    }
  })

  it('leaves everything else in the folder', async () => {
    const folder = fresh()
    await writeKit(folder, kitNumber(0))
    writeFileSync(join(folder, 'notes.txt'), 'mine')
    writeFileSync(join(folder, 'node-0', 'notes.txt'), 'mine')
    await writeKit(folder, kitNumber(1))
    expect(readdirSync(folder).sort()).toEqual([
      'CA-1.cer',
      'README.md',
      'SHA256SUMS',
      'fullchain.pem',
      'node-0',
      'node-1',
      'notes.txt',
    ])
    expect(readdirSync(join(folder, 'node-0'))).toEqual(['notes.txt'])
  })

  it('takes a kit for its own whose list was lost', async () => {
    const folder = fresh()
    await writeKit(folder, kit)
    rmSync(join(folder, 'SHA256SUMS'))
    await writeKit(folder, kit)
    expectWhole(folder)
  })

  it.each([
    [
      'a changed file of its own',
      (folder: string) => writeFileSync(join(folder, 'README.md'), 'ticket 4711'),
    ],
    [
      'a link',
      (folder: string) => {
        rmSync(join(folder, 'README.md'))
        symlinkSync('../precious', join(folder, 'README.md'))
      },
    ],
    [
      'a named pipe',
      (folder: string) => {
        rmSync(join(folder, 'README.md'))
        execFileSync('mkfifo', [join(folder, 'README.md')])
      },
    ],
    [
      'a folder',
      (folder: string) => {
        rmSync(join(folder, 'README.md'))
        mkdirSync(join(folder, 'README.md'))
      },
    ],
    [
      'a named pipe for a list',
      (folder: string) => {
        rmSync(join(folder, 'SHA256SUMS'))
        execFileSync('mkfifo', [join(folder, 'SHA256SUMS')])
      },
    ],
    [
      'a named pipe for a lock',
      (folder: string) => execFileSync('mkfifo', [join(folder, '.adfs-check.lock')]),
    ],
  ])('refuses %s at once and changes nothing', async (_what, spoil) => {
    const folder = fresh()
    await writeKit(folder, kit)
    writeFileSync(join(folder, '..', 'precious'), 'precious')
    spoil(folder)
    const before = state(folder)
    const started = performance.now()
    await expect(writeKit(folder, kitNumber(2, false))).rejects.toMatchObject({
      code: 'ADFS_CHECK_WRITE_FAILED',
    })
    expect(performance.now() - started).toBeLessThan(2_000)
    expect(state(folder)).toEqual(before)
    expect(readFileSync(join(folder, '..', 'precious'), 'utf8')).toBe('precious')
  })

  it('does not follow a link into another folder', async () => {
    const folder = fresh()
    mkdirSync(folder, { recursive: true })
    mkdirSync(join(folder, '..', 'elsewhere'))
    symlinkSync('../elsewhere', join(folder, 'node-1'))
    await expect(writeKit(folder, kitNumber(1))).rejects.toThrow(/node-1 is there already/)
    expect(readdirSync(join(folder, '..', 'elsewhere'))).toEqual([])
  })

  it('removes what a killed run left in a folder that the new kit does not have', async () => {
    const folder = fresh()
    await writeKit(folder, kit)
    const left = '.adfs-check-0123456789abcdef.part'
    for (const name of ['node-7', 'node-8']) {
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, left), 'half')
    }
    writeFileSync(join(folder, 'node-8', 'notes.txt'), 'mine')
    await writeKit(folder, kit)
    expect(existsSync(join(folder, 'node-7'))).toBe(false)
    expect(readdirSync(join(folder, 'node-8'))).toEqual(['notes.txt'])
  })

  it('takes no checksum list for leave to touch other folders', async () => {
    const folder = fresh()
    await writeKit(folder, kit)
    writeFileSync(join(folder, '..', 'outside'), 'x')
    const sha256 = createHash('sha256').update('x').digest('hex')
    writeFileSync(join(folder, 'SHA256SUMS'), `${sha256}  ../outside\n`, { flag: 'a' })
    await writeKit(folder, kitNumber(2, false))
    expect(existsSync(join(folder, '..', 'outside'))).toBe(true)
  })

  it.each([
    '/proc/kit',
    '/proc/self/kit',
    '/dev/null/kit',
    '/dev/null',
  ])('cannot write into %s, and says so at once', async (folder) => {
    await expect(writeKit(folder, kit)).rejects.toMatchObject({ code: 'ADFS_CHECK_WRITE_FAILED' })
  })

  it('an aborted run writes nothing and destroys nothing', async () => {
    const folder = fresh()
    await writeKit(folder, kit)
    const before = state(folder)
    await expect(writeKit(folder, kitNumber(2, false), AbortSignal.abort())).rejects.toThrow(/abort/i)
    expect(state(folder)).toEqual(before)
  })

  it('a run that could not fetch keeps the certificates of an earlier kit', async () => {
    const folder = fresh()
    await writeKit(folder, kit)
    const before = state(folder)
    const poor: Kit = { files: kit.files.filter(({ path }) => path === 'README.md'), incomplete: true }
    expect((await writeKit(folder, poor)).kind).toBe('kept')
    expect(state(folder)).toEqual(before)
    expect((await writeKit(fresh(), poor)).kind).toBe('written')
  })
})

const state = (folder: string) =>
  readdirSync(folder, { withFileTypes: true })
    .map((entry) => [entry.name, entry.isFile() ? readFileSync(join(folder, entry.name), 'utf8') : 'other'])
    .sort()

describe('runs that are killed, and runs at once', () => {
  const program = join(home, 'writer.mjs')
  beforeAll(() =>
    build({
      entryPoints: [join(import.meta.dirname, 'writer.ts')],
      outfile: program,
      bundle: true,
      format: 'esm',
      platform: 'node',
    }),
  )
  const start = (folder: string, first: number, rounds: number): ChildProcess =>
    spawn(process.execPath, [program, folder, String(first), String(rounds)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  it('killed at any moment, the next run accepts the folder', async () => {
    const folder = fresh()
    for (let round = 0; round < 25; round++) {
      const child = start(folder, round, 100_000)
      await once(child.stdout!, 'data')
      await wait((round * 7) % 31)
      child.kill('SIGKILL')
      await once(child, 'close')
      if (round % 5 === 4) {
        await writeKit(folder, kitNumber(round))
        expectWhole(folder)
      }
    }
  })

  it('at once, they take turns', async () => {
    const folder = fresh()
    const children = [0, 100, 200, 300, 400, 500].map((first) => start(folder, first, 8))
    const ended = await Promise.all(
      children.map(async (child) => [(await once(child, 'close'))[0], String(child.stderr!.read() ?? '')]),
    )
    expect(ended).toEqual(children.map(() => [0, '']))
    expectWhole(folder)
  })
})
