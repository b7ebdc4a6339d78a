import { editDistance } from './edit-distance.js'

/** One page of docs/checks. */
export interface Page {
  readonly id: string
  readonly title: string
  readonly markdown: string
}

/**
 * The page that somebody means: by its id in any case, an id in brackets (as reports print it), its title, or an error
 * text of its section "Error texts". Words that a text merely shares with a page count for nothing.
 */
export function findPage(asked: string, pages: readonly Page[]): Page | undefined {
  const byId = (text: string) => pages.find(({ id }) => id === text.toLowerCase())
  const words = wordsOf(asked)
  const named =
    byId(asked.trim().replace(/^[[`'"]+|[\]`'".,:;]+$/g, '')) ??
    byId(words.join('-')) ??
    [...asked.matchAll(/\[([\w-]+)\]/g)].map(([, id]) => byId(id!)).find((page) => page !== undefined) ??
    pages.find(({ title }) => wordsOf(title).join(' ') === words.join(' '))
  if (named) return named
  // Of several texts the longest says most: `CertPathValidatorException` stands before many another.
  const matches = pages.flatMap((page) =>
    errorTexts(page).flatMap((text) => (fits(asked, text) ? [{ page, length: wordsOf(text).length }] : [])),
  )
  return matches.sort((a, b) => b.length - a.length)[0]?.page
}

/** Ids that one word may be a slip of. */
export function similarIds(asked: string, pages: readonly Page[]): readonly string[] {
  const word = asked
    .trim()
    .toLowerCase()
    .replace(/[_\s]+/g, '-')
  if (/\s/.test(asked.trim())) return []
  return pages
    .map(({ id }) => ({ id, distance: editDistance(word, id) }))
    .filter(({ id, distance }) => distance <= Math.max(2, Math.floor(id.length / 6)))
    .sort((a, b) => a.distance - b.distance)
    .map(({ id }) => id)
}

const errorTexts = ({ markdown }: Page): readonly string[] => {
  const section = /^## Error texts\n([\s\S]*?)^## /m.exec(markdown)?.[1] ?? ''
  return [...section.matchAll(/^- `([^`]+)`/gm)].map(([, text]) => text!)
}

/** A shorter quotation must be this much of a text, and not fewer words. */
const leastPart = 0.6
const leastWords = 4

/** Whether the text stands in what was asked, word by word (`…` for a few of any), or most of it is what was asked. */
function fits(quoted: string, text: string): boolean {
  const asked = wordsOf(quoted)
  // What anybody might say must be said as it is written there, or alone.
  if (everyday.test(text)) return quoted.includes(text) || asked.join(' ') === wordsOf(text).join(' ')
  const parts = text.split('…').map(wordsOf)
  let from = 0
  const stands = parts.every((part, index) => {
    const at = indexOf(asked, part, from)
    if (at < 0 || (index > 0 && at - from > maxBetween)) return false
    from = at + part.length
    return true
  })
  if (stands) return true
  const words = wordsOf(text)
  return (
    asked.length >= leastWords && asked.length >= words.length * leastPart && indexOf(words, asked, 0) >= 0
  )
}

/** Two or three plain words. */
const everyday = /^[A-Z]?[a-z]+( [A-Z]?[a-z]+){1,2}$/

/** A host name of many labels. */
const maxBetween = 8

function indexOf(words: readonly string[], part: readonly string[], from: number): number {
  for (let at = from; at + part.length <= words.length; at++)
    if (part.every((word, index) => words[at + index] === word)) return at
  return -1
}

/** Words and numbers, with the minus that error codes have; case, quotes and punctuation make no difference. */
const wordsOf = (text: string): string[] =>
  text.toLowerCase().match(/(?<![\p{L}\p{N}])-\d+|[\p{L}\p{N}_]+/gu) ?? []
