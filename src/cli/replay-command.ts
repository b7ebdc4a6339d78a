import { readFile, stat } from 'node:fs/promises'
import { check } from '../check.js'
import type { Asked, AskedTrustData } from '../farm/asked.js'
import { AdfsCheckFault } from '../fault.js'
import { casesOfPage } from '../formats/html-case.js'
import { caseText, replaying } from '../network/case.js'
import { maxCaseBytes, type ReadCase, readCase } from '../network/read-case.js'
import { turns } from '../run/library.js'
import { askedTrustData } from './asked.js'
import { baselineBy } from './baseline.js'
import type { Machine } from './machine.js'
import { type TellFlags, tell } from './tell.js'

export type ReplayFlags = TellFlags & { readonly trustData?: string }

/**
 * Judges a saved case, or those inside a page, as of its own clock, asking nobody; printed commands are those of the original
 * run.
 */
export async function replayCommand(file: string, flags: ReplayFlags, machine: Machine): Promise<number> {
  const given = flags.trustData === undefined ? null : await askedTrustData(flags.trustData)
  const cases: ReadCase[] = []
  for (const read of await casesIn(file))
    cases.push({ ...read, asked: await askedWith(given, read.asked, file) })
  const [first] = cases
  if (!first)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${file} is a page without a case.`, {
      hint: 'Pages of "file" have none, nor those of large farms: use adfs-check NAME --save FILE.',
    })
  const known = await baselineBy(flags)
  async function* replayed() {
    const hooks = { concurrency: 1, pause: turns(machine.signal) }
    for (const [nth, { saved, asked, at }] of cases.entries()) {
      const checked = await check(asked, replaying(saved), at, hooks)
      yield { nth, checked, asked, save: () => caseText(saved) }
    }
  }
  return tell(replayed(), flags, { ...machine, now: first.at }, known)
}

/** @throws AdfsCheckFault ADFS_CHECK_BAD_FILE */
export async function casesIn(file: string): Promise<readonly ReadCase[]> {
  const text = await textOf(file)
  return (casesOfPage(text) ?? [text]).map((one) => readCase(one, file))
}

/**
 * A case that was judged by a file of trust data is judged by the same one, or by newer data as any case is: it does not
 * hold the data, which is larger than most cases and public. The result is what it now depends on.
 */
export async function askedWith(
  given: AskedTrustData | null,
  { trustData, ...asked }: Asked,
  file: string,
): Promise<Asked> {
  if (given && given.sha256 !== trustData?.sha256 && !(trustData && given.date <= trustData.date))
    return { ...asked, trustData: given }
  if (trustData === undefined) return asked
  if (given?.sha256 === trustData.sha256) return { ...asked, trustData }
  const { builtIn, dateOf } = await import('../android/trust-data.js')
  if (!given && dateOf(builtIn) > trustData.date) return asked
  throw new AdfsCheckFault(
    'ADFS_CHECK_BAD_FILE',
    `${file} was judged by trust data of ${trustData.date} (SHA-256 ${trustData.sha256.slice(0, 16)}), which ${given ? 'is not the file given' : 'this program does not have'}.`,
    { hint: 'Give that file, or a newer one: --trust-data FILE' },
  )
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
