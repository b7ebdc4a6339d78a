import { defaultThresholds, leastLeft, type Threshold } from '../gate/thresholds.js'
import { say } from '../words/words.js'
import type { Certificate } from '../x509/certificate.js'
import { sameName } from '../x509/name-match.js'
import { type Case, defineCheck, type ExaminedFarm, found, type Severity } from './check.js'
import { confirming, renewing, succeeding } from './support/advice.js'
import {
  type Beside,
  beside,
  called,
  concerned,
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
} from './support/answers.js'
import { isTwin } from './support/chain.js'
import { type ListFact, listFact, whichList } from './support/lists.js'
import { pathsOf } from './support/refusals.js'

export interface Evidence extends Beside {
  readonly certificate: Placed
  readonly isLeaf: boolean
  /** ISO 8601. */
  readonly notAfter: string
  /** Rounded down. */
  readonly daysLeft: number
  readonly lifetimeDays: number
  /** A twin that is valid for longer is sent beside it. */
  readonly hasSuccessor: boolean
  readonly list: ListFact | null
}

const dayMs = 86_400_000

/** Certificates that phones use now and that end soon, measured by their own lifetime. */
export const certificateExpiring = defineCheck({
  id: 'certificate-expiring',
  title: 'A certificate expires soon',
  sources: ['RFC 5280 §4.1.2.5'],
  rules: [],
  run: (farm) => found(mergeCases(shownIn(farm).flatMap((shown) => casesOf(shown, farm)))),
  tell: (evidence, told) => {
    const { daysLeft, lifetimeDays, notAfter } = evidence
    const left = say`${whichList(evidence, told)}${called(evidence.certificate)} expires on ${{ date: new Date(notAfter) }}, in ${{ count: [daysLeft, 'day', 'days'] }} of ${`${lifetimeDays}`}`
    return evidence.hasSuccessor
      ? say`${left}. Its successor is sent beside it, which most releases find by themselves.`
      : say`${left}; then ${concerned(evidence, told)} refuses the server.`
  },
  brief: ({ certificate, notAfter }) =>
    say`${{ certificate: certificate.sha256 }} expires on ${{ date: new Date(notAfter) }}`,
  actions: ({ isLeaf, certificate: { sha256 } }, told) =>
    isLeaf ? [succeeding(told, sha256), confirming] : renewing(sha256, { kind: 'validity' }),
})

function casesOf(shown: Shown, farm: ExaminedFarm): readonly Case<Evidence>[] {
  const { certificates, verdicts, releases } = shown
  const leaf = leafElsewhere(shown) ?? shown.leaf
  // What the paths of releases need; the leaf is needed whatever becomes of the chain.
  const paths = verdicts.flatMap((verdict) => (verdict.kind === 'refused' ? [] : pathsOf(verdict)))
  const onPaths = paths.flatMap((path) => path.certificates.map(({ certificate }) => certificate.sha256))
  const needed = new Set([leaf?.sha256, ...onPaths])
  return distinct(certificates).flatMap((certificate): Case<Evidence>[] => {
    const left = certificate.notAfter.getTime() - farm.at.getTime()
    if (!needed.has(certificate.sha256) || left < 0) return []
    const isLeaf = certificate.sha256 === leaf?.sha256
    const grade = gradeOf(certificate, left, isLeaf, farm)
    if (!grade) return []
    const hasSuccessor = !isLeaf && certificates.some((other) => outlives(other, certificate))
    return [
      {
        facet: facetOf(certificate, isLeaf),
        subject: shown.seen.subject.id,
        releases: counting(farm, releases),
        severity: severityFor(farm, releases, hasSuccessor ? 'warning' : grade),
        certificate: certificate.sha256,
        evidence: {
          certificate: placed(shown, certificate),
          isLeaf,
          notAfter: certificate.notAfter.toISOString(),
          daysLeft: Math.floor(left / dayMs),
          lifetimeDays: Math.round(
            (certificate.notAfter.getTime() - certificate.notBefore.getTime()) / dayMs,
          ),
          hasSuccessor,
          list: listFact(shown),
          ...beside(farm, releases),
        },
      },
    ]
  })
}

function gradeOf(
  certificate: Certificate,
  left: number,
  isLeaf: boolean,
  farm: ExaminedFarm,
): Severity | null {
  const limit = (asked: Threshold, usual: Threshold) =>
    leastLeft(isLeaf ? asked : ofYears(asked, usual), certificate)
  if (left < limit(farm.crit, defaultThresholds.crit)) return 'critical'
  return left < limit(farm.warn, defaultThresholds.warn) ? 'warning' : null
}

/** Authorities live for years, of which an operator's percentage for leaves would be too much: days only are theirs. */
const ofYears = ({ days }: Threshold, usual: Threshold): Threshold => ({
  percent: usual.percent,
  days: days ?? usual.days,
})

/** Renewed by the same issuer: a twin under another one may lead to a root that not every release has. */
const outlives = (other: Certificate, certificate: Certificate): boolean =>
  isTwin(other, certificate) &&
  other.notAfter > certificate.notAfter &&
  sameName(other.issuer, certificate.issuer)
