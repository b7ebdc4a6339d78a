import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
export const bundle = join(root, 'dist-bundle')
export const linux = join(bundle, 'adfs-check-linux-x64')
if (!existsSync(join(bundle, 'SHA256SUMS'))) throw new Error('npm run bundle comes first')

/** Digests by file, as SHA256SUMS of a folder has them. */
export const sumsOf = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('  ') as [string, string])
      .map(([digest, file]) => [file, digest]),
  )
