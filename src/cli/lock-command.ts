import { access, rename, writeFile } from 'node:fs/promises'
import type { Checked } from '../check.js'
import { type Lock, type LockedFarm, lockKey, lockText } from '../farm/locked.js'
import { AdfsCheckFault } from '../fault.js'
import { lockOf } from '../gate/lockfile.js'
import { checkAimed, readLockFile } from './check-command.js'
import { exitUnfinished } from './exit-code.js'
import type { Machine } from './machine.js'
import type { Aimed, CheckFlags } from './options.js'
import { listsOf, listsOfAimed } from './targets.js'

/** Checks farms and writes what they come to beside those already in the file; the exit code is that of the check. */
export async function lockCommand(
  targets: readonly string[],
  all: CheckFlags,
  given: Partial<CheckFlags>,
  machine: Machine,
): Promise<number> {
  const { lists, path } = await aim(targets, all, given)
  const before = await lockAt(path)
  const farms = new Map<string, LockedFarm>()
  const missed: string[] = []
  const { lock: _, ...flags } = all
  const code = await checkAimed(lists, flags, machine, ({ examined }: Checked) => {
    const locked = lockOf(examined)
    if (locked) farms.set(lockKey(examined.farm), locked)
    else missed.push(examined.farm.id)
  })
  for (const name of missed)
    machine.err.write(`adfs-check: ${name} was not seen whole, so nothing is locked for it.\n`)
  if (machine.signal.aborted || farms.size === 0) return exitUnfinished
  await write(path, { ...before, ...Object.fromEntries(farms) })
  machine.err.write(`adfs-check: ${path} holds ${[...farms.keys()].join(', ')}.\n`)
  return missed.length > 0 ? Math.max(code, exitUnfinished) : code
}

/** Comparisons are left out: what is to be written is not measured by what was. */
async function aim(targets: readonly string[], all: CheckFlags, given: Partial<CheckFlags>) {
  const unlocked = ({ target, flags: { lock: _, state: __, ...flags } }: Aimed): Aimed => ({ target, flags })
  if (all.config !== undefined) {
    const { aimedBy } = await import('./config.js')
    const { aimed, flags } = await aimedBy(all.config, targets, given)
    return { lists: listsOfAimed(aimed.map(unlocked), flags), path: flags.lock ?? defaultLock }
  }
  if (targets.length === 0)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', 'No farm is named.', {
      hint: 'Name one, or give --config adfs-check.yaml: adfs-check lock sts.contoso.com',
    })
  const { lock: _, ...flags } = all
  return { lists: listsOf(targets, flags), path: all.lock ?? defaultLock }
}

const defaultLock = 'adfs-check.lock'

async function lockAt(path: string): Promise<Lock> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  return isThere ? readLockFile(path) : {}
}

/** Whole or not at all: half a lock file would fail every later run. */
async function write(path: string, lock: Lock): Promise<void> {
  const beside = `${path}.new`
  try {
    await writeFile(beside, lockText(lock))
    await rename(beside, path)
  } catch (cause) {
    throw new AdfsCheckFault('ADFS_CHECK_WRITE_FAILED', `${path} cannot be written.`, {
      hint: 'Name another file with --lock.',
      cause,
    })
  }
}
