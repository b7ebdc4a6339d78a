import type { Release } from '../../android/releases.js'
import type { RuleId } from '../../android/rules.js'
import type { Verdict } from '../../android/verdict.js'
import type { Severity } from '../../report/report.js'
import type { CheckContext, Finding, JudgedEndpoint } from '../check.js'
import { type CertificateFact, factOf, findCertificate, leafElsewhere } from './certificates.js'
import { safe } from './wording.js'

type DependsOn = Extract<Verdict, { kind: 'depends' }>['on']

/** What several releases hold against one certificate of one server. */
export interface Refusal {
  readonly endpoint: JudgedEndpoint
  /** SHA-256 of the certificate that broke the rule; null: the rule is about the path or the handshake. */
  readonly certificate: string | null
  readonly releases: readonly Release[]
  /** Null: refused by every phone of these releases. */
  readonly dependsOn: DependsOn | null
  readonly rules: readonly RuleId[]
  /** The judge's own words, each once. */
  readonly details: readonly string[]
}

/**
 * Refusals whose deciding rule is one of `rules`, grouped by server, certificate and what they depend on. What apps
 * decide by their own configuration is left to `device-ca-dependent`, an authority sent first to `leaf-not-first`.
 */
export function refusals(context: CheckContext, rules: readonly RuleId[]): readonly Refusal[] {
  return context.endpoints.flatMap((endpoint) => {
    if (leafElsewhere(endpoint)) return []
    const groups = new Map<string, Verdict[]>()
    for (const verdict of endpoint.verdicts) {
      if (!('reason' in verdict) || !rules.includes(verdict.reason.rule)) continue
      if (verdict.kind === 'depends' && verdict.on === 'app-configuration') continue
      const key = `${verdict.reason.certificate} ${verdict.kind === 'depends' ? verdict.on : ''}`
      groups.set(key, [...(groups.get(key) ?? []), verdict])
    }
    return [...groups.values()].map((verdicts) => refusalOf(endpoint, verdicts))
  })
}

function refusalOf(endpoint: JudgedEndpoint, verdicts: readonly Verdict[]): Refusal {
  const reasons = verdicts.flatMap((verdict) => ('reason' in verdict ? [verdict.reason] : []))
  const first = verdicts[0]
  return {
    endpoint,
    certificate: reasons[0]?.certificate ?? null,
    releases: verdicts.map(({ release }) => release),
    dependsOn: first?.kind === 'depends' ? first.on : null,
    rules: [...new Set(reasons.map(({ rule }) => rule))],
    details: [...new Set(reasons.map(({ detail }) => safe(detail)))],
  }
}

/** Evidence that every check of a single rule starts from. */
export interface RefusalEvidence {
  readonly certificate: CertificateFact | null
  readonly rules: readonly RuleId[]
  readonly details: readonly string[]
  readonly dependsOn: DependsOn | null
}

/** One finding for each group of refusals: an error where a release refuses, a warning where it depends. */
export function refusalFindings(
  context: CheckContext,
  rules: readonly RuleId[],
): readonly Finding<RefusalEvidence>[] {
  return refusals(context, rules).map((refusal) => {
    const certificate = findCertificate(refusal.endpoint, refusal.certificate)
    return {
      endpoint: refusal.endpoint.id,
      releases: refusal.releases,
      severity: severityOf(refusal),
      evidence: {
        certificate: certificate && factOf(certificate, refusal.endpoint),
        rules: refusal.rules,
        details: refusal.details,
        dependsOn: refusal.dependsOn,
      },
    }
  })
}

export const severityOf = ({ dependsOn }: { readonly dependsOn: DependsOn | null }): Severity =>
  dependsOn === null ? 'error' : 'warning'
