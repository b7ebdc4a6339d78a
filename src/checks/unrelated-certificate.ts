import { listed, say } from '../words/words.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
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
  type Shown,
  shownIn,
} from './support/answers.js'
import { chainOf, isSelfSigned } from './support/chain.js'
import { type ListFact, listFact, whichList } from './support/lists.js'

export interface Evidence extends Beside {
  readonly certificates: readonly Placed[]
  readonly list: ListFact | null
}

export const unrelatedCertificate = defineCheck({
  id: 'unrelated-certificate',
  title: 'The server sends certificates that do not belong to its chain',
  sources: ['conscrypt TrustManagerImpl.java@android-5.0.0_r1 and @android-16.0.0_r2'],
  rules: [],
  run: (farm) => found(mergeCases(shownIn(farm).flatMap((shown) => casesOf(farm, shown)))),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}${listed(evidence.certificates.map(called))} issued nothing in this chain. Every Android release passes over strangers: harmless, but often the sign of an old or foreign intermediate file. Windows sends only what it built itself, so another device ends TLS here.`,
  actions: (_evidence, told) => tidying(told),
})

function casesOf(farm: ExaminedFarm, shown: Shown): readonly Case<Evidence>[] {
  const chain = chainOf(shown)
  if (!chain) return []
  // A chain of one with a stranger beside it is told as a missing intermediate; the stranger is worth a line too.
  const known = new Set(
    [...chain.related, ...chain.impostors.map(({ certificate }) => certificate)].map(({ sha256 }) => sha256),
  )
  const strangers = distinct(shown.certificates).filter(
    (certificate) => !known.has(certificate.sha256) && !isSelfSigned(certificate),
  )
  if (strangers.length === 0) return []
  return [
    {
      facet: strangers.map((certificate) => facetOf(certificate, false)).join(', '),
      subject: shown.seen.subject.id,
      releases: [],
      severity: 'info',
      certificate: strangers[0]?.sha256 ?? null,
      evidence: {
        certificates: strangers.map((certificate) => placed(shown, certificate)),
        list: listFact(shown),
        ...beside(farm, []),
      },
    },
  ]
}
