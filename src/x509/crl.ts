import type { Certificate, Name } from './certificate.js'
import {
  booleanOf,
  bytesOf,
  childrenOf,
  contentOf,
  DerError,
  type Element,
  expectTag,
  hexOf,
  oidOf,
  onlyElement,
  tags,
} from './der.js'
import { nameOf } from './name.js'
import { algorithmOf, timeOf } from './parse.js'

/** A certificate revocation list (RFC 5280 §5), nothing verified. */
export interface RevocationList {
  /** TBSCertList as signed. */
  readonly signed: Uint8Array
  readonly signatureAlgorithm: string
  readonly signatureParameters: Uint8Array | null
  readonly signature: Uint8Array
  readonly issuer: Name
  readonly thisUpdate: Date
  readonly nextUpdate: Date | null
  readonly scope: {
    /** The list is one part, published under these addresses (§5.2.5); null: it is the whole one. */
    readonly addresses: readonly string[] | null
    /** Whether it speaks of certificates of authorities, and for all reasons. */
    readonly authorities: boolean
    /** Made by another authority than the certificates' own. */
    readonly indirect: boolean
    /** Says what changed since another list (§5.2.4). */
    readonly delta: boolean
    /** OIDs of critical extensions that this reader does not know: what the list means cannot be told. */
    readonly unknown: readonly string[]
  }
  /** Day of revocation by serial number, lower-case hex content octets. */
  readonly revoked: ReadonlyMap<string, Date>
}

const oids = {
  distributionPoints: '2.5.29.31',
  issuingDistributionPoint: '2.5.29.28',
  deltaIndicator: '2.5.29.27',
  authorityKeyIdentifier: '2.5.29.35',
  number: '2.5.29.20',
} as const

/** Reads a list as DER. Never throws; the text says what could not be read. Its length bounds the work. */
export function parseRevocationList(
  der: Uint8Array,
): { readonly ok: true; readonly list: RevocationList } | { readonly ok: false; readonly message: string } {
  try {
    return { ok: true, list: listOf(onlyElement(der, tags.sequence)) }
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    return { ok: false, message: `${error.message} at offset ${error.offset}` }
  }
}

function listOf(element: Element): RevocationList {
  const [tbs, algorithm, signature] = childrenOf(element)
  if (!tbs || !algorithm || !signature) throw new DerError('not a revocation list', element.start)
  const { oid, parameters } = algorithmOf(algorithm)
  const fields = childrenOf(expectTag(tbs, tags.sequence))
  if (fields[0]?.tag === tags.integer) fields.shift()
  const [inner, issuer, thisUpdate, ...rest] = fields
  if (!inner || !issuer || !thisUpdate) throw new DerError('the list is incomplete', tbs.start)
  const nextUpdate = isTime(rest[0]) ? timeOf(rest.shift()!) : null
  const entries = rest[0]?.tag === tags.sequence ? childrenOf(rest.shift()!) : []
  return {
    signed: bytesOf(tbs),
    signatureAlgorithm: oid,
    signatureParameters: parameters,
    signature: contentOf(expectTag(signature, tags.bitString)).subarray(1),
    issuer: nameOf(expectTag(issuer, tags.sequence)),
    thisUpdate: timeOf(thisUpdate),
    nextUpdate,
    scope: scopeOf(rest[0]?.tag === 0xa0 ? childrenOf(childrenOf(rest[0])[0] ?? rest[0]) : []),
    revoked: new Map(
      entries.map((entry) => {
        const [serial, date] = childrenOf(expectTag(entry, tags.sequence))
        if (!serial || !date) throw new DerError('an entry is incomplete', entry.start)
        return [hexOf(contentOf(expectTag(serial, tags.integer))), timeOf(date)]
      }),
    ),
  }
}

const isTime = (element: Element | undefined): boolean =>
  element?.tag === tags.utcTime || element?.tag === tags.generalizedTime

function scopeOf(extensions: readonly Element[]): RevocationList['scope'] {
  let scope = {
    addresses: null as readonly string[] | null,
    authorities: true,
    indirect: false,
    delta: false,
  }
  const unknown: string[] = []
  for (const extension of extensions) {
    const parts = childrenOf(expectTag(extension, tags.sequence))
    const oid = oidOf(parts[0] ?? extension)
    const isCritical = parts[1]?.tag === tags.boolean && booleanOf(parts[1])
    if (oid === oids.issuingDistributionPoint) {
      const value = onlyElement(contentOf(expectTag(parts.at(-1)!, tags.octetString)), tags.sequence)
      const field = (number: number) => childrenOf(value).find(({ tag }) => (tag & 0x1f) === number)
      const isSet = (number: number) => {
        const flag = field(number)
        return flag !== undefined && contentOf(flag)[0] !== 0
      }
      const point = field(0)
      scope = {
        ...scope,
        addresses: point ? addressesOf(point) : null,
        // For end entities only, for some reasons only, for attribute certificates only.
        authorities: !isSet(1) && field(3) === undefined && !isSet(5),
        indirect: isSet(4),
      }
    } else if (oid === oids.deltaIndicator) scope = { ...scope, delta: true }
    else if (isCritical && oid !== oids.authorityKeyIdentifier && oid !== oids.number) unknown.push(oid)
  }
  return { ...scope, unknown }
}

/** URIs of a DistributionPointName's full name; a name relative to the issuer has none. */
function addressesOf(point: Element): readonly string[] {
  const name = childrenOf(point)[0]
  if (name?.tag !== 0xa0) return []
  return childrenOf(name).flatMap((general) =>
    general.tag === 0x86 ? [Buffer.from(contentOf(general)).toString('latin1')] : [],
  )
}

/**
 * Where a certificate says that lists of revoked ones are to be had (RFC 5280 §4.2.1.13), as written; those that another
 * authority makes or that are for some reasons only are left out. Null: it names no list, or its words cannot be read.
 */
export function revocationAddresses({
  extensions,
}: Pick<Certificate, 'extensions'>): readonly string[] | null {
  const extension = extensions.find(({ oid }) => oid === oids.distributionPoints)
  if (!extension) return null
  try {
    const points = childrenOf(onlyElement(extension.value, tags.sequence))
    return points.flatMap((point) => {
      const fields = childrenOf(expectTag(point, tags.sequence))
      return fields[0]?.tag === 0xa0 && fields.length === 1 ? addressesOf(fields[0]) : []
    })
  } catch (error) {
    if (error instanceof DerError) return null
    throw error
  }
}
