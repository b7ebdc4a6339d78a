import { describe, expect, it } from 'vitest'
import { exitCodes } from '../../src/cli/exit-code.js'
import type { EndpointReport, FindingReport, VerdictReport } from '../../src/report/report.js'
import { overallVerdict, worstVerdict } from '../../src/report/verdict.js'

const server = (...verdicts: VerdictReport['verdict'][]) =>
  ({ verdicts: verdicts.map((verdict) => ({ verdict })) }) as unknown as EndpointReport
const finding = (id: string, severity: FindingReport['severity']) => ({ id, severity }) as FindingReport

describe('overallVerdict', () => {
  it.each([
    ['nothing probed', [], [], 'unknown'],
    ['one server accepted', [server('accepted')], [], 'ok'],
    ['one release refuses', [server('accepted', 'refused')], [], 'critical'],
    [
      'one server of two did not answer',
      [server('accepted'), server()],
      [finding('could-not-connect', 'error')],
      'unknown',
    ],
    ['no server answered', [server()], [finding('could-not-connect', 'error')], 'unknown'],
    [
      'one refused, one did not answer',
      [server('refused'), server()],
      [finding('could-not-connect', 'error')],
      'critical',
    ],
    ['a release could not be judged', [server('accepted', 'undetermined')], [], 'unknown'],
    ['expires soon', [server('accepted')], [finding('certificate-expiring', 'warning')], 'warning'],
    ['expires very soon', [server('accepted')], [finding('certificate-expiring', 'error')], 'critical'],
    ['harmless remark', [server('accepted')], [finding('sni-required', 'info')], 'ok'],
    ['depends on the patch level', [server('accepted', 'depends')], [], 'warning'],
    ['a check failed', [server('accepted')], [finding('check-failed', 'info')], 'unknown'],
  ] as const)('%s', (_what, endpoints, findings, verdict) => {
    expect(overallVerdict(endpoints, findings)).toBe(verdict)
  })
})

it('the worst verdict of several targets decides, and none is unknown', () => {
  expect(worstVerdict([])).toBe('unknown')
  expect(worstVerdict(['ok', 'warning'])).toBe('warning')
  expect(worstVerdict(['ok', 'unknown', 'warning'])).toBe('unknown')
  expect(worstVerdict(['unknown', 'critical'])).toBe('critical')
})

it('exit codes are those of monitoring plugins', () => {
  expect(exitCodes).toEqual({ ok: 0, warning: 1, critical: 2, unknown: 3 })
})
