import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ReportDocument } from '../../src/report/schema.js'
import type { Step } from './cut-off.js'
import { root } from './here.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-offline-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A network of its own, in which loopback is brought up and nothing else is. */
const cutOff = ['unshare', '--map-root-user', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
const run = (command: readonly string[]) => {
  const [program, ...args] = [...cutOff, ...command]
  return spawnSync(program!, args, { cwd: root, encoding: 'utf8', timeout: 150_000 })
}
const isPossible = run(['true']).status === 0
if (!isPossible && process.env.CI)
  throw new Error('no network can be made here (Debian: apt-get install iproute2)')

describe.skipIf(!isPossible)('the executable where there is no network', () => {
  const { stdout, stderr } = run([
    process.execPath,
    ...['--import', 'tsx', join(import.meta.dirname, 'cut-off.ts'), folder],
  ])
  if (stdout === '') throw new Error(stderr)
  const steps = new Map((JSON.parse(stdout) as Step[]).map((step) => [step.step, step]))
  const step = (name: string) => steps.get(name)!

  it('with --offline nothing is asked for, not even a name', () => {
    for (const name of ['alone', 'folder', 'ccadb', 'json', 'mended', 'explain', 'file'])
      expect([name, step(name).sent]).toMatchObject([name, { datagrams: 0, withoutRoute: 0 }])
    // Each connection is one that the report tells of.
    const { reports } = JSON.parse(step('json').out) as ReportDocument
    const told = reports.flatMap(({ subjects }) => subjects).flatMap(({ connections }) => connections)
    expect(told.length).toBeGreaterThan(0)
    expect(step('json').sent.connections).toBe(told.length)
    for (const name of ['explain', 'file']) expect(step(name).sent.connections).toBe(0)
  })

  it('without --offline something is, which the kernel counts, and the report says that it failed', () => {
    const { code, out, sent } = step('online')
    expect(code).toBe(2)
    expect(sent.datagrams + sent.withoutRoute).toBeGreaterThan(0)
    expect(out).toContain('http://pki.contoso.com/issuing.cer')
  })

  it('says what is missing and where it is to be had', () => {
    const { code, out, err } = step('alone')
    expect([code, err]).toEqual([2, ''])
    expect(out).toContain('Contoso Issuing CA')
    expect(out).toContain('http://pki.contoso.com/issuing.cer')
    expect(step('explain')).toMatchObject({ code: 0, err: '' })
  })

  it.each(['folder', 'ccadb'])('makes the whole kit from a %s', (name) => {
    const { code, out, err, kit } = step(name)
    expect([code, err]).toEqual([2, ''])
    expect(out).toContain('Install-Intermediates.ps1')
    expect(kit).toEqual(
      expect.arrayContaining(['Install-Intermediates.ps1', 'README.md', 'SHA256SUMS', 'intermediates.p7b']),
    )
    expect(kit.filter((file) => file.endsWith('.cer'))).toHaveLength(1)
    const script = readFileSync(
      join(folder, name === 'folder' ? 'kit-1' : 'kit-2', 'Install-Intermediates.ps1'),
      'utf8',
    )
    expect(script).not.toMatch(/Invoke-WebRequest|Invoke-RestMethod|DownloadFile|Install-Module/i)
  })

  it('is green when the server sends it, and runs its demo', () => {
    expect(step('mended')).toMatchObject({ code: 0, err: '' })
    expect(step('demo')).toMatchObject({ code: 0, err: '' })
  })
})
