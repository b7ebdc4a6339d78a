import { AdfsCheckFault } from '../fault.js'
import { identityOf, levels } from '../formats/baseline.js'
import type { Baseline, BaselineCase } from '../formats/format.js'
import type { FormatName } from '../formats/names.js'
import { farmKey, fingerprintOf } from '../formats/outcomes.js'
import { couldNotLook } from '../gate/gate.js'
import { readWithin } from './files.js'
import type { OutputFile } from './outputs.js'

/** A report of thousands of servers. */
const maxBytes = 256 * 1024 * 1024

/**
 * The file of `--baseline`, if any.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION, ADFS_CHECK_BAD_FILE
 */
export async function baselineBy({
  baseline,
  format,
  output = [],
}: {
  readonly baseline?: string
  readonly format: FormatName
  readonly output?: readonly OutputFile[]
}): Promise<{ readonly baseline?: Baseline }> {
  if (baseline === undefined) return {}
  if (format !== 'sarif' && !output.some((one) => one.format === 'sarif'))
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', '--baseline is for sarif, which is not asked for.', {
      hint: 'Add --output sarif=FILE.',
    })
  return {
    baseline: readBaseline(Buffer.from(await readWithin(baseline, maxBytes)).toString('utf8'), baseline),
  }
}

/**
 * The cases that an earlier run found, from its `json` or its `sarif`. What that run had itself as absent is left out.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_FILE
 */
export function readBaseline(text: string, path: string): Baseline {
  const bad = (problem: string, cause?: unknown) =>
    new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${path} ${problem}.`, {
      hint: 'Name a file written with --output json=FILE or --output sarif=FILE.',
      cause,
    })
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (cause) {
    throw bad('is no JSON', cause)
  }
  try {
    const top = record(document)
    const cases = 'runs' in top ? ofSarif(top) : ofReports(top)
    return new Map(cases.map((one) => [identityOf(one), one]))
  } catch (cause) {
    throw bad(`is no report of adfs-check: ${(cause as Error).message}`, cause)
  }
}

function ofReports({ schemaVersion, reports }: Fields): BaselineCase[] {
  if (schemaVersion !== 2) throw new Error('schemaVersion is not 2')
  return list(reports, 'reports').flatMap((report) => {
    const { farm, findings } = record(report)
    return list(findings, 'findings').flatMap((finding) => {
      const { id, severity, releases, cases } = record(finding)
      return list(cases, 'cases').map((one) => {
        const { key, subject } = record(one)
        return {
          fingerprint: fingerprintOf(string(key, 'key')),
          farm: keyOf(record(farm).id, record(farm).ports),
          subject: nullable(subject, 'subject'),
          rule: string(id, 'id'),
          releases: texts(releases),
          level: couldNotLook.has(string(id, 'id'))
            ? levels.critical
            : memberOf(levels, string(severity, 'severity')),
        }
      })
    })
  })
}

const sarifLevels = { error: 'error', warning: 'warning', note: 'note' } as const

function ofSarif({ runs }: Fields): BaselineCase[] {
  const own = list(runs, 'runs')
    .map(record)
    .filter(({ tool }) => record(record(tool).driver).name === 'adfs-check')
  if (own.length === 0) throw new Error('another tool wrote it')
  return own.flatMap(({ results }) =>
    list(results, 'results')
      .map(record)
      .filter(({ kind, baselineState }) => kind === 'fail' && baselineState !== 'absent')
      .map(({ ruleId, level, partialFingerprints, properties }) => ({
        fingerprint: string(record(partialFingerprints)['adfsCheckCase/v1'], 'fingerprint'),
        farm: keyOf(record(properties).farm, record(properties).ports),
        subject: nullable(record(properties).subject, 'subject'),
        rule: string(ruleId, 'ruleId'),
        releases: texts(record(properties).releases),
        level: memberOf(sarifLevels, string(level, 'level')),
      })),
  )
}

type Fields = Readonly<Record<string, unknown>>

function record(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('a field is missing')
  return value as Fields
}

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`"${name}" is no list`)
  return value
}

function string(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new Error(`"${name}" is no text`)
  return value
}

const keyOf = (id: unknown, ports: unknown): string =>
  farmKey({ id: string(id, 'farm'), ports: list(ports, 'ports').map(Number) })

const texts = (value: unknown) => list(value, 'releases').map((one) => string(one, 'release'))

const nullable = (value: unknown, name: string) => (value === null ? null : string(value, name))

function memberOf<T>(members: Readonly<Record<string, T>>, name: string): T {
  if (!Object.hasOwn(members, name)) throw new Error(`"${name.slice(0, 20)}" is not known`)
  return members[name]!
}
