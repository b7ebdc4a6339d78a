import { say } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import { defineCheck, found } from './check.js'
import { renewing } from './support/advice.js'
import {
  type Beside,
  beside,
  called,
  concerned,
  counting,
  facetOf,
  mergeCases,
  type Placed,
  placed,
  severityFor,
} from './support/answers.js'
import { type ListFact, listFact, whichList } from './support/lists.js'
import { noAnchor } from './support/no-anchor.js'

export interface Evidence extends Beside {
  readonly intermediate: Placed
  readonly leaf: Sha256
  readonly list: ListFact | null
}

export const intermediateNamedLikeRoot = defineCheck({
  id: 'intermediate-named-like-root',
  title: 'An intermediate bears the name of the root that issued it',
  sources: [
    'RFC 5280 §3.2 (self-issued, self-signed)',
    'conscrypt TrustManagerImpl.java@android-7.0.0_r1 (checkTrustedRecursive stops at a self-issued certificate)',
  ],
  rules: [],
  run: (farm) =>
    found<Evidence>(
      mergeCases(
        noAnchor(farm).flatMap(({ shown, chain, namedLikeRoot, likeRoot }) =>
          namedLikeRoot.length === 0 || likeRoot === null
            ? []
            : [
                {
                  facet: facetOf(likeRoot, false),
                  subject: shown.seen.subject.id,
                  releases: counting(farm, namedLikeRoot),
                  severity: severityFor(farm, namedLikeRoot, 'critical'),
                  certificate: likeRoot.sha256,
                  evidence: {
                    intermediate: placed(shown, likeRoot),
                    leaf: chain.leaf.sha256,
                    list: listFact(shown),
                    ...beside(farm, namedLikeRoot),
                  },
                },
              ],
        ),
      ),
    ),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}${called(evidence.intermediate)} bears the name of the root that issued it. ${concerned(evidence, told)} takes it for a root, does not have it and looks no further. It must be issued again under a name of its own, and the server's certificate with it; nothing that is imported or removed helps.`,
  short: (evidence, told) =>
    say`${whichList(evidence, told)}${called(evidence.intermediate)} bears the name of its own root, and ${concerned(evidence, told)} takes it for that. Nothing that is imported or removed helps; it must be issued again.`,
  brief: ({ intermediate }) => say`${{ certificate: intermediate.sha256 }} is named like its root`,
  actions: ({ intermediate, leaf }) => renewing(intermediate.sha256, { kind: 'own-name' }, leaf),
})
