import { writeFileSync } from 'node:fs'
import { schemaText } from '../src/report/schema.js'

/** Writes `report.schema.json` from the one definition of the report; a test says that it is current. */
writeFileSync(new URL('../src/report/report.schema.json', import.meta.url), schemaText())
