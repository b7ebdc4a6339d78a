import { describe, expect, it } from 'vitest'
import type { Release } from '../../src/android/releases.js'
import { releases } from '../../src/android/releases.js'
import { type Composed, exitCodes, gate, worst } from '../../src/gate/gate.js'
import { policyOf } from '../../src/gate/policy.js'
import { leastLeft, thresholdOf } from '../../src/gate/thresholds.js'
import type { FindingReport, OverallVerdict, SubjectReport, VerdictReport } from '../../src/report/schema.js'

type Kind = VerdictReport['verdict']

const server = (...verdicts: readonly (Kind | `uncounted ${Kind}`)[]): SubjectReport =>
  ({
    verdicts: verdicts.map((verdict) => ({
      verdict: verdict.replace('uncounted ', ''),
      counts: !verdict.startsWith('uncounted'),
      releases: ['14'],
    })),
  }) as unknown as SubjectReport
const finding = (id: string, severity: FindingReport['severity']) =>
  ({ id, severity, releases: [], cases: [{ key: id }] }) as unknown as FindingReport
const amounts = (
  subjects: readonly SubjectReport[],
  findings: readonly FindingReport[],
  unresolved: readonly object[] = [],
) => gate({ subjects, findings, farm: { unresolved } } as unknown as Composed)

describe('what a report amounts to', () => {
  it.each<[string, SubjectReport[], FindingReport[], OverallVerdict]>([
    ['nothing probed', [], [], 'unknown'],
    ['one server accepted', [server('accepted')], [], 'ok'],
    ['one release refuses', [server('accepted', 'refused')], [], 'critical'],
    [
      'one server of two did not answer',
      [server('accepted'), server()],
      [finding('could-not-connect', 'warning')],
      'unknown',
    ],
    ['a server without a verdict, though no finding says so', [server('accepted'), server()], [], 'unknown'],
    ['no server answered', [server()], [finding('could-not-connect', 'warning')], 'unknown'],
    [
      'one refused, one did not answer',
      [server('refused'), server()],
      [finding('could-not-connect', 'warning')],
      'critical',
    ],
    ['a release could not be judged', [server('accepted', 'undetermined')], [], 'unknown'],
    [
      'could not be judged, and expires soon',
      [server('undetermined')],
      [finding('certificate-expiring', 'warning')],
      'unknown',
    ],
    ['expires soon', [server('accepted')], [finding('certificate-expiring', 'warning')], 'warning'],
    ['expires very soon', [server('accepted')], [finding('certificate-expiring', 'critical')], 'critical'],
    ['harmless remark', [server('accepted')], [finding('sni-required', 'info')], 'ok'],
    ['depends on the patch level', [server('accepted', 'depends')], [], 'warning'],
    ['a check failed', [server('accepted')], [finding('check-failed', 'warning')], 'unknown'],
    [
      'what could not be looked at is critical',
      [server('accepted')],
      [finding('could-not-connect', 'critical')],
      'critical',
    ],
    ['only releases that do not count refuse', [server('accepted', 'uncounted refused')], [], 'ok'],
    ['only releases that do not count depend', [server('accepted', 'uncounted depends')], [], 'ok'],
    ['only releases that do not count are known', [server('uncounted accepted')], [], 'unknown'],
  ])('%s: %s', (_what, subjects, findings, verdict) => {
    const gated = amounts(subjects, findings)
    expect([gated.report.verdict, gated.gate.verdict]).toEqual([verdict, verdict])
    expect(gated.gate.exitCode).toBe(exitCodes[verdict])
  })

  it('a name that could not be resolved is not passed over', () => {
    const missing = [{ host: 'node2', reason: 'not-found', detail: '' }]
    expect(amounts([server('accepted')], [], missing).gate.verdict).toBe('unknown')
    expect(amounts([server('refused')], [], missing).gate.verdict).toBe('critical')
  })
})

it('the worst of several reports decides, and none is unknown', () => {
  const of = (...verdicts: OverallVerdict[]) =>
    worst(verdicts.map((verdict) => ({ verdict, exitCode: exitCodes[verdict] })))
  expect(of()).toEqual({ verdict: 'unknown', exitCode: 3 })
  expect(of('ok')).toEqual({ verdict: 'ok', exitCode: 0 })
  expect(of('ok', 'warning').verdict).toBe('warning')
  expect(of('ok', 'unknown', 'warning').verdict).toBe('unknown')
  expect(of('unknown', 'critical', 'warning')).toEqual({ verdict: 'critical', exitCode: 2 })
})

it('exit codes are one scheme for every format', () => {
  expect(exitCodes).toEqual({ ok: 0, warning: 1, critical: 2, unknown: 3 })
})

describe('which releases count', () => {
  const policy = (android: string | null) => policyOf({ android, warn: null, crit: null })
  const from10 = releases.slice(releases.indexOf('10'))
  const before10: readonly Release[] = releases.slice(0, releases.indexOf('10'))

  it('those that the Intune apps support, unless said otherwise; older ones are told beside them', () => {
    for (const android of [null, 'supported'])
      expect(policy(android)).toMatchObject({ releases: from10, others: before10 })
  })

  it('all, or a range and nothing beside it', () => {
    expect(policy('all')).toMatchObject({ releases, others: [] })
    expect(policy('8..9,16')).toMatchObject({ releases: ['8.0', '8.1', '9', '16'], others: [] })
  })
})

describe('how much of a lifetime must be left', () => {
  const day = 86_400_000
  const lasting = (days: number) => ({ notBefore: new Date(0), notAfter: new Date(days * day) })
  const { warn, crit } = policyOf({ android: null, warn: null, crit: null })

  it.each([
    [6, 1.5, 0.6],
    [47, 11.75, 4.7],
    [90, 22.5, 7],
    [398, 30, 7],
  ])('%d days: warned at %d, critical at %d', (days, warned, critical) => {
    expect(leastLeft(warn, lasting(days)) / day).toBeCloseTo(warned, 6)
    expect(leastLeft(crit, lasting(days)) / day).toBeCloseTo(critical, 6)
  })

  it('a part of it or days, as written', () => {
    expect(leastLeft(thresholdOf('20%'), lasting(100)) / day).toBe(20)
    expect(leastLeft(thresholdOf('30d'), lasting(10)) / day).toBe(30)
    expect(() => thresholdOf('101%')).toThrow(/no part of a lifetime/)
  })
})
