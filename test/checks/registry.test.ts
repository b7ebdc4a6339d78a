import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rules } from '../../src/android/rules.js'
import type { Verdict } from '../../src/android/verdict.js'
import { type Advice, type Case, type Check, defineCheck, found } from '../../src/checks/check.js'
import { checks, couldNotCheck, findingsOf, runChecks } from '../../src/checks/registry.js'
import { examinedFarm, soundPki } from '../support/examined.js'
import { plainWords } from '../support/plain-words.js'

const root = resolve(import.meta.dirname, '../..')
const stems = (folder: string, suffix: string): string[] =>
  readdirSync(`${root}/${folder}`)
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
    .sort()
const ids = checks.map(({ id }) => id)
/** Pages of what no check finds: where to look when all is in order. */
const pagesAlone = ['multiple-domains']

describe('a check, its file and its page bear one name', () => {
  it('in the source', () => {
    const helpers = ['check', 'registry', 'result', 'told']
    expect(stems('src/checks', '.ts').filter((stem) => !helpers.includes(stem))).toEqual([...ids].sort())
  })

  it('in the pages', () => {
    expect(stems('docs/checks', '.md')).toEqual([...ids, ...pagesAlone].sort())
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
  const alone = pagesAlone.map((id) => ({ id, title: 'Users of one domain alone cannot sign in' }))
  it.each([...checks, ...alone])('$id', ({ id, title }) => {
    const page = readFileSync(`${root}/docs/checks/${id}.md`, 'utf8')
    const [head, ...parts] = page.split(/^## /m)
    expect(head).toBe(`# \`${id}\`: ${title}\n\n`)
    // Not every finding shows in an error text.
    const names = parts.map((part) => part.split('\n', 1)[0])
    expect(names.filter((name) => name !== 'Error texts')).toEqual(sections)
    for (const part of parts) expect(part.split('\n').slice(1).join('').length).toBeGreaterThan(5)
    expect(page).not.toMatch(/TODO|TBD|FIXME|XXX|lorem|template text|\{[a-z]+\}/i)
    expect(page).toContain('adfs-check sts.contoso.com --server ')
  })
})

describe('every rule of the judge is claimed by exactly one check', () => {
  it.each(Object.keys(rules))('%s', (rule) => {
    const claiming = checks.filter((check) => (check.rules as readonly string[]).includes(rule))
    expect(claiming.map(({ id }) => id)).toHaveLength(1)
  })
})

it('what could not be looked at is told before what is wrong, and our own faults last', () => {
  expect(ids[0]).toBe('could-not-connect')
  expect(ids.at(-1)).toBe('check-failed')
  for (const id of couldNotCheck) expect(ids).toContain(id)
})

const { root: anchor, intermediate, leaf } = soundPki()
const sent = [leaf, intermediate]
const sound = examinedFarm({ servers: [{ sent }, { sent }], anchors: [anchor], releases: '15..' })
const [first, second] = sound.farm.subjects.map(({ id }) => id) as [string, string]

interface Evidence {
  readonly says: string
  readonly advises?: Advice
}

const made = (id: string, cases: readonly Case<Evidence>[] | Error): Check =>
  defineCheck<string, Evidence>({
    id,
    title: id,
    sources: [],
    rules: [],
    run() {
      if (cases instanceof Error) throw cases
      return found(cases)
    },
    tell: ({ says }) => [says],
    actions: ({ advises }) => (advises ? [advises] : []),
  })
const one = (changes: Partial<Case<Evidence>> = {}): Case<Evidence> => ({
  facet: 'f',
  subject: first,
  releases: ['17'],
  severity: 'critical',
  certificate: null,
  evidence: { says: 'It is so.' },
  ...changes,
})
const told = (...list: readonly Check[]) =>
  findingsOf(runChecks(sound, list)).map(({ id, severity }) => `${severity} ${id}`)

describe('the first finding is the cause', () => {
  it('critical, what could not be checked, warning, info; then the order of the list', () => {
    expect(
      told(
        made('mild', [one({ severity: 'info' })]),
        made('middling', [one({ severity: 'warning' }), one({ facet: 'g', evidence: { says: 'Worse.' } })]),
        made('verdict-undetermined', [one({ severity: 'warning' })]),
        made('grave', [one()]),
      ),
    ).toEqual([
      'critical middling',
      'critical grave',
      'warning verdict-undetermined',
      'warning middling',
      'info mild',
    ])
  })

  it('results keep the order of the list, whatever they came to', () => {
    const results = runChecks(sound, [made('mild', []), made('grave', [one()])])
    expect(results.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'mild pass',
      'grave found',
      'check-failed pass',
    ])
  })
})

describe('cases that read alike', () => {
  const cause = (list: readonly Case<Evidence>[]) => findingsOf(runChecks(sound, [made('cause', list)]))

  it('are told once, with all their servers and releases', () => {
    const [finding, ...more] = cause([one(), one({ subject: second, releases: ['15', '16'] })])
    expect(more).toEqual([])
    expect(finding).toMatchObject({
      key: `cause|${first}|f`,
      subjects: [first, second],
      releases: ['15', '16', '17'],
      cases: [{ key: `cause|${first}|f` }, { key: `cause|${second}|f` }],
    })
  })

  it.each<[string, Partial<Case<Evidence>>]>([
    ['words', { evidence: { says: 'It is otherwise.' } }],
    ['severity', { severity: 'warning' }],
    ['certificate', { certificate: leaf.der.toString() }],
  ])('but not with other %s', (_what, changes) => {
    expect(cause([one(), one({ subject: second, ...changes })])).toHaveLength(2)
  })

  it('advise each server what it needs', () => {
    const importing = (sha256: string): Advice => ({
      action: { verb: 'import', certificates: [sha256], store: 'CA' },
    })
    const advising = (sha256: string) => ({ says: 'It is so.', advises: importing(sha256) })
    const [same] = cause([
      one({ evidence: advising('a') }),
      one({ subject: second, evidence: advising('a') }),
    ])
    expect(same!.advice).toEqual([importing('a')])
    const [each] = cause([
      one({ evidence: advising('a') }),
      one({ subject: second, evidence: advising('b') }),
    ])
    expect(each!.advice).toEqual([
      { ...importing('a'), on: [first] },
      { ...importing('b'), on: [second] },
    ])
  })
})

describe('our own faults', () => {
  it('a check that throws is told, and the others run', () => {
    const results = runChecks(sound, [
      made('broken', new Error('out of \u001b cheese')),
      made('fine', [one()]),
    ])
    expect(results.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'broken undetermined',
      'fine found',
      'check-failed found',
    ])
    const [, fault] = findingsOf(results)
    expect(fault).toMatchObject({ id: 'check-failed', severity: 'warning', key: 'check-failed||broken' })
    // Raw: formats escape.
    expect(plainWords(fault!.words, sound)).toMatch(/check broken stopped .* \(out of \u001b cheese\)/)
  })

  const refuse = (verdict: Verdict): Verdict => ({
    kind: 'refused',
    release: verdict.release,
    reason: { rule: 'blocklisted', certificate: null, detail: 'made up' },
    attempted: [],
  })
  const refused = examinedFarm({
    servers: [{ sent, judged: refuse }],
    anchors: [anchor],
    releases: '16..',
    others: '15',
  })
  const failures = (farm: typeof sound, list: readonly Check[]) =>
    findingsOf(runChecks(farm, list)).filter(({ id }) => id === 'check-failed')

  it('a refusal that no finding owns is one, with its rule and the releases that count', () => {
    const [fault] = failures(refused, [])
    expect(fault).toMatchObject({
      releases: ['16', '17'],
      subjects: [first],
      key: `check-failed|${first}|blocklisted`,
    })
    expect(plainWords(fault!.words, refused)).toMatch(/^Android 16-17 would not .*block list.*made up/)
  })

  it.each<[string, Partial<Case<Evidence>>, number]>([
    ['of those releases', { releases: ['16', '17'] }, 0],
    ['of the whole farm', { releases: ['16', '17'], subject: null }, 0],
    ['of one release only', { releases: ['16'] }, 1],
    ['of another server', { releases: ['16', '17'], subject: second }, 1],
    ['that is only a warning', { releases: ['16', '17'], severity: 'warning' }, 1],
  ])('a finding %s', (_which, changes, faults) => {
    expect(failures(refused, [made('owner', [one(changes)])])).toHaveLength(faults)
  })

  it('a warning owns what depends', () => {
    const depending = examinedFarm({
      servers: [
        {
          sent,
          judged: ({ release }) => ({
            kind: 'depends',
            release,
            on: 'security-patch',
            reason: { rule: 'host-name', certificate: null, detail: '' },
            path: null,
            needs: [],
          }),
        },
      ],
      releases: '17',
    })
    expect(failures(depending, [made('owner', [one({ severity: 'warning' })])])).toEqual([])
    expect(failures(depending, [made('owner', [one({ severity: 'info' })])])).toHaveLength(1)
  })
})

it('the same farm gives the same results each time', () => {
  expect(runChecks(sound)).toEqual(runChecks(sound))
})
