import { describe, expect, it } from 'vitest'
import type { CheckContext } from '../../src/checks/check.js'
import { checks, runChecks } from '../../src/checks/registry.js'
import { releasesText } from '../../src/android/releases-text.js'
import type { FindingReport } from '../../src/report/report.js'
import { contextOf, host } from './context.js'
import { scenarios } from './scenarios.js'

const cases = Object.entries(scenarios).map(([sentence, scenario]) => {
  const context = contextOf(scenario.world)
  return { sentence, ...scenario, context, found: runChecks(context) }
})

describe('what is found about', () => {
  it.each(cases)('$sentence', ({ context, found, finds, says }) => {
    expect(found.map((finding) => summary(finding, context))).toEqual(finds)
    if (says) expect(found[0]?.message).toMatch(says)
  })
})

describe('no refusal is without an error that names the release', () => {
  it.each(cases)('$sentence', ({ context, found }) => {
    const unexplained = context.endpoints.flatMap(({ id, verdicts }) =>
      verdicts.filter(({ kind, release }) => {
        const wanted = {
          refused: ['error'],
          depends: ['error', 'warning'],
          undetermined: ['warning'],
          accepted: null,
        }[kind]
        return (
          wanted !== null &&
          !found.some(
            (finding) =>
              finding.endpoint === id &&
              wanted.includes(finding.severity) &&
              finding.releases.includes(release),
          )
        )
      }),
    )
    expect(unexplained).toEqual([])
  })
})

describe('sentences are for people at any terminal', () => {
  it.each(cases.filter(({ found }) => found.length > 0))('$sentence', ({ found }) => {
    for (const { message, steps, evidence } of found) {
      for (const text of [message, ...steps]) {
        expect(text).toMatch(/^[\x20-\x7e]+$/)
        expect(text).not.toMatch(/undefined|null|NaN|\[object|\(\)|""|: \.|, \./)
      }
      expect(message).toMatch(/^["A-Z0-9].*\.$/)
      expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence)
    }
  })
})

describe('every finding that asks for something ends in the command that confirms it', () => {
  it.each(cases.filter(({ found }) => found.some(({ severity }) => severity !== 'info')))('$sentence', ({
    found,
    context,
  }) => {
    for (const { steps, endpoint, severity } of found) {
      if (severity === 'info') continue
      const command = `adfs-check ${context.target.name}${endpoint ? ` --server ${endpoint}` : ''}`
      expect(steps.at(-1)).toContain(command)
    }
  })
})

it('every check has a case in which it finds something, and one in which it finds nothing', () => {
  const found = new Set(cases.flatMap((one) => one.found.map(({ id }) => id)))
  const ids = checks.map(({ id }) => id).filter((id) => id !== 'check-failed')
  expect(ids.filter((id) => !found.has(id))).toEqual([])
  expect(ids.filter((id) => cases.every((one) => one.found.some((finding) => finding.id === id)))).toEqual([])
})

it('an address with IPv6 and a port of its own is written as the command line reads it', () => {
  const context = contextOf({
    servers: [
      {
        address: '[2001:db8::1]',
        outcome: { kind: 'unreachable', reason: 'refused', detail: 'ECONNREFUSED' },
      },
    ],
    target: { port: 8443 },
  })
  expect(runChecks(context)[0]?.steps.at(-1)).toContain(`adfs-check ${host}:8443 --server [2001:db8::1]:443`)
})

/** `severity id`, with the releases unless all are concerned. */
function summary({ severity, id, releases }: FindingReport, context: CheckContext): string {
  if (releases.length === context.releases.length) return `${severity} ${id}`
  return `${severity} ${id}: ${releases.length === 0 ? '-' : releasesText(releases).replace('Android ', '')}`
}
