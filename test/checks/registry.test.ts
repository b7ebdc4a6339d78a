import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rules } from '../../src/android/rules.js'
import { type Check, defineCheck } from '../../src/checks/check.js'
import { checks, runChecks } from '../../src/checks/registry.js'
import { contextOf } from './context.js'
import { sound } from './scenarios.js'

const root = resolve(import.meta.dirname, '../..')
const stems = (folder: string, suffix: string): string[] =>
  readdirSync(`${root}/${folder}`)
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
    .sort()
const ids = checks.map(({ id }) => id)

describe('a check, its file and its page bear one name', () => {
  it('in the source', () => {
    const helpers = ['check', 'registry']
    expect(stems('src/checks', '.ts').filter((stem) => !helpers.includes(stem))).toEqual([...ids].sort())
  })

  it('in the pages', () => {
    expect(stems('docs/checks', '.md')).toEqual([...ids].sort())
  })

  it('and the name is in lower case with hyphens, used once', () => {
    for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)+$/)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('a page has every section, in order, and text of its own in each', () => {
  const sections = [
    'What it checks',
    'What Android does',
    'What the user sees',
    'Common causes',
    'How to fix it',
    'How to confirm',
    'Sources',
  ]
  it.each(checks)('$id', ({ id, title }) => {
    const page = readFileSync(`${root}/docs/checks/${id}.md`, 'utf8')
    const [head, ...parts] = page.split(/^## /m)
    expect(head).toBe(`# \`${id}\`: ${title}\n\n`)
    expect(parts.map((part) => part.split('\n', 1)[0])).toEqual(sections)
    for (const part of parts) expect(part.split('\n').slice(1).join('').length).toBeGreaterThan(5)
    expect(page).not.toMatch(/TODO|TBD|FIXME|XXX|lorem|template text|\{[a-z]+\}/i)
    expect(page).toContain('adfs-check sts.contoso.com --server ')
  })
})

describe('every rule of the judge is claimed by exactly one check', () => {
  it.each(Object.keys(rules))('%s', (rule) => {
    const claiming = checks.filter((check) => check.rules.some((claimed) => claimed === rule))
    expect(claiming.map(({ id }) => id)).toHaveLength(1)
  })
})

describe('running', () => {
  const made = (id: string, severity: Check['severity'], run: Check['run']): Check =>
    defineCheck({
      id,
      severity,
      title: id,
      sources: [],
      rules: [],
      run,
      message: () => id,
      steps: () => [],
    })
  const one = { endpoint: null, releases: [], evidence: {} }

  it('puts the most severe first, then the order of the list', () => {
    const list = [
      made('mild', 'info', () => [one]),
      made('grave', 'error', () => [one]),
      made('middling', 'warning', () => [{ ...one, severity: 'error' as const }, one]),
    ]
    expect(runChecks(contextOf(sound), list).map(({ id, severity }) => `${severity} ${id}`)).toEqual([
      'error grave',
      'error middling',
      'warning middling',
      'info mild',
    ])
  })

  it('says so when a check throws, and runs the others', () => {
    const list = [
      made('broken', 'error', () => {
        throw new Error('out of \u001b cheese')
      }),
      made('fine', 'warning', () => [one]),
    ]
    const found = runChecks(contextOf(sound), list)
    expect(found.map(({ id, severity }) => `${severity} ${id}`)).toEqual([
      'warning fine',
      'info check-failed',
    ])
    expect(found[1]).toMatchObject({
      message: expect.stringMatching(/"broken" stopped .* \(out of \\1b cheese\).*undetermined/),
      evidence: { check: 'broken' },
    })
  })

  it('gives the same findings each time', () => {
    expect(runChecks(contextOf(sound))).toEqual(runChecks(contextOf(sound)))
  })
})
