import { childrenOf, contentOf, DerError, type Element, elementAt, oidOf, oidText } from '../x509/der.js'
import type { NameAttribute, RelativeNames } from '../x509/name.js'
import { readName } from '../x509/name.js'
import { attributeKey } from '../x509/name-match.js'

/**
 * General names as libcore's sun.security.x509 (7.0 to 17: that of OpenJDK 8u121) reads and compares them: which encodings
 * it refuses, and how one name relates to another as a name constraint (GeneralNameInterface#constrains of each class).
 */
export type LibcoreName =
  | { readonly kind: 'email' | 'dns'; readonly text: string }
  | { readonly kind: 'uri'; readonly host: string | null; readonly hostIsDns: boolean }
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  | { readonly kind: 'directory'; readonly rdns: readonly string[] }
  | { readonly kind: 'oid'; readonly text: string }
  | { readonly kind: 'other' | 'edi' }

/** How the second name relates to the first: equal, inside it, around it, of the same type only, or of another type. */
export type Relation = 'match' | 'narrows' | 'widens' | 'same-type' | 'different-type'

/** A RuntimeException of the platform: not caught by its path search, so the whole check fails. */
export class PlatformCrash extends Error {}

/** GeneralName(DerValue, nameConstraint). Throws `DerError` where libcore throws IOException. */
export function readLibcoreName(element: Element, isConstraint: boolean): LibcoreName {
  const [number, constructed] = [element.tag & 0x1f, (element.tag & 0x20) !== 0]
  const isContext = (element.tag & 0xc0) === 0x80
  if (!isContext || constructed !== [0, 3, 4, 5].includes(number))
    throw new DerError('not a GeneralName', element.start)
  switch (number) {
    case 0: {
      const [type, value] = childrenOf(element)
      if (!type || !value) throw new DerError('not an otherName', element.start)
      oidOf(type)
      return { kind: 'other' }
    }
    case 1: {
      const text = ia5Text(element)
      const domain = text.slice(text.indexOf('@') + 1)
      if (domain === '' || domain === '.') throw new DerError('not an rfc822Name', element.start)
      return { kind: 'email', text: text.toLowerCase() }
    }
    case 2:
      return { kind: 'dns', text: ia5Text(element).toLowerCase() }
    case 4: {
      const name = elementAt(element.source, element.content, element.end)
      return { kind: 'directory', rdns: rdnKeys(readName(name)) }
    }
    case 5:
      readPartyName(element)
      return { kind: 'edi' }
    case 6:
      return isConstraint ? uriConstraint(element) : uriName(element)
    case 7:
      return { kind: 'ip', octets: addressOctets(element) }
    case 8:
      return { kind: 'oid', text: oidText(contentOf(element), element.start) }
    default:
      // x400Address too.
      throw new DerError('unknown kind of GeneralName', element.start)
  }
}

/** EDIPartyName(DerValue): one or two fields, of which primitive ones hold one more value; others are passed over. */
function readPartyName(element: Element): void {
  const fields = childrenOf(element)
  if (fields.length < 1 || fields.length > 2) throw new DerError('not an ediPartyName', element.start)
  for (const field of fields)
    if (field.tag === 0x80 || field.tag === 0x81) elementAt(field.source, field.content, field.end)
}

/** GeneralNames(DerValue), tagged or not: at least one name, and every one readable. */
export function readLibcoreNames(element: Element): LibcoreName[] {
  const names = childrenOf(element)
  if (names.length === 0) throw new DerError('an empty list of names', element.start)
  return names.map((name) => readLibcoreName(name, false))
}

export const rdnKeys = (rdns: RelativeNames): string[] =>
  rdns.map((rdn: readonly NameAttribute[]) => rdn.map(attributeKey).sort().join('+'))

const ia5Text = (element: Element): string =>
  Buffer.from(contentOf(element))
    .toString('latin1')
    .replace(/[\x80-\xff]/g, '\ufffd')

/** IPAddressName(byte[]): an address or an address and its mask. */
function addressOctets(element: Element): Uint8Array {
  const octets = contentOf(element)
  if (![4, 8, 16, 32].includes(octets.length)) throw new DerError('not an address', element.start)
  return octets
}

/** Characters java.net.URI lets stand: RFC 2396 with RFC 2732 brackets, escapes, and non-ASCII letters. */
const uriText = /^(?:[A-Za-z0-9\-_.!~*'();/?:@&=+$,[\]#\u00a0-\uffff]|%[0-9A-Fa-f]{2})*$/

/** URIName(String): an absolute URI whose host, where it has one, is a DNS name or an address. */
function uriName(element: Element): LibcoreName {
  const text = ia5Text(element)
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.+)$/s.exec(text)
  if (!match || !uriText.test(text)) throw new DerError('not an absolute URI', element.start)
  const authority = /^\/\/([^/?#]*)/.exec(match[2]!)?.[1] ?? ''
  const host = /^(?:[^@]*@)?(\[[0-9A-Fa-f:.%a-z]+\]|[A-Za-z0-9.-]+)(?::\d*)?$/.exec(authority)?.[1]
  // Without a server-based authority java.net.URI has no host, and a constraint then meets null.
  if (!host || (!host.startsWith('[') && !isServerHost(host)))
    return { kind: 'uri', host: null, hostIsDns: false }
  const hostIsDns = isLibcoreDnsName(host)
  if (!hostIsDns && !host.startsWith('[') && !isIpv4Text(host)) {
    throw new DerError('a URI whose host is no DNS name', element.start)
  }
  return { kind: 'uri', host: host.toLowerCase(), hostIsDns }
}

/** URIName#nameConstraint: a bare host or a domain with a leading dot. */
function uriConstraint(element: Element): LibcoreName {
  const host = ia5Text(element)
  const hasScheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.test(host)
  if (hasScheme || !uriText.test(host) || !isLibcoreDnsName(host.replace(/^\./, ''))) {
    throw new DerError('not a URI constraint', element.start)
  }
  return { kind: 'uri', host: host.toLowerCase(), hostIsDns: true }
}

/** RFC 2396 hostname: the last label starts with a letter; otherwise it must be an IPv4 address. */
const isServerHost = (host: string): boolean =>
  isIpv4Text(host) ||
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?$/.test(host)

const isIpv4Text = (text: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(text) && text.split('.').every((part) => Number(part) < 256)

/** DNSName(String): labels of letters, digits and hyphens that begin with a letter. Asked for the hosts of URIs only. */
const isLibcoreDnsName = (text: string): boolean =>
  /^[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z][A-Za-z0-9-]*)*$/.test(text)

/** `self.constrains(other)`. */
export function relation(self: LibcoreName, other: LibcoreName): Relation {
  switch (self.kind) {
    case 'dns':
      return other.kind === 'dns' ? dnsRelation(self.text, other.text) : 'different-type'
    case 'email':
      return other.kind === 'email' ? emailRelation(self.text, other.text) : 'different-type'
    case 'uri':
      return other.kind === 'uri' ? uriRelation(self, other) : 'different-type'
    case 'ip':
      return other.kind === 'ip' ? addressRelation(self.octets, other.octets) : 'different-type'
    case 'directory':
      return other.kind === 'directory' ? directoryRelation(self.rdns, other.rdns) : 'different-type'
    case 'oid':
      if (other.kind !== 'oid') return 'different-type'
      if (self.text === other.text) return 'match'
      throw new PlatformCrash('registeredID names cannot be compared')
    case 'other':
    case 'edi':
      if (other.kind !== self.kind) return 'different-type'
      throw new PlatformCrash(`${self.kind} names cannot be compared`)
  }
}

function dnsRelation(self: string, other: string): Relation {
  if (self === other) return 'match'
  if (self.length > other.length) return self.endsWith(other) && atDot(self, other) ? 'widens' : 'same-type'
  return other.endsWith(self) && atDot(other, self) ? 'narrows' : 'same-type'
}

/**
 * Whether the character before the suffix is a dot. So a constraint that itself begins with one covers nothing: in front
 * of `.contoso.com` stands a letter (OpenJDK looks at the suffix's first character only since 8u161). An empty suffix is
 * looked for at the very end.
 */
const atDot = (whole: string, suffix: string): boolean => whole[whole.length - suffix.length - 1] === '.'

function emailRelation(self: string, other: string): Relation {
  if (self === other) return 'match'
  const [whole, part, outcome] = self.endsWith(other)
    ? ([self, other, 'widens'] as const)
    : other.endsWith(self)
      ? ([other, self, 'narrows'] as const)
      : [null, null, null]
  if (whole === null || part.includes('@')) return 'same-type'
  return part.startsWith('.') || whole[whole.length - part.length - 1] === '@' ? outcome : 'same-type'
}

function uriRelation(self: LibcoreName & { kind: 'uri' }, other: LibcoreName & { kind: 'uri' }): Relation {
  if (other.host === null) throw new PlatformCrash('a URI without a host cannot be compared')
  if (other.host === self.host) return 'match'
  if (!self.hostIsDns || !other.hostIsDns) return 'same-type'
  const [selfIsDomain, otherIsDomain] = [self.host!.startsWith('.'), other.host.startsWith('.')]
  const hosts = dnsRelation(self.host!.replace(/^\./, ''), other.host.replace(/^\./, ''))
  if (!selfIsDomain && !otherIsDomain) return hosts === 'widens' || hosts === 'narrows' ? 'same-type' : hosts
  if (selfIsDomain !== otherIsDomain && hosts === 'match') return selfIsDomain ? 'widens' : 'narrows'
  return hosts
}

/**
 * IPAddressName#constrains; 4 or 16 octets are an address, 8 or 32 a subnet with its mask. Lengths are not
 * compared, so that an IPv4 subnet is tried on the first octets of an IPv6 address.
 */
function addressRelation(self: Uint8Array, other: Uint8Array): Relation {
  if (sameAddress(self, other)) return 'match'
  const isSubnet = (octets: Uint8Array): boolean => octets.length === 8 || octets.length === 32
  if (isSubnet(self) && self.length === other.length) return subnetRelation(self, other)
  if (isSubnet(other)) return contains(other, self) ? 'widens' : 'same-type'
  return isSubnet(self) && contains(self, other) ? 'narrows' : 'same-type'
}

function contains(subnet: Uint8Array, address: Uint8Array): boolean {
  const half = subnet.length / 2
  for (let i = 0; i < half; i++) {
    const octet = address[i]
    if (octet === undefined) throw new PlatformCrash('an IPv6 subnet cannot be compared with an IPv4 address')
    if ((octet & subnet[i + half]!) !== subnet[i]) return false
  }
  return true
}

function sameAddress(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  if (a.length !== 8 && a.length !== 32) return a.every((octet, i) => octet === b[i])
  const half = a.length / 2
  const masked = (octets: Uint8Array, i: number): number => octets[i]! & octets[i + half]!
  for (let i = 0; i < half; i++)
    if (masked(a, i) !== masked(b, i) || a[i + half] !== b[i + half]) return false
  return true
}

function subnetRelation(self: Uint8Array, other: Uint8Array): Relation {
  const half = self.length / 2
  let [otherInSelf, selfInOther, selfEmpty, otherEmpty] = [true, true, false, false]
  for (let i = 0; i < half; i++) {
    const [a, aMask, b, bMask] = [self[i]!, self[i + half]!, other[i]!, other[i + half]!]
    if ((a & aMask) !== a) selfEmpty = true
    if ((b & bMask) !== b) otherEmpty = true
    if ((aMask & bMask) !== aMask || (a & aMask) !== (b & aMask)) otherInSelf = false
    if ((bMask & aMask) !== bMask || (b & bMask) !== (a & bMask)) selfInOther = false
  }
  if (selfEmpty || otherEmpty) return selfEmpty && otherEmpty ? 'match' : selfEmpty ? 'widens' : 'narrows'
  return otherInSelf ? 'narrows' : selfInOther ? 'widens' : 'same-type'
}

function directoryRelation(self: readonly string[], other: readonly string[]): Relation {
  const startsWith = (whole: readonly string[], part: readonly string[]): boolean =>
    part.length <= whole.length && part.every((rdn, i) => rdn === whole[i])
  if (self.length === other.length && startsWith(self, other)) return 'match'
  if (startsWith(self, other)) return 'widens'
  return startsWith(other, self) ? 'narrows' : 'same-type'
}
