import type { RuleId } from '../../android/rules.js'
import type { Certificate } from '../../x509/certificate.js'
import { sameName } from '../../x509/name-match.js'
import type { CheckContext, Finding } from '../check.js'
import { distinct, factOf, leafElsewhere, leafOf } from './certificates.js'
import { chainOf } from './chain.js'
import { type RefusalEvidence, refusalFindings } from './refusals.js'

export interface ValidityEvidence extends RefusalEvidence {
  readonly isLeaf: boolean
}

/**
 * Certificates outside their validity: those that releases refuse for, those that stand in the way as well, and those
 * sent in vain. A copy that no path needs is harmless.
 */
export function validityFindings(
  context: CheckContext,
  rules: readonly RuleId[],
  outside: (certificate: Certificate, at: Date) => boolean,
): readonly Finding<ValidityEvidence>[] {
  return context.endpoints.flatMap((endpoint) => {
    const refused = refusalFindings({ ...context, endpoints: [endpoint] }, rules)
    const named = new Set(refused.map(({ evidence }) => evidence.certificate?.sha256))
    const leaf = leafElsewhere(endpoint) ?? leafOf(endpoint)
    const related = chainOf(endpoint)?.related ?? []
    const accepted = endpoint.verdicts.some(({ kind }) => kind === 'accepted')
    const isNeeded = (certificate: Certificate): boolean =>
      certificate === leaf ||
      (!accepted &&
        related.includes(certificate) &&
        !related.some((twin) => sameName(twin.subject, certificate.subject) && !outside(twin, context.at)))
    const others = distinct(endpoint.presented).filter(
      (certificate) => outside(certificate, context.at) && !named.has(certificate.sha256),
    )
    return [
      ...refused.map((finding) => ({
        ...finding,
        evidence: { ...finding.evidence, isLeaf: finding.evidence.certificate?.sha256 === leaf?.sha256 },
      })),
      ...others.map(
        (certificate): Finding<ValidityEvidence> => ({
          endpoint: endpoint.id,
          releases: isNeeded(certificate) ? context.releases : [],
          severity: isNeeded(certificate) ? 'error' : 'info',
          evidence: {
            certificate: factOf(certificate, endpoint),
            rules: [],
            details: [],
            dependsOn: null,
            isLeaf: certificate === leaf,
          },
        }),
      ),
    ]
  })
}
