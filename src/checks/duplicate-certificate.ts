import { say } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import { defineCheck, found } from './check.js'
import { tidying } from './support/advice.js'
import { type Beside, beside, distinct, facetOf, mergeCases, shownIn } from './support/answers.js'
import { type ListFact, listFact, whichList } from './support/lists.js'

export interface Evidence extends Beside {
  readonly certificate: Sha256
  readonly positions: readonly number[]
  readonly list: ListFact | null
}

export const duplicateCertificate = defineCheck({
  id: 'duplicate-certificate',
  title: 'A certificate is sent more than once',
  sources: ['conscrypt TrustManagerImpl.java@android-5.0.0_r1 and @android-16.0.0_r2'],
  rules: [],
  run: (farm) =>
    found<Evidence>(
      mergeCases(
        shownIn(farm).flatMap((shown) =>
          distinct(shown.certificates).flatMap((certificate) => {
            const { sha256 } = certificate
            const positions = shown.answer.entries.flatMap((entry) =>
              entry.sha256 === sha256 ? [entry.index] : [],
            )
            if (positions.length < 2) return []
            return [
              {
                facet: facetOf(certificate, certificate === shown.leaf),
                subject: shown.seen.subject.id,
                releases: [],
                severity: 'info' as const,
                certificate: sha256,
                evidence: { certificate: sha256, positions, list: listFact(shown), ...beside(farm, []) },
              },
            ]
          }),
        ),
      ),
    ),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}${{ certificate: evidence.certificate }} is sent ${{ count: [evidence.positions.length, 'time', 'times'] }} (${evidence.positions.map((index) => `presented[${index}]`).join(', ')}). Every Android release passes over copies: harmless, only bytes. Windows does not send copies, so another device ends TLS here; often the leaf is both in its certificate and in its chain file.`,
  actions: (_evidence, told) => tidying(told),
})
