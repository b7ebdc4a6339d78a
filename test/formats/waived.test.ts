import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type FormatName, formatNames } from '../../src/formats/names.js'
import { render } from '../../src/formats/registry.js'
import { gate } from '../../src/gate/gate.js'
import type { ReportDocument } from '../../src/report/schema.js'

/** The seed's case, accepted by somebody until a day: visible in every format, a failure in none. */
const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/scenarios/leaf-only/report.json', import.meta.url), 'utf8'),
) as ReportDocument
const [report] = golden.reports
const waivers = report!.findings
  .filter(({ severity }) => severity !== 'info')
  .map(({ id, subjects }) => ({
    finding: id,
    subject: subjects[0] ?? null,
    facet: null,
    reason: 'replaced in December',
    owner: 'pki team',
    until: '2026-12-31',
  }))
const gated = gate(report!, { failOn: 'warning', waivers })
const style = { colour: false, unicode: false, columns: 80, verbose: false }
const written = (name: FormatName) =>
  render(name, { tool: { name: 'adfs-check', version: '0' }, at: new Date(report!.at) }, [gated], style)

describe('a waived case', () => {
  it('fails no run', () => expect(gated.gate).toEqual({ verdict: 'ok', exitCode: 0 }))

  it.each<[FormatName, RegExp]>([
    ['junit', /<failure|<error/],
    ['github', /^::(error|warning)/m],
    ['azure', /type=(error|warning)|result=Failed/],
    ['gitlab', /"severity":\s*"(critical|minor|major|blocker)"/],
    ['nagios', /^\S+ (CRITICAL|WARNING|UNKNOWN)/],
  ])('is no failure in %s', async (name, red) => {
    expect(formatNames).toContain(name)
    expect(await written(name)).not.toMatch(red)
  })

  it.each<FormatName>([
    'junit',
    'github',
    'azure',
    'gitlab',
  ])('is told by %s with its owner', async (name) => {
    expect(await written(name)).toMatch(/Waived by pki team until 2026-12-31: replaced in December/)
  })
})
