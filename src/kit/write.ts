import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AdfsCheckFault } from '../fault.js'
import type { KitFile } from './plan.js'

/**
 * Writes the files of a kit into `folder`, which is made if need be. Each file appears whole or not at all.
 *
 * @throws AdfsCheckFault ADFS_CHECK_WRITE_FAILED, also when a file of the same name with other content is there that no
 * kit has written
 */
export async function writeKit(folder: string, files: readonly KitFile[]): Promise<readonly string[]> {
  try {
    await mkdir(folder, { recursive: true })
    const present = new Set(await readdir(folder))
    const isKit =
      present.has('README.md') &&
      (await readFile(join(folder, 'README.md'), 'utf8')).includes('Made by adfs-check')
    const foreign = isKit ? undefined : files.find(({ path }) => present.has(path))
    if (foreign) {
      throw new AdfsCheckFault(
        'ADFS_CHECK_WRITE_FAILED',
        `${join(folder, foreign.path)} is there already and not from adfs-check.`,
        {
          hint: 'Choose an empty folder for --kit.',
        },
      )
    }
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
      {
        hint: 'Choose a folder that you may write to.',
        cause,
      },
    )
  }
}
