import { createHash } from 'node:crypto'

export interface KitFile {
  /** Relative, `/` between a machine's folder and the file. */
  readonly path: string
  readonly contents: Uint8Array
}

export interface Kit {
  readonly files: readonly KitFile[]
  /**
   * An issuer could not be fetched in this run: an earlier kit in the same folder may be the better one, and is kept
   * (`writeKit`).
   */
  readonly incomplete: boolean
}

export const checksumFile = 'SHA256SUMS'

/** In the format of `sha256sum`; also how a later run knows which files of a folder are ours to replace. */
export const checksums = (files: readonly KitFile[]): string =>
  files
    .map(({ path, contents }) => `${createHash('sha256').update(contents).digest('hex')}  ${path}\n`)
    .join('')
