import type { ExaminedFarm } from '../../src/checks/check.js'
import { plain } from '../../src/report/plain.js'
import type { Words } from '../../src/words/words.js'
import { shortName } from '../../src/x509/identity.js'

/** Words as one plain sentence, for tests of what is said. */
export const plainWords = (words: Words, { certificates }: Pick<ExaminedFarm, 'certificates'>): string =>
  plain(words, (sha256) => shortName(certificates.get(sha256)!.subject))
