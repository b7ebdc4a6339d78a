import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import type { Report, ReportDocument } from '../../src/report/schema.js'

const shipped = JSON.parse(
  readFileSync(new URL('../../src/report/report.schema.json', import.meta.url), 'utf8'),
) as { properties: { reports: { items: object } } }
const ajv = new Ajv2020({ strict: true, formats: { 'date-time': true } })
const validDocument = ajv.compile(shipped)
const validReport = ajv.compile(shipped.properties.reports.items)

const expectValid = (validate: ValidateFunction, value: unknown): void => {
  validate(JSON.parse(JSON.stringify(value)))
  expect(validate.errors ?? []).toEqual([])
}

/** What other programs were promised, by the schema that is shipped. */
export const expectValidReport = (report: Report): void => expectValid(validReport, report)
export const expectValidDocument = (document: ReportDocument): void => expectValid(validDocument, document)
