import type { Release } from '../../android/releases.js'
import type { Examination, Seen } from '../../examine/examination.js'
import { type Answer, certificatesOf, type Exchange, leafOf } from '../../examine/presented.js'
import type { Certificate } from '../../x509/certificate.js'
import type { ExaminedFarm } from '../check.js'

/** One list of one subject, and the releases that count and get it. */
export interface Shown {
  readonly seen: Seen
  readonly answer: Answer
  readonly leaf: Certificate | null
  /** Empty: only older releases get it, or nobody whose hello was said with the name. */
  readonly releases: readonly Release[]
}

export const seenOf = (examinations: readonly Examination[]): readonly Seen[] =>
  examinations.flatMap((examination) => (examination.kind === 'seen' ? [examination] : []))

/** Every list that some release gets; what only a hello without a name was answered with is left out. */
export function shown({ examinations, releases }: ExaminedFarm): readonly Shown[] {
  return seenOf(examinations).flatMap((seen) =>
    seen.answers.flatMap((answer) => {
      const getting = seen.reach.filter(({ answers }) => answers.includes(answer.id))
      if (getting.length === 0) return []
      const counting = releases.filter((release) => getting.some((reach) => reach.release === release))
      return [{ seen, answer, leaf: leafOf(answer.entries), releases: counting }]
    }),
  )
}

/** Connections that told the name (or went to a target without one). */
export const namedExchanges = ({ subject }: Seen, { exchanges }: Answer): readonly Exchange[] =>
  exchanges.filter(({ sni }) => sni || subject.name === null)

/** An authority was sent in the leaf's place, and a leaf after it: then the order is the whole trouble. */
export function authorityFirst(entries: Answer['entries']): boolean {
  const certificates = certificatesOf(entries)
  const isCa = ({ basicConstraints }: Certificate) => basicConstraints?.ca === true
  return leafOf(entries) === certificates[0] && certificates[0] !== undefined && isCa(certificates[0]) && !certificates.every(isCa)
}
