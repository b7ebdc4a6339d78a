import type { ExaminedFarm } from '../../src/checks/check.js'
import { releasesText } from '../../src/report/releases-text.js'
import type { Words } from '../../src/words/words.js'
import { shortName } from '../../src/x509/identity.js'

/** Words as one plain sentence, nothing escaped: for tests of what is said. */
export function plainWords(words: Words, { certificates }: Pick<ExaminedFarm, 'certificates'>): string {
  return words
    .map((word) => {
      if (typeof word === 'string') return word
      if ('code' in word) return word.code
      if ('untrusted' in word) return word.untrusted
      if ('certificate' in word) return `"${shortName(certificates.get(word.certificate)!.subject)}"`
      if ('releases' in word) return releasesText(word.releases)
      if ('subject' in word) return word.subject
      if ('date' in word) return word.date.toISOString().slice(0, 10)
      const [count, one, many] = word.count
      return `${count} ${count === 1 ? one : many}`
    })
    .join('')
}
