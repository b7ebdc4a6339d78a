import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Machine } from '../../src/cli/machine.js'
import { run } from '../../src/cli/program.js'
import { startWholeFarm } from '../../src/demo/whole-farm.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-farm-demo-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function cli(args: readonly string[], signal = new AbortController().signal, seen = (_: string) => {}) {
  let [out, err] = ['', '']
  const machine: Machine = {
    out: {
      write: (text) => {
        out += text
        seen(out)
      },
    },
    err: { write: (text) => (err += text) },
    env: { LANG: 'C.UTF-8' },
    platform: 'linux',
    now: new Date(),
    signal,
  }
  return { code: await run(args, machine), out, err }
}

describe.runIf(process.platform === 'linux')('the farm of the demo', () => {
  it('has four machines that phones refuse, and none once each is mended', async () => {
    const farm = await startWholeFarm(new Date())
    try {
      const config = join(folder, 'adfs-check.yaml')
      writeFileSync(join(folder, 'root.pem'), farm.root.pem)
      writeFileSync(config, farm.inventory('root.pem'))
      const check = (...more: string[]) => cli(['--config', config, '--no-proxy', ...more])
      const before = await check()
      expect(before.code).toBe(2)
      expect(before.out).toContain('(6 servers checked under 3 names and on 2 ports, 4 refused)')
      // The certificate of last year is shown to no phone.
      expect((await check('--format', 'nagios')).out).toMatch(/'days_leaf'=340\.\d+;/)
      const page = (await check('--format', 'markdown')).out
      expect(page).toMatch(/^\| `adfs3` `sts\.contoso\.test@\S+:8443` \| leaf \+ 1 \| accepted/m)
      const state = ['--state', join(folder, 'state.json')]
      await check(...state)
      for (const one of farm.machines) one.mend()
      const after = await check()
      expect([after.code, after.err]).toEqual([0, ''])
      // What is so of a whole machine is one line.
      const { out } = await check(...state)
      expect(out.match(/^ {2}\S.* {2}fixed$/gm)).toEqual(
        ['adfs1', 'wap1 ', 'wap2 ', 'lb1  '].map((name) => `  ${name}  fixed`),
      )
    } finally {
      await farm.close()
    }
  })

  it('prints what is to be typed in a second terminal, which works, and ends with Ctrl-C', async () => {
    const stop = new AbortController()
    let checked: Promise<{ code: number; out: string }> | null = null
    const { code, out } = await cli(['demo', '--farm'], stop.signal, (text) => {
      const command = /^ +adfs-check (--config \S+ --no-proxy) --watch/m.exec(text)?.[1]
      if (command === undefined || checked) return
      checked = cli(command.split(' ')).finally(() => stop.abort())
    })
    expect(code).toBe(0)
    expect(out).toMatch(/^ {3}lb1 {3}127\.\d+\.\d+\.14 {2}sends the root in place of the intermediate$/m)
    expect(await checked).toMatchObject({ code: 2 })
  })

  it('has no kit to write and nothing to keep', async () => {
    const { code, err } = await cli(['demo', '--farm', '--keep'])
    expect(code).toBe(4)
    expect(err).toContain('--keep')
  })
})
