import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseReleaseRange } from '../../src/android/releases.js'
import { run } from '../../src/cli/program.js'
import { fields } from '../../src/farm/policy-fields.js'
import { formatNames } from '../../src/formats/names.js'
import * as library from '../../src/index.js'
import { codeOf, pages, repository, textOf } from './written.js'

const isThere = (path: string) => existsSync(join(repository, path))
const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
const markdown = pages.filter((page) => page.endsWith('.md'))

interface Link {
  readonly to: string
  readonly anchor: string | undefined
}

function linksOf(page: string): readonly Link[] {
  const prose = textOf(page).replace(/^```[\s\S]*?^```/gm, '')
  return [...prose.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, to, anchor]) => ({
    to: to === '' ? page : join(dirname(page), to!).replaceAll('\\', '/'),
    anchor,
  }))
}

describe('what pages name is there', () => {
  it.each(markdown)('%s', (page) => {
    for (const { to, anchor } of linksOf(page)) {
      expect(isThere(to), to).toBe(true)
      if (anchor === undefined) continue
      const headings = [...textOf(to).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading!))
      expect(headings, to).toContain(anchor)
    }
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }
    for (const code of codeOf(page)) {
      for (const [, script] of code.matchAll(/\bnpm run ([\w:-]+)/g))
        expect(Object.keys(scripts)).toContain(script)
      for (const [path] of code.matchAll(
        /(?<![\w./@-])(?:src|test|docs|fixtures|tools|bench|\.ci)\/[\w./-]*(?![\w<*])/g,
      ))
        expect(isThere(path), path).toBe(true)
    }
  })

  it('and every page can be reached from the index', () => {
    const reached = linksOf('docs/README.md').map(({ to }) => to)
    const isReached = (page: string) => reached.some((to) => page === to || page.startsWith(`${to}/`))
    expect(
      markdown.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md' && !isReached(page)),
    ).toEqual([])
  })
})

async function optionsOf(...command: readonly string[]): Promise<readonly string[]> {
  let out = ''
  await run([...command, '--help'], {
    out: { write: (text) => (out += text) },
    err: { write: () => {} },
    env: {},
    platform: 'linux',
    now: new Date(0),
    signal: new AbortController().signal,
  })
  return [...out.matchAll(/^ {2}(?:-\w, )?(--[a-z][a-z0-9-]*)/gm)].map(([, option]) => option!)
}

const commands = [
  [],
  ['init'],
  ['file'],
  ['renewed'],
  ['lock'],
  ['replay'],
  ['join'],
  ['demo'],
  ['android'],
  ['android', 'roots'],
  ['completion'],
]
const offered = new Set((await Promise.all(commands.map((command) => optionsOf(...command)))).flat())
const named = (page: string) =>
  new Set(codeOf(page).flatMap((code) => [...code.matchAll(/(?<=^|\s)--[a-z][a-z0-9-]*/g)].map(([it]) => it)))

describe('options', () => {
  it('of every command stand in its page', async () => {
    const page = named('docs/reference/command-line.md')
    const ofFile = named('docs/reference/file.md')
    for (const command of commands) {
      const known = command[0] === 'file' || command[0] === 'renewed' ? new Set([...page, ...ofFile]) : page
      const options = await optionsOf(...command)
      expect(options).toContain('--help')
      expect(
        options.filter((option) => !known.has(option)),
        command.join(' '),
      ).toEqual([])
    }
  })

  it.each(markdown)('that %s names exist', (page) => {
    // What begins with an option is ours; the options of others stand after their names.
    const options = codeOf(page).flatMap((code) => /^--[a-z][a-z0-9-]*/.exec(code) ?? [])
    expect(options.filter((option) => !offered.has(option))).toEqual([])
  })
})

describe('reference', () => {
  const inlineOf = (page: string) =>
    [...textOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!.replace(/\(.*/, ''))

  it('has every export and every option of the library', () => {
    const options = [
      ...textOf('src/run/options.ts')
        .split('\n}', 1)[0]!
        .matchAll(/^ {2}readonly (\w+)\?:/gm),
    ]
    expect(options.length).toBeGreaterThan(15)
    const wanted = [...Object.keys(library), ...options.map(([, option]) => option!)]
    const page = inlineOf('docs/reference/library.md')
    expect(wanted.filter((name) => !page.includes(name))).toEqual([])
  })

  it('shows ranges of releases that are read', () => {
    const [, row] = /^\| `--android RANGE` \| (.*) \|$/m.exec(textOf('docs/reference/command-line.md'))!
    const ranges = [...row!.matchAll(/`([^`]+)`/g)].map(([, range]) => range!)
    expect(ranges.slice(0, 2)).toEqual(['supported', 'all'])
    for (const range of ranges.slice(2)) expect(parseReleaseRange(range), range).not.toEqual([])
  })

  it('says rightly that fields of the policy are options', () => {
    const { waivers: _, ...options } = fields.policy
    expect(Object.keys(options).filter((name) => !offered.has(`--${name}`))).toEqual([])
  })

  it('has every format', () => {
    const rows = [...textOf('docs/reference/formats.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
    expect(rows.sort()).toEqual([...formatNames].sort())
  })
})

it('the screen in README.md is what the program prints', () => {
  const [, screen] = /```console\n\$ adfs-check [^\n]*\n([\s\S]*?)```/.exec(textOf('README.md'))!
  expect(screen).toBe(textOf('fixtures/scenarios/leaf-only/report.txt'))
})
