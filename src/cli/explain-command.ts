import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { AdfsCheckFault } from '../fault.js'
import { inAscii } from '../formats/terminal-text.js'
import type { Machine } from './machine.js'
import { textStyle } from './terminal.js'

/** Prints the page of one finding, or the list of all; works offline. */
export async function explainCommand(id: string | undefined, machine: Machine): Promise<number> {
  const folder = await pagesFolder()
  const ids = (await readdir(folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => file.slice(0, -'.md'.length))
    .sort()
  if (id !== undefined && !ids.includes(id)) {
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `There is no finding "${id}".`, {
      hint: `Findings: ${ids.join(', ')}.`,
    })
  }
  const text = id === undefined ? await listing(folder, ids) : await readFile(`${folder}/${id}.md`, 'utf8')
  machine.out.write(textStyle(machine, machine.out, {}).unicode ? text : inAscii(text))
  return 0
}

async function listing(folder: string, ids: readonly string[]): Promise<string> {
  const width = Math.max(...ids.map((id) => id.length))
  const lines = ids.map(async (id) => {
    const title =
      /^# (?:`[^`]*`\s*[-:—]?\s*)?(.+)$/m.exec(await readFile(`${folder}/${id}.md`, 'utf8'))?.[1] ?? ''
    return `${id.padEnd(width)}  ${title}\n`
  })
  return (await Promise.all(lines)).join('')
}

/** The pages lie beside the bundle in the package, and two levels up in the source tree. */
async function pagesFolder(): Promise<string> {
  for (const candidate of ['../docs/checks', '../../docs/checks']) {
    const folder = fileURLToPath(new URL(candidate, import.meta.url))
    if (
      await readdir(folder).then(
        () => true,
        () => false,
      )
    )
      return folder
  }
  throw new AdfsCheckFault(
    'ADFS_CHECK_INTERNAL',
    'The pages of the findings are missing from this installation.',
    {
      hint: 'Install adfs-check again.',
    },
  )
}
