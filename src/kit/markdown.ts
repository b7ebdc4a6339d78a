import type { Word, Words } from '../words/words.js'
import { neutralise } from '../x509/name.js'

/** How Words name what they only point to. */
export interface Names {
  readonly certificate: (sha256: string) => string
  readonly subject: (id: string) => string
  readonly releases: (releases: Extract<Word, { releases: unknown }>['releases']) => string
}

/**
 * Foreign text as Markdown code: control characters and bidi marks escaped, one line, and the fence longer than any run
 * of backticks in it, so that nothing in it is markup (CommonMark §6.1).
 */
export function codeSpan(text: string): string {
  const plain = neutralise(text)
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = /^`|`$|^ .* $/.test(plain) || plain === '' ? ' ' : ''
  return `${fence}${pad}${plain}${pad}${fence}`
}

/** Words as one paragraph; our own text has nothing that Markdown would take for markup but backslashes and angles. */
export const markdown = (words: Words, names: Names): string =>
  words.map((word) => (typeof word === 'string' ? plain(word) : marked(word, names))).join('')

const plain = (text: string) => text.replace(/[\\`*_<[\]]/g, '\\$&')

function marked(word: Exclude<Word, string>, names: Names): string {
  if ('code' in word) return codeSpan(word.code)
  if ('untrusted' in word) return codeSpan(word.untrusted)
  if ('certificate' in word) return codeSpan(names.certificate(word.certificate))
  if ('subject' in word) return codeSpan(names.subject(word.subject))
  if ('releases' in word) return names.releases(word.releases)
  if ('date' in word) return day(word.date)
  const [count, one, many] = word.count
  return `${count} ${count === 1 ? one : many}`
}

/** A day, UTC. */
export const day = (date: Date): string => date.toISOString().slice(0, 10)

/** `2026-11-24 09:46 UTC`. */
export const minute = (date: Date): string => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** Commands from column 0, in a fence: nothing to trim after copying. */
export const commands = (lines: readonly string[], language = ''): string =>
  lines.length === 0 ? '' : `\`\`\`${language}\n${lines.map(oneLine).join('\n')}\n\`\`\``

/** Our commands hold no control characters; should one, it must not end the fence. */
const oneLine = (line: string) => neutralise(line).replaceAll('```', "'''")
