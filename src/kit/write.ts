import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AdfsCheckFault } from '../fault.js'
import { checksumFile, type KitFile } from './plan.js'

/**
 * Writes the files of a kit into `folder`, which is made if need be. Each file appears whole or not at all. Files of an
 * earlier kit that nobody changed are replaced, and removed where the new kit has none of that name: an administrator
 * imports what lies in the folder. Anything else in the folder is left alone.
 *
 * @throws AdfsCheckFault ADFS_CHECK_WRITE_FAILED, also when a file of the same name is there that is not ours
 */
export async function writeKit(folder: string, files: readonly KitFile[]): Promise<readonly string[]> {
  try {
    await mkdir(folder, { recursive: true })
    const present = new Set(await readdir(folder))
    const own = await unchangedFiles(folder, present)
    const foreign = files.find(({ path }) => present.has(path) && !own.has(path))
    if (foreign) {
      throw new AdfsCheckFault(
        'ADFS_CHECK_WRITE_FAILED',
        `${join(folder, foreign.path)} is there already and is not as adfs-check wrote it.`,
        { hint: 'Choose an empty folder for --kit.' },
      )
    }
    const wanted = new Set(files.map(({ path }) => path))
    for (const path of own) if (!wanted.has(path)) await rm(join(folder, path))
    for (const { path, contents } of files) {
      const target = join(folder, path)
      await writeFile(`${target}.part`, contents)
      await rename(`${target}.part`, target)
    }
    return files.map(({ path }) => join(folder, path))
  } catch (cause) {
    if (cause instanceof AdfsCheckFault) throw cause
    throw new AdfsCheckFault(
      'ADFS_CHECK_WRITE_FAILED',
      `The kit cannot be written into ${folder}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { hint: 'Choose a folder that you may write to.', cause },
    )
  }
}

/** Files that the folder's checksum file lists and that still have those checksums, and that file itself. */
async function unchangedFiles(folder: string, present: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  if (!present.has(checksumFile)) return new Set()
  const list = await readFile(join(folder, checksumFile), 'latin1')
  // Only plain names: a list that somebody edited must not make us touch a file outside the folder.
  const entries = [...list.matchAll(/^([0-9a-f]{64}) {2}([A-Za-z0-9][A-Za-z0-9.-]*)$/gm)]
  const own = new Set<string>(entries.length > 0 ? [checksumFile] : [])
  for (const [, sha256, path] of entries) {
    if (!present.has(path!)) continue
    const contents = await readFile(join(folder, path!))
    if (createHash('sha256').update(contents).digest('hex') === sha256) own.add(path!)
  }
  return own
}
