import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { AdfsCheckFault } from '../fault.js'

/** Reading and making files where others may have put links, pipes and devices. */

export const foreign = (path: string) =>
  new AdfsCheckFault(
    'ADFS_CHECK_WRITE_FAILED',
    `${path} is there already and is not as adfs-check wrote it.`,
    { hint: 'Choose an empty folder for --kit.' },
  )

/** No file of a kit is larger; a foreign one need not be read to its end to see that it is not ours. */
const maxOwnBytes = 4 * 1024 * 1024

/**
 * The contents of an ordinary file, null for anything else. Never follows a link and never waits: a named pipe would
 * keep a plain open for ever.
 */
export async function readOwn(path: string): Promise<Buffer | null> {
  // Windows has no O_NOFOLLOW; making a link there takes an administrator, so a look beforehand will do.
  if (constants.O_NOFOLLOW === undefined && (await lstat(path).catch(() => null))?.isFile() !== true)
    return null
  const handle = await open(
    path,
    constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
  ).catch(() => null)
  if (!handle) return null
  try {
    const info = await handle.stat()
    return info.isFile() && info.size <= maxOwnBytes ? await handle.readFile() : null
  } finally {
    await handle.close()
  }
}

const heldCodes: ReadonlySet<unknown> = new Set(['EPERM', 'EACCES', 'EBUSY'])
const heldMs = 2_000

/**
 * Windows neither replaces nor deletes a file that somebody has open, and will not make one whose predecessor is still
 * being deleted. Virus scanners and Explorer open what is new for moments, so it is tried again for a while.
 */
export async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (let waited = 0; ; waited += 50) {
    try {
      return await act()
    } catch (cause) {
      if (waited >= heldMs || !heldCodes.has((cause as NodeJS.ErrnoException).code)) throw cause
      await wait(50)
    }
  }
}

/** Leftovers of runs that were killed are recognised by this name, and by nothing else. */
export const temporary = /^\.adfs-check-[0-9a-f]{16}\.part$/
export const partIn = (folder: string) => join(folder, `.adfs-check-${randomBytes(8).toString('hex')}.part`)

export const exclusively =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

export async function createExclusively(path: string, contents: Uint8Array): Promise<void> {
  const handle = await open(path, exclusively, 0o644)
  try {
    await handle.writeFile(contents)
    // Without it a file could be empty after a power cut although the list names it.
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Devices, with any ending, and what ends in a dot or space (learn.microsoft.com, "Naming Files, Paths, and Namespaces"). */
const unfitOnWindows = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$|[. ]$/i

/**
 * Makes each missing folder of a path. Not Node's own recursive mkdir: it never comes back where the system answers
 * ENOENT for a folder that exists, as below /proc.
 */
export async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = []
  for (let path = resolve(folder); ; path = dirname(path)) {
    const info = await stat(path).catch(() => null)
    if (info?.isDirectory()) break
    if (info || path === dirname(path)) throw new Error(`${path} is not a folder`)
    missing.unshift(path)
  }
  // Node makes them nevertheless, by a way round Windows' own rules, and Explorer cannot remove them.
  const unfit = missing.find((path) => sep === '\\' && unfitOnWindows.test(basename(path)))
  if (unfit !== undefined) throw new Error(`Windows has no folder of the name ${basename(unfit)}`)
  for (const path of missing)
    await mkdir(path).catch((cause: NodeJS.ErrnoException) => {
      // Another run may have made it in the meantime.
      if (cause.code !== 'EEXIST') throw cause
    })
}
