import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { build } from 'esbuild'
import { beforeAll, expect, it } from 'vitest'
import { nodeExe, there } from './here.js'
import { type Ended, onWindows } from './wine.js'

/** What only Windows does to files: it refuses to replace or delete one that somebody has open. */
const folder = join(there.drive, 'kits')
const write = (name: string, first: number, rounds: number, killAfterMs?: number): Promise<Ended> =>
  there.node(['writer.mjs', `C:\\kits\\${name}`, String(first), String(rounds)], {
    cwd: folder,
    ...(killAfterMs === undefined ? {} : { interrupt: { signal: 'SIGKILL', when: () => wait(killAfterMs) } }),
  })

beforeAll(async () => {
  mkdirSync(folder)
  await build({
    entryPoints: [join(import.meta.dirname, '../kit/writer.ts')],
    outfile: join(folder, 'writer.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
  })
})

/** The folder holds the files of that kit, and none of any run is left over. */
function expectKit(name: string, number: number): void {
  const kit = join(folder, name)
  expect(readFileSync(join(kit, 'README.md'), 'utf8')).toBe(`ticket ${number}`)
  const files = readdirSync(kit, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.map((entry) => relative(kit, join(entry.parentPath, entry.name))).sort()).toEqual(
    [`CA-${number % 3}.cer`, 'README.md', 'SHA256SUMS', 'fullchain.pem', `node-${number % 2}/x.cer`].sort(),
  )
}

/** A program has a kit's README.md open, as `cmd` opens files, for that long; `program` ends with it. */
async function hold(name: string, ms: number): Promise<{ readonly program: Promise<Ended> }> {
  writeFileSync(
    join(folder, 'hold.mjs'),
    `import { writeFileSync } from 'node:fs'\nwriteFileSync('held', '')\nsetTimeout(() => {}, ${ms})\n`,
  )
  const held = join(folder, 'held')
  rmSync(held, { force: true })
  const node = onWindows(nodeExe)
  const program = there.program(['cmd', '/c', `${node} hold.mjs < ${name}\\README.md`], { cwd: folder })
  while (!existsSync(held)) await wait(20)
  return { program }
}

it('waits for a program that has a file open for a moment', async () => {
  await write('open', 1, 1)
  const { program } = await hold('open', 1_200)
  const started = performance.now()
  expect(await write('open', 2, 1)).toEqual({ code: 0, out: 'ready\n', err: '' })
  expect(performance.now() - started).toBeGreaterThan(900)
  await program
  expectKit('open', 2)
})

it('says so where a file stays open, and the next run accepts the folder', async () => {
  await write('kept', 1, 1)
  const { program } = await hold('kept', 6_000)
  const { code, err } = await write('kept', 2, 1)
  expect(code).toBe(1)
  expect(err).toMatch(/The kit cannot be written into C:\\kits\\kept: EPERM/)
  expect(err).toContain('close programs that have its files open')
  await program
  expect((await write('kept', 3, 1)).code).toBe(0)
  expectKit('kept', 3)
})

it('several runs at once take turns', async () => {
  const runs = await Promise.all([0, 100, 200, 300].map((first) => write('shared', first, 15)))
  expect(runs).toEqual(runs.map(() => ({ code: 0, out: 'ready\n', err: '' })))
  expect((await write('shared', 400, 1)).code).toBe(0)
  expectKit('shared', 400)
})

it('killed at any moment, the next run accepts the folder', async () => {
  let reached = 0
  for (let round = 0; round < 8; round++) {
    await write('killed', round * 1_000, 100_000, 300 + 57 * round)
    if (existsSync(join(folder, 'killed'))) reached++
    expect(await write('killed', round, 1)).toEqual({ code: 0, out: 'ready\n', err: '' })
    expectKit('killed', round)
  }
  expect(reached).toBeGreaterThan(4)
})
