import { judgeAll, matchesHost } from '../../src/android/judge.js'
import { type Release, releases } from '../../src/android/releases.js'
import { describeProblem } from '../../src/android/rules.js'
import { deviceAnchors, nameHash, type TrustAnchors } from '../../src/android/trust-anchors.js'
import type { Verdict } from '../../src/android/verdict.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { parseCertificate } from '../../src/x509/parse.js'
import type { ChainRow } from './vectors.js'

/** Compares our verdicts with those that each release's own classes gave, row by row. */

/** One recorded verdict that ours is not. */
export interface Disagreement {
  readonly id: string
  /** A release, or a version of the host name verifier. */
  readonly column: string
  /** Where anchors were looked up; both: either way. Always `both` for host names. */
  readonly lookup: 'memory' | 'device' | 'both'
  readonly theirs: boolean
  readonly ours: string
  readonly theirReason: string
  readonly doubt: string | null
}

export interface Comparison {
  readonly rows: number
  /** Column → number of rows on which both look-ups agree. */
  readonly agreed: ReadonlyMap<string, number>
  readonly disagreements: readonly Disagreement[]
}

export function compareRows(lines: readonly string[], areHostNames: boolean): Comparison {
  const agreed = new Map<string, number>()
  const disagreements: Disagreement[] = []
  for (const line of lines) {
    const { columns, found } = areHostNames ? compareHostRow(line) : compareChainRow(line)
    for (const column of columns) {
      const agrees = !found.some((disagreement) => disagreement.column === column)
      agreed.set(column, (agreed.get(column) ?? 0) + Number(agrees))
    }
    disagreements.push(...found)
  }
  return { rows: lines.length, agreed, disagreements }
}

interface RowResult {
  readonly columns: readonly string[]
  readonly found: readonly Disagreement[]
}

const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, 'base64')

/** Rows share roots and intermediates; a certificate is read, and its signature checked, once. */
const readBefore = new Map<string, Certificate | Uint8Array>()

function read(base64: string): Certificate | Uint8Array {
  let item = readBefore.get(base64)
  if (item === undefined) {
    const result = parseCertificate(bytesOf(base64))
    item = result.ok ? result.certificate : bytesOf(base64)
    readBefore.set(base64, item)
  }
  return item
}

function compareChainRow(line: string): RowResult {
  const row = JSON.parse(line) as ChainRow
  const unknown = Object.keys(row.accepted).find((column) => !releases.includes(column as Release))
  if (unknown) throw new Error(`column ${unknown} of ${row.id} is no release`)
  const columns = releases.filter((release) => release in row.accepted)
  const anchors = row.anchors.map(read)
  const input = {
    presented: row.sent.map(read),
    at: new Date(row.at),
    stapledOcsp: row.staple ? bytesOf(row.staple) : null,
  }
  const inMemory = judgeAll({ ...input, anchors }, columns)
  const onDevice = judgeAll({ ...input, anchors: (release) => deviceStore(anchors, release) }, columns)
  const found = columns.flatMap((column, i): Disagreement[] => {
    const compared = [
      { lookup: 'memory' as const, theirs: row.accepted[column], ours: inMemory[i]! },
      {
        lookup: 'device' as const,
        theirs: row.acceptedDevice?.[column] ?? row.accepted[column],
        ours: onDevice[i]!,
      },
    ]
    const odd = compared.filter(({ theirs, ours }) => ours.kind !== (theirs ? 'accepted' : 'refused'))
    if (odd.length === 0) return []
    const [{ lookup, theirs, ours }] = odd as [(typeof odd)[0]]
    return [
      {
        id: row.id,
        column,
        lookup: odd.length === 2 ? 'both' : lookup,
        theirs,
        ours: verdictText(ours),
        theirReason: row.reason?.[column] ?? '',
        doubt: row.doubt ?? null,
      },
    ]
  })
  return { columns, found }
}

/** Files named by the hash of the name as encoded; what cannot be read is no anchor. */
function deviceStore(anchors: readonly (Certificate | Uint8Array)[], release: Release): TrustAnchors {
  const roots = anchors.filter((item): item is Certificate => 'der' in item)
  return deviceAnchors({
    sortsNames: releases.indexOf(release) >= releases.indexOf('7.0'),
    byNameHash: (hash) => roots.filter(({ subject }) => nameHash(subject) === hash),
  })
}

function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'accepted':
      return 'accepted'
    case 'undetermined':
      return `undetermined: ${verdict.because}`
    default:
      return `${verdict.kind}: ${verdict.reason.rule}: ${describeProblem(verdict.reason)}`
  }
}

const verifiers = ['V1', 'V2', 'V3', 'V4', 'V6'] as const
const altNameTypes: Readonly<Record<string, string>> = { DNS: 'dns', IP: 'ip', EMAIL: 'email', URI: 'uri' }

function compareHostRow(line: string): RowResult {
  const [commonNames, altNames, host, expected] = line.split('\t') as [string, string, string, string]
  const list = (text: string): string[] => (text === '' ? [] : text.split('|'))
  const names = {
    commonNames: list(commonNames),
    subjectAltNames:
      altNames === 'none'
        ? null
        : list(altNames).map((entry) => {
            const colon = entry.indexOf(':')
            return { type: altNameTypes[entry.slice(0, colon)] ?? 'other', value: entry.slice(colon + 1) }
          }),
  }
  const found = verifiers.flatMap((verifier, i): Disagreement[] => {
    const theirs = expected[i] === '1'
    const matches = matchesHost(names, host, verifier)
    if (matches === theirs) return []
    const ours = matches ? 'matches' : 'does not match'
    return [{ id: line, column: verifier, lookup: 'both', theirs, ours, theirReason: '', doubt: null }]
  })
  return { columns: verifiers, found }
}
