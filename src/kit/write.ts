import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { AdfsCheckFault } from '../fault.js'
import { checksumFile, checksums, type Kit, type KitFile } from './files.js'

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

const foreign = (path: string) =>
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
async function readOwn(path: string): Promise<Buffer | null> {
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

const isFolder = async (path: string): Promise<boolean> =>
  (await lstat(path).catch(() => null))?.isDirectory() === true

/** Leftovers of runs that were killed are recognised by this name, and by nothing else. */
const temporary = /^\.adfs-check-[0-9a-f]{16}\.part$/
const partIn = (folder: string) => join(folder, `.adfs-check-${randomBytes(8).toString('hex')}.part`)

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

const exclusively = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

async function createExclusively(path: string, contents: Uint8Array): Promise<void> {
  const handle = await open(path, exclusively, 0o644)
  try {
    await handle.writeFile(contents)
    // Without it a file could be empty after a power cut although the list names it.
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function makeFolders(folder: string, files: readonly KitFile[]): Promise<void> {
  const wanted = new Set(files.filter(({ path }) => path.includes('/')).map(({ path }) => dirname(path)))
  for (const name of wanted) if (!(await isFolder(join(folder, name)))) await mkdir(join(folder, name))
  for (const name of ['.', ...wanted])
    for (const left of await readdir(join(folder, name))) {
      const path = join(folder, name, left)
      if (temporary.test(left) || (movedLock.test(left) && isAbandoned((await textOf(path)) ?? '', 0)))
        await rm(path, { force: true })
    }
}

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

/**
 * Makes each missing folder of a path. Not Node's own recursive mkdir: it never comes back where the system answers
 * ENOENT for a folder that exists, as below /proc.
 */
async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = []
  for (let path = resolve(folder); ; path = dirname(path)) {
    const info = await stat(path).catch(() => null)
    if (info?.isDirectory()) break
    if (info || path === dirname(path)) throw new Error(`${path} is not a folder`)
    missing.unshift(path)
  }
  for (const path of missing)
    await mkdir(path).catch((cause: NodeJS.ErrnoException) => {
      // Another run may have made it in the meantime.
      if (cause.code !== 'EEXIST') throw cause
    })
}

const lockFile = '.adfs-check.lock'
/** A lock that was taken over, where the run that did was killed before it could remove it. */
const movedLock = /^\.adfs-check\.lock-[0-9a-f]{16}$/
/** Writing a kit takes milliseconds; a lock of another machine that is older belongs to nobody. */
const lockAgeMs = 20_000
const unsignedAgeMs = 1_000
const patienceMs = 30_000

/** Takes the folder's lock, waiting for a run that is at work, and taking over from one that was killed. */
async function lock(folder: string): Promise<() => Promise<void>> {
  await makeFolder(folder)
  const path = join(folder, lockFile)
  const mine = `${hostname()} ${process.pid} ${randomBytes(8).toString('hex')}\n`
  for (let waited = 0; ; waited += 50) {
    try {
      await createExclusively(path, Buffer.from(mine))
      return () => rm(path, { force: true })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    }
    const info = await lstat(path).catch(() => null)
    if (info && !info.isFile()) throw foreign(path)
    const text = await textOf(path)
    if (info && text !== null && isAbandoned(text, (await timeThere(folder)) - info.mtimeMs))
      await takeOver(path, text)
    else if (waited >= patienceMs) throw new Error('another run of adfs-check is writing there')
    else await wait(50)
  }
}

/** The clock of the machine that keeps the folder, by a file that is new there. */
async function timeThere(folder: string): Promise<number> {
  const path = partIn(folder)
  const handle = await open(path, exclusively, 0o644)
  try {
    // Asked of the handle: the run that holds the lock may sweep the file away.
    return (await handle.stat()).mtimeMs
  } finally {
    await handle.close()
    await rm(path, { force: true })
  }
}

/** Its process is gone (seen only on the same machine), it was killed before it could sign, or it is older than any run takes. */
function isAbandoned(text: string, ageMs: number): boolean {
  if (ageMs > lockAgeMs) return true
  if (text === '') return ageMs > unsignedAgeMs
  const [host, pid] = text.split(' ')
  if (host !== hostname() || !/^\d+$/.test(pid ?? '')) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/**
 * Of several that want to, one gets it: the move succeeds once. What was moved may be the lock of a run that came in
 * between; then it is put back.
 */
async function takeOver(path: string, abandoned: string): Promise<void> {
  if ((await textOf(path)) !== abandoned) return
  const aside = `${path}-${randomBytes(8).toString('hex')}`
  if (
    !(await rename(path, aside).then(
      () => true,
      () => false,
    ))
  )
    return
  if ((await textOf(aside)) !== abandoned) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

const textOf = async (path: string): Promise<string | null> =>
  (await readOwn(path))?.toString('latin1') ?? null

const sha256Of = (contents: Uint8Array) => createHash('sha256').update(contents).digest('hex')
