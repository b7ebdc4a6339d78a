import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { AdfsCheckFault } from '../fault.js'
import { renderMarkdown } from '../formats/terminal-markdown.js'
import { inAscii, wrap } from '../formats/terminal-text.js'
import type { Machine } from './machine.js'
import { findPage, type Page, similarIds } from './pages.js'
import { textStyle } from './terminal.js'

/** Prints the page that an id or an error text means, or the list of all pages; works offline. */
export async function explainCommand(words: readonly string[], machine: Machine): Promise<number> {
  const pages = await allPages()
  const style = textStyle(machine, machine.out, {})
  const print = (text: string) => void machine.out.write(style.unicode ? text : inAscii(text))
  if (words.length === 0) {
    print(listing(pages, style.columns))
    return 0
  }
  const asked = words.join(' ')
  const page = findPage(asked, pages)
  if (!page) {
    const similar = similarIds(asked, pages)
    throw new AdfsCheckFault(
      'ADFS_CHECK_BAD_OPTION',
      similar.length > 0
        ? `There is no finding of that name. Did you mean ${similar.join(' or ')}?`
        : 'Nothing is known by these words; "adfs-check explain" alone lists what is.',
    )
  }
  print(renderMarkdown(page.markdown, style))
  return 0
}

function listing(pages: readonly Page[], columns: number): string {
  const width = Math.max(...pages.map(({ id }) => id.length))
  return pages
    .map(({ id, title }) => `${wrap(title, columns, `${id.padEnd(width)}  `, ' '.repeat(width + 2))}\n`)
    .join('')
}

/** In the order of their ids. */
export async function allPages(): Promise<readonly Page[]> {
  const folder = await pagesFolder()
  const files = (await readdir(folder)).filter((file) => file.endsWith('.md')).sort()
  return Promise.all(
    files.map(async (file) => {
      const markdown = await readFile(`${folder}/${file}`, 'utf8')
      const title = /^# (?:`[^`]*`\s*:\s*)?(.+)$/m.exec(markdown)?.[1] ?? ''
      return { id: file.slice(0, -'.md'.length), title: title.replaceAll('`', ''), markdown }
    }),
  )
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
