import { describe, expect, it } from 'vitest'
import { worstNagiosCode } from '../../src/formats/nagios-code.js'
import { formatNames } from '../../src/formats/registry.js'
import { names } from '../scenarios/recipe.js'
import { rendered, scenario } from './rendered.js'

/** One run, one verdict: no format may be green where the exit code is not 0, nor red where it is. */
describe.each(names)('%s: every format agrees with the exit code', async (name) => {
  const gated = await scenario(name)
  const { verdict } = gated.report
  const isBad = verdict !== 'ok'

  it('junit has failures or errors exactly where the verdict is not ok', async () => {
    const text = await rendered('junit', gated)
    expect(/<(failure|error) /.test(text)).toBe(isBad)
    const count = (pattern: RegExp) => [...text.matchAll(pattern)].length
    const [, tests, failures, errors, skipped] =
      /<testsuite .*tests="(\d+)" failures="(\d+)" errors="(\d+)" skipped="(\d+)"/.exec(text)!.map(Number)
    expect([tests, failures, errors, skipped]).toEqual([
      count(/<testcase /g),
      count(/<failure /g),
      count(/<error /g),
      count(/<skipped>/g),
    ])
  })

  it('sarif has a problem at least as grave, and one result a case', async () => {
    const { runs } = JSON.parse(await rendered('sarif', gated))
    const [run] = runs as [{ results: { kind: string; level: string }[]; invocations: unknown[] }]
    const levels = run.results.filter(({ kind }) => kind === 'fail').map(({ level }) => level)
    expect(levels.some((level) => level === 'error' || level === 'warning')).toBe(isBad)
    if (verdict === 'critical' || verdict === 'unknown') expect(levels).toContain('error')
    expect(run.invocations).toMatchObject([{ executionSuccessful: verdict !== 'unknown' }])
    expect(levels.length).toBe(gated.report.findings.reduce((sum, { cases }) => sum + cases.length, 0))
  })

  it('github and azure annotate an error where the step fails, a warning where it warns', async () => {
    const expected = { ok: [], warning: ['warning'], critical: ['error'], unknown: ['error'] }[verdict]
    const github = [...(await rendered('github', gated)).matchAll(/^::(error|warning) /gm)]
    expect(github.map(([, level]) => level)).toEqual(expect.arrayContaining(expected))
    const text = await rendered('azure', gated)
    const azure = [...text.matchAll(/^##vso\[task\.logissue type=(error|warning);/gm)]
    expect(azure.map(([, level]) => level)).toEqual(expect.arrayContaining(expected))
    if (!isBad) expect([...github, ...azure]).toEqual([])
    expect(text).toMatch(
      {
        ok: /result=Succeeded;/,
        warning: /result=SucceededWithIssues;/,
        critical: /result=Failed;/,
        unknown: /result=Failed;/,
      }[verdict],
    )
  })

  it('nagios says its state on the first line, and a server that does not answer is critical', async () => {
    const text = await rendered('nagios', gated)
    const code = worstNagiosCode([gated.report], verdict)
    expect(text).toMatch(new RegExp(`^ADFS-CHAIN ${['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'][code]} - `))
    if (verdict === 'unknown') expect([2, 3]).toContain(code)
    else expect(code).toBe({ ok: 0, warning: 1, critical: 2 }[verdict])
    const { findings } = gated.report
    if (verdict === 'unknown' && findings.some(({ id }) => id === 'could-not-connect')) expect(code).toBe(2)
  })

  it('prometheus tells the verdict, and what was sent whatever the verdict is', async () => {
    const text = await rendered('prometheus', gated)
    expect(text).toContain(`adfs_check_success{target="${gated.report.farm.id}"} ${Number(!isBad)}`)
    const sends = gated.report.subjects.filter(({ answers }) => answers.length > 0)
    expect([...text.matchAll(/^adfs_check_server_answered\{.*\} 1$/gm)].length).toBe(sends.length)
    const readable = sends.some(({ answers }) =>
      answers.some(({ sent }) => sent.some((sha256) => gated.report.certificates[sha256])),
    )
    expect(text.includes('probe_ssl_earliest_cert_expiry{')).toBe(readable)
  })

  it('every format can tell it', async () => {
    for (const format of formatNames) expect((await rendered(format, gated)).trim(), format).not.toBe('')
  })

  it('csv and gitlab have a row for each case, html and csv name every server', async () => {
    const cases = gated.report.findings.flatMap((finding) => finding.cases)
    expect(JSON.parse(await rendered('gitlab', gated))).toHaveLength(cases.length)
    const csv = await rendered('csv', gated)
    const quiet = gated.report.subjects.filter(({ id }) => !cases.some(({ subject }) => subject === id))
    expect(csv.split('\r\n')).toHaveLength(1 + cases.length + quiet.length + 1)
    const html = await rendered('html', gated)
    for (const { id } of gated.report.subjects) {
      expect(csv).toContain(id)
      expect(html).toContain(id)
    }
  })
})

it('several farms are one document of each format, with the worst verdict', async () => {
  const both = [await scenario('all-fine'), await scenario('leaf-only')] as const
  expect([...(await rendered('junit', ...both)).matchAll(/<testsuite /g)]).toHaveLength(2)
  expect(JSON.parse(await rendered('sarif', ...both)).runs).toHaveLength(1)
  expect(await rendered('nagios', ...both)).toMatch(/^ADFS-CHAIN CRITICAL - 2 names: 1 with a problem \|/)
  expect(await rendered('azure', ...both)).toMatch(/result=Failed;\]adfs-check\n$/)
  // A group of a metric must not be torn apart.
  const metrics = [...(await rendered('prometheus', ...both)).matchAll(/^# TYPE (\S+)/gm)].map(
    ([, name]) => name,
  )
  expect(new Set(metrics).size).toBe(metrics.length)
})
