import { checkFrom, type View } from '../check.js'
import { joinedAsked, labelsOf, maxVantages } from '../farm/vantage.js'
import { AdfsCheckFault } from '../fault.js'
import { replaying } from '../network/case.js'
import { turns } from '../run/library.js'
import { askedTrustData } from './asked.js'
import { baselineBy } from './baseline.js'
import type { Machine } from './machine.js'
import { askedWith, casesIn } from './replay-command.js'
import { type TellFlags, tell } from './tell.js'

export interface JoinFlags extends TellFlags {
  /** A label for each case, in their order. */
  readonly as: readonly string[]
  /** Newer stores and catalogue, or those of the runs. */
  readonly trustData?: string
}

/** Cases seen longer apart than this may be of before and after a change. */
const longApartMs = 24 * 3_600_000

/** Judges cases of one name that were saved at different places as one farm, as of the latest of them, asking nobody. */
export async function joinCommand(
  paths: readonly string[],
  flags: JoinFlags,
  machine: Machine,
): Promise<number> {
  if (paths.length > maxVantages)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `At most ${maxVantages} cases can be joined.`)
  const labels = labelsOf(paths, flags.as)
  const given = flags.trustData === undefined ? null : await askedTrustData(flags.trustData)
  const cases = []
  for (const [index, path] of paths.entries()) {
    const [first, ...others] = await casesIn(path)
    if (!first || others.length > 0)
      throw new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${path} holds ${others.length + 1} cases.`, {
        hint: 'Save the one name: adfs-check NAME --save FILE.',
      })
    cases.push({ ...first, asked: await askedWith(given, first.asked, path), path, label: labels[index]! })
  }
  const asked = joinedAsked(cases, flags.as)
  const times = cases.map(({ at }) => at.getTime())
  const at = new Date(Math.max(...times))
  const apartMs = at.getTime() - Math.min(...times)
  if (apartMs > longApartMs)
    machine.err.write(
      `adfs-check: the cases were saved ${Math.floor(apartMs / 86_400_000)} days apart; what differs may have been changed in between.\n`,
    )
  const views = cases.map(
    ({ label, asked: here, at: then, saved }): View => ({
      vantage: { label, at: then },
      asked: here,
      network: replaying(saved),
    }),
  )
  const known = await baselineBy(flags)
  async function* joined() {
    const hooks = { concurrency: 1, pause: turns(machine.signal) }
    yield { nth: 0, checked: await checkFrom(views, asked, at, hooks), asked }
  }
  return tell(joined(), flags, { ...machine, now: at }, known)
}
