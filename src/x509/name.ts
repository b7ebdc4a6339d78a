import type { Name } from './certificate.js'
import {
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

/** One attribute of a distinguished name as encoded. */
export interface NameAttribute {
  readonly oid: string
  /** String tag of the value (`0x0c` UTF8String, `0x13` PrintableString, …). */
  readonly tag: number
  readonly value: Uint8Array
}

/** Relative distinguished names in DER order, each a set of attributes. */
export type RelativeNames = readonly (readonly NameAttribute[])[]

/** Attributes of an encoded name, in DER order. Throws `DerError`. */
export function readName(element: Element): RelativeNames {
  expectTag(element, tags.sequence)
  return childrenOf(element).map((rdn) => {
    const attributes = childrenOf(expectTag(rdn, tags.set))
    return attributes.map((attribute) => {
      const [type, value, ...rest] = childrenOf(expectTag(attribute, tags.sequence))
      if (!type || !value || rest.length > 0)
        throw new DerError('an attribute is a type and a value', attribute.start)
      return { oid: oidOf(type), tag: value.tag, value: contentOf(value) }
    })
  })
}

/**
 * What native readers refuse in a name: a value of a type that is no string of a name (ASN1_PRINTABLE), and text that
 * cannot be turned into UTF-8 (x509_name_canon).
 */
export function checkedName(element: Element): Element {
  for (const attribute of readName(element).flat()) {
    if (noNameTags.has(attribute.tag))
      throw new DerError('a name value of a type that is no text', element.start)
    if (!textTags.has(attribute.tag)) continue
    const text = stringOf(attribute)
    if (text === null || (attribute.tag === 0x0c && !Buffer.from(text).equals(attribute.value)))
      throw new DerError('a name value that is no valid text', element.start)
  }
  return element
}

/** UTF8String, NumericString, PrintableString, TeletexString, IA5String, UniversalString, BMPString. */
const textTags = new Set([0x0c, 0x12, 0x13, 0x14, 0x16, 0x1c, 0x1e])
/** BOOLEAN, INTEGER, OCTET STRING, NULL, OID, SET, the two times, GeneralString. */
const noNameTags = new Set([0x01, 0x02, 0x04, 0x05, 0x06, 0x31, 0x17, 0x18, 0x1b])

export function nameOf(element: Element): Name {
  const rdns = readName(element)
  return {
    der: bytesOf(element),
    text: nameText(rdns),
    commonNames: commonNames(rdns).map((name) => cut(name, maxValue)),
  }
}

/** Organisations in DER order, raw; empty where there is none, or the name cannot be read. */
export function organisationsOf({ der }: Name): readonly string[] {
  try {
    const attributes = readName(onlyElement(der)).flat()
    return attributes
      .filter(({ oid }) => oid === '2.5.4.10')
      .map((attribute) => cut(stringOf(attribute) ?? '', maxValue))
  } catch (error) {
    if (error instanceof DerError) return []
    throw error
  }
}

const commonNames = (rdns: RelativeNames): string[] =>
  rdns.flat().flatMap((attribute) => (attribute.oid === '2.5.4.3' ? [stringOf(attribute) ?? ''] : []))

/** Short names of RFC 4514 §3 and the others that administrators meet. */
const shortNames: Record<string, string> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.13': 'description',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'GN',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'E',
  '1.3.6.1.4.1.311.60.2.1.1': 'jurisdictionL',
  '1.3.6.1.4.1.311.60.2.1.2': 'jurisdictionST',
  '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionC',
}

/**
 * Characters of a value, and of a whole name, that are shown. RFC 5280 (appendix A.1) has 64 for most; a certificate may
 * hold ninety thousand, which every verdict about it would repeat. Comparisons go by the bytes.
 */
const maxValue = 256
const maxName = 2_048

const cut = (text: string, maximum: number): string =>
  text.length <= maximum
    ? text
    : `${text.slice(0, maximum).replace(/[\ud800-\udbff]$/, '')}... (${text.length - maximum} more characters)`

/** RFC 4514 §2: last RDN first; attributes of one RDN joined by `+`. */
const nameText = (rdns: RelativeNames): string =>
  cut(
    rdns
      .toReversed()
      .map((rdn) => rdn.map(attributeText).join('+'))
      .join(','),
    maxName,
  )

function attributeText(attribute: NameAttribute): string {
  const text = stringOf(attribute)
  const type = shortNames[attribute.oid] ?? attribute.oid
  return text === null
    ? `${type}=${cut(`#${hexOf(attribute.value)}`, maxValue)}`
    : `${type}=${escapeValue(cut(text, maxValue))}`
}

function escapeValue(text: string): string {
  const escaped = text
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replaceAll('\0', '\\00')
  return escaped.replace(/(?<=.) $/s, '\\ ')
}

/** Decoded value, or null where the tag is not a string type or the octets do not fit it. */
export function stringOf({
  tag,
  value,
}: {
  readonly tag: number
  readonly value: Uint8Array
}): string | null {
  const octets = Buffer.from(value.buffer, value.byteOffset, value.length)
  switch (tag) {
    case 0x0c: // UTF8String
      return octets.toString('utf8')
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x14: // TeletexString: Latin-1 in practice
    case 0x16: // IA5String
    case 0x1a: // VisibleString
      return octets.toString('latin1')
    case 0x1e: // BMPString, big-endian
      return octets.length % 2 === 0 ? Buffer.from(octets).swap16().toString('utf16le') : null
    case 0x1c: // UniversalString
      return universalString(octets)
    default:
      return null
  }
}

function universalString(octets: Buffer): string | null {
  if (octets.length % 4 !== 0) return null
  let text = ''
  for (let i = 0; i < octets.length; i += 4) {
    const codePoint = octets.readUInt32BE(i)
    text += codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : '\ufffd'
  }
  return text
}
