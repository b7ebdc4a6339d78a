import { readFile, stat } from 'node:fs/promises'
import { check } from '../check.js'
import { AdfsCheckFault } from '../fault.js'
import { replaying } from '../network/case.js'
import { maxCaseBytes, readCase } from '../network/read-case.js'
import { turns } from '../run/library.js'
import { baselineBy } from './baseline.js'
import type { Machine } from './machine.js'
import { type TellFlags, tell } from './tell.js'

export type ReplayFlags = TellFlags

/** Judges a saved case as of its own clock, asking nobody; printed commands are those of the original run. */
export async function replayCommand(file: string, flags: ReplayFlags, machine: Machine): Promise<number> {
  const { saved, asked, at } = readCase(await textOf(file), file)
  const known = await baselineBy(flags)
  async function* replayed() {
    const checked = await check(asked, replaying(saved), at, { concurrency: 1, pause: turns(machine.signal) })
    yield { checked, asked }
  }
  return tell(replayed(), flags, { ...machine, now: at }, { known })
}

async function textOf(file: string): Promise<string> {
  const bad = (problem: string, cause?: unknown) =>
    new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${file} ${problem}.`, {
      hint: 'Name a case written with adfs-check NAME --save FILE.',
      cause,
    })
  const info = await stat(file).catch((cause: unknown) => {
    throw bad('cannot be read', cause)
  })
  if (!info.isFile()) throw bad('is no regular file')
  if (info.size > maxCaseBytes) throw bad(`is larger than ${maxCaseBytes} bytes`)
  return readFile(file, 'utf8')
}
