import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import type { ReportDocument } from '../../src/report/schema.js'
import { builtProgram, runBuilt } from '../support/built.js'
import { changingServer } from '../support/changing-server.js'
import { killWithState } from '../support/killing.js'
import { rawServer } from '../support/odd-servers.js'

const name = 'sts.contoso.com'
const root = issue({ subject: 'Contoso Root', ca: true })
const issuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true })
const leaf = issue({ subject: name, issuer: issuing, names: [name, 'fs.fabrikam.com'] })
const [whole, leafOnly] = [[leaf, issuing], [leaf]]
const [first, second] = [await changingServer(leafOnly), await changingServer(whole)]

const built = builtProgram()
const main = join(built, 'main.cjs')
const folder = mkdtempSync(join(tmpdir(), 'adfs-check-state-'))
const anchor = join(folder, 'root.pem')
writeFileSync(anchor, root.pem)
const state = join(folder, 'kept', 'state.json')
afterAll(async () => {
  await first.stop()
  await second.stop()
  for (const path of [folder, dirname(built)]) rmSync(path, { recursive: true })
})
beforeEach(() => {
  rmSync(dirname(state), { recursive: true, force: true })
  first.send(leafOnly)
  second.send(whole)
})

const common = ['--trust-anchor', anchor, '--offline', '--no-proxy']
const both = [name, '--server', first.place, '--server', second.place, ...common, '--state', state]
const checked = async (args: readonly string[] = both) => {
  const { code, out, err } = await runBuilt(main, args, { env: { TZ: 'UTC' } })
  return {
    code,
    err,
    out: out.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'NOW').replaceAll(first.place, 'FIRST'),
  }
}
const ms = 40_000

it(
  'tells at first what is not well, then nothing, then what changed; the exit code is that of the verdict',
  async () => {
    const news = await checked()
    expect(news).toMatchObject({ code: 2, err: '' })
    expect(news.out).toMatch(
      /^sts\.contoso\.com {3}changed, NOW\n {2}FIRST +appeared: refused, leaf only: .*\n(.*\n)* {2}new +the server does not send every[\s\S]*\nResult: 1 of 2 servers refused \(exit 2\)/,
    )
    expect(news.out).not.toContain(second.place)
    expect(await checked()).toEqual({ code: 2, out: '', err: '' })
    first.send(whole)
    const better = await checked()
    expect(better).toMatchObject({ code: 0, err: '' })
    expect(better.out).toMatch(/\n {2}FIRST +fixed\n {2}recovered +the server does not send/)
    expect(await checked()).toEqual({ code: 0, out: '', err: '' })
    expect(readdirSync(dirname(state))).toEqual(['state.json'])
  },
  ms,
)

it(
  'as json all is told, with what changed; with --verbose the report comes after',
  async () => {
    await checked()
    first.send(whole)
    const { out } = await checked([...both, '--verbose'])
    expect(out).toMatch(/^sts\.contoso\.com {3}changed, NOW\n[\s\S]*\n\nsts\.contoso\.com {3}ok for/)
    first.send(leafOnly)
    const { reports } = JSON.parse((await checked([...both, '--format', 'json'])).out) as ReportDocument
    expect(reports[0]!.subjects).toHaveLength(2)
    expect(reports[0]!.changes!.slice(0, 2).map(({ kind }) => kind)).toEqual(['broken', 'new'])
  },
  ms,
)

it(
  'each farm of a policy may have its own, seen from the policy',
  async () => {
    const policy = join(folder, 'adfs-check.yaml')
    writeFileSync(
      policy,
      `farms:
  - { name: ${name}, servers: ["${first.place}"], state: kept/contoso.json }
  - { name: fs.fabrikam.com, servers: ["${second.place}"], state: kept/fabrikam.json }
`,
    )
    const run = () => checked(['--config', policy, ...common])
    expect((await run()).out).toMatch(
      /^sts\.contoso\.com {3}changed[\s\S]*\nAll 2 names: critical \(exit 2\)\n$/,
    )
    expect(readdirSync(dirname(state))).toEqual(['contoso.json', 'fabrikam.json'])
    expect(await run()).toMatchObject({ code: 2, out: '' })
    const quietly = () => checked(['--config', policy, ...common, '--quiet'])
    expect(await quietly()).toEqual({ code: 2, out: '', err: '' })
    first.send(whole)
    const better = await quietly()
    expect(better).toMatchObject({ code: 0, err: '' })
    expect(better.out).toMatch(/\n {2}FIRST +fixed\n/)
    expect(await quietly()).toEqual({ code: 0, out: '', err: '' })
  },
  ms,
)

describe('the file', () => {
  it(
    'is told to be none, before any server is asked, and is left as it is',
    async () => {
      mkdirSync(dirname(state))
      for (const text of ['', '{"stateVersion": 9, "farms": {}}', '{"stateVersion": 1, "farms": {"a": 1}}']) {
        writeFileSync(state, text)
        const before = first.connections
        const { code, out, err } = await checked()
        expect([code, out]).toEqual([4, ''])
        expect(err).toMatch(/state\.json .*; it was not touched\.\n {2}Name another file/)
        expect([readFileSync(state, 'utf8'), first.connections]).toEqual([text, before])
      }
    },
    ms,
  )

  it(
    'may be a link, and what it leads to is replaced',
    async () => {
      mkdirSync(dirname(state))
      const real = join(folder, 'real.json')
      symlinkSync(real, state)
      writeFileSync(real, '{"stateVersion": 1, "farms": {}}')
      await checked()
      expect(readFileSync(real, 'utf8')).toContain(name)
      expect(await checked()).toMatchObject({ out: '' })
    },
    ms,
  )

  it(
    'that cannot be written costs no report',
    async () => {
      const { code, out, err } = await checked([...both.slice(0, -1), '/proc/none/state.json'])
      expect(code).toBe(3)
      expect(out).toContain('Result: 1 of 2')
      expect(err).toMatch(/^adfs-check: \/proc\/none\/state\.json cannot be written/)
    },
    ms,
  )

  it(
    'learns from a run that was ended only of farms that were checked by then',
    async () => {
      await checked()
      const before = readFileSync(state, 'utf8')
      const silent = await rawServer(() => {})
      const args = [...both, '--server', `127.0.0.1:${silent.port}`, '--deadline', '1.5']
      const { code, out, err } = await checked(args)
      expect(readFileSync(state, 'utf8')).toBe(before)
      const policy = join(folder, 'ended.yaml')
      writeFileSync(
        policy,
        `farms:
  - { name: ${name}, servers: ["${second.place}", "127.0.0.1:${silent.port}"], state: kept/state.json }
  - { name: fs.fabrikam.com, servers: ["${first.place}"], state: kept/state.json }
`,
      )
      const half = await checked(['--config', policy, ...common, '--deadline', '1.5'])
      expect(half.out).toMatch(/fs\.fabrikam\.com {3}changed/)
      const after = JSON.parse(readFileSync(state, 'utf8')) as { farms: Record<string, unknown> }
      expect(Object.keys(after.farms)).toEqual(['fs.fabrikam.com', name])
      expect(after.farms[name]).toEqual((JSON.parse(before) as typeof after).farms[name])
      await silent.close()
      expect(code).toBe(3)
      expect(out).toContain('REFUSED')
      expect(err).toMatch(/the report holds what was found until then\.\n$/)
    },
    ms,
  )

  it(
    'holds every farm that runs at once have told of',
    async () => {
      const names = ['a.contoso.com', 'b.contoso.com', 'c.contoso.com', 'd.contoso.com', 'e.contoso.com']
      const runs = names.map((one) => checked([one, '--server', first.place, ...common, '--state', state]))
      expect((await Promise.all(runs)).map(({ err }) => err)).toEqual(names.map(() => ''))
      const { farms } = JSON.parse(readFileSync(state, 'utf8')) as { farms: object }
      expect(Object.keys(farms)).toEqual(names)
      expect(readdirSync(dirname(state))).toEqual(['state.json'])
    },
    ms,
  )

  it('is old or new after a run that was killed, and what that run did not tell is told', async () => {
    const { faults, ends } = await killWithState(main, 10)
    expect(faults).toEqual([])
    expect(Object.values(ends).reduce((sum, one) => sum + one)).toBe(10)
  }, 120_000)
})
