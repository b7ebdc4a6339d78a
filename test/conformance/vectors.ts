import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Release } from '../../src/android/releases.js'

/** The recorded verdicts: which files there are, where they lie, and one row of each kind. */

const ours = fileURLToPath(new URL('../../fixtures/vectors', import.meta.url))

/** Material of others (x509-limbo, bettertls) is not ours to copy; this variable names a folder that has it. */
export const thirdPartyFolder = 'ADFS_CHECK_VECTORS'

export interface VectorFile {
  readonly name: string
  /** Null: the file is not on this machine. */
  readonly path: string | null
  /** Locally every so-manieth row is compared; with `CI=true` all are. */
  readonly stride: number
}

export function vectorFiles(environment: NodeJS.ProcessEnv): readonly VectorFile[] {
  const isWhole = environment.CI === 'true'
  const own = (name: string, stride = 1): VectorFile => ({
    name,
    path: join(ours, name),
    stride: isWhole ? 1 : stride,
  })
  const folder = environment[thirdPartyFolder]
  const theirs = (name: string): VectorFile => {
    const path = folder ? join(folder, name) : null
    return { name, path: path && existsSync(path) ? path : null, stride: 1 }
  }
  return [
    own('chains-shapes.jsonl.gz'),
    own('chains-staples.jsonl.gz'),
    own('hostnames.tsv.gz'),
    own('chains-generated.jsonl.gz', 5),
    own('chains-real.jsonl.gz', 5),
    theirs('chains-limbo.jsonl.gz'),
    theirs('chains-bettertls.jsonl.gz'),
  ]
}

/** The rows of a file, gzipped or not, as text; comments and empty lines left out. */
export function readRows(path: string): string[] {
  const bytes = readFileSync(path)
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8')
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

export const holdsHostNames = (path: string): boolean => /\.tsv(\.gz)?$/.test(basename(path))

/** One row of a chain file, as recorded. */
export interface ChainRow {
  readonly id: string
  readonly at: string
  readonly anchors: readonly string[]
  readonly sent: readonly string[]
  readonly staple?: string | null
  /** Anchors in a key store in memory. */
  readonly accepted: Readonly<Record<Release, boolean>>
  /** Anchors found by the hash of their name, where the verdict is another one. */
  readonly acceptedDevice?: Readonly<Partial<Record<Release, boolean>>>
  readonly reason?: Readonly<Record<string, string>>
  /** Why the recording itself is not certain. */
  readonly doubt?: string
}
