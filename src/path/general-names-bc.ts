import { bytesOf, childrenOf, DerError, type Element, expectTag, hexOf, tags } from '../x509/der.js'
import { type RelativeNames, stringOf } from '../x509/name.js'
import { implicitContent, taggedNumber } from './extensions-bc.js'

/** Versions of BouncyCastle that validate paths: in Android 4.4, in 5.0 and 5.1, in 6.0. */
export type BcVersion = '1.49' | '1.50' | '1.52'

export interface TextName {
  readonly kind: 'email' | 'dns' | 'uri'
  readonly text: string
}

/** A general name or the base of a subtree, as far as BouncyCastle 1.49 to 1.52 compares it. */
export type BcName =
  | TextName
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  /** Relative names as encoded, hex: string type and case count. */
  | { readonly kind: 'directory'; readonly rdns: readonly string[] }
  /** otherName, ediPartyName, registeredID: neither restricted nor restricting. */
  | { readonly kind: 'ignored' }

/** GeneralName#getInstance: the tag decides, and x400Address is unknown to it. */
export function readBcName(element: Element): BcName {
  const text = (): string => Buffer.from(implicitContent(element, 0x16)).toString('latin1').toLowerCase()
  switch (taggedNumber(element)) {
    case 0:
    case 5:
      childrenOf(element)
      return { kind: 'ignored' }
    case 8:
      return { kind: 'ignored' }
    case 1:
      return { kind: 'email', text: text() }
    case 2:
      return { kind: 'dns', text: text() }
    case 4: {
      const [name, ...rest] = childrenOf(element)
      if (!name || rest.length > 0) throw new DerError('not a directoryName', element.start)
      return directoryOf(name)
    }
    case 6:
      return { kind: 'uri', text: text() }
    case 7:
      return { kind: 'ip', octets: implicitContent(element, tags.octetString) }
    default:
      throw new DerError('a kind of name that is not known', element.start)
  }
}

export function directoryOf(name: Element): BcName {
  const rdns = childrenOf(expectTag(name, tags.sequence)).map((rdn) =>
    hexOf(bytesOf(expectTag(rdn, tags.set))),
  )
  return { kind: 'directory', rdns }
}

/**
 * E-mail addresses in a subject. 1.52 takes the first value of each RDN that has one, and fails where that is no string
 * or where an RDN is empty.
 */
export function emailsOf(rdns: RelativeNames, version: BcVersion): TextName[] {
  if (version === '1.52' && rdns.some((rdn) => rdn.length === 0)) throw new DerError('an empty RDN', 0)
  const isEmail = ({ oid }: { readonly oid: string }): boolean => oid === '1.2.840.113549.1.9.1'
  const values =
    version === '1.52'
      ? rdns.filter((rdn) => rdn.some(isEmail)).map(([first]) => first!)
      : rdns.flat().filter(isEmail)
  return values.map((value) => {
    const text = stringOf(value) ?? (version === '1.52' ? null : `#${hexOf(value.value)}`)
    if (text === null) throw new DerError('an e-mail address that is no string', 0)
    return { kind: 'email', text: text.toLowerCase() }
  })
}

export function isEmptyName(name: BcName): boolean {
  switch (name.kind) {
    case 'directory':
      return name.rdns.length === 0
    case 'ip':
      return name.octets.length === 0
    case 'ignored':
      return false
    default:
      return name.text === ''
  }
}

export function nameText(name: BcName): string {
  switch (name.kind) {
    case 'directory':
      return 'the subject'
    case 'ip':
      return `address ${name.octets.join('.')}`
    case 'ignored':
      return 'a name of another kind'
    default:
      return `${name.kind} "${name.text}"`
  }
}
