import { listed, say } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import { verifySignature } from '../x509/signature.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { tidying } from './support/advice.js'
import { type Beside, beside, distinct, mergeCases, type Shown, shownIn } from './support/answers.js'
import { chainOf, isSelfSigned } from './support/chain.js'
import { type ListFact, listFact, whichList } from './support/lists.js'

export interface Evidence extends Beside {
  readonly sent: readonly Sha256[]
  readonly list: ListFact | null
}

export const chainMisordered = defineCheck({
  id: 'chain-misordered',
  title: 'The certificates are not sent in the order of the chain',
  sources: ['RFC 5246 §7.4.2', 'RFC 8446 §4.4.2', 'conscrypt TrustManagerImpl.java@android-5.0.0_r1'],
  rules: [],
  run: (farm) => found(mergeCases(shownIn(farm).flatMap((shown) => casesOf(farm, shown)))),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}Sent in the order ${listed(evidence.sent.map((sha256) => [{ certificate: sha256 }]))}, although each should certify one before it. Every Android release sorts them itself: harmless there, but some other clients refuse. Windows sends chains in order, so another device ends TLS here.`,
  actions: (_evidence, told) => tidying(told),
})

function casesOf(farm: ExaminedFarm, shown: Shown): readonly Case<Evidence>[] {
  // Strangers, duplicates and the root have findings of their own.
  const related = new Set(chainOf(shown)?.related.map(({ sha256 }) => sha256))
  const sent = distinct(shown.certificates).filter(
    (certificate, index) => related.has(certificate.sha256) && (index === 0 || !isSelfSigned(certificate)),
  )
  const isInOrder = sent.every(
    (certificate, index) =>
      index === 0 || sent.slice(0, index).some((child) => verifySignature(child, certificate)),
  )
  if (isInOrder) return []
  return [
    {
      facet: 'order',
      subject: shown.seen.subject.id,
      releases: [],
      severity: 'info',
      certificate: null,
      evidence: {
        sent: sent.map(({ sha256 }) => sha256),
        list: listFact(shown),
        ...beside(farm, []),
      },
    },
  ]
}
