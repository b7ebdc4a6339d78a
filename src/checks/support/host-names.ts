import { matchesHost, presentedNames, type Verifier } from '../../android/hostname.js'
import { releaseRules } from '../../android/release-rules.js'
import type { Release } from '../../android/releases.js'
import type { Subject } from '../../farm/subject.js'
import type { Certificate } from '../../x509/certificate.js'
import type { Advice, Case, ExaminedFarm, Told } from '../check.js'
import { confirming, reissuing } from './advice.js'
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
import { coveredNames, type NearMiss, nearMiss } from './names.js'

export interface HostNameEvidence extends Beside {
  readonly certificate: Placed
  /** Raw, as apps ask for it: a name or an address. */
  readonly wanted: string
  /** `address`: checked by its address; `address-as-name`: and the certificate has it as a dNSName, which no app reads as one. */
  readonly kind: 'name' | 'address' | 'address-as-name'
  readonly names: readonly string[]
  readonly commonNames: readonly string[]
  readonly nearMiss: NearMiss | null
  /** Releases that match the name before or after the security patch of 2021-02 only. */
  readonly patchDependent: readonly Release[]
  readonly list: ListFact | null
}

/** What apps ask the certificate for. */
const wantedOf = (subject: Subject): string =>
  subject.name?.ascii ?? (subject.kind === 'served' ? subject.node.address : '')

/**
 * Releases that do not find the name in the leaf that they get, whether or not the chain is sound: who repairs the
 * chain should not meet the next trouble only then. `inCommonName`: those for which the common name would be, or was,
 * the only match.
 */
export const hostNameCases = (
  farm: ExaminedFarm,
  { inCommonName }: { readonly inCommonName: boolean },
): readonly Case<HostNameEvidence>[] =>
  mergeCases(shownIn(farm).flatMap((shown) => casesOf(farm, shown, inCommonName)))

function casesOf(farm: ExaminedFarm, shown: Shown, inCommonName: boolean): Case<HostNameEvidence>[] {
  const { seen, leaf } = shown
  if (!leaf || leafElsewhere(shown)) return []
  const wanted = wantedOf(seen.subject)
  const trouble = troublesOf(leaf, wanted, shown.releases, inCommonName)
  if (trouble.length === 0) return []
  const releases = trouble.map(({ release }) => release)
  const depends = trouble.flatMap((one) => (one.depends ? [one.release] : []))
  const sure = counting(farm, releases).filter((release) => !depends.includes(release))
  const names = coveredNames(leaf)
  const isAddress = seen.subject.name === null
  const asName = leaf.subjectAltNames?.some(({ type, value }) => type === 'dns' && value === wanted)
  return [
    {
      facet: facetOf(leaf, true),
      subject: seen.subject.id,
      releases: counting(farm, releases),
      severity: severityFor(farm, releases, sure.length > 0 ? 'critical' : 'warning'),
      certificate: leaf.sha256,
      evidence: {
        certificate: placed(shown, leaf),
        wanted,
        kind: isAddress ? (asName ? 'address-as-name' : 'address') : 'name',
        names,
        commonNames: leaf.subject.commonNames,
        nearMiss: isAddress ? null : nearMiss(names, wanted),
        patchDependent: depends,
        list: listFact(shown),
        ...beside(farm, releases),
      },
    },
  ]
}

const troubles = new WeakMap<Certificate, Map<string, ReturnType<typeof troubleOf>>>()

/** Asked once for all servers of a farm that show one certificate. */
function troublesOf(leaf: Certificate, wanted: string, releases: readonly Release[], inCommonName: boolean) {
  const known = troubles.get(leaf) ?? new Map<string, ReturnType<typeof troubleOf>>()
  troubles.set(leaf, known)
  const key = [wanted, inCommonName, ...releases].join()
  const found =
    known.get(key) ?? releases.flatMap((release) => troubleOf(leaf, wanted, release, inCommonName))
  known.set(key, found)
  return found
}

function troubleOf(leaf: Certificate, wanted: string, release: Release, inCommonName: boolean) {
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
}

/** A certificate for every name of the farm that is checked, or the one that another server of it shows already. */
export function nameAdvice(
  { wanted }: HostNameEvidence,
  { farm }: Told<HostNameEvidence>,
): readonly Advice[] {
  const right = shownIn(farm).find(
    ({ leaf, verdicts }) =>
      leaf && matchesHost(leaf, wanted, 'V6') && verdicts.some(({ kind }) => kind === 'accepted'),
  )?.leaf
  if (right) return [{ action: { verb: 'bind', certificate: right.sha256 }, by: 'adfs-admin' }, confirming]
  const names = farm.farm.subjects.flatMap(({ name }) => name?.ascii ?? [])
  return [reissuing(null, { kind: 'names', names: [...new Set([...names, wanted])] }), confirming]
}
