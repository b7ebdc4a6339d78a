import { releasesText } from '../android/releases-text.js'
import type { Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'

/** Words as one raw line, for `message` in JSON and for whatever compares wording. Escapes nothing. */
export function plain(words: Words, nameOf: (certificate: Sha256) => string): string {
  return words
    .map((word) => {
      if (typeof word === 'string') return word
      if ('code' in word) return word.code
      if ('untrusted' in word) return word.untrusted
      if ('certificate' in word) return `"${nameOf(word.certificate)}"`
      if ('releases' in word) return releasesText(word.releases)
      if ('subject' in word) return word.subject.replace(/^.*@/, '')
      if ('date' in word) return new Date(word.date).toISOString().slice(0, 10)
      const [count, one, many] = word.count
      return `${count} ${count === 1 ? one : many}`
    })
    .join('')
}
