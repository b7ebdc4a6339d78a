import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { issue } from '../src/demo/authority.js'
import { tlsServer } from '../test/support/tls-server.js'
import { findWine, installWindows, windows } from '../test/windows/wine.js'
import { embedded, nodeProgram } from '../tools/node-packages.js'
import { median } from './measure.js'

/**
 * `npm run bench -- bundle`, as Markdown: what each file costs beside `node dist/main.cjs`, all in turns on this machine;
 * the least time to the end, the median of CPU and memory.
 * Needs `npm run bundle`, and Debian's `time`, which knows the memory of any program.
 */
const root = resolve(import.meta.dirname, '..')
const rounds = 7

interface Took {
  readonly wallMs: number
  readonly cpuMs: number
  readonly megabytes: number
}

export async function benchBundle(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'adfs-check-bench-bundle-'))
  const authority = issue({ subject: 'Bench Root', ca: true })
  const issuing = issue({ subject: 'Bench CA', issuer: authority, ca: true })
  const leaf = issue({ subject: 'sts.example', issuer: issuing, names: ['sts.example'] })
  const server = await tlsServer([leaf, issuing])
  writeFileSync(join(folder, 'root.pem'), authority.pem)
  const check = ['sts.example', `--server=127.0.0.1:${server.port}`, '--trust-anchor=root.pem', '--offline']
  const wine = findWine()
  const prefix = join(folder, 'wine')
  const at = (path: string) => join(root, path)
  const main = at('dist/main.cjs')
  const bare = nodeProgram(embedded['linux-x64'])
  const { version } = embedded['linux-x64']
  const alone = at('dist/adfs-check.cjs')
  const [linux, exe] = [at('dist-bundle/adfs-check-linux-x64'), at('dist-bundle/adfs-check.exe')]
  const programs: [name: string, command: string[], file: string | null][] = [
    [`node dist/main.cjs, Node.js ${process.versions.node}`, [process.execPath, main], null],
    [`the same, Node.js ${version}`, [bare, main], null],
    ['the same without its code cache', [bare, main], null],
    [`node dist/adfs-check.cjs, Node.js ${version}`, [bare, alone], alone],
    ['adfs-check-linux-x64', [linux], linux],
  ]
  if (wine) programs.push(['adfs-check.exe under Wine', [wine, exe], exe])
  try {
    if (wine) installWindows(wine, prefix)
    console.log('| program | size, MB | `--version`, ms | a check, ms | of that CPU, ms | memory, MB |')
    console.log('|---|--:|--:|--:|--:|--:|')
    const env = (name: string) => ({
      ...process.env,
      HOME: folder,
      WINEPREFIX: prefix,
      WINEDEBUG: '-all',
      ...(name.includes('without') ? { ADFS_CHECK_CODE_CACHE: 'off' } : {}),
    })
    const took = new Map(programs.map(([name]) => [name, { version: [] as Took[], check: [] as Took[] }]))
    for (let round = 0; round < rounds; round++)
      for (const [name, command] of programs) {
        // Not counted: it fills the caches, and Wine's own server has gone in the meantime.
        await run([...command, ...check], folder, env(name))
        took.get(name)!.version.push(await run([...command, '--version'], folder, env(name)))
        took.get(name)!.check.push(await run([...command, ...check], folder, env(name)))
      }
    for (const [name, , file] of programs) {
      const { version, check } = took.get(name)!
      const of = (list: readonly Took[], what: keyof Took) => median(list.map((it) => it[what])).toFixed(0)
      // Other work on the machine only ever adds.
      const least = (list: readonly Took[]) => Math.min(...list.map(({ wallMs }) => wallMs)).toFixed(0)
      const size = file === null ? '' : (statSync(file).size / 1e6).toFixed(1)
      const cells = [name, size, least(version), least(check), of(check, 'cpuMs'), of(check, 'megabytes')]
      console.log(`| ${cells.join(' | ')} |`)
    }
  } finally {
    await server.close()
    if (wine && existsSync(prefix)) windows(wine, prefix, '').close()
    rmSync(folder, { recursive: true, maxRetries: 10, retryDelay: 100 })
  }
}

async function run(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Took> {
  const told = join(cwd, 'took')
  const start = performance.now()
  const child = spawn('/usr/bin/time', ['-o', told, '-f', '%U %S %M', ...command], {
    cwd,
    env,
    stdio: 'ignore',
  })
  const [code] = (await once(child, 'close')) as [number]
  const wallMs = performance.now() - start
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`)
  const [user, system, kilobytes] = readFileSync(told, 'utf8').trim().split(' ').map(Number)
  return { wallMs, cpuMs: (user! + system!) * 1_000, megabytes: kilobytes! / 1_000 }
}
