import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { run } from '../../src/cli/program.js'
import { issue } from '../../src/demo/authority.js'
import { check } from '../../src/index.js'
import { tlsServer } from '../support/tls-server.js'
import { codeOf, pages, textOf, wordsOf } from './written.js'

/** The farm of the pages: whatever is not on loopback leads to one server, and its authority's files are there. */
const farm = vi.hoisted(() => ({
  port: 0,
  aia: new Uint8Array() as Uint8Array,
  realm: Buffer.from('{"NameSpaceType":"Federated","AuthURL":"https://sts.contoso.com/adfs/ls/"}'),
}))
vi.mock('../../src/network/live/live.js', async (original) => {
  const { live } = await original<typeof import('../../src/network/live/live.js')>()
  const isHere = (text: string) => text.includes('127.0.0.1')
  return {
    live: (options: Parameters<typeof live>[0]): ReturnType<typeof live> => {
      const network = live(options)
      return {
        resolve: async () => ({ kind: 'found', addresses: ['203.0.113.10', '203.0.113.11'], left: 0 }),
        probe: (at, offer, nth) =>
          network.probe(
            isHere(at.address) ? at : { ...at, address: '127.0.0.1', port: farm.port },
            offer,
            nth,
          ),
        fetch: async (ask) =>
          isHere(ask.url)
            ? network.fetch(ask)
            : { kind: 'fetched', redirects: [], body: ask.purpose === 'realm' ? farm.realm : farm.aia },
      }
    },
  }
})

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-docs-'))
const home = process.cwd()
const name = 'sts.contoso.com'
const root = issue({ subject: 'Contoso Root', ca: true })
const issuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true })
const leaf = issue({
  subject: name,
  issuer: issuing,
  names: [name],
  caIssuers: ['http://pki.contoso.com/issuing.cer'],
  notBefore: new Date('2026-11-01'),
  notAfter: new Date('2027-11-01'),
})
const server = await tlsServer([leaf])
farm.port = server.port
farm.aia = issuing.der

async function cli(args: readonly string[]) {
  let out = ''
  let err = ''
  const code = await run(args, {
    out: { write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    env: { LANG: 'C.UTF-8' },
    platform: 'linux',
    now: new Date('2026-11-24T12:00:00Z'),
    secret: async () => 'secret',
    signal: new AbortController().signal,
  })
  return { code, out, err }
}

beforeAll(async () => {
  process.chdir(folder)
  for (const [file, text] of [
    ['root.pem', root.pem],
    ['targets.txt', `${name}\n`],
    ['contoso-root.pem', root.pem],
    ['leaf.pem', leaf.pem + issuing.pem],
    ['leaf.key', leaf.keyPem],
    ['adfs-check.yaml', /```yaml\n(policy:[\s\S]*?)```/.exec(textOf('docs/reference/policy.md'))![1]!],
  ] as const)
    writeFileSync(file, text)
  const pfx = ['pkcs12', '-export', '-inkey', 'leaf.key', '-in', 'leaf.pem']
  for (const file of ['NEW.pfx', 'OLD.pfx'])
    execFileSync('openssl', [...pfx, '-out', file, '-passout', 'pass:secret'])
  await cli([name, '--save', 'case.json'])
  for (const place of ['inside', 'outside']) await cli([name, '--save', `${place}-case.json`])
  await cli(['lock', name])
})
afterAll(async () => {
  process.chdir(home)
  await server.close()
  rmSync(folder, { recursive: true })
})

const program = /^(?:\$ |- )?(?:npx --yes )?"?(?:adfs-check(?:@[^\s"]+)?|node \S*(?:adfs-check|main)\.cjs)"? /

/** What a reader puts in, and what a shell does. */
const standsFor: Record<string, readonly string[]> = {
  NAME: [name],
  '…': [name],
  $ADFS_NAME: [name],
  '$CI_NODE_INDEX/$CI_NODE_TOTAL': ['1/1'],
  '${targets[@]}': [name],
  '${options[@]}': ['--server', '10.0.0.5'],
  FOLDER: ['fix'],
  ID: ['intermediate-missing'],
  SHELL: ['bash'],
  '[SUBJECT]': ['DigiCert'],
}
const argsOf = (code: string): readonly string[] =>
  wordsOf(code.replace(program, ''))
    .flatMap((word) => standsFor[word] ?? [word])
    // Folders of the machine that runs it.
    .map((word) => word.replace(/=(\$out|\/var\/lib)\//, '=out/'))

/** Command lines by what is run, with where each stands first. */
const lines = new Map<string, { readonly from: string; readonly args: readonly string[] }>()
const found = (code: string, from: string) => {
  if (!program.test(code)) return
  const args = argsOf(code)
  const shown = ['adfs-check', ...args].join(' ')
  if (!lines.has(shown)) lines.set(shown, { from, args })
}
const { out: help } = await cli(['--help'])
for (const line of help.split('\n')) found(line.trim().replace(/ {2,}.*/, ''), '--help')
for (const page of [...pages, 'action.yml']) for (const code of codeOf(page)) found(code, page)

/** Files that a command line says it writes. */
const writtenBy = (args: readonly string[]): readonly string[] =>
  args.flatMap((arg, index) => {
    if (arg === '--kit' || arg === '--save' || (arg === '--config' && args[0] === 'init'))
      return [args[index + 1]!]
    return arg === '--output' ? [args[index + 1]!.replace(/^\w+=/, '')] : []
  })

it('the program in README.md runs', async () => {
  const [, code] = /```ts\nimport \{ check \} from 'adfs-check'\n([\s\S]*?)```/.exec(textOf('README.md'))!
  const printed: unknown[] = []
  const shown = { log: (...values: unknown[]) => void printed.push(...values) }
  const at = new Date('2026-11-24T12:00:00Z')
  const script = new Function('check', 'console', `return (async () => {${code}})()`)
  await script((target: string) => check(target, { at }), shown)
  expect(printed).toEqual(['critical', expect.stringContaining('Contoso Issuing CA')])
})

/** As it is run here: a watch of this farm would not end, and what init writes by default is the file of other lines. */
const endingQuietly = (args: readonly string[]): readonly string[] => {
  if (args.includes('--watch')) return [...args, '--watch-timeout', '1']
  return args[0] === 'init' ? [...args, '--config', 'new.yaml'] : args
}

describe('command lines of the pages', () => {
  it('are found in the pages, in --help and in the action', () => {
    const from = [...lines.values()].map((line) => line.from)
    for (const page of ['--help', 'README.md', 'action.yml', 'docs/guides/ci.md', 'docs/reference/file.md'])
      expect(from).toContain(page)
    expect(lines.size).toBeGreaterThan(40)
  })

  it.each([...lines])('%s', async (_, { from, args: shown }) => {
    const args = endingQuietly(shown)
    const written = writtenBy(args)
    for (const file of written) {
      rmSync(file, { recursive: true, force: true })
      mkdirSync(dirname(file), { recursive: true })
    }
    const { code, out, err } = await cli(args)
    // The root of the pages' farm is nobody's: refused is right, "could not check" and "bad usage" are not.
    expect([0, 1, 2], `${from}: ${err}`).toContain(code)
    expect(err).not.toMatch(/^adfs-check: error|fault of adfs-check/m)
    const isNews = !args.some((arg) => /^--(quiet|config|state(=.*)?)$/.test(arg))
    if (isNews) expect(out).not.toBe('')
    for (const file of written) expect(existsSync(file), file).toBe(true)
  })
})
