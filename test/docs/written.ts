import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../../', import.meta.url))

export const textOf = (page: string): string => readFileSync(join(repository, page), 'utf8')

const under = readdirSync(join(repository, 'docs'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => join(parentPath, name).slice(repository.length).replaceAll('\\', '/'))
  .sort()

/** What people read, as paths from the repository's root. */
export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'fixtures/scenarios/README.md',
  ...under,
]

/** Code of a page in its order: lines of blocks (a line that goes on in the next is one), and code within sentences. */
export function codeOf(page: string, text = textOf(page)): readonly string[] {
  const lines = text.replace(/\\\n\s*/g, '').split('\n')
  const code: string[] = []
  let prose: string[] = []
  let fenced = false
  const endProse = () => {
    for (const [, inline] of prose.join('\n').matchAll(/`([^`]+)`/g)) code.push(inline!.replace(/\s+/g, ' '))
    prose = []
  }
  for (const line of lines) {
    const isFence = /^\s*```/.test(line)
    if (isFence) fenced = !fenced
    if (isFence) endProse()
    else if (fenced || /^ {4}\S/.test(line) || (page.endsWith('.yml') && !line.trim().startsWith('#'))) {
      endProse()
      code.push(line.trim())
    } else prose.push(line)
  }
  endProse()
  return code
}

/** Words as a POSIX shell would split them, up to the end of the command. */
export function wordsOf(line: string): readonly string[] {
  const [command = ''] = /^(?:"[^"]*"|'[^']*'|[^"'|>;&#])*/.exec(line) ?? []
  return [...command.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replace(/["']/g, ''))
}
