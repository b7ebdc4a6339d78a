import { createHash } from 'node:crypto'
import type { Observation, ProbeOutcome } from '../../tls/observation.js'
import type { Certificate } from '../../x509/certificate.js'
import type { JudgedEndpoint } from '../check.js'
import { shortName } from './wording.js'

/** A certificate as evidence and sentences speak of it; everything else is in the report's `certificates`. */
export interface CertificateFact {
  readonly sha256: string
  /** For sentences: the last common name. */
  readonly name: string
  readonly subject: string
  readonly issuer: string
  /** SHA-1 of the DER, lower-case hex: what Windows finds it by. */
  readonly thumbprint: string
  readonly keyIdentifier: string | null
  readonly notBefore: string
  readonly notAfter: string
  /** Index in the certificate list as received; null: not sent. */
  readonly position: number | null
}

export function factOf(certificate: Certificate, endpoint?: JudgedEndpoint): CertificateFact {
  return {
    sha256: certificate.sha256,
    name: shortName(certificate.subject),
    subject: certificate.subject.text,
    issuer: certificate.issuer.text,
    thumbprint: createHash('sha1').update(certificate.der).digest('hex'),
    keyIdentifier: certificate.subjectKeyIdentifier,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    position: endpoint ? positionOf(endpoint, certificate.sha256) : null,
  }
}

/** `"Contoso Issuing CA" (presented[1])`. */
export const called = ({ name, position }: CertificateFact): string =>
  position === null ? `"${name}"` : `"${name}" (presented[${position}])`

/** Each entry of the list as received with its index there: entries that could not be read count too. */
export function positions(endpoint: JudgedEndpoint): readonly { index: number; certificate: Certificate }[] {
  const unreadable = new Set(endpoint.unreadable.map(({ index }) => index))
  let index = -1
  return endpoint.presented.map((certificate) => {
    do index++
    while (unreadable.has(index))
    return { index, certificate }
  })
}

function positionOf(endpoint: JudgedEndpoint, sha256: string): number | null {
  return positions(endpoint).find(({ certificate }) => certificate.sha256 === sha256)?.index ?? null
}

/** The first certificate sent; null where nothing was sent or the first entry cannot be read. */
export function leafOf(endpoint: JudgedEndpoint): Certificate | null {
  return endpoint.unreadable.some(({ index }) => index === 0) ? null : (endpoint.presented[0] ?? null)
}

/**
 * The end-entity certificate where an authority was sent in its place: then the order is the whole trouble, and what
 * Android says of the authority as a server helps nobody. Null: no such thing, or a release accepts it all the same.
 */
export function leafElsewhere(endpoint: JudgedEndpoint): Certificate | null {
  const first = leafOf(endpoint)
  if (!first?.basicConstraints?.ca || endpoint.verdicts.some(({ kind }) => kind === 'accepted')) return null
  return endpoint.presented.find((certificate) => !certificate.basicConstraints?.ca) ?? null
}

/** Each certificate once, in the order received. */
export const distinct = (certificates: readonly Certificate[]): readonly Certificate[] => [
  ...new Map(certificates.map((certificate) => [certificate.sha256, certificate])).values(),
]

/** A certificate by its SHA-256, wherever this server's facts mention it. */
export function findCertificate(endpoint: JudgedEndpoint, sha256: string | null): Certificate | null {
  if (sha256 === null) return null
  const paths = [...endpoint.verdicts, ...endpoint.afterRepair].flatMap((verdict) =>
    verdict.kind === 'refused'
      ? verdict.attempted
      : verdict.kind === 'undetermined' || verdict.path === null
        ? []
        : [verdict.path],
  )
  const known = [
    ...endpoint.presented,
    ...endpoint.missing.map(({ certificate }) => certificate),
    ...paths.flatMap(({ certificates }) => certificates.map(({ certificate }) => certificate)),
  ]
  return known.find((certificate) => certificate.sha256 === sha256) ?? null
}

/** What a connection showed, whether or not it went on to the end. */
export function observationOf(outcome: ProbeOutcome): Observation | null {
  return 'observation' in outcome ? outcome.observation : null
}
