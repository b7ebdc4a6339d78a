import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AdfsCheckFault } from '../fault.js'
import { renderMarkdown } from '../formats/terminal-markdown.js'
import { inAscii, wrap } from '../formats/terminal-text.js'
import type { Machine } from './machine.js'
import { findPage, type Page, similarIds } from './pages.js'
import { textStyle } from './terminal.js'

/** Prints the page that an id or an error text means, or the list of all pages; works offline. */
export async function explainCommand(words: readonly string[], machine: Machine): Promise<number> {
  const ids = pageIds()
  const style = textStyle(machine, machine.out, {})
  const print = (text: string) => void machine.out.write(style.unicode ? text : inAscii(text))
  if (words.length === 0) {
    print(listing(allPages(), style.columns))
    return 0
  }
  const asked = words.join(' ')
  // Fifty pages need not be read for the id of one.
  const pages = (ids.includes(asked) ? [asked] : ids).map(readPage)
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

/** Two levels up from here, in the source tree as in the package. */
const folder = join(import.meta.dirname, '../../docs/checks')

function pageIds(): readonly string[] {
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith('.md'))
    return files.map((file) => file.slice(0, -'.md'.length)).sort()
  } catch (cause) {
    throw new AdfsCheckFault(
      'ADFS_CHECK_INTERNAL',
      'The pages of the findings are missing from this installation.',
      { hint: 'Install adfs-check again.', cause },
    )
  }
}

/** In the order of their ids. */
export const allPages = (): readonly Page[] => pageIds().map(readPage)

function readPage(id: string): Page {
  const markdown = readFileSync(`${folder}/${id}.md`, 'utf8')
  const title = /^# (?:`[^`]*`\s*:\s*)?(.+)$/m.exec(markdown)?.[1] ?? ''
  return { id, title: title.replaceAll('`', ''), markdown }
}
