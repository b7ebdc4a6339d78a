import { readFileSync, writeFileSync } from 'node:fs'
import { schemas } from '../src/report/schema.js'

/**
 * Writes the report's types as plain TypeScript over what `tsc` made of `src/report/schema.ts`: users of the package need
 * no typebox, which is six megabytes and only describes the report while it is built.
 */
interface Schema {
  readonly description?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema | readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: unknown
}

const scalars: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
}

function typeOf(schema: Schema, indent: string): string {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(one, indent)).join(' | ')
  if (schema.type === 'array') {
    const { items } = schema
    if (Array.isArray(items)) return `[${items.map((one) => typeOf(one, indent)).join(', ')}]`
    return `Array<${items ? typeOf(items as Schema, indent) : 'unknown'}>`
  }
  if (schema.type === 'object') {
    const [pattern] = Object.values(schema.patternProperties ?? {})
    if (pattern) return `Record<string, ${typeOf(pattern, indent)}>`
    const inner = `${indent}  `
    const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => {
      const told = field.description === undefined ? '' : `${inner}/** ${field.description} */\n`
      return `${told}${inner}${name}${schema.required?.includes(name) ? '' : '?'}: ${typeOf(field, inner)};\n`
    })
    const open = schema.additionalProperties === true ? `${inner}[other: string]: unknown;\n` : ''
    return `{\n${fields.join('')}${open}${indent}}`
  }
  const scalar = scalars[schema.type ?? '']
  if (schema.type !== undefined && scalar === undefined)
    throw new Error(`no type for ${JSON.stringify(schema)}`)
  return scalar ?? 'unknown'
}

const source = readFileSync(new URL('../src/report/schema.ts', import.meta.url), 'utf8')
const aliases = source.match(/^export type \w+ = (?!Static).*$/gm) ?? []
const [, , folder = 'dist'] = process.argv
writeFileSync(
  new URL(`../${folder}/types/report/schema.d.ts`, import.meta.url),
  `export type Report = ${typeOf(schemas.report as unknown as Schema, '')};
export type ReportDocument = ${typeOf(schemas.document as unknown as Schema, '')};
${aliases.join(';\n')};
`,
)
