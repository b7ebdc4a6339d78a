import { say } from '../words/words.js'
import { defineCheck, found } from './check.js'
import { confirming, reissuing } from './support/advice.js'
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
  readonly leaf: Placed
  readonly list: ListFact | null
}

export const selfSignedCertificate = defineCheck({
  id: 'self-signed-certificate',
  title: "The server's own certificate is self-signed",
  sources: ['RFC 5280 §3.2', 'conscrypt TrustManagerImpl.java@android-16.0.0_r2'],
  rules: [],
  run: (farm) =>
    found<Evidence>(
      mergeCases(
        noAnchor(farm).flatMap(({ shown, chain, selfSigned }) =>
          selfSigned.length === 0
            ? []
            : [
                {
                  facet: facetOf(chain.leaf, true),
                  subject: shown.seen.subject.id,
                  releases: counting(farm, selfSigned),
                  severity: severityFor(farm, selfSigned, 'critical'),
                  certificate: chain.leaf.sha256,
                  evidence: {
                    leaf: placed(shown, chain.leaf),
                    list: listFact(shown),
                    ...beside(farm, selfSigned),
                  },
                },
              ],
        ),
      ),
    ),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}${called(evidence.leaf)} is self-signed: no authority vouches for it. ${concerned(evidence, told)} refuses it, and there is no intermediate that could help.`,
  brief: () => ['it is self-signed'],
  actions: ({ leaf }) => [reissuing(leaf.sha256, { kind: 'known-authority' }), confirming],
})
