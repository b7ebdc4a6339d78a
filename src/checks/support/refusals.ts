import type { Release } from '../../android/releases.js'
import type { RuleId } from '../../android/rule-id.js'
import type { CandidatePath, Verdict } from '../../android/verdict.js'
import type { Certificate } from '../../x509/certificate.js'
import type { Sha256 } from '../../x509/identity.js'
import type { Case, ExaminedFarm, Severity } from '../check.js'
import {
  type Beside,
  beside,
  counting,
  facetOf,
  leafElsewhere,
  mergeCases,
  type Placed,
  placed,
  type Shown,
  severityFor,
  shownIn,
} from './answers.js'
import { type ListFact, listFact } from './lists.js'

export type DependsOn = Extract<Verdict, { kind: 'depends' }>['on']

/** What several releases hold against one certificate of one list. */
export interface Refusal {
  readonly shown: Shown
  /** The one that broke the rule; null: the rule is about the path or the handshake. */
  readonly certificate: Sha256 | null
  /** Counting or not. */
  readonly releases: readonly Release[]
  /** Null: refused by every phone of these releases. */
  readonly dependsOn: DependsOn | null
  readonly rules: readonly RuleId[]
  /** The judge's own words, each once; raw. */
  readonly details: readonly string[]
  readonly paths: readonly CandidatePath[]
}

/**
 * Refusals whose deciding rule is one of `rules`, grouped by list, certificate and what they depend on. What apps
 * decide by their own configuration is left to `device-ca-dependent`, an authority sent first to `leaf-not-first`.
 */
export function refusalsOf(farm: ExaminedFarm, rules: readonly RuleId[]): readonly Refusal[] {
  return shownIn(farm).flatMap((shown) => {
    if (leafElsewhere(shown)) return []
    const groups = new Map<string, Verdict[]>()
    for (const verdict of shown.verdicts) {
      if (!('reason' in verdict) || !rules.includes(verdict.reason.rule)) continue
      if (verdict.kind === 'depends' && verdict.on === 'app-configuration') continue
      const key = `${verdict.reason.certificate} ${verdict.kind === 'depends' ? verdict.on : ''}`
      groups.set(key, [...(groups.get(key) ?? []), verdict])
    }
    return [...groups.values()].map((verdicts) => refusalOf(shown, verdicts))
  })
}

function refusalOf(shown: Shown, verdicts: readonly Verdict[]): Refusal {
  const reasons = verdicts.flatMap((verdict) => ('reason' in verdict ? [verdict.reason] : []))
  const first = verdicts[0]
  return {
    shown,
    certificate: reasons[0]?.certificate ?? null,
    releases: verdicts.map(({ release }) => release),
    dependsOn: first?.kind === 'depends' ? first.on : null,
    rules: [...new Set(reasons.map(({ rule }) => rule))],
    details: [...new Set(reasons.map(({ detail }) => detail))],
    paths: verdicts.flatMap(pathsOf),
  }
}

/** Evidence that every check of a single rule starts from. */
export interface RefusalEvidence extends Beside {
  readonly certificate: Placed | null
  readonly rules: readonly RuleId[]
  readonly details: readonly string[]
  readonly dependsOn: DependsOn | null
  readonly list: ListFact | null
}

/** One case for each group of refusals: critical where a release that counts refuses, a warning where it depends. */
export const refusalCases = (
  farm: ExaminedFarm,
  rules: readonly RuleId[],
): readonly Case<RefusalEvidence>[] =>
  mergeCases(refusalsOf(farm, rules).map((refusal) => refusalCase(farm, refusal)))

export function refusalCase(farm: ExaminedFarm, refusal: Refusal): Case<RefusalEvidence> {
  const { shown, releases, rules, details, dependsOn } = refusal
  const certificate =
    refusal.certificate === null ? null : (farm.certificates.get(refusal.certificate) ?? null)
  return {
    facet: [...rules, certificate ? facetOf(certificate, certificate === shown.leaf) : '']
      .join(' ')
      .trimEnd(),
    subject: shown.seen.subject.id,
    releases: counting(farm, releases),
    severity: severityFor(farm, releases, weightOf(dependsOn)),
    certificate: refusal.certificate,
    evidence: {
      certificate: certificate && placed(shown, certificate),
      rules,
      details,
      dependsOn,
      list: listFact(shown),
      ...beside(farm, releases),
    },
  }
}

/** How sure a sentence is that phones refuse. */
export const refusing = ({ dependsOn }: Pick<RefusalEvidence, 'dependsOn'>): string =>
  dependsOn === null ? 'refuses' : 'may refuse'

export const weightOf = (dependsOn: DependsOn | null): Severity =>
  dependsOn === null ? 'critical' : 'warning'

/** Every path that led to the verdict, the one accepted included. */
export const pathsOf = (verdict: Verdict): readonly CandidatePath[] =>
  verdict.kind === 'refused'
    ? verdict.attempted
    : verdict.kind === 'undetermined' || verdict.path === null
      ? []
      : [verdict.path]

/** Certificates on the paths by which releases accept. */
export const acceptedBy = (verdicts: readonly Verdict[]): readonly Certificate[] =>
  verdicts.flatMap((verdict) =>
    verdict.kind === 'accepted' ? verdict.path.certificates.map(({ certificate }) => certificate) : [],
  )
