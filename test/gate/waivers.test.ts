import { describe, expect, it } from 'vitest'
import { type Composed, gate, worst } from '../../src/gate/gate.js'
import type { Waiver } from '../../src/gate/waivers.js'

const subject = 'sts.contoso.com@203.0.113.10:443'
type Finding = Composed['findings'][number]
type Kind = 'accepted' | 'refused' | 'depends' | 'undetermined'

const finding = (id: string, severity: Finding['severity'], facet = 'x', on: string | null = subject) =>
  ({
    id,
    severity,
    releases: ['14', '15'],
    cases: [{ key: `${id}|${on ?? ''}|${facet}`, subject: on, evidence: null }],
  }) as unknown as Finding

const composed = (findings: readonly Finding[], kinds: readonly Kind[] = ['accepted']): Composed =>
  ({
    at: '2026-11-24T12:00:00Z',
    farm: { unresolved: [] },
    subjects: [
      { id: subject, verdicts: kinds.map((verdict) => ({ releases: ['14'], counts: true, verdict })) },
    ],
    findings,
  }) as unknown as Composed

const waiver = (change: Partial<Waiver> = {}): Waiver => ({
  finding: 'weak-key',
  subject,
  facet: null,
  reason: 'replaced in December',
  owner: 'pki',
  until: '2026-11-24',
  ...change,
})
const gated = (report: Composed, ...waivers: Waiver[]) => gate(report, { failOn: 'warning', waivers })

describe('a waiver', () => {
  const refused = composed([finding('weak-key', 'critical')], ['refused'])

  it('takes a case out of the verdict on its last day, and leaves it in the report with its owner', () => {
    const { report, gate: result } = gated(refused, waiver())
    expect(result).toEqual({ verdict: 'ok', exitCode: 0 })
    expect(report.findings[0]!.cases[0]).toMatchObject({
      key: `weak-key|${subject}|x`,
      waived: { owner: 'pki', until: '2026-11-24' },
    })
    expect(report.waivers).toMatchObject([{ finding: 'weak-key', state: 'used' }])
  })

  it.each<[string, Partial<Waiver>, string | undefined]>([
    ['is over', { until: '2026-11-23' }, 'expired'],
    ['is of another finding', { finding: 'weak-signature' }, 'unused'],
    ['is of another facet', { facet: 'y' }, 'unused'],
    ['is of another server', { subject: 'sts.contoso.com@203.0.113.11:443' }, undefined],
    ['is of the whole farm', { subject: null }, 'unused'],
  ])('that %s changes nothing, and says so', (_what, change, state) => {
    const { report, gate: result } = gated(refused, waiver(change))
    expect(result).toEqual({ verdict: 'critical', exitCode: 2 })
    expect(report.waivers!.map((one) => one.state)).toEqual(state ? [state] : [])
  })

  it('covers no other case', () => {
    const two = composed(
      [finding('weak-key', 'critical'), finding('weak-signature', 'critical')],
      ['refused'],
    )
    expect(gated(two, waiver()).gate.verdict).toBe('critical')
    const there = composed(
      [
        finding('weak-key', 'critical'),
        finding('weak-key', 'critical', 'x', 'sts.contoso.com@203.0.113.11:443'),
      ],
      ['refused'],
    )
    expect(gated(there, waiver()).gate.verdict).toBe('critical')
  })

  it('of a file binds to any file of that name', () => {
    const id = 'sts.contoso.com@file:1a2b3c4d'
    const file = composed([finding('pfx-unreadable-by-server', 'critical', 'encryption', id)])
    const any = waiver({ finding: 'pfx-unreadable-by-server', subject: 'sts.contoso.com@file' })
    expect(gated(file, any).gate.verdict).toBe('ok')
  })

  it.each([
    ['undetermined', 'verdict-undetermined'],
    [null, 'could-not-connect'],
  ] as const)('makes of what could not be checked a warning at most (%s)', (kind, id) => {
    const report = composed([finding(id, 'warning')], kind ? [kind] : [])
    expect(gate(report).gate.verdict).toBe('unknown')
    expect(gated(report, waiver({ finding: id })).gate.verdict).toBe('warning')
  })

  it('for a name that was not resolved binds to that name', () => {
    const report = {
      ...composed([finding('could-not-connect', 'warning', 'node2', null)]),
      farm: { unresolved: [{ host: 'node2' }] },
    } as unknown as Composed
    const own = waiver({ finding: 'could-not-connect', subject: null })
    expect(gated(report, own).gate.verdict).toBe('warning')
    expect(gated(report, { ...own, facet: 'node' }).gate.verdict).toBe('unknown')
  })

  it('does not stand for a refusal that no waived case is about', () => {
    const report = composed([finding('works-by-luck', 'warning')], ['refused'])
    expect(gated(report, waiver({ finding: 'works-by-luck' })).gate.verdict).toBe('critical')
  })
})

describe('fail-on critical', () => {
  const passing = (report: Composed) => gate(report, { failOn: 'critical', waivers: [] }).gate

  it('ends with 0 for warnings, with 2 and 3 as ever', () => {
    expect(passing(composed([finding('certificate-expiring', 'warning')]))).toEqual({
      verdict: 'warning',
      exitCode: 0,
    })
    expect(passing(composed([], ['refused'])).exitCode).toBe(2)
    expect(passing(composed([], [])).exitCode).toBe(3)
  })

  it('for one of several farms leaves the others’ warnings', () => {
    const warning = { verdict: 'warning' as const }
    expect(
      worst([
        { ...warning, exitCode: 0 },
        { ...warning, exitCode: 1 },
      ]).exitCode,
    ).toBe(1)
    expect(
      worst([
        { ...warning, exitCode: 0 },
        { verdict: 'ok', exitCode: 0 },
      ]).exitCode,
    ).toBe(0)
  })
})
