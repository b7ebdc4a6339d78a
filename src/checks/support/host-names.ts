import { matchesHost, presentedNames, type Verifier } from '../../android/hostname.js'
import { releaseRules } from '../../android/release-rules.js'
import type { Release } from '../../android/releases.js'
import type { CheckContext, Finding } from '../check.js'
import { type CertificateFact, factOf, leafElsewhere, leafOf } from './certificates.js'
import { coveredNames, type NearMiss, nearMiss } from './names.js'

export interface HostNameEvidence {
  readonly certificate: CertificateFact
  readonly wanted: string
  readonly names: readonly string[]
  readonly commonNames: readonly string[]
  readonly nearMiss: NearMiss | null
  /** Releases that match the name before or after the security patch of 2021-02 only. */
  readonly patchDependent: readonly Release[]
}

/**
 * Releases that do not find the name in the leaf, whether or not the chain is sound: who repairs the chain should not
 * meet the next trouble only then. `inCommonName`: those for which the common name would be, or was, the only match.
 */
export function hostNameFindings(
  context: CheckContext,
  { inCommonName }: { readonly inCommonName: boolean },
): readonly Finding<HostNameEvidence>[] {
  return context.endpoints.flatMap((endpoint) => {
    const leaf = leafOf(endpoint)
    if (!leaf || leafElsewhere(endpoint)) return []
    const wanted = context.target.name
    const trouble = context.releases.flatMap((release) => {
      const rules = releaseRules[release]
      const names = presentedNames(leaf, rules)
      const matches = (verifier: Verifier): boolean => matchesHost(names, wanted, verifier)
      const [shipped, patched] = [matches(rules.verifier), matches(rules.patchedVerifier)]
      // The 6.0 verifier looks at the common name only where no DNS name is listed.
      const hasDnsName = names.subjectAltNames?.some(({ type }) => type === 'dns') ?? false
      const byCommonName = !hasDnsName && matches('V3')
      return (shipped && patched) || byCommonName !== inCommonName
        ? []
        : [{ release, depends: shipped !== patched }]
    })
    if (trouble.length === 0) return []
    const names = coveredNames(leaf)
    return [
      {
        endpoint: endpoint.id,
        releases: trouble.map(({ release }) => release),
        severity: trouble.every(({ depends }) => depends) ? ('warning' as const) : ('error' as const),
        evidence: {
          certificate: factOf(leaf, endpoint),
          wanted,
          names,
          commonNames: leaf.subject.commonNames,
          nearMiss: nearMiss(names, wanted),
          patchDependent: trouble.flatMap(({ release, depends }) => (depends ? [release] : [])),
        },
      },
    ]
  })
}
