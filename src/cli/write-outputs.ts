import { randomBytes } from 'node:crypto'
import { lstat, open, rename, rm, writeFile } from 'node:fs/promises'
import { AdfsCheckFault } from '../fault.js'
import type { Head, Style } from '../formats/format.js'
import { formats } from '../formats/registry.js'
import type { Gated } from '../gate/gate.js'
import type { Summary } from '../gate/owners.js'
import type { OutputFile } from './outputs.js'

/**
 * Writes every file whole or not at all: whoever reads one at any time finds the old run or the new one.
 *
 * @throws AdfsCheckFault ADFS_CHECK_WRITE_FAILED for the first that cannot be written; the others are written
 */
export async function writeOutputs(
  outputs: readonly OutputFile[],
  { head, reports, end }: { readonly head: Head; readonly reports: readonly Gated[]; readonly end: Summary },
  style: Style,
): Promise<void> {
  const faults: AdfsCheckFault[] = []
  for (const { format, file } of outputs) {
    const parts: string[] = []
    const sink = { write: (part: string) => void parts.push(part) }
    await formats[format].write(head, each(reports), Promise.resolve(end), sink, style)
    await replaceFile(file, parts.join('')).catch((cause: unknown) => {
      faults.push(
        new AdfsCheckFault('ADFS_CHECK_WRITE_FAILED', `${file} cannot be written.`, {
          hint: `The result is on standard output; name another file with --output ${format}=FILE.`,
          cause,
        }),
      )
    })
  }
  if (faults[0]) throw faults[0]
}

async function* each(reports: readonly Gated[]): AsyncGenerator<Gated> {
  yield* reports
}

/**
 * By way of a file beside it, whose name the textfile collector does not read (`*.prom`), and for every reader. What is no
 * regular file (a link, a pipe, /dev/stderr) is not replaced but written to.
 */
async function replaceFile(file: string, text: string): Promise<void> {
  const kind = await lstat(file).catch(() => null)
  if (kind && !kind.isFile()) return writeFile(file, text)
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const handle = await open(temporary, 'wx', 0o644)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
