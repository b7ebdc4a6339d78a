import { knownAgainst } from '../android/catalogue.js'
import { say } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { applying } from './support/advice.js'
import {
  type Beside,
  beside,
  called,
  counting,
  distinct,
  facetOf,
  mergeCases,
  type Placed,
  placed,
  type Shown,
  severityFor,
  shownIn,
} from './support/answers.js'
import { type ListFact, listFact, whichList } from './support/lists.js'
import { fetchingPublished, type Published, publishedOf, wayWords } from './support/published.js'

export interface Evidence extends Beside {
  readonly certificate: Placed
  /** The certificate that it issued; null: none was sent. */
  readonly child: Sha256 | null
  readonly state: 'revoked' | 'superseded'
  /** `YYYY-MM-DD`; null: the day is not known. */
  readonly since: string | null
  readonly source: string
  readonly published: Published
  readonly list: ListFact | null
}

export const supersededIntermediate = defineCheck({
  id: 'superseded-intermediate',
  title: 'The server sends an intermediate that its authority withdrew',
  sources: ["Let's Encrypt, certificates and static/certs/revoked (2026-05-13)", 'RFC 5280 §5.3.1'],
  rules: [],
  run: (farm) => found(mergeCases(shownIn(farm).flatMap((shown) => casesOf(farm, shown)))),
  tell: (evidence, told) => {
    const { certificate, state, since, published } = evidence
    const done = state === 'revoked' ? 'revoked' : 'replaced'
    return say`${whichList(evidence, told)}${called(certificate)} was ${done} by its authority${since ? say` on ${{ date: new Date(since) }}` : []}. Android does not ask for that and accepts it; Windows, Chrome and iOS may refuse.${wayWords(published)}`
  },
  actions: ({ child, published }, told) => {
    const issued = child === null ? undefined : told.farm.certificates.get(child)
    return [...(issued ? [fetchingPublished(issued, published)] : []), ...applying(told)]
  },
})

function casesOf(farm: ExaminedFarm, shown: Shown): readonly Case<Evidence>[] {
  return distinct(shown.certificates).flatMap((certificate) => {
    const known = knownAgainst(certificate.sha256)
    if (!known) return []
    const child = shown.certificates.find(
      ({ authorityKeyIdentifier, issuer }) =>
        issuer.text === certificate.subject.text &&
        authorityKeyIdentifier?.keyIdentifier === certificate.subjectKeyIdentifier,
    )
    return [
      {
        facet: `${known.state} ${facetOf(certificate, false)}`,
        subject: shown.seen.subject.id,
        releases: counting(farm, shown.releases),
        severity: severityFor(farm, shown.releases, known.state === 'revoked' ? 'warning' : 'info'),
        certificate: certificate.sha256,
        evidence: {
          certificate: placed(shown, certificate),
          child: child?.sha256 ?? null,
          state: known.state,
          since: known.stateSince,
          source: known.source,
          published: publishedOf(
            certificate.subject,
            certificate.subjectKeyIdentifier,
            shown.releases,
            farm.at,
          ),
          list: listFact(shown),
          ...beside(farm, shown.releases),
        },
      },
    ]
  })
}
