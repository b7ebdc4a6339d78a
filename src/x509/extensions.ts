import { addressText } from './address.js'
import type { Certificate, Extension, GeneralName, KeyUsage } from './certificate.js'
import {
  booleanOf,
  childrenOf,
  contentOf,
  countOf,
  DerError,
  type Element,
  elementAt,
  expectTag,
  hexOf,
  oidOf,
  oidText,
  onlyChild,
  onlyElement,
  tags,
} from './der.js'
import { checkedName, nameOf } from './name.js'

/** Extensions of RFC 5280 §4.2 that every reader of a certificate wants, as native readers of Android take them. */

export const extensionOids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
} as const

/** What the extensions say; of one that cannot be read, its OID in `unreadable`. */
export function knownExtensions(extensions: readonly Extension[]) {
  const unreadable: string[] = []
  const read = <T>(oid: string, reader: (value: Element) => T): T | null => {
    const extension = extensions.find((candidate) => candidate.oid === oid)
    if (!extension) return null
    try {
      return reader(onlyElement(extension.value))
    } catch (error) {
      if (!(error instanceof DerError)) throw error
      unreadable.push(oid)
      return null
    }
  }
  return {
    basicConstraints: read(extensionOids.basicConstraints, basicConstraintsOf),
    keyUsage: read(extensionOids.keyUsage, keyUsageOf),
    extendedKeyUsage: read(extensionOids.extendedKeyUsage, (e) =>
      childrenOf(expectTag(e, tags.sequence)).map(oidOf),
    ),
    subjectAltNames: read(extensionOids.subjectAltName, generalNamesOf),
    subjectKeyIdentifier: read(extensionOids.subjectKeyIdentifier, (e) =>
      hexOf(contentOf(expectTag(e, tags.octetString))),
    ),
    authorityKeyIdentifier: read(extensionOids.authorityKeyIdentifier, authorityKeyIdentifierOf),
    caIssuers: read(extensionOids.authorityInfoAccess, caIssuersOf) ?? [],
    unreadable,
  }
}

function basicConstraintsOf(element: Element): { ca: boolean; pathLength: number | null } {
  const fields = childrenOf(expectTag(element, tags.sequence))
  const ca = fields[0]?.tag === tags.boolean && booleanOf(fields.shift()!)
  const pathLength = fields[0] ? pathLengthOf(fields.shift()!) : null
  if (fields.length > 0) throw new DerError('basicConstraints is a flag and a length', element.start)
  return { ca, pathLength }
}

/** BoringSSL and OpenSSL take a negative length for zero (x509v3_cache_extensions). */
function pathLengthOf(element: Element): number {
  const isNegative = (contentOf(expectTag(element, tags.integer))[0] ?? 0) >= 0x80
  return isNegative ? 0 : countOf(element)
}

const keyUsages: readonly KeyUsage[] = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

function keyUsageOf(element: Element): ReadonlySet<KeyUsage> {
  const octets = contentOf(expectTag(element, tags.bitString))
  if (octets.length === 0 || octets[0]! > 7) throw new DerError('not a BIT STRING', element.start)
  return new Set(keyUsages.filter((_, bit) => ((octets[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0))
}

export function generalNamesOf(element: Element): GeneralName[] {
  return childrenOf(expectTag(element, tags.sequence)).map(generalNameOf)
}

/**
 * RFC 5280 §4.2.1.6. Text is taken octet by octet (Latin-1): IA5String should hold nothing above 127. Native readers drop
 * the whole list over an entry of another class or form, or an otherName or registeredID that is none.
 */
function generalNameOf(element: Element): GeneralName {
  const bytes = contentOf(element)
  const text = Buffer.from(bytes).toString('latin1')
  const number = element.tag & 0x1f
  const isConstructed = [0, 3, 4, 5].includes(number)
  if (number > 8 || element.tag !== (isConstructed ? 0xa0 : 0x80) + number)
    throw new DerError('not a GeneralName', element.start)
  if (number === 8) oidText(bytes, element.start)
  if (number === 0) {
    const [type, value, ...rest] = childrenOf(element)
    if (!type || value?.tag !== 0xa0 || rest.length > 0) throw new DerError('not an otherName', element.start)
    oidOf(type)
    onlyChild(value)
  }
  switch (number) {
    case 1:
      return { type: 'email', value: text, bytes }
    case 2:
      return { type: 'dns', value: text, bytes }
    case 4:
      return {
        type: 'directory',
        value: nameOf(checkedName(elementAt(element.source, element.content, element.end))).text,
        bytes,
      }
    case 6:
      return { type: 'uri', value: text, bytes }
    case 7:
      return { type: 'ip', value: addressText(bytes) ?? hexOf(bytes), bytes }
    default:
      return { type: 'other', value: hexOf(bytes), bytes }
  }
}

function authorityKeyIdentifierOf(element: Element): Certificate['authorityKeyIdentifier'] {
  const fields = childrenOf(expectTag(element, tags.sequence))
  const field = (number: number): Uint8Array | null => {
    const found = fields.find((candidate) => (candidate.tag & 0x1f) === number)
    return found ? contentOf(found) : null
  }
  const [keyIdentifier, serialNumber] = [field(0), field(2)]
  return {
    keyIdentifier: keyIdentifier ? hexOf(keyIdentifier) : null,
    issuer: field(1),
    serialNumber: serialNumber ? hexOf(serialNumber) : null,
  }
}

/** RFC 5280 §4.2.2.1: only caIssuers (…48.2) with a URI. */
function caIssuersOf(element: Element): string[] {
  return childrenOf(expectTag(element, tags.sequence)).flatMap((description) => {
    const [method, location] = childrenOf(expectTag(description, tags.sequence))
    const wanted = method && location?.tag === 0x86 && oidOf(method) === '1.3.6.1.5.5.7.48.2'
    return wanted ? [Buffer.from(contentOf(location)).toString('latin1')] : []
  })
}
