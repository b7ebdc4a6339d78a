import { releasesText } from '../android/releases-text.js'
import type { FindingReport, Report } from '../report/schema.js'
import type { Word, Words } from '../words/words.js'
import { neutralised } from './terminal-text.js'

/** Longest name of a certificate in a sentence: the list above the sentence has it, and the JSON has all of it. */
const maxName = 60

/** One line of text for a terminal: whatever a certificate or a server said cannot move a cursor or reverse a line. */
export function oneLine(text: string, longest = Number.POSITIVE_INFINITY): string {
  const safe = neutralised(text.replace(/\s+/g, ' ').trim())
  return safe.length > longest ? `${safe.slice(0, longest - 3)}...` : safe
}

export const nameOf = (report: Report, sha256: string, longest = maxName): string => {
  const certificate = report.certificates[sha256]
  return certificate ? oneLine(certificate.name, longest) : `certificate ${sha256.slice(0, 16)}`
}

/** Where a subject is, for people: without the name, which is the report's. */
export const placeOf = (report: Report, id: string): string => {
  const subject = report.subjects.find((other) => other.id === id)
  if (subject?.kind === 'file') return oneLine(subject.label)
  return oneLine(subject ? subject.id.replace(/^.*@/, '') : id)
}

type AnyWord = Word | FindingReport['words'][number]

export function spokenWords(words: Words | FindingReport['words'], report: Report): string {
  return (words as readonly AnyWord[])
    .map((word) => {
      if (typeof word === 'string') return word
      if ('code' in word) return oneLine(word.code)
      if ('untrusted' in word) return oneLine(word.untrusted)
      if ('certificate' in word) return `"${nameOf(report, word.certificate)}"`
      if ('releases' in word) return releasesText(word.releases as Parameters<typeof releasesText>[0])
      if ('subject' in word) return placeOf(report, word.subject)
      if ('date' in word) return new Date(word.date).toISOString().slice(0, 10)
      const [count, one, many] = word.count
      return `${count} ${count === 1 ? one : many}`
    })
    .join('')
}
