import { writeFileSync } from 'node:fs'
import { policySchema } from '../src/farm/policy-fields.js'
import { schemaText } from '../src/report/schema.js'

/** Writes the schemas from the one definition of each file; a test says that they are current. */
const write = (path: string, text: string) => writeFileSync(new URL(path, import.meta.url), text)
write('../src/report/report.schema.json', schemaText())
write('../src/farm/adfs-check.schema.json', `${JSON.stringify(policySchema(), null, 2)}\n`)
