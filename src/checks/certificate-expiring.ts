import { defaultThresholds, leastLeft, type Threshold } from '../gate/thresholds.js'
import { certificatesOf } from '../examine/presented.js'
import { say } from '../words/words.js'
import type { Certificate } from '../x509/certificate.js'
import { sameName } from '../x509/name-match.js'
import { type Case, defineCheck, type ExaminedFarm, found, type Severity } from './check.js'
import { type Shown, shown } from './support/shown.js'

interface Evidence {
  readonly isLeaf: boolean
  /** ISO 8601. */
  readonly notAfter: string
  /** Rounded down. */
  readonly daysLeft: number
  readonly lifetimeDays: number
  /** A twin that is valid for longer is sent beside it. */
  readonly hasSuccessor: boolean
}

const dayMs = 86_400_000

/** Certificates that phones use now and that end soon, measured by their own lifetime. */
export const certificateExpiring = defineCheck({
  id: 'certificate-expiring',
  title: 'A certificate expires soon',
  sources: ['RFC 5280 §4.1.2.5'],
  rules: [],
  run: (farm) => found(shown(farm).flatMap((one) => casesOf(one, farm))),
  tell: ({ notAfter, daysLeft, lifetimeDays, hasSuccessor }, { cases, releases }) => {
    const certificate = { certificate: cases[0]!.certificate! }
    const left = say`${certificate} expires on ${{ date: new Date(notAfter) }}, in ${{ count: [daysLeft, 'day', 'days'] }} of ${`${lifetimeDays}`}`
    if (hasSuccessor) return say`${left}. A successor is sent beside it, which newer releases find by themselves.`
    return releases.length > 0
      ? say`${left}; then ${{ releases }} refuses the server.`
      : say`${left}; only releases that do not count get it.`
  },
  actions: ({ isLeaf }, { cases }) => {
    const certificate = cases[0]!.certificate!
    return [
      {
        action: {
          verb: 'reissue',
          certificate: isLeaf ? certificate : null,
          demands: [isLeaf ? { kind: 'validity' } : { kind: 'intermediate-renewed', certificate }],
        },
        by: 'certificate-buyer',
      },
      { action: { verb: 'confirm' } },
    ]
  },
})

function casesOf({ seen, answer, leaf, releases }: Shown, farm: ExaminedFarm): readonly Case<Evidence>[] {
  const sent = certificatesOf(answer.entries)
  // Where a release accepts, what its path needs; else the leaf, which is needed whatever the chain becomes.
  const onPaths = seen.verdicts.flatMap(({ answer: id, verdict }) =>
    id === answer.id && 'path' in verdict ? (verdict.path?.certificates ?? []) : [],
  )
  const needed = new Set([leaf?.sha256, ...onPaths.map(({ certificate }) => certificate.sha256)])
  const distinct = new Map(sent.map((certificate) => [certificate.sha256, certificate]))
  return [...distinct.values()].flatMap((certificate): Case<Evidence>[] => {
    const left = certificate.notAfter.getTime() - farm.at.getTime()
    if (!needed.has(certificate.sha256) || left < 0) return []
    const isLeaf = certificate.sha256 === leaf?.sha256
    const hasSuccessor = !isLeaf && sent.some((other) => outlives(other, certificate))
    const grade = gradeOf(certificate, left, isLeaf, farm)
    if (!grade) return []
    return [
      {
        facet: isLeaf ? `leaf ${certificate.publicKey.algorithm}` : certificate.subject.text,
        subject: seen.subject.id,
        releases,
        severity: releases.length === 0 ? 'info' : hasSuccessor ? 'warning' : grade,
        certificate: certificate.sha256,
        evidence: {
          isLeaf,
          notAfter: certificate.notAfter.toISOString(),
          daysLeft: Math.floor(left / dayMs),
          lifetimeDays: Math.round((certificate.notAfter.getTime() - certificate.notBefore.getTime()) / dayMs),
          hasSuccessor,
        },
      },
    ]
  })
}

function gradeOf(certificate: Certificate, left: number, isLeaf: boolean, farm: ExaminedFarm): Severity | null {
  const limit = (asked: Threshold, usual: Threshold) => leastLeft(isLeaf ? asked : ofYears(asked, usual), certificate)
  if (left < limit(farm.crit, defaultThresholds.crit)) return 'critical'
  return left < limit(farm.warn, defaultThresholds.warn) ? 'warning' : null
}

/** Authorities live for years, of which an operator's percentage for leaves would be too much: days only are theirs. */
const ofYears = ({ days }: Threshold, usual: Threshold): Threshold => ({
  percent: usual.percent,
  days: days ?? usual.days,
})

const outlives = (other: Certificate, { subject, publicKey, notAfter, issuer }: Certificate): boolean =>
  other.notAfter > notAfter &&
  sameName(other.subject, subject) &&
  sameName(other.issuer, issuer) &&
  Buffer.compare(other.publicKey.spki, publicKey.spki) === 0
