import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { shipped } from '../../tools/bill-of-materials.js'
import { embedded, nodeFolder } from '../../tools/node-packages.js'
import { setChecksum, withoutSignature } from '../../tools/windows-program.js'
import { bundle, root, sumsOf } from './here.js'

const scratch = mkdtempSync(join(tmpdir(), 'adfs-check-again-'))
afterAll(() => rmSync(scratch, { recursive: true }))

it('SHA256SUMS names every file and is right by the tool that people have', () => {
  expect([...sumsOf(bundle).keys()]).toEqual(readdirSync(bundle).filter((file) => file !== 'SHA256SUMS'))
  execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: bundle })
})

it('a second build gives the same bytes', () => {
  execFileSync(process.execPath, ['--import', 'tsx', 'tools/bundle.ts', scratch], { cwd: root })
  expect(sumsOf(scratch)).toEqual(sumsOf(bundle))
})

it('a package that is not what was pinned is neither used nor kept', () => {
  vi.stubEnv('XDG_CACHE_HOME', join(scratch, 'cache'))
  const { version, integrity } = shipped(root).find(({ name }) => name === 'bytestreamjs')!
  const asked = { name: 'bytestreamjs', version }
  expect(() => nodeFolder({ ...asked, integrity: embedded['linux-x64'].integrity })).toThrow(
    'not what was pinned',
  )
  expect(readdirSync(join(scratch, 'cache/adfs-check-node'))).toEqual([])
  expect(readdirSync(nodeFolder({ ...asked, integrity }))).toContain('package.json')
  vi.unstubAllEnvs()
})

it('no file holds where it was made, which would make it another elsewhere', () => {
  for (const file of readdirSync(bundle))
    expect([file, readFileSync(join(bundle, file)).includes(root)]).toEqual([file, false])
})

describe('the bill of materials', () => {
  const text = readFileSync(join(bundle, 'adfs-check.cdx.json'), 'utf8')
  const bill = JSON.parse(text)

  it('is CycloneDX by its schema', () => {
    const schema = (name: string) =>
      JSON.parse(
        readFileSync(
          join(root, `node_modules/@cyclonedx/cyclonedx-library/res/schema/${name}.SNAPSHOT.schema.json`),
          'utf8',
        ),
      )
    const ajv = new Ajv({ strict: false, validateFormats: false, addUsedSchema: false })
    for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'])
      ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
    const valid = ajv.compile(schema('bom-1.6'))
    expect(valid(bill), JSON.stringify(valid.errors)).toBe(true)
    expect(valid({ ...bill, components: [{ type: 'no such type', name: 'x' }] })).toBe(false)
  })

  it('names the files, Node.js and every package that npm installs for a user', () => {
    const files = bill.metadata.component.components as { name: string; hashes: { content: string }[] }[]
    const sums = sumsOf(bundle)
    expect(files.length).toBe(4)
    for (const { name, hashes } of files) expect(hashes[0]!.content).toBe(sums.get(name))
    const named = (bill.components as { name: string; version: string }[]).map(
      ({ name, version }) => `${name}@${version}`,
    )
    const listed = execFileSync('npm', ['ls', '--all', '--omit=dev', '--parseable', '--long'], {
      cwd: root,
      encoding: 'utf8',
    })
    const installed = listed
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(':')[1]!)
    expect(installed.length).toBeGreaterThan(5)
    expect(named.sort()).toEqual([`node@${embedded['linux-x64'].version}`, ...installed].sort())
    const refs = new Set(JSON.stringify(bill.components).match(/(?<="bom-ref":")[^"]+/g))
    for (const { dependsOn } of bill.dependencies)
      for (const ref of dependsOn) expect(refs.has(ref), ref).toBe(true)
  })

  it('holds no path, no time and no host of a registry', () => {
    expect(text).not.toContain(root)
    expect(text).not.toMatch(/https?:\/\/(?!cyclonedx\.org)/)
    expect(text).not.toMatch(/\d{4}-\d\d-\d\dT/)
  })
})

it('the executable for Windows has no signature of somebody else, and the checksum of what it is', () => {
  const program = readFileSync(join(bundle, 'adfs-check.exe'))
  expect(withoutSignature(program)).toBe(program)
  const again = Buffer.from(program)
  setChecksum(again)
  expect(again.equals(program)).toBe(true)
})
