import type { RuleId } from '../../android/rule-id.js'
import type { Certificate } from '../../x509/certificate.js'
import type { Sha256 } from '../../x509/identity.js'
import { sameName } from '../../x509/name-match.js'
import type { Case, ExaminedFarm } from '../check.js'
import {
  type Beside,
  beside,
  counting,
  distinct,
  facetOf,
  leafElsewhere,
  mergeCases,
  type Placed,
  placed,
  type Shown,
  severityFor,
  shownIn,
} from './answers.js'
import { chainOf, isTwin } from './chain.js'
import { type ListFact, listFact } from './lists.js'
import { noAnchor } from './no-anchor.js'
import { refusalsOf, weightOf } from './refusals.js'

export interface ValidityEvidence extends Beside {
  readonly certificate: Placed
  /** ISO 8601. */
  readonly notBefore: string
  readonly notAfter: string
  readonly isLeaf: boolean
  /** Whether some release needs it: false is harmless. */
  readonly isNeeded: boolean
  /** Whether releases that get the same list accept it all the same. */
  readonly isAcceptedByOthers: boolean
  /** The valid certificate of the same name and key, under another issuer or renewed, found or sent; null: none. */
  readonly replacement: (Placed & { readonly sameIssuer: boolean }) | null
  /** What it was to certify: where its successor is to be had. Null: a leaf. */
  readonly child: Sha256 | null
  readonly urls: readonly string[]
  readonly list: ListFact | null
}

/**
 * Certificates outside their validity: those that releases refuse for, those that stand in the way as well, and those
 * sent in vain. A copy that no path needs is harmless.
 */
export function validityCases(
  farm: ExaminedFarm,
  rule: Extract<RuleId, 'expired' | 'not-yet-valid'>,
  isOutside: (certificate: Certificate, at: Date) => boolean,
): readonly Case<ValidityEvidence>[] {
  const refusals = refusalsOf(farm, [rule])
  const cases = shownIn(farm).flatMap((shown) => {
    const refused = refusals
      .filter((refusal) => refusal.shown === shown)
      .flatMap((refusal) => {
        const certificate = farm.certificates.get(refusal.certificate ?? '')
        return certificate ? [{ ...refusal, certificate }] : []
      })
    const stuck = noAnchor(farm)
      .filter((trouble) => trouble.shown === shown)
      .flatMap(({ outdated }) => outdated.filter(({ certificate }) => isOutside(certificate, farm.at)))
    const named = new Set([...refused, ...stuck].map(({ certificate }) => certificate.sha256))
    const others = distinct(shown.certificates).filter(
      (certificate) => isOutside(certificate, farm.at) && !named.has(certificate.sha256),
    )
    const make = (certificate: Certificate) => caseOf(farm, shown, certificate, isOutside)
    return [
      ...refused.map(({ certificate, releases, dependsOn }) =>
        make(certificate)(releases, weightOf(dependsOn)),
      ),
      ...stuck.map(({ certificate, release }) => make(certificate)([release], 'critical')),
      ...others.map((certificate) =>
        isInTheWay(farm, shown, certificate, isOutside)
          ? make(certificate)(shown.releases, 'critical')
          : make(certificate)([], 'info'),
      ),
    ]
  })
  return mergeCases(cases)
}

/** Named by no verdict, because something else came first; would be the next one. */
function isInTheWay(
  farm: ExaminedFarm,
  shown: Shown,
  certificate: Certificate,
  isOutside: (certificate: Certificate, at: Date) => boolean,
): boolean {
  if (certificate.sha256 === (leafElsewhere(shown) ?? shown.leaf)?.sha256) return true
  const related = chainOf(shown)?.related ?? []
  return (
    shown.verdicts.length > 0 &&
    shown.verdicts.every(({ kind }) => kind !== 'accepted') &&
    related.some(({ sha256 }) => sha256 === certificate.sha256) &&
    !related.some((twin) => sameName(twin.subject, certificate.subject) && !isOutside(twin, farm.at))
  )
}

const caseOf =
  (
    farm: ExaminedFarm,
    shown: Shown,
    certificate: Certificate,
    isOutside: (certificate: Certificate, at: Date) => boolean,
  ) =>
  (releases: Shown['releases'], weight: 'critical' | 'warning' | 'info'): Case<ValidityEvidence> => {
    const leaf = leafElsewhere(shown) ?? shown.leaf
    const isLeaf = certificate.sha256 === leaf?.sha256
    const replacement = [
      ...(shown.repair?.add.map((added) => added.certificate) ?? []),
      ...shown.certificates,
      ...(shown.repair?.chain ?? []),
    ].find((other) => isTwin(other, certificate) && !isOutside(other, farm.at))
    const child = isLeaf
      ? undefined
      : chainOf(shown)?.related.find(
          (one) => one.sha256 !== certificate.sha256 && sameName(one.issuer, certificate.subject),
        )
    return {
      facet: facetOf(certificate, isLeaf),
      subject: shown.seen.subject.id,
      releases: counting(farm, releases),
      severity: releases.length === 0 ? 'info' : severityFor(farm, releases, weight),
      certificate: certificate.sha256,
      evidence: {
        certificate: placed(shown, certificate),
        notBefore: certificate.notBefore.toISOString(),
        notAfter: certificate.notAfter.toISOString(),
        isLeaf,
        isNeeded: releases.length > 0,
        isAcceptedByOthers: shown.verdicts.some(({ kind }) => kind === 'accepted'),
        replacement: replacement
          ? {
              ...placed(shown, replacement),
              sameIssuer: sameName(replacement.issuer, certificate.issuer),
            }
          : null,
        child: child?.sha256 ?? null,
        urls: child?.caIssuers ?? [],
        list: listFact(shown),
        ...beside(farm, releases),
      },
    }
  }
