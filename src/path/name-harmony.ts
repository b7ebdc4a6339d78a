import type { Name } from '../x509/certificate.js'
import { hexOf, onlyElement } from '../x509/der.js'
import { type NameAttribute, readName, stringOf } from '../x509/name.js'
import { comparedAsText, textTags } from '../x509/name-match.js'

const keys = new WeakMap<Name, string>()

/**
 * The form in which `X500Principal` of Android 4.4 to 6.0 compares names: Apache Harmony's Name#getName(CANONICAL)
 * (libcore@cm-11.0 … @cm-13.0, org.apache.harmony.security.x501). Case and runs of spaces do not count; unlike to the
 * JDK, characters are not folded to compatible ones, and attributes of one RDN are sorted by type alone.
 */
export function harmonyNameKey(name: Name): string {
  let key = keys.get(name)
  if (key === undefined) {
    const rdns = readName(onlyElement(name.der))
    key = rdns
      .map((rdn) =>
        rdn
          .toSorted((a, b) => (a.oid < b.oid ? -1 : a.oid > b.oid ? 1 : 0))
          .map(attributeKey)
          .join('+'),
      )
      .join(',')
      .toLowerCase()
    keys.set(name, key)
  }
  return key
}

export const sameHarmonyName = (a: Name, b: Name): boolean => harmonyNameKey(a) === harmonyNameKey(b)

function attributeKey({ oid, tag, value }: NameAttribute): string {
  if (!comparedAsText.has(oid) || !textTags.has(tag)) return `${oid}=#${tag.toString(16)}:${hexOf(value)}`
  // ASN1StringType: TeletexString counts as UTF-8, PrintableString as Latin-1. Escaped, so that no value can imitate
  // the structure around it.
  const text = Buffer.from(value).toString(tag === 0x13 ? 'latin1' : 'utf8')
  return `${oid}=${text
    .replace(/[,+<>;"\\]|^#/g, '\\$&')
    .replace(/^ +| +$/g, '')
    .replace(/ +/g, ' ')}`
}

const bcKeys = new WeakMap<Name, string>()

/**
 * Whether two names are equal to BouncyCastle 1.52 (Android 6.0), which compares them once more after the platform
 * (X500Name#equals): by encoding, else RDN for RDN in any order, attributes in theirs, only ASCII letters without case.
 */
export const sameBcName = (a: Name, b: Name): boolean =>
  Buffer.compare(a.der, b.der) === 0 || bcNameKey(a) === bcNameKey(b)

function bcNameKey(name: Name): string {
  let key = bcKeys.get(name)
  if (key === undefined) {
    const rdns = readName(onlyElement(name.der))
    // Each value as JSON, so that the pieces stay apart.
    key = JSON.stringify(
      rdns.map((rdn) => JSON.stringify(rdn.map((attribute) => [attribute.oid, bcText(attribute)]))).sort(),
    )
    bcKeys.set(name, key)
  }
  return key
}

/** IETFUtils#valueToString and #canonicalize. */
function bcText(attribute: NameAttribute): string {
  const text = stringOf(attribute)
  if (text === null) return `#${attribute.tag.toString(16)}:${hexOf(attribute.value)}`
  const escaped = text.replace(/[,"\\+=<>;]|^#/g, '\\$&')
  // Spaces at both ends are marked, then cut off; of a text of nothing but spaces one mark stays.
  const cut = /^ +$/.test(escaped) ? '\\' : escaped.replace(/^ +| +$/g, '')
  return cut.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()).replace(/ +/g, ' ')
}
