import { say } from '../words/words.js'
import { defineCheck, found } from './check.js'
import { tidying } from './support/advice.js'
import {
  type Beside,
  beside,
  called,
  distinct,
  facetOf,
  mergeCases,
  type Placed,
  placed,
  shownIn,
} from './support/answers.js'
import { isSelfSigned } from './support/chain.js'
import { type ListFact, listFact, whichList } from './support/lists.js'

export interface Evidence extends Beside {
  readonly root: Placed
  readonly list: ListFact | null
}

export const rootIncluded = defineCheck({
  id: 'root-included',
  title: 'The server sends a root certificate',
  sources: ['RFC 8446 §4.4.2', 'Microsoft KB954755 (Windows leaves the root out)'],
  rules: [],
  run: (farm) =>
    found<Evidence>(
      mergeCases(
        shownIn(farm).flatMap((shown) =>
          distinct(shown.certificates)
            .slice(1)
            .filter(isSelfSigned)
            .map((root) => ({
              facet: facetOf(root, false),
              subject: shown.seen.subject.id,
              releases: [],
              severity: 'info' as const,
              certificate: root.sha256,
              evidence: { root: placed(shown, root), list: listFact(shown), ...beside(farm, []) },
            })),
        ),
      ),
    ),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}${called(evidence.root)} is self-signed. A phone trusts only the roots it already has, so sending one neither helps nor harms. Windows never sends the root: another device ends TLS here, or the chain was put together by hand.`,
  actions: (_evidence, told) => tidying(told),
})
