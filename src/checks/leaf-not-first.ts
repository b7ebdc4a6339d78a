import { say } from '../words/words.js'
import type { Certificate } from '../x509/certificate.js'
import type { Sha256 } from '../x509/identity.js'
import { verifySignature } from '../x509/signature.js'
import { defineCheck, found } from './check.js'
import { confirming } from './support/advice.js'
import {
  type Beside,
  beside,
  called,
  concerned,
  counting,
  distinct,
  facetOf,
  leafElsewhere,
  mergeCases,
  type Placed,
  placed,
  severityFor,
  shownIn,
} from './support/answers.js'
import { isSelfSigned } from './support/chain.js'
import { type ListFact, listFact, whichList } from './support/lists.js'

export interface Evidence extends Beside {
  readonly first: Placed
  readonly leaf: Placed
  /** The list as it should be: leaf, then what came with it, without roots. */
  readonly chain: readonly Sha256[]
  readonly list: ListFact | null
}

export const leafNotFirst = defineCheck({
  id: 'leaf-not-first',
  title: "The server's own certificate is not the first one sent",
  sources: ['RFC 8446 §4.4.2', 'RFC 5246 §7.4.2', 'conscrypt TrustManagerImpl.java@android-16.0.0_r2'],
  rules: [],
  run: (farm) =>
    found<Evidence>(
      mergeCases(
        shownIn(farm).flatMap((shown) => {
          const [first, leaf] = [shown.leaf, leafElsewhere(shown)]
          if (!first || !leaf) return []
          return [
            {
              facet: facetOf(leaf, true),
              subject: shown.seen.subject.id,
              releases: counting(farm, shown.releases),
              severity: severityFor(farm, shown.releases, 'critical'),
              certificate: leaf.sha256,
              evidence: {
                first: placed(shown, first),
                leaf: placed(shown, leaf),
                chain: orderedFrom(leaf, shown.certificates),
                list: listFact(shown),
                ...beside(farm, shown.releases),
              },
            },
          ]
        }),
      ),
    ),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}The first certificate is the authority ${called(evidence.first)}; the server's own is ${called(evidence.leaf)}. Everything after the first may come in any order, but ${concerned(evidence, told)} takes the first for the server's and refuses it. Windows always sends its own certificate first, so another device ends TLS here.`,
  brief: ({ first }) => say`${{ certificate: first.sha256 }} comes before its own`,
  actions: ({ leaf, chain }) => [
    { action: { verb: 'edit-bundle', chain } },
    { action: { verb: 'rebind', certificate: leaf.sha256 } },
    confirming,
  ],
})

/** Each certificate after one that it signed; strangers and roots left out. */
function orderedFrom(leaf: Certificate, sent: readonly Certificate[]): readonly Sha256[] {
  const chain = [leaf]
  for (const child of chain) {
    const issuer = distinct(sent).find(
      (one) => !chain.includes(one) && !isSelfSigned(one) && verifySignature(child, one),
    )
    if (issuer) chain.push(issuer)
  }
  return chain.map(({ sha256 }) => sha256)
}
