import { expect, it } from 'vitest'
import { render } from '../../src/formats/registry.js'
import type { Gated } from '../../src/gate/gate.js'

const head = { tool: { name: 'adfs-check', version: '1' }, at: new Date(0) } as const
const style = { colour: false, unicode: true, columns: 80, verbose: false }

it.each([
  'json',
  'ndjson',
] as const)('%s: no character that a terminal would obey or hide leaves as it is, and every reader gets the same value', async (format) => {
  const name =
    'a\u0000\u001b[2J\u007f\u009b31m\u00ad\u061c\u200b\u200f\u202e\u2028\u2066\ufeff\u{e0041}\ud800é✓\n\\'
  const report = { [name]: name } as unknown as Gated['report']
  const text = await render(format, head, [{ report, gate: { verdict: 'ok', exitCode: 0 } }], style)
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
  expect(text).toContain('é✓')
  const value = JSON.parse(text)
  expect(format === 'json' ? value.reports[0] : value).toEqual({ [name]: name })
})

it('json is one object, for none, one or many; ndjson a line for each and nothing else', async () => {
  const gated = (id: string): Gated =>
    ({ report: { id }, gate: { verdict: 'critical', exitCode: 2 } }) as unknown as Gated
  for (const reports of [[], [gated('a')], [gated('a'), gated('b')]]) {
    const value = JSON.parse(await render('json', head, reports, style))
    expect(Object.keys(value)).toEqual(['schemaVersion', 'tool', 'at', 'reports', 'verdict', 'exitCode'])
    expect([value.schemaVersion, value.reports.length, value.at]).toEqual([
      2,
      reports.length,
      '1970-01-01T00:00:00Z',
    ])
    const lines = await render('ndjson', head, reports, style)
    expect(lines.split('\n').length - 1).toBe(reports.length)
  }
})
