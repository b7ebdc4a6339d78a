import type { Release } from '../android/releases.js'
import { defineCheck, type Finding } from './check.js'
import { recheck } from './support/steps.js'
import { affected, safe, sentence } from './support/wording.js'

interface Evidence {
  readonly because: string
}

export const verdictUndetermined = defineCheck<Evidence>({
  id: 'verdict-undetermined',
  severity: 'warning',
  title: 'Whether Android accepts the chain could not be determined',
  sources: ['src/path/limits.ts: work allowed for one verdict'],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap((endpoint) => {
      const reasons = new Map<string, Release[]>()
      for (const verdict of endpoint.verdicts) {
        if (verdict.kind !== 'undetermined') continue
        reasons.set(verdict.because, [...(reasons.get(verdict.because) ?? []), verdict.release])
      }
      return [...reasons].map(
        ([because, releases]): Finding<Evidence> => ({
          endpoint: endpoint.id,
          releases,
          evidence: { because: safe(because) },
        }),
      )
    }),
  message: ({ because }, finding, context) =>
    `${sentence(affected(finding.releases, context))}: not decided, because ${because}.`,
  steps: (_evidence, finding, context) => [
    'AD FS or load-balancer administrator: if the server sends more than its leaf and the intermediates of one chain, reduce it to these; then there is nothing to search.',
    `Whoever ran this check: if it is a root that this program knows by its hash only, give it the certificate: ${recheck(context, finding.endpoint)} --trust-anchor ROOT.cer, or try a phone of that release that has never met this server.`,
  ],
})
