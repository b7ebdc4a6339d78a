import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { formatNames } from '../../src/formats/registry.js'
import { fileOf } from '../scenarios/recipe.js'
import { runCli } from '../support/run-cli.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-outputs-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(at(name), { recursive: true })
})

async function cli(...args: readonly string[]) {
  return runCli(args, { now: new Date('2026-11-24T08:00:00Z') })
}
const replay = (scenario: string, ...args: readonly string[]) =>
  cli('replay', fileOf(scenario, 'case.json'), ...args)

describe('--output', () => {
  it('writes every format of one run, each as standard output would have it, and leaves nothing else', async () => {
    const outputs = formatNames.flatMap((name) => ['--output', `${name}=${at(name)}`])
    const { code, out } = await replay('farm-of-three', '--format', 'json', ...outputs)
    expect(code).toBe(2)
    expect(readFileSync(at('json'), 'utf8')).toBe(out)
    for (const name of formatNames)
      expect(readFileSync(at(name), 'utf8'), name).toBe((await replay('farm-of-three', '--format', name)).out)
    expect(readdirSync(folder).sort()).toEqual([...formatNames].sort())
  })

  it('a page can be judged anew, to the letter, and holds itself again', async () => {
    const page = at('page.html')
    for (const scenario of ['hostile-text', 'farm-of-three']) {
      const { out } = await replay(scenario, '--output', `html=${page}`)
      expect(readFileSync(page, 'utf8').match(/<script/g)).toHaveLength(1)
      expect((await cli('replay', page)).out).toBe(out)
      expect((await cli('replay', page, '--format', 'html')).out).toBe(readFileSync(page, 'utf8'))
    }
    writeFileSync(page, '<!DOCTYPE html><p>no case</p>')
    const { code, err } = await cli('replay', page)
    expect(code).toBe(4)
    expect(err).toContain('is a page without a case')
  })

  it('replaces a file, and writes to what a link leads to', async () => {
    writeFileSync(at('old'), 'old')
    symlinkSync(at('old'), at('link'))
    await replay('all-fine', '--quiet', '--output', `csv=${at('link')}`)
    expect(readFileSync(at('old'), 'utf8')).toMatch(/^target,/)
    expect(readFileSync(at('link'), 'utf8')).toBe(readFileSync(at('old'), 'utf8'))
  })

  it('a file that cannot be written costs neither the report nor the other files, and ends with 3', async () => {
    const args = ['--output', `csv=${at('no/such/folder')}`, '--output', `junit=${at('here')}`]
    const { code, out, err } = await replay('leaf-only', ...args)
    expect(code).toBe(3)
    expect(out).toContain('REFUSED')
    expect(err).toContain('cannot be written')
    expect(readFileSync(at('here'), 'utf8')).toContain('<failure')
  })

  it.each(['junit', 'junit=', 'xml=report.xml', '=x'])('%s is bad usage', async (value) => {
    const { code, err } = await replay('leaf-only', '--output', value)
    expect(code).toBe(4)
    expect(err).toContain('FORMAT=FILE')
  })

  it('the same file twice is bad usage', async () => {
    expect((await replay('leaf-only', '--output', 'csv=x', '--output', 'json=x')).code).toBe(4)
  })
})

describe('--format nagios', () => {
  it.each([
    ['all-fine', 0, 'OK'],
    ['leaf-expiring', 1, 'WARNING'],
    ['leaf-only', 2, 'CRITICAL'],
    ['unreachable', 2, 'CRITICAL'],
    ['name-unknown', 2, 'CRITICAL'],
  ])('%s ends with %i', async (scenario, expected, state) => {
    const { code, out } = await replay(scenario, '--format', 'nagios')
    expect(code).toBe(expected)
    expect(out).toMatch(new RegExp(`^ADFS-CHAIN ${state} - `))
  })

  it.each([
    ['--format', 'nagios', '--no-such-option'],
    ['--format=nagios', 'sts.contoso.com', '--port', '0'],
    ['--format', 'nagios'],
    ['replay', '/no/such/case.json', '--format', 'nagios'],
  ])('bad usage is UNKNOWN, on standard output: %s %s %s', async (...args) => {
    const { code, out } = await cli(...args)
    expect(code).toBe(3)
    expect(out).toMatch(/^ADFS-CHAIN UNKNOWN - /)
  })

  it('as a file it changes no exit code', async () => {
    expect((await replay('unreachable', '--output', `nagios=${at('nagios')}`)).code).toBe(3)
    expect((await cli('--output', 'nagios=x', '--no-such-option')).code).toBe(4)
  })
})

it('--quiet prints nothing in any format where all is fine, and all of it where it is not', async () => {
  for (const name of formatNames) {
    expect((await replay('all-fine', '--quiet', '--format', name)).out, name).toBe('')
    const { out } = await replay('leaf-only', '--quiet', '--format', name)
    expect(out, name).toBe((await replay('leaf-only', '--format', name)).out)
  }
})
