import type { Release } from '../android/releases.js'
import { neutralise } from '../x509/name.js'
import { defineCheck, type Finding } from './check.js'
import { refusalFindings } from './support/refusals.js'
import { recheck } from './support/steps.js'
import { affected, sentence } from './support/wording.js'

const rules = ['search-limit'] as const

interface Evidence {
  readonly because: string
  readonly refused: boolean
}

export const verdictUndetermined = defineCheck<Evidence>({
  id: 'verdict-undetermined',
  severity: 'warning',
  title: 'Whether Android accepts the chain could not be determined',
  sources: ['google/conscrypt TrustManagerImpl.java, commit db5bc030 (search limits)'],
  rules,
  run: (context) => [
    ...refusalFindings(context, rules).map(
      ({ evidence, ...finding }): Finding<Evidence> => ({
        ...finding,
        evidence: { because: evidence.details.join('; '), refused: true },
      }),
    ),
    ...context.endpoints.flatMap((endpoint) => {
      const reasons = new Map<string, Release[]>()
      for (const verdict of endpoint.verdicts) {
        if (verdict.kind !== 'undetermined') continue
        reasons.set(verdict.because, [...(reasons.get(verdict.because) ?? []), verdict.release])
      }
      return [...reasons].map(
        ([because, releases]): Finding<Evidence> => ({
          endpoint: endpoint.id,
          releases,
          evidence: { because: neutralise(because), refused: false },
        }),
      )
    }),
  ],
  message: ({ because, refused }, finding, context) =>
    refused
      ? `There are more ways through the certificates than ${affected(finding.releases, context)} tries (${because}), so it refuses.`
      : `${sentence(affected(finding.releases, context))}: not decided, because ${because}.`,
  steps: (_evidence, finding, context) => [
    'AD FS or load-balancer administrator: if the server sends more than its leaf and the intermediates of one chain, reduce it to these; then there is nothing to search.',
    `Whoever ran this check: if it is a root that this program knows by its hash only, give it the certificate: ${recheck(context, finding.endpoint)} --trust-anchor ROOT.cer, or try a phone of that release that has never met this server.`,
  ],
})
