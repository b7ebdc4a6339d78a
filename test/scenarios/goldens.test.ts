import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileOf, folder, names, recipeOf, textOf } from './recipe.js'
import { record } from './record.js'
import { goldens, replay } from './render.js'

/** `npm run scenarios -- --render` makes them anew. */
describe('a case gives its goldens byte for byte', () => {
  it.each(names)('%s', async (name) => {
    const files = await goldens(await replay(textOf(name, 'case.json')), recipeOf(name))
    for (const [file, text] of files) expect(text, file).toBe(textOf(name, file))
    const kept = readdirSync(fileOf(name, '.'), { recursive: true }).map(String)
    const rendered = [
      ...files.keys(),
      'recipe.json',
      'case.json',
      ...(files.has('kit/README.md') ? ['kit'] : []),
    ]
    expect(kept.map((file) => file.replaceAll('\\', '/')).sort()).toEqual(rendered.sort())
  })
})

it('the farms answer today as they did when they were recorded', async () => {
  for (const name of [
    'leaf-only',
    'farm-of-three',
    'balancer-alternates',
    'key-of-another',
    'staple-revoked',
  ])
    expect(await record(recipeOf(name).farm), name).toBe(textOf(name, 'case.json'))
})

it('nothing rendered is in a case: another octet of a certificate is another verdict', async () => {
  const text = textOf('all-fine', 'case.json')
  const { certificates } = JSON.parse(textOf('all-fine', 'report.json')).reports[0]
  const leaf = Object.values(certificates as Record<string, { name: string; pem: string }>).find(
    ({ name }) => name === 'sts.contoso.com',
  )!
  const base64 = leaf.pem.replace(/-----[^-]+-----|\s/g, '')
  const spoilt = Buffer.from(base64, 'base64')
  spoilt[spoilt.length - 1]! ^= 1
  expect(text).toContain(base64)
  const { gate } = await replay(text.replaceAll(base64, spoilt.toString('base64')))
  expect(gate.verdict).toBe('critical')
})

it('no private key and no trace of this machine is in the fixtures', () => {
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const text = readFileSync(join(file.parentPath, file.name), 'utf8')
    expect(text, file.name).not.toMatch(/PRIVATE KEY|127\.0\.0\.1|\/(?:home|tmp|root)\//)
  }
})

/** The program as users run it, where the system has no network at all: Linux alone can take it away. */
it('the built program replays every case without a network', () => {
  const out = mkdtempSync(join(tmpdir(), 'adfs-check-'))
  try {
    const tool = join(import.meta.dirname, '../../tools/build.ts')
    expect(spawnSync(process.execPath, ['--import', 'tsx', tool, out], { encoding: 'utf8' }).stderr).toBe('')
    writeFileSync(join(out, 'package.json'), '{ "type": "module" }')
    const isolated = spawnSync('unshare', ['-n', 'true']).status === 0 ? ['unshare', '-n'] : []
    const script =
      'for name in "$@"; do node "$MAIN" replay "$name/case.json" --format "$FORMAT"; printf "\\0"; done'
    for (const [format, file] of [
      ['text', 'report.txt'],
      ['json', 'report.json'],
    ] as const) {
      const [program, ...args] = [...isolated, 'sh', '-c', script, 'sh', ...names]
      const { stdout, stderr } = spawnSync(program!, args, {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
        env: {
          PATH: process.env.PATH,
          LANG: 'C.UTF-8',
          MAIN: join(out, 'main.cjs'),
          FORMAT: format,
          ADFS_CHECK_CODE_CACHE: 'off',
        },
      })
      expect(stderr).toBe('')
      const texts = stdout.split('\0')
      for (const [index, name] of names.entries()) expect(texts[index], name).toBe(textOf(name, file))
    }
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}, 180_000)
