import type { Certificate } from '../x509/certificate.js'
import {
  childrenOf,
  contentOf,
  DerError,
  type Element,
  expectTag,
  oidOf,
  onlyElement,
  tags,
} from '../x509/der.js'
import { extensionOids } from '../x509/extensions.js'

/** Extensions that only path validation reads (RFC 5280 §4.2.1.4, .5, .10, .11, .14). */
export interface PathExtensions {
  /** Policies in order; null: no extension. */
  readonly policies: readonly Policy[] | null
  readonly policyMappings: readonly (readonly [issuerDomain: string, subjectDomain: string])[] | null
  readonly policyConstraints: {
    readonly requireExplicit: number | null
    readonly inhibitMapping: number | null
  } | null
  readonly inhibitAnyPolicy: number | null
  readonly nameConstraints: {
    readonly permitted: readonly Subtree[] | null
    readonly excluded: readonly Subtree[] | null
  } | null
  /** OIDs of those above that are present and cannot be read. */
  readonly unreadable: ReadonlySet<string>
}

export interface Policy {
  readonly oid: string
  readonly hasQualifiers: boolean
}

/** One GeneralSubtree: its base name as encoded, and whether it carries the distances that nobody supports. */
export interface Subtree {
  readonly base: Element
  readonly hasDistance: boolean
}

const remembered = new WeakMap<Certificate, PathExtensions>()

export function pathExtensions(certificate: Certificate): PathExtensions {
  let extensions = remembered.get(certificate)
  if (!extensions) {
    extensions = readPathExtensions(certificate)
    remembered.set(certificate, extensions)
  }
  return extensions
}

function readPathExtensions(certificate: Certificate): PathExtensions {
  const unreadable = new Set<string>()
  const read = <T>(oid: string, reader: (value: Element) => T): T | null => {
    const extension = certificate.extensions.find((candidate) => candidate.oid === oid)
    if (!extension) return null
    try {
      return reader(onlyElement(extension.value))
    } catch (error) {
      if (!(error instanceof DerError)) throw error
      unreadable.add(oid)
      return null
    }
  }
  return {
    policies: read(extensionOids.certificatePolicies, policiesOf),
    policyMappings: read(extensionOids.policyMappings, mappingsOf),
    policyConstraints: read(extensionOids.policyConstraints, policyConstraintsOf),
    inhibitAnyPolicy: read(extensionOids.inhibitAnyPolicy, (e) => smallInteger(expectTag(e, tags.integer))),
    nameConstraints: read(extensionOids.nameConstraints, nameConstraintsOf),
    unreadable,
  }
}

function policiesOf(element: Element): Policy[] {
  return childrenOf(expectTag(element, tags.sequence)).map((information) => {
    const [identifier, qualifiers, ...rest] = childrenOf(expectTag(information, tags.sequence))
    if (!identifier || rest.length > 0) throw new DerError('not a policy', information.start)
    if (qualifiers) {
      const list = childrenOf(expectTag(qualifiers, tags.sequence))
      if (list.length === 0) throw new DerError('an empty list of qualifiers', qualifiers.start)
    }
    return { oid: oidOf(identifier), hasQualifiers: qualifiers !== undefined }
  })
}

function mappingsOf(element: Element): [string, string][] {
  return childrenOf(expectTag(element, tags.sequence)).map((mapping) => {
    const [issuerDomain, subjectDomain] = childrenOf(expectTag(mapping, tags.sequence))
    if (!issuerDomain || !subjectDomain) throw new DerError('not a mapping', mapping.start)
    return [oidOf(issuerDomain), oidOf(subjectDomain)]
  })
}

function policyConstraintsOf(element: Element): NonNullable<PathExtensions['policyConstraints']> {
  let [requireExplicit, inhibitMapping]: [number | null, number | null] = [null, null]
  for (const field of childrenOf(expectTag(element, tags.sequence))) {
    if (field.tag === 0x80 && requireExplicit === null) requireExplicit = smallInteger(field)
    else if (field.tag === 0x81 && inhibitMapping === null) inhibitMapping = smallInteger(field)
    else throw new DerError('not a policy constraint', field.start)
  }
  return { requireExplicit, inhibitMapping }
}

/** A 32-bit integer, as both validators read these counts. */
function smallInteger(element: Element): number {
  const octets = contentOf(element)
  if (octets.length === 0 || octets.length > 4) throw new DerError('not a 32-bit number', element.start)
  return Buffer.from(octets).readIntBE(0, octets.length)
}

function nameConstraintsOf(element: Element): NonNullable<PathExtensions['nameConstraints']> {
  let [permitted, excluded]: [Subtree[] | null, Subtree[] | null] = [null, null]
  for (const field of childrenOf(expectTag(element, tags.sequence))) {
    if (field.tag === 0xa0 && !permitted) permitted = childrenOf(field).map(subtreeOf)
    else if (field.tag === 0xa1 && !excluded) excluded = childrenOf(field).map(subtreeOf)
    else throw new DerError('neither permitted nor excluded subtrees', field.start)
  }
  return { permitted, excluded }
}

function subtreeOf(element: Element): Subtree {
  const [base, ...distances] = childrenOf(expectTag(element, tags.sequence))
  if (!base) throw new DerError('a subtree without a name', element.start)
  const unsupported = distances.some((d) => d.tag !== 0x80 || smallInteger(d) !== 0)
  return { base, hasDistance: unsupported }
}

export const criticalOids = (certificate: Certificate): string[] =>
  certificate.extensions.filter((extension) => extension.critical).map((extension) => extension.oid)
