import type { Certificate } from '../x509/certificate.js'
import {
  booleanOf,
  childrenOf,
  contentOf,
  DerError,
  type Element,
  expectTag,
  oidOf,
  tags,
} from '../x509/der.js'
import { extensionOids } from '../x509/extensions.js'
import { readAsBc } from './asn1-bc.js'

/**
 * Extensions as BouncyCastle's RFC3280CertPathUtilities reads them (bouncycastle@4.4_r1 … @6.0.0_r1): one by one, when a
 * step of the validation asks; of several with one OID the first. Nobody decodes the certificate as a whole. All throw
 * `DerError` where the original throws anything.
 */
export function extensionAsBc({ extensions }: Certificate, oid: string): Element | null {
  const extension = extensions.find((candidate) => candidate.oid === oid)
  return extension ? readAsBc(extension.value) : null
}

/** The elements of an extension that is a SEQUENCE; null: no extension, or nothing in it. */
export function sequenceAsBc(certificate: Certificate, oid: string): Element[] | null {
  const element = extensionAsBc(certificate, oid)
  return element ? childrenOf(expectTag(element, tags.sequence)) : null
}

export function basicConstraintsAsBc(
  certificate: Certificate,
): { readonly ca: boolean; readonly pathLength: number | null } | null {
  const fields = sequenceAsBc(certificate, extensionOids.basicConstraints)
  if (!fields) return null
  const [flag, length] = fields[0]?.tag === tags.boolean ? fields : [undefined, ...fields]
  if (!flag && fields.length > 1) throw new DerError('a length without the flag before it', length!.start)
  return {
    ca: flag !== undefined && booleanOf(flag),
    pathLength: length ? intOf(expectTag(length, tags.integer)) : null,
  }
}

/** One PolicyInformation; its qualifiers are decoded apart, by `checkQualifiers`. */
export interface BcPolicy {
  readonly oid: string
  readonly qualifiers: readonly Element[]
}

export function policyAsBc(element: Element): BcPolicy {
  const [identifier, qualifiers, ...rest] = childrenOf(expectTag(element, tags.sequence))
  if (!identifier || rest.length > 0) throw new DerError('not a policy', element.start)
  return {
    oid: oidOf(identifier),
    qualifiers: qualifiers ? childrenOf(expectTag(qualifiers, tags.sequence)) : [],
  }
}

/** Harmony's PolicyQualifierInfo: an OID and one value. */
export function checkQualifiers({ qualifiers }: BcPolicy): void {
  for (const qualifier of qualifiers) {
    const [type, value, ...rest] = childrenOf(expectTag(qualifier, tags.sequence))
    if (!type || !value || rest.length > 0) throw new DerError('not a policy qualifier', qualifier.start)
    oidOf(type)
  }
}

export function policyMappingsAsBc(certificate: Certificate): [string, string][] | null {
  const mappings = sequenceAsBc(certificate, extensionOids.policyMappings)
  return (
    mappings?.map((mapping) => {
      const [issuerDomain, subjectDomain] = childrenOf(expectTag(mapping, tags.sequence))
      if (!issuerDomain || !subjectDomain) throw new DerError('not a mapping', mapping.start)
      return [oidOf(issuerDomain), oidOf(subjectDomain)]
    }) ?? null
  )
}

/** requireExplicitPolicy (0) or inhibitPolicyMapping (1): the first of that tag; what stands behind it is not read. */
export function policyConstraintAsBc(certificate: Certificate, number: 0 | 1): number | null {
  for (const field of sequenceAsBc(certificate, extensionOids.policyConstraints) ?? []) {
    if (taggedNumber(field) === number) return taggedInt(field)
  }
  return null
}

/** wrapupCertB: whether the leaf has any requireExplicitPolicy of zero; what stands behind that one is not read. */
export const demandsPolicyAtOnce = (leaf: Certificate): boolean =>
  (sequenceAsBc(leaf, extensionOids.policyConstraints) ?? []).some(
    (field) => taggedNumber(field) === 0 && taggedInt(field) === 0,
  )

export function inhibitAnyPolicyAsBc(certificate: Certificate): number | null {
  const element = extensionAsBc(certificate, extensionOids.inhibitAnyPolicy)
  return element ? intOf(expectTag(element, tags.integer)) : null
}

/** Number of a context-specific tag. */
export function taggedNumber(element: Element): number {
  if ((element.tag & 0xc0) !== 0x80) throw new DerError('a tagged value was expected', element.start)
  return element.tag & 0x1f
}

/** Content of an implicitly tagged primitive, which may as well be tagged explicitly around `tag`. */
export function implicitContent(element: Element, tag: number): Uint8Array {
  if ((element.tag & 0x20) === 0) return contentOf(element)
  const [inner, ...rest] = childrenOf(element)
  if (!inner || rest.length > 0) throw new DerError('exactly one value belongs here', element.start)
  return contentOf(expectTag(inner, tag))
}

export const taggedInt = (element: Element): number =>
  intValue(implicitContent(element, tags.integer), element.start)

/** BigInteger#intValue: the lowest 32 bits, so that a huge number may come out negative. */
export const intOf = (element: Element): number => intValue(contentOf(element), element.start)

function intValue(octets: Uint8Array, offset: number): number {
  if (octets.length === 0) throw new DerError('an INTEGER has content', offset)
  const low = octets.subarray(-4)
  return Buffer.from(low).readIntBE(0, low.length)
}
