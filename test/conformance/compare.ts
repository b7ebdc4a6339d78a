import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { judgeAll, matchesHost } from '../../src/android/judge.js'
import type { Release } from '../../src/android/releases.js'
import { describeProblem } from '../../src/android/rules.js'
import type { Verdict } from '../../src/android/verdict.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { parseCertificate } from '../../src/x509/parse.js'
import { type Exception, exceptions } from './exceptions.js'

/**
 * Compares our verdicts with those of the platform's own classes, recorded in files: chains (JSON lines, one object a
 * row) and host names (tab-separated). Either may be gzipped.
 */

/** Releases that each recorded column stands for. All of them must give the recorded verdict. */
const columns: Readonly<Record<string, readonly Release[]>> = {
  '5.0': ['4.4', '5.0', '5.1'],
  '6.0': ['6.0'],
  '7.0': ['7.0', '7.1'],
  '8.0': ['8.0', '8.1', '9'],
  '10': ['10', '11', '12', '12L', '13'],
  '14': ['14', '15'],
  '16': ['16'],
  'conscrypt-2026-08': ['17'],
}

const verifiers = ['V1', 'V2', 'V3', 'V4', 'V6'] as const

interface ChainRow {
  readonly id: string
  readonly at: string
  readonly anchors: readonly string[]
  readonly sent: readonly string[]
  readonly staple?: string | null
  readonly accepted: Readonly<Record<string, boolean>>
  readonly reason?: Readonly<Record<string, string>>
}

export interface Disagreement {
  readonly id: string
  readonly column: string
  readonly theirs: boolean
  readonly ours: string
  readonly theirReason: string
  /** Why the row is known not to agree; null: it should. */
  readonly explained: string | null
}

export interface Comparison {
  readonly agreed: ReadonlyMap<string, number>
  readonly disagreements: readonly Disagreement[]
}

export function compareFile(path: string): Comparison {
  const bytes = readFileSync(path)
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const agreed = new Map<string, number>()
  const disagreements: Disagreement[] = []
  const record: Recorder = (row, agrees, details) => {
    agreed.set(row.column, (agreed.get(row.column) ?? 0) + Number(agrees))
    if (agrees) return
    const exception = details && exceptions.find(({ covers }) => covers({ ...row, ...details }))
    disagreements.push({ ...row, explained: exception?.reason ?? null })
  }
  const compare = /\.tsv(\.gz)?$/.test(path) ? compareHostRow : compareChainRow
  for (const line of lines) compare(line, record)
  return { agreed, disagreements }
}

type Recorder = (
  row: Omit<Disagreement, 'explained'>,
  agrees: boolean,
  details?: Pick<Parameters<Exception['covers']>[0], 'ours' | 'agreesAfter'>,
) => void

function compareChainRow(line: string, record: Recorder): void {
  const row = JSON.parse(line) as ChainRow
  const bytes = (base64: string): Uint8Array => Buffer.from(base64, 'base64')
  const read = (base64: string): Certificate | Uint8Array => {
    const result = parseCertificate(bytes(base64))
    return result.ok ? result.certificate : bytes(base64)
  }
  const input = {
    presented: row.sent.map(read),
    anchors: row.anchors.map(read),
    at: new Date(row.at),
    stapledOcsp: row.staple ? bytes(row.staple) : null,
  }
  for (const [column, theirs] of Object.entries(row.accepted)) {
    const releases = columns[column]
    if (!releases) throw new Error(`column ${column} of ${row.id} stands for no release`)
    const oddAt = (at: Date): Verdict | undefined =>
      judgeAll({ ...input, at }, releases).find(({ kind }) => kind !== (theirs ? 'accepted' : 'refused'))
    const odd = oddAt(input.at)
    const facts = { id: row.id, column, theirs, theirReason: row.reason?.[column] ?? '' }
    if (!odd) {
      record({ ...facts, ours: '' }, true)
      continue
    }
    const agreesAfter = (milliseconds: number): boolean => !oddAt(new Date(input.at.getTime() + milliseconds))
    record({ ...facts, ours: verdictText(odd) }, false, { ours: odd.kind, agreesAfter })
  }
}

function verdictText(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'accepted':
      return `${verdict.release} accepted`
    case 'undetermined':
      return `${verdict.release} undetermined: ${verdict.because}`
    default:
      return `${verdict.release} ${verdict.kind}: ${verdict.reason.rule}: ${describeProblem(verdict.reason)}`
  }
}

const altNameTypes: Readonly<Record<string, string>> = { DNS: 'dns', IP: 'ip', EMAIL: 'email', URI: 'uri' }

function compareHostRow(line: string, record: Recorder): void {
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
  verifiers.forEach((verifier, i) => {
    const theirs = expected[i] === '1'
    const ours = matchesHost(names, host, verifier)
    record(
      { id: line, column: verifier, theirs, ours: ours ? 'matches' : 'does not match', theirReason: '' },
      ours === theirs,
    )
  })
}
