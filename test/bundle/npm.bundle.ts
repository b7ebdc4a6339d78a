import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startFarm } from '../../src/demo/farm.js'
import { version } from '../../src/version.js'
import { nodeProgram, promised } from '../../tools/node-packages.js'
import { root, start } from './here.js'

/** The npm package by npx, on each Node.js that is promised, from an empty folder and an empty cache of npm. */
const packed = mkdtempSync(join(tmpdir(), 'adfs-check-packed-'))
execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', packed], { cwd: root })
const archive = join(packed, `adfs-check-${version}.tgz`)
const farm = await startFarm()
afterAll(async () => {
  await farm.close()
  rmSync(packed, { recursive: true })
})

describe.each(promised.map((node) => [node.version, node] as const))('Node.js %s', (of, node) => {
  const empty = mkdtempSync(join(tmpdir(), 'adfs-check-npx-'))
  copyFileSync(archive, join(empty, basename(archive)))
  const cache = mkdtempSync(join(tmpdir(), 'adfs-check-cache-'))
  afterAll(() => {
    for (const folder of [empty, cache]) rmSync(folder, { recursive: true })
  })
  const run = (command: string, args: readonly string[]) =>
    start(command, args, {
      cwd: empty,
      env: {
        // Where npm is told of its registry.
        ...process.env,
        PATH: [dirname(nodeProgram(node)), process.env.PATH].join(delimiter),
        npm_config_cache: cache,
        npm_config_update_notifier: 'false',
        LANG: 'C.UTF-8',
      },
    })
  // npx takes a path that begins otherwise for a command.
  const npx = (...args: readonly string[]) => run('npx', ['--yes', `./${basename(archive)}`, ...args])

  it('is what runs', async () => {
    expect(await run('node', ['--version'])).toEqual({ code: 0, out: `v${of}\n`, err: '' })
  })

  it('--version, explain, the demo', async () => {
    expect(await npx('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' })
    expect(await npx('explain', 'intermediate-missing')).toMatchObject({ code: 0, err: '' })
    const demo = await npx('demo')
    expect([demo.code, demo.err]).toEqual([0, ''])
    expect(demo.out).toContain('all 3 servers are accepted (exit 0)')
  })

  it('a check with the kit, replayed', async () => {
    writeFileSync(join(empty, 'root.pem'), farm.root.pem)
    const { code, err } = await npx(
      ...[farm.name, '--server', `127.0.0.1:${farm.servers[0]!.port}`, '--no-proxy', '--aia-allow-private'],
      ...['--trust-anchor', 'root.pem', '--kit', 'fix', '--save', 'case.json'],
    )
    expect([code, err]).toEqual([2, ''])
    expect(readdirSync(join(empty, 'fix'))).toContain('Install-Intermediates.ps1')
    expect(await npx('replay', 'case.json')).toMatchObject({ code: 2, err: '' })
  })

  it('the library', async () => {
    await run('npm', ['install', '--silent', '--no-save', archive])
    const script =
      "import('adfs-check').then(({ judge }) => console.log(judge({ presented: [], anchors: [], at: new Date(0), release: '10' }).kind))"
    expect(await run('node', ['-e', script])).toEqual({ code: 0, out: 'refused\n', err: '' })
  })
})
