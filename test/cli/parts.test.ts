import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startFarm } from '../../src/demo/farm.js'
import { builtProgram, runBuilt } from '../support/built.js'

/**
 * What is loaded to answer a command: counted, not timed, so that a module which creeps into the start is noticed on any
 * machine. What is new belongs behind an `import()`; a limit is raised for what every check needs.
 */
const built = builtProgram()
const farm = await startFarm()
const scratch = dirname(built)
writeFileSync(join(scratch, 'root.pem'), farm.root.pem)
const spy = join(scratch, 'spy.cjs')
writeFileSync(
  spy,
  `process.once('exit', () => process.stderr.write('LOADED ' + JSON.stringify([
  Object.keys(require.cache).filter((file) => file !== __filename),
  process.moduleLoadList.filter((name) => name.startsWith('NativeModule ')).map((name) => name.slice(13)),
])))`,
)
afterAll(async () => {
  await farm.close()
  rmSync(scratch, { recursive: true })
})

async function loadedBy(args: readonly string[], code: number, env: Record<string, string> = {}) {
  // Required by the program's own process and by no other.
  const ended = await runBuilt(join(built, 'main.cjs'), args, {
    env: { NODE_OPTIONS: `-r "${spy}"`, ...env },
  })
  expect(ended.code, ended.err).toBe(code)
  const [files, ofNode] = JSON.parse(ended.err.slice(ended.err.indexOf('LOADED ') + 7)) as string[][]
  return {
    parts: files!.map((file) => basename(file).replace(/-[0-9A-Z]{8}(?=\.cjs$)/, '')).sort(),
    bytes: files!.reduce((sum, file) => sum + statSync(file).size, 0),
    ofNode: new Set(ofNode),
  }
}

const check = (index: number) => [
  farm.name,
  `--server=127.0.0.1:${farm.servers[index]!.port}`,
  ...['--trust-anchor', join(scratch, 'root.pem'), '--aia-allow-private', '--no-proxy'],
]
const sound = 1
const leafOnly = 0

describe('a command loads what it needs and no more', () => {
  it('--version: the door', async () => {
    const { parts, bytes } = await loadedBy(['--version'], 0)
    expect(parts).toEqual(['main.cjs'])
    expect(bytes).toBeLessThan(7_000)
  })

  it('--help: the options', async () => {
    const { parts, bytes, ofNode } = await loadedBy(['--help'], 0)
    expect(parts).toEqual(['main.cjs', 'program.cjs'])
    expect(bytes).toBeLessThan(80_000)
    for (const one of ['child_process', 'crypto', 'fs/promises']) expect(ofNode).not.toContain(one)
  })

  it('explain: the options and its pages', async () => {
    const { parts, bytes, ofNode } = await loadedBy(['explain', 'weak-key'], 0)
    // The chunk is what completion reads pages with, too.
    expect(parts).toEqual(['chunk.cjs', 'explain-command.cjs', 'main.cjs', 'program.cjs'])
    expect(bytes).toBeLessThan(88_000)
    for (const one of ['child_process', 'crypto', 'fs/promises']) expect(ofNode).not.toContain(one)
  })

  it.each([
    ['a check of a sound server', sound, 0],
    ['a check that fetches an issuer', leafOnly, 2],
  ])('%s: one part more', async (_, index, code) => {
    const { parts, bytes, ofNode } = await loadedBy(check(index), code)
    expect(parts).toEqual(['check.cjs', 'code-cache.cjs', 'main.cjs', 'program.cjs'])
    expect(bytes).toBeLessThan(580_000)
    for (const one of ['child_process', 'tls', 'dns/promises', 'zlib', 'repl', 'worker_threads'])
      expect(ofNode).not.toContain(one)
    expect(ofNode.has('http')).toBe(index === leafOnly)
  })

  it('the demo, which serves, brings the library for certificates', async () => {
    const { parts } = await loadedBy(['demo', '--ascii'], 0)
    expect(parts).toContain('demo-command.cjs')
    expect(parts.filter((part) => part === 'check.cjs')).toHaveLength(1)
  })
})

it('every part is a file by itself, and the program is there once', () => {
  const parts = readdirSync(join(built, 'cli')).filter((file) => file.endsWith('.cjs'))
  expect(parts.length).toBeGreaterThan(15)
  const size = (file: string) => statSync(join(built, 'cli', file)).size
  expect(parts.reduce((sum, file) => sum + size(file), 0)).toBeLessThan(900_000)
})
