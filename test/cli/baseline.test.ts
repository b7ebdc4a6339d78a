import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fileOf } from '../scenarios/recipe.js'
import { runCli } from '../support/run-cli.js'

const folder = mkdtempSync(join(tmpdir(), 'adfs-check-baseline-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => join(folder, name)

async function cli(...args: readonly string[]) {
  return runCli(args, { now: new Date('2026-11-24T08:00:00Z') })
}
const replay = (scenario: string, ...args: readonly string[]) =>
  cli('replay', fileOf(scenario, 'case.json'), ...args)

interface Log {
  readonly runs: readonly [
    {
      readonly results: readonly { ruleId: string; ruleIndex: number; kind: string; baselineState?: string }[]
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } }
    },
  ]
}

/** `id state` of every result that has a state. */
async function states(scenario: string, baseline: string): Promise<readonly string[]> {
  const { out } = await replay(scenario, '--format', 'sarif', '--baseline', baseline)
  const [{ results, tool }] = (JSON.parse(out) as Log).runs
  for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId)
  return results
    .filter(({ baselineState }) => baselineState)
    .map(({ ruleId, baselineState }) => `${ruleId} ${baselineState}`)
    .sort()
}

describe.each(['json', 'sarif'] as const)('--baseline with the %s of an earlier run', (format) => {
  const of = async (scenario: string) => {
    const file = at(`${scenario}.${format}`)
    await replay(scenario, '--output', `${format}=${file}`)
    return file
  }

  it('says of each case whether it is new, and what is gone', async () => {
    expect(await states('leaf-expiring', await of('leaf-only'))).toEqual([
      'certificate-expiring new',
      'fallback-certificate unchanged',
      'intermediate-missing absent',
    ])
    expect(await states('leaf-only', await of('leaf-only'))).toEqual([
      'fallback-certificate unchanged',
      'intermediate-missing unchanged',
    ])
  })

  it('says that a case is updated when it became graver', async () => {
    expect(await states('leaf-expiring-soon', await of('leaf-expiring'))).toContain(
      'certificate-expiring updated',
    )
  })

  it('knows of nothing that it is gone where the server did not answer, or was not asked', async () => {
    expect(await states('unreachable', await of('leaf-only'))).toEqual(['could-not-connect new'])
    const after = await states('leaf-only', await of('farm-of-three'))
    expect(after.filter((state) => state.endsWith('absent'))).toEqual([])
  })
})

it('what was absent in the baseline is not absent for ever', async () => {
  await replay('leaf-only', '--output', `json=${at('first.json')}`)
  await replay('all-fine', '--output', `sarif=${at('second.sarif')}`, '--baseline', at('first.json'))
  expect(readFileSync(at('second.sarif'), 'utf8')).toContain('"absent"')
  expect(await states('all-fine', at('second.sarif'))).toEqual(['fallback-certificate unchanged'])
  expect(await states('leaf-only', at('second.sarif'))).toContain('intermediate-missing new')
})

describe('--baseline refuses', () => {
  it.each([
    ['no JSON', 'x', 'is no JSON'],
    ['null', 'null', 'is no report of adfs-check'],
    ['an older schema', '{"schemaVersion":1,"reports":[]}', 'schemaVersion is not 2'],
    ['half a report', '{"schemaVersion":2,"reports":[{"farm":{"id":"x"}}]}', '"findings" is no list'],
    [
      'another tool',
      '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[]}]}',
      'another tool wrote it',
    ],
  ])('%s', async (_, text, problem) => {
    writeFileSync(at('bad'), text)
    const { code, out, err } = await replay('leaf-only', '--format', 'sarif', '--baseline', at('bad'))
    expect(code).toBe(4)
    expect(out).toBe('')
    expect(err).toContain(problem)
  })

  it('to be given where no sarif is asked for', async () => {
    writeFileSync(at('fine'), '{"schemaVersion":2,"reports":[]}')
    const { code, err } = await replay('leaf-only', '--baseline', at('fine'))
    expect(code).toBe(4)
    expect(err).toContain('--output sarif=FILE')
  })
})
