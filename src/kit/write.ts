import { createHash } from 'node:crypto'
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AdfsCheckFault } from '../fault.js'
import { checksumFile, checksums, type Kit, type KitFile } from './files.js'
import { isLeftLock, lock } from './lock.js'
import { createExclusively, foreign, partIn, readOwn, temporary } from './safe-files.js'

/** What became of a kit. */
export type Written =
  | { readonly kind: 'written'; readonly files: readonly string[] }
  /** An issuer could not be fetched this time, and the folder holds certificates of an earlier kit: nothing was changed. */
  | { readonly kind: 'kept'; readonly files: readonly string[] }

/**
 * Writes a kit into `folder`, which is made if need be. Each file appears whole or not at all. Files of an earlier kit
 * that nobody changed are replaced, and removed where the new kit has none of that name: an administrator imports what
 * lies in the folder. Anything else there is left alone.
 *
 * Killed at any moment, it leaves a folder that the next run takes for its own: before the first file changes, the
 * checksum list names both the old and the new contents of every file; temporary files have a name of ours. Two runs at
 * once take turns by a lock file.
 *
 * @throws AdfsCheckFault ADFS_CHECK_WRITE_FAILED, also when a file of the same name is there that is not ours
 * @throws the signal's reason, before anything is changed
 */
export async function writeKit(
  folder: string,
  { files, incomplete }: Kit,
  signal?: AbortSignal,
): Promise<Written> {
  signal?.throwIfAborted()
  try {
    const unlock = await lock(folder)
    try {
      return await replace(folder, files, incomplete, signal)
    } finally {
      await unlock()
    }
  } catch (cause) {
    if (cause instanceof AdfsCheckFault || (signal?.aborted && cause === signal.reason)) throw cause
    throw new AdfsCheckFault(
      'ADFS_CHECK_WRITE_FAILED',
      `The kit cannot be written into ${folder}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { hint: 'Choose a folder that you may write to.', cause },
    )
  }
}

async function replace(
  folder: string,
  files: readonly KitFile[],
  incomplete: boolean,
  signal: AbortSignal | undefined,
): Promise<Written> {
  const before = await ownFiles(folder)
  const wanted = new Map(files.map(({ path, contents }) => [path, sha256Of(contents)]))
  const stale = [...before.keys()].filter((path) => !wanted.has(path))
  if (incomplete && stale.some((path) => path.endsWith('.cer')))
    return { kind: 'kept', files: [...before.keys()].map((path) => join(folder, path)) }
  for (const path of wanted.keys()) await refuseForeign(folder, path, before, wanted)
  signal?.throwIfAborted()

  await makeFolders(folder, files)
  await sweep(folder)
  const old = [...before]
    .flatMap(([path, sha256]) => (path === checksumFile ? [] : `${sha256}  ${path}\n`))
    .join('')
  await put(folder, checksumFile, Buffer.from(old + listOf(files), 'latin1'))
  for (const path of stale) if (path !== checksumFile) await rm(join(folder, path), { force: true })
  for (const { path, contents } of files) if (path !== checksumFile) await put(folder, path, contents)
  await put(folder, checksumFile, Buffer.from(listOf(files), 'latin1'))
  await removeEmptyFolders(folder, stale, wanted)
  return { kind: 'written', files: files.map(({ path }) => join(folder, path)) }
}

const listOf = (files: readonly KitFile[]): string =>
  checksums(files.filter(({ path }) => path !== checksumFile))

/**
 * Files that the folder's checksum list names and that have one of the contents it names for them, and that list itself.
 * Only plain names, at most one folder deep: a list that somebody edited must not make us touch a file elsewhere.
 */
async function ownFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const list = await readOwn(join(folder, checksumFile))
  if (!list) return new Map()
  const plainPath = /^([0-9a-f]{64}) {2}((?:[A-Za-z0-9][A-Za-z0-9-]*\/)?[A-Za-z0-9][A-Za-z0-9.-]*)$/gm
  const entries = [...list.toString('latin1').matchAll(plainPath)]
  const own = new Map<string, string>()
  for (const path of new Set(entries.map(([, , path]) => path!))) {
    if (path.includes('/') && !(await isFolder(join(folder, dirname(path))))) continue
    const contents = await readOwn(join(folder, path))
    const sha256 = contents && sha256Of(contents)
    if (sha256 && entries.some(([, listed, named]) => named === path && listed === sha256))
      own.set(path, sha256)
  }
  if (entries.length > 0) own.set(checksumFile, sha256Of(list))
  return own
}

async function refuseForeign(
  folder: string,
  path: string,
  own: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): Promise<void> {
  if (own.has(path)) return
  const target = join(folder, path)
  const info = await lstat(target).catch(() => null)
  if (!info) {
    const parent = path.includes('/') ? await lstat(dirname(target)).catch(() => null) : null
    if (parent && !parent.isDirectory()) throw foreign(dirname(target))
    return
  }
  const contents = await readOwn(target)
  // What is there equals what is to be written: a kit whose list was lost.
  if (!contents || sha256Of(contents) !== wanted.get(path)) throw foreign(target)
}

const isFolder = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => null))?.isDirectory() === true

/** A new file beside the target, made exclusively, then put in its place in one step. */
async function put(folder: string, path: string, contents: Uint8Array): Promise<void> {
  const target = join(folder, path)
  const part = partIn(dirname(target))
  try {
    await createExclusively(part, contents)
    await rename(part, target)
  } catch (cause) {
    await rm(part, { force: true })
    throw cause
  }
}

async function makeFolders(folder: string, files: readonly KitFile[]): Promise<void> {
  const wanted = new Set(files.filter(({ path }) => path.includes('/')).map(({ path }) => dirname(path)))
  for (const name of wanted) if (!(await isFolder(join(folder, name)))) await mkdir(join(folder, name))
}

/** Also in the folders of machines that the new kit does not have: by our names and by nothing else. */
async function sweep(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true })
  const below = entries.filter((entry) => entry.isDirectory() && plainFolder.test(entry.name))
  for (const name of ['.', ...below.map(({ name }) => name)])
    for (const left of await readdir(join(folder, name)).catch(() => [])) {
      const path = join(folder, name, left)
      if (temporary.test(left) || (await isLeftLock(path, left))) await rm(path, { force: true })
    }
}

const plainFolder = /^[A-Za-z0-9][A-Za-z0-9-]*$/

async function removeEmptyFolders(
  folder: string,
  stale: readonly string[],
  wanted: ReadonlyMap<string, string>,
): Promise<void> {
  const used = new Set([...wanted.keys()].map(dirname))
  for (const name of new Set(stale.filter((path) => path.includes('/')).map(dirname))) {
    const left = used.has(name) ? ['used'] : await readdir(join(folder, name)).catch(() => ['unreadable'])
    // `rm` with nothing but `recursive` off refuses folders; an empty one has nothing to lose.
    if (left.length === 0) await rm(join(folder, name), { recursive: true, force: true })
  }
}

const sha256Of = (contents: Uint8Array) => createHash('sha256').update(contents).digest('hex')
