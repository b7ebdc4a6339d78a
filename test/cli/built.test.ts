import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { startFarm } from '../../src/demo/farm.js'
import type { ReportDocument } from '../../src/report/schema.js'
import { version } from '../../src/version.js'
import { builtProgram, runBuilt } from '../support/built.js'

const built = builtProgram()
const farm = await startFarm()
const scratch = mkdtempSync(join(tmpdir(), 'adfs-check-one-file-'))
const anchor = join(scratch, 'root.pem')
writeFileSync(anchor, farm.root.pem)
afterAll(async () => {
  await farm.close()
  for (const path of [dirname(built), scratch]) rmSync(path, { recursive: true })
})
const check = (index: number) => [
  farm.name,
  `--server=127.0.0.1:${farm.servers[index]!.port}`,
  ...['--trust-anchor', anchor, '--aia-allow-private', '--no-proxy'],
]

describe('one file, alone in an empty folder, holds everything', () => {
  const stick = mkdtempSync(join(tmpdir(), 'adfs-check-stick-'))
  copyFileSync(join(built, 'adfs-check.cjs'), join(stick, 'adfs-check.cjs'))
  afterAll(() => rmSync(stick, { recursive: true }))
  const alone = (...args: string[]) => runBuilt('adfs-check.cjs', args, { cwd: stick })

  it('--version and --help', async () => {
    expect(await alone('--version')).toMatchObject({ code: 0, out: `${version}\n`, err: '' })
    expect((await alone('--help')).out).toContain('Exit codes:')
  })

  it('the pages', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/checks/weak-key.md'), 'utf8')
    const { code, out } = await alone('explain', 'weak-key')
    expect(code).toBe(0)
    expect(out).toContain(/^# (?:`[^`]*`: )?(.+)$/m.exec(page)![1])
    expect((await alone('explain')).out).toMatch(/^intermediate-missing /m)
  })

  it('the trust stores', async () => {
    expect((await alone('android', 'roots', '--release', '7.1', 'isrg root x1')).out).toContain('96bcec06')
  })

  it('a check with the kit: script, issuer, PKCS #7', async () => {
    const { code, err } = await alone(...check(0), '--kit', 'fix')
    expect([code, err]).toEqual([2, ''])
    const names = readdirSync(join(stick, 'fix'))
    expect(names).toContain('Install-Intermediates.ps1')
    const p7b = names.find((name) => name.endsWith('.p7b'))!
    const cer = names.find((name) => name.endsWith('.cer'))!
    // What it wrote it reads again, by the libraries that it carries.
    for (const file of [p7b, cer]) {
      const given = ['--offline', '--intermediates', join('fix', file), '--format', 'json']
      const { out } = await alone(...check(0), ...given)
      const [report] = (JSON.parse(out) as ReportDocument).reports
      expect(report!.subjects[0]!.repairs[0]!.add.map(({ origin }) => origin)).toEqual(['operator'])
    }
  })

  it('the demo, to green', async () => {
    const { code, out, err } = await alone('demo', '--ascii')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/all 3 servers are accepted \(exit 0\)[^\n]*\n$/)
  })
})

describe.skipIf(process.platform === 'win32')('compiled code is kept for the next run', () => {
  const home = mkdtempSync(join(tmpdir(), 'adfs-check-cache-'))
  const cache = join(home, 'adfs-check')
  const [file] = [join(cache, `${process.version}-${process.arch}.bin`)]
  const env = { XDG_CACHE_HOME: home, ADFS_CHECK_CODE_CACHE: '' }
  const main = join(built, 'main.cjs')
  afterAll(() => rmSync(home, { recursive: true }))
  const run = (more: Record<string, string> = {}) => runBuilt(main, check(1), { env: { ...env, ...more } })

  it('by a folder and a file that only the user can read and write', async () => {
    expect(await run()).toMatchObject({ code: 0, err: '' })
    expect([statSync(cache).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600])
    const bytes = readFileSync(file)
    expect(await run()).toMatchObject({ code: 0, err: '' })
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })

  it('what was tampered with, or belongs to another program, is not run but replaced', async () => {
    const sound = readFileSync(file)
    const other = Buffer.from(sound)
    other[other.length >> 1]! ^= 1
    writeFileSync(file, other)
    expect(await run()).toMatchObject({ code: 0, err: '' })
    expect(readFileSync(file).equals(other)).toBe(false)
  })

  it('nothing is read or written where others may write, or where it is off', async () => {
    chmodSync(cache, 0o770)
    rmSync(file)
    expect((await run()).code).toBe(0)
    expect(readdirSync(cache)).toEqual([])
    chmodSync(cache, 0o700)
    for (const off of [{ ADFS_CHECK_CODE_CACHE: 'off' }, { NODE_DISABLE_COMPILE_CACHE: '1' }]) {
      expect((await run(off)).code).toBe(0)
      expect(readdirSync(cache)).toEqual([])
    }
  })

  it('a home that cannot be written changes nothing', async () => {
    expect(await run({ XDG_CACHE_HOME: '/proc' })).toMatchObject({ code: 0, err: '' })
  })
})
