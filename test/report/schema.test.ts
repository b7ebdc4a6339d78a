import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { releases } from '../../src/android/releases.js'
import { check } from '../../src/index.js'
import { schemaText } from '../../src/report/schema.js'
import { expectValidReport } from '../support/valid-report.js'

it('the schema that is shipped is the one that the types come from: npm run schema', () => {
  const file = new URL('../../src/report/report.schema.json', import.meta.url)
  expect(readFileSync(file, 'utf8')).toBe(schemaText())
})

it('knows every release, and finds what is amiss', async () => {
  const report = await check('127.0.0.1:1', { timeoutMs: 1_000, android: 'all' })
  expectValidReport(report)
  expect(report.policy.releases).toEqual(releases)
  expect(() => expectValidReport({ ...report, verdict: 'fine' as 'ok' })).toThrow()
  expect(() => expectValidReport({ ...report, at: undefined as unknown as string })).toThrow()
  // Readers accept what a later version adds.
  expectValidReport({ ...report, added: 1 } as typeof report)
})
