import { expect, it } from 'vitest'
import { formatNames } from '../../src/formats/registry.js'
import type { Gated } from '../../src/gate/gate.js'
import { hostile, hostileReport } from '../support/hostile-report.js'
import { rendered } from './rendered.js'

const gated = await hostileReport()
/** The same words where DNS, Microsoft, a policy and a file of --state have their say. */
const { farm, subjects } = gated.report
const change = { at: gated.report.at, subject: null, name: hostile, case: null, was: null, is: null }
const beside: Gated = {
  ...gated,
  report: {
    ...gated.report,
    farm: {
      ...farm,
      leftOut: [
        { name: hostile, reason: 'unknown', detail: hostile },
        { name: 'left.contoso.com', reason: 'elsewhere', detail: '192.0.2.1' },
      ],
      unresolved: [{ host: hostile, reason: 'not-found', detail: hostile }],
      owner: hostile,
    },
    subjects: subjects.map((one) => ({ ...one, node: hostile, label: hostile })),
  },
}
const changed: Gated = {
  ...beside,
  report: {
    ...beside.report,
    changes: [
      { ...change, kind: 'unreachable' },
      { ...change, kind: 'gone', subject: hostile, name: null },
      {
        ...change,
        kind: 'recovered',
        subject: hostile,
        name: null,
        case: { key: hostile, finding: hostile, severity: 'critical' },
      },
    ],
  },
}

it('the report has what is to be made harmless', () => {
  const { subjects, findings, certificates } = gated.report
  expect(subjects[0]?.outcome.kind).toBe('observed')
  expect(findings.some(({ severity }) => severity === 'critical')).toBe(true)
  const names = JSON.stringify(Object.values(certificates))
  for (const part of ['##vso[', '::error::', '<script>', '=HYPERLINK', 'Remove-Item'])
    expect(names).toContain(part)
  expect(names.length).toBeGreaterThan(60_000)
})

const obeyed = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

it.each(
  formatNames,
)('%s: nothing that a terminal would obey of what stands beside certificates', async (name) => {
  for (const one of [beside, changed]) {
    const text = await rendered(name, one)
    expect((name === 'csv' ? text.replaceAll('\r\n', '\n') : text).match(obeyed) ?? []).toEqual([])
  }
})

it.each(formatNames)('%s: nothing that a terminal, a build agent or a reader would obey', async (name) => {
  const text = await rendered(name, gated)
  // The CSV's own line ends are CR LF.
  const plain = name === 'csv' ? text.replaceAll('\r\n', '\n') : text
  expect(plain.match(obeyed) ?? []).toEqual([])
  const commands = plain.split('\n').filter((line) => /^\s*::/.test(line) || /##(vso)?\[/i.test(line))
  const own =
    name === 'github'
      ? /^::(error|warning|notice) title=[^:,]*::(?!.*##(vso)?\[)/
      : name === 'azure'
        ? /^##vso\[task\.(logissue type=(error|warning);code=[a-z-]+|complete result=[A-Za-z]+);\](?!.*##(vso)?\[)/
        : /^(?!)/
  expect(commands.filter((line) => !own.test(line))).toEqual([])
  if (name === 'github' || name === 'azure') expect(commands.length).toBeGreaterThan(0)
})

it.each([
  'junit',
  'sarif',
  'github',
  'azure',
  'gitlab',
  'csv',
  'nagios',
  'prometheus',
] as const)('%s: a name of 60 KB does not become its reader’s burden', async (name) => {
  const lines = (await rendered(name, gated)).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(12_000)
})

it('nagios: one bar, before data whose labels and ranges are ours', async () => {
  const [first, ...long] = (await rendered('nagios', gated)).split('\n')
  expect(first!.split('|')).toHaveLength(2)
  expect(long.join('\n')).not.toContain('|')
  expect(first!.length).toBeLessThan(600)
})

it('csv: no cell begins like a formula, with a comma or a semicolon as separator', async () => {
  const text = await rendered('csv', gated)
  for (const separator of [',', ';'])
    for (const cell of text.split(new RegExp(`${separator}|\r\n`))) expect(cell).not.toMatch(/^["\s]*[=+\-@]/)
})

it('html: what was left out is told', async () => {
  expect(await rendered('html', beside)).toContain('it leads to 192.0.2.1, which is not of this farm')
})

it('html: no element and no attribute is the certificate’s', async () => {
  const text = (await rendered('html', gated)) + (await rendered('html', beside))
  const elements = new Set([...text.matchAll(/<([a-z]+)/gi)].map(([, name]) => name!.toLowerCase()))
  for (const name of ['script', 'img', 'iframe', 'link', 'object', 'form'])
    expect(elements).not.toContain(name)
  expect(text).not.toMatch(/<[^>]*\s(on\w+|src)=/i)
  expect([...text.matchAll(/href="([^"]*)"/g)].filter(([, href]) => !href!.startsWith('#'))).toEqual([])
})
