import type { Attempt } from '../examine/examination.js'
import type { ServedSubject } from '../farm/subject.js'
import { type AnswerKey, answerKey } from '../observe/answer-key.js'
import type { Looked } from '../observe/view.js'

/** Answers of one server that are remembered: more than a farm has in use; one that sends another each time is not kept. */
const maxKnown = 1_000

/** One server under watch. */
export interface Watched {
  readonly subject: ServedSubject
  /** What the last full set of hellos came to. */
  attempts: readonly Attempt[]
  /** What came of a name that nobody has, when the watch began. */
  strange: Looked['observed'][number]['strange']
  /** The last answer to each hello, by the hello's id. */
  readonly last: Map<string, AnswerKey>
  /** Every list and every whole answer it ever gave. */
  readonly known: Set<string>
  /** Equal hellos got different answers: one connection says nothing of the other servers behind the address. */
  varies: boolean
  /** Whether a name leads here by the last look-up. */
  listed: boolean
  /** Looks since the beginning. */
  looks: number
}

export const newlyWatched = (subject: ServedSubject): Watched => ({
  subject,
  attempts: [],
  strange: null,
  last: new Map(),
  known: new Set(),
  varies: false,
  listed: true,
  looks: 0,
})

/** Keeps what the full set of hellos came to. */
export function kept(one: Watched, attempts: readonly Attempt[]): void {
  one.attempts = attempts
  one.last.clear()
  one.varies = false
  for (const { offer, outcome } of attempts) {
    const key = answerKey(outcome)
    const before = one.last.get(offer.id)
    if (before?.hasList && key.hasList && before.list !== key.list) one.varies = true
    one.last.set(offer.id, key)
    one.known.add(key.list).add(key.whole)
  }
  for (const key of one.known) {
    if (one.known.size <= maxKnown) break
    one.known.delete(key)
  }
}
