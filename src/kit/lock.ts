import { randomBytes } from 'node:crypto'
import { link, lstat, open, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import {
  createExclusively,
  exclusively,
  foreign,
  makeFolder,
  partIn,
  patiently,
  readOwn,
} from './safe-files.js'

const lockFile = '.adfs-check.lock'
/** A lock that was taken over, where the run that did was killed before it could remove it. */
const movedLock = /^\.adfs-check\.lock-[0-9a-f]{16}$/
/** Writing a kit takes milliseconds; a lock of another machine that is older belongs to nobody. */
const lockAgeMs = 20_000
const unsignedAgeMs = 1_000
const patienceMs = 30_000

/** Takes the folder's lock, waiting for a run that is at work, and taking over from one that was killed. */
export async function lock(folder: string): Promise<() => Promise<void>> {
  await makeFolder(folder)
  const path = join(folder, lockFile)
  const mine = `${hostname()} ${process.pid} ${randomBytes(8).toString('hex')}\n`
  for (let waited = 0; ; waited += 50) {
    try {
      await patiently(() => createExclusively(path, Buffer.from(mine)))
      return () => patiently(() => rm(path, { force: true }))
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

/** A lock that was moved aside by a run that was then killed. */
export const isLeftLock = async (path: string, name: string): Promise<boolean> =>
  movedLock.test(name) && isAbandoned((await textOf(path)) ?? '', 0)
