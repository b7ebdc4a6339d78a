import { matchesHost } from '../android/hostname.js'
import { say } from '../words/words.js'
import type { Certificate } from '../x509/certificate.js'
import type { Sha256 } from '../x509/identity.js'
import { type Case, defineCheck, type ExaminedFarm, found, type Renewal } from './check.js'
import { confirming } from './support/advice.js'
import { answersOf, distinct, seenOf } from './support/answers.js'
import { coveredNames } from './support/names.js'

export interface Evidence {
  readonly renewed: Sha256
  readonly served: Sha256
  /** ISO 8601. */
  readonly notAfter: string
  /** Some lists have the new certificate already: another binding, or another server behind the address. */
  readonly isPartial: boolean
  /** What is served ends later than the new certificate: it may be the wrong file. */
  readonly isNewer: boolean
}

/** After a renewal: servers that do not show the certificate of the file that was named. */
export const oldCertificateStillServed = defineCheck({
  id: 'old-certificate-still-served',
  title: 'The server does not send the new certificate yet',
  sources: ['Microsoft: managing SSL certificates in AD FS and WAP'],
  rules: [],
  run: (farm) =>
    farm.renewal === undefined
      ? { status: 'not-applicable', why: 'no new certificate was named' }
      : found(casesOf(farm, farm.renewal)),
  tell: ({ renewed, served, notAfter, isPartial, isNewer }) =>
    isNewer
      ? say`The server sends ${{ certificate: served }} until ${{ date: new Date(notAfter) }}, which is longer than the certificate of the file lasts: see whether it is the right file.`
      : say`The server ${isPartial ? 'sends, beside the new one,' : 'still sends'} ${{ certificate: served }}, until ${{ date: new Date(notAfter) }}, not the new ${{ certificate: renewed }}.${isPartial ? ' Another binding has the old one, or another server behind this address.' : ''}`,
  brief: ({ isNewer, isPartial }) =>
    isNewer
      ? ['it sends a newer one than the file has']
      : [isPartial ? 'the old certificate beside the new one' : 'still the old certificate'],
  actions: ({ renewed, isNewer, isPartial }) =>
    isNewer
      ? [confirming]
      : [
          ...(isPartial ? ([{ action: { verb: 'look', at: { kind: 'bindings' } } }] as const) : []),
          { action: { verb: 'bind', certificate: renewed } },
          confirming,
        ],
})

function casesOf(farm: ExaminedFarm, { leaf: renewed }: Renewal): Case<Evidence>[] {
  return seenOf(farm).flatMap((seen): Case<Evidence>[] => {
    if (seen.subject.kind !== 'served') return []
    const leaves = distinct(answersOf(seen).flatMap(({ leaf }) => leaf ?? []))
    const isThere = leaves.some(({ sha256 }) => sha256 === renewed.sha256)
    // A server may have two certificates, of two kinds of key, of which one is renewed.
    const old = leaves.find((leaf) => leaf.sha256 !== renewed.sha256 && (!isThere || isAlike(leaf, renewed)))
    if (!old || isForOtherNames(old, renewed, seen.subject.name?.ascii ?? null)) return []
    return [
      {
        facet: `renewal ${renewed.publicKey.algorithm}`,
        subject: seen.subject.id,
        releases: [],
        severity: 'warning',
        certificate: old.sha256,
        evidence: {
          renewed: renewed.sha256,
          served: old.sha256,
          notAfter: old.notAfter.toISOString(),
          isPartial: isThere,
          isNewer: old.notAfter > renewed.notAfter,
        },
      },
    ]
  })
}

/** A name that the new certificate is not for may have one of its own, which stays: none of its names are in the new one. */
function isForOtherNames(old: Certificate, renewed: Certificate, host: string | null): boolean {
  if (host === null || matchesHost(renewed, host, 'V6')) return false
  const ours = new Set(coveredNames(renewed).map((name) => name.toLowerCase()))
  return matchesHost(old, host, 'V6') && !coveredNames(old).some((name) => ours.has(name.toLowerCase()))
}

const isAlike = (a: Certificate, b: Certificate): boolean => a.publicKey.algorithm === b.publicKey.algorithm
