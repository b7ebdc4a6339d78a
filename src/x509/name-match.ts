import type { Name } from './certificate.js'
import { onlyElement } from './der.js'
import { type NameAttribute, readName } from './name.js'

/** Attribute types that are compared as text; all others compare by their encoding. RFC 2253 §2.3. */
export const comparedAsText: ReadonlySet<string> = new Set([
  '2.5.4.3',
  '2.5.4.6',
  '2.5.4.7',
  '2.5.4.8',
  '2.5.4.9',
  '2.5.4.10',
  '2.5.4.11',
  '0.9.2342.19200300.100.1.1',
  '0.9.2342.19200300.100.1.25',
])

/** UTF8String, PrintableString, and T61String, which libcore added ("Android-changed") and reads as UTF-8 like the others. */
export const textTags: ReadonlySet<number> = new Set([0x0c, 0x13, 0x14])

const keys = new WeakMap<Name, string>()

/**
 * The form in which `X500Principal.equals` compares names (sun.security.x509.AVA#toRFC2253CanonicalString): case and
 * runs of spaces do not count, PrintableString equals UTF8String and T61String, any other type compares by its bytes.
 * Two names are equal on Android exactly when their keys are.
 */
export function nameKey(name: Name): string {
  let key = keys.get(name)
  if (key === undefined) {
    const rdns = readName(onlyElement(name.der))
    key = rdns.map((rdn) => rdn.map(attributeKey).sort().join('+')).join(',')
    keys.set(name, key)
  }
  return key
}

export const sameName = (a: Name, b: Name): boolean => nameKey(a) === nameKey(b)

export function attributeKey({ oid, tag, value }: NameAttribute): string {
  const octets = Buffer.from(value.buffer, value.byteOffset, value.length)
  if (!comparedAsText.has(oid) || !textTags.has(tag)) {
    return `${oid}=#${tag.toString(16)}:${octets.toString('hex')}`
  }
  // Commas, plus signs and leading hashes are escaped so that no value can imitate the structure around it.
  const text = octets.toString('utf8').replace(/[,+<>;"\\]|^#/g, '\\$&')
  const folded = text.replace(/ +/g, ' ').replace(/^[\0- ]+|[\0- ]+$/g, '')
  return `${oid}=${folded.toUpperCase().toLowerCase().normalize('NFKD')}`
}
