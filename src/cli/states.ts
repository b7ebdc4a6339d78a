import { readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Checked } from '../check.js'
import { lockKey } from '../farm/locked.js'
import { AdfsCheckFault } from '../fault.js'
import { compared, type Standing } from '../gate/changes.js'
import { merged, readState, type State, stateText } from '../gate/state.js'
import { lock } from '../kit/lock.js'
import { createExclusively, partIn, patiently, temporary } from '../kit/safe-files.js'
import { readWithin } from './files.js'

/** Ten thousand farms of some servers each. */
const maxBytes = 64 * 1024 * 1024

/** The files of --state in one run, each of one farm or of many. */
export class States {
  readonly #files: ReadonlyMap<string, State>
  readonly #looks = new Map<string, Map<string, Standing>>()

  private constructor(files: ReadonlyMap<string, State>) {
    this.#files = files
  }

  /** @throws AdfsCheckFault ADFS_CHECK_BAD_FILE */
  static async read(paths: Iterable<string>): Promise<States> {
    const files = new Map<string, State>()
    for (const path of new Set(paths)) files.set(path, await stateAt(path))
    return new States(files)
  }

  /** With what has changed since the file was written. */
  compared(path: string, checked: Checked): Checked {
    const key = lockKey(checked.examined.farm)
    const { standing, changes } = compared(this.#files.get(path)?.get(key) ?? null, checked.report)
    const looks = this.#looks.get(path) ?? new Map<string, Standing>()
    this.#looks.set(path, looks.set(key, standing))
    return { ...checked, report: { ...checked.report, changes: [...changes] } }
  }

  /**
   * Writes each file once, beside farms that others put there meanwhile. Called when everything was told: a run that is
   * killed before tells it again next time.
   *
   * @throws AdfsCheckFault ADFS_CHECK_WRITE_FAILED, ADFS_CHECK_BAD_FILE
   */
  async write(): Promise<void> {
    for (const [path, looks] of this.#looks) {
      try {
        await this.#replace(path, looks)
      } catch (cause) {
        if (cause instanceof AdfsCheckFault && cause.code === 'ADFS_CHECK_BAD_FILE') throw cause
        throw new AdfsCheckFault(
          'ADFS_CHECK_WRITE_FAILED',
          `${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
          {
            hint: 'What was told will be told again. Name a file with --state that you may write.',
            cause,
          },
        )
      }
    }
  }

  async #replace(path: string, looks: ReadonlyMap<string, Standing>): Promise<void> {
    // Where the file is a link, what it leads to is replaced.
    const target = await realpath(path).catch(() => path)
    const folder = dirname(target)
    const unlock = await lock(folder)
    try {
      const [read, current] = [this.#files.get(path)!, await stateAt(path)]
      const next = new Map(current)
      for (const [key, look] of looks) next.set(key, merged(current.get(key), read.get(key), look))
      await sweep(folder)
      const part = partIn(folder)
      await createExclusively(part, Buffer.from(stateText(next)))
      await patiently(() => rename(part, target))
    } finally {
      await unlock()
    }
  }
}

/** Nothing is known where there is no file. */
async function stateAt(path: string): Promise<State> {
  const isMissing = await stat(path).then(
    () => false,
    ({ code }: NodeJS.ErrnoException) => code === 'ENOENT',
  )
  return isMissing
    ? new Map()
    : readState(Buffer.from(await readWithin(path, maxBytes)).toString('utf8'), path)
}

/** What killed runs left there; somebody else's are somebody else's. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (temporary.test(name)) await rm(join(folder, name), { force: true }).catch(() => undefined)
}
