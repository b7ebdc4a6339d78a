import type { Certificate } from '../x509/certificate.js'
import {
  childrenOf,
  contentOf,
  DerError,
  type Element,
  elementAt,
  hexOf,
  oidOf,
  onlyElement,
} from '../x509/der.js'
import { type NameAttribute, type RelativeNames, readName, stringOf } from '../x509/name.js'
import { extensionOids } from '../x509/parse.js'
import { domainFilter } from './domain-filter.js'
import { pathExtensions } from './extensions.js'
import type { Budget } from './limits.js'

interface TextName {
  readonly kind: 'email' | 'dns' | 'uri'
  readonly text: string
}

/** One relative name, folded for comparing. */
interface Rdn {
  /** Type of the first attribute. */
  readonly oid: string | undefined
  readonly size: number
  readonly key: string
  /** The text of a lone serialNumber attribute, which matches by its beginning. */
  readonly serialNumber: string | null
}

/** A general name or the base of a subtree as BouncyCastle 1.72 compares it. */
type BcName =
  | TextName
  | { readonly kind: 'other'; readonly text: string }
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  | { readonly kind: 'directory'; readonly rdns: readonly Rdn[] }
  | { readonly kind: 'unsupported' }

/** Kinds that name constraints restrict. */
const kinds = ['directory', 'email', 'dns', 'uri', 'ip', 'other'] as const
type Kind = (typeof kinds)[number]

/**
 * Name constraints gathered along a path: BouncyCastle's PKIXNameConstraintValidator. Whatever goes wrong there ends
 * the validation, so every method answers with what is wrong, or null.
 */
export class BcNameConstraints {
  /** A kind is missing until an authority permits something of it; an empty list then permits nothing. */
  readonly #permitted = new Map<Kind, BcName[]>()
  readonly #excluded: BcName[] = []
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** RFC 5280 §6.1.3 (b), (c): subject, e-mail addresses in it, and all alternative names. */
  violation(certificate: Certificate): string | null {
    return total(() => {
      const rdns = readName(onlyElement(certificate.subject.der))
      const names: BcName[] = [{ kind: 'directory', rdns: rdns.map(foldedRdn) }, ...emailsOf(rdns)]
      const alternative = certificate.extensions.find(({ oid }) => oid === extensionOids.subjectAltName)
      if (alternative) names.push(...childrenOf(onlyElement(alternative.value, 0x30)).map(readBcName))
      const bases = [...this.#excluded, ...(this.#permitted.get('dns') ?? [])]
      const mayCover = domainFilter(bases.flatMap((base) => (base.kind === 'dns' ? [base.text] : [])))
      for (const name of names) {
        const isFar = name.kind === 'dns' && !mayCover(name.text)
        this.#budget.compare(isFar ? 1 : this.#excluded.length)
        if (isFar ? this.#permitted.has('dns') : !this.#isPermitted(name))
          return `${nameText(name)} is not among the permitted`
        if (!isFar && this.#excluded.some((base) => covers(base, name)))
          return `${nameText(name)} is excluded`
      }
      return null
    })
  }

  /** RFC 5280 §6.1.4 (g). */
  add(certificate: Certificate): string | null {
    const { nameConstraints, unreadable } = pathExtensions(certificate)
    if (unreadable.has(extensionOids.nameConstraints)) return 'the nameConstraints extension cannot be read'
    return total(() => {
      const permitted = nameConstraints?.permitted?.map(({ base }) => readBcName(base)) ?? []
      const excluded = nameConstraints?.excluded?.map(({ base }) => readBcName(base)) ?? []
      if ([...permitted, ...excluded].some(({ kind }) => kind === 'unsupported'))
        return 'a kind of name that is not supported'
      for (const kind of kinds) {
        const own = permitted.filter((name) => name.kind === kind)
        if (own.length > 0) this.#permitted.set(kind, this.#intersect(this.#permitted.get(kind), own))
      }
      this.#excluded.push(...excluded)
      return null
    })
  }

  #isPermitted(name: BcName): boolean {
    if (name.kind === 'unsupported') return true
    const permitted = this.#permitted.get(name.kind)
    this.#budget.compare(permitted?.length ?? 0)
    if (!permitted || permitted.some((base) => covers(base, name))) return true
    return permitted.length === 0 && isEmptyName(name)
  }

  #intersect(soFar: readonly BcName[] | undefined, own: readonly BcName[]): BcName[] {
    if (!soFar) return [...own]
    this.#budget.compare(soFar.length * own.length)
    return own.flatMap((mine) => soFar.flatMap((theirs) => common(mine, theirs)))
  }
}

/** Exceptions of any kind fail the path in BouncyCastle; so do ours about the encoding. */
function total(read: () => string | null): string | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof DerError) return `a name cannot be read (${error.message})`
    throw error
  }
}

/** GeneralName#getInstance: the tag decides, and whether it must be constructed. */
function readBcName(element: Element): BcName {
  const [number, constructed] = [element.tag & 0x1f, (element.tag & 0x20) !== 0]
  if (element.tag < 0x40 || number > 8 || constructed !== [0, 3, 4, 5].includes(number)) {
    throw new DerError('not a GeneralName', element.start)
  }
  const text = Buffer.from(contentOf(element)).toString('latin1').toLowerCase()
  switch (number) {
    case 0: {
      const [type, value] = childrenOf(element)
      if (!type || !value || value.tag < 0x80) throw new DerError('not an otherName', element.start)
      oidOf(type)
      return { kind: 'other', text: hexOf(contentOf(element)) }
    }
    case 1:
      return { kind: 'email', text }
    case 2:
      return { kind: 'dns', text }
    case 4:
      return {
        kind: 'directory',
        rdns: readName(elementAt(element.source, element.content, element.end)).map(foldedRdn),
      }
    case 6:
      return { kind: 'uri', text }
    case 7:
      return { kind: 'ip', octets: contentOf(element) }
    default:
      return { kind: 'unsupported' }
  }
}

/** The first value of each RDN that has an e-mail address. */
function emailsOf(rdns: RelativeNames): BcName[] {
  const withEmail = rdns.filter((rdn) => rdn.some(({ oid }) => oid === '1.2.840.113549.1.9.1'))
  return withEmail.map((rdn) => {
    const text = stringOf(rdn[0]!)
    if (text === null) throw new DerError('an e-mail address that is no string', 0)
    return { kind: 'email', text: text.toLowerCase() }
  })
}

/** Whether `name` lies within the subtree `base`. */
function covers(base: BcName, name: BcName): boolean {
  switch (base.kind) {
    case 'directory':
      return name.kind === 'directory' && withinDirectory(name.rdns, base.rdns)
    case 'dns':
      return name.kind === 'dns' && (withinDomain(name.text, base.text) || name.text === base.text)
    case 'email':
      return name.kind === 'email' && emailWithin(name.text, base.text)
    case 'uri':
      return name.kind === 'uri' && hostWithin(hostOfUri(name.text), base.text)
    case 'ip':
      return name.kind === 'ip' && addressWithin(name.octets, base.octets)
    case 'other':
      return name.kind === 'other' && name.text === base.text
    case 'unsupported':
      return false
  }
}

/** Strictly below: at least one more label than the domain, and that label not empty. Lower-case, like all texts here. */
function withinDomain(text: string, domain: string): boolean {
  const parent = domain.startsWith('.') ? domain.slice(1) : domain
  if (!text.endsWith(parent)) return false
  const wanted = labelsOf(parent)
  const labels = labelsOf(text)
  const extra = labels.length - wanted.length
  return extra > 0 && labels[extra - 1] !== '' && wanted.every((label, i) => label === labels[extra + i])
}

/** Strings#split: an empty label ends the splitting, and the rest stays whole. */
function labelsOf(domain: string): string[] {
  const labels = domain.split('.')
  const empty = labels.indexOf('')
  return empty < 0 ? labels : [...labels.slice(0, empty), labels.slice(empty).join('.')]
}

function emailWithin(email: string, base: string): boolean {
  const host = email.slice(email.indexOf('@') + 1)
  if (base === '') throw new DerError('an empty e-mail constraint', 0)
  if (base.includes('@')) return email === base || host === base.slice(1)
  return base.startsWith('.') ? withinDomain(host, base) : host === base
}

const hostWithin = (host: string, base: string): boolean =>
  base.startsWith('.') ? withinDomain(host, base) : host === base

/** PKIXNameConstraintValidator#extractHostFromURL, in its order of cutting. */
function hostOfUri(uri: string): string {
  let host = uri.slice(uri.indexOf(':') + 1)
  if (host.includes('//')) host = host.slice(host.indexOf('//') + 2)
  if (host.includes(':')) host = host.slice(0, host.lastIndexOf(':'))
  host = host.slice(host.indexOf(':') + 1)
  host = host.slice(host.indexOf('@') + 1)
  return host.includes('/') ? host.slice(0, host.indexOf('/')) : host
}

const addressWithin = (address: Uint8Array, base: Uint8Array): boolean =>
  address.length === base.length >> 1 &&
  address.every((octet, i) => ((octet ^ base[i]!) & base[i + address.length]!) === 0)

/** The subtree may start anywhere in the name: at its first RDN that equals the subtree's first. */
function withinDirectory(name: readonly Rdn[], base: readonly Rdn[]): boolean {
  if (base.length === 0 || base.length > name.length) return false
  const found = name.findIndex(({ key }) => key === base[0]!.key)
  const start = found < 0 ? name.length - 1 : found
  if (base.length > name.length - start) return false
  return base.every((rdn, i) => {
    const other = name[start + i]!
    if (rdn.size !== other.size || rdn.oid !== other.oid) return false
    return rdn.serialNumber === null
      ? rdn.key === other.key
      : (other.serialNumber ?? '').startsWith(rdn.serialNumber)
  })
}

const foldedRdn = (rdn: readonly NameAttribute[]): Rdn => ({
  oid: rdn[0]?.oid,
  size: rdn.length,
  key: rdn.map((attribute) => `${attribute.oid}=${folded(attribute)}`).join('\0'),
  serialNumber: rdn.length === 1 && rdn[0]!.oid === '2.5.4.5' ? (stringOf(rdn[0]!) ?? '') : null,
})

/** IETFUtils#canonicalString: every string type alike, case and runs of spaces do not count. */
const folded = (attribute: NameAttribute): string =>
  stringOf(attribute)?.toLowerCase().trim().replace(/ +/g, ' ') ??
  `#${attribute.tag}:${hexOf(attribute.value)}`

/** What two subtrees of one kind have in common, with the gaps of the original: two equal dNSNames have nothing. */
function common(own: BcName, soFar: BcName): BcName[] {
  if (own.kind === 'directory' && soFar.kind === 'directory') {
    if (withinDirectory(own.rdns, soFar.rdns)) return [own]
    return withinDirectory(soFar.rdns, own.rdns) ? [soFar] : []
  }
  if (own.kind === 'dns' && soFar.kind === 'dns') {
    if (withinDomain(soFar.text, own.text)) return [soFar]
    return withinDomain(own.text, soFar.text) ? [own] : []
  }
  if (own.kind === 'email' && soFar.kind === 'email') return commonHosts(own, soFar)
  if (own.kind === 'uri' && soFar.kind === 'uri') return commonHosts(soFar, own)
  if (own.kind === 'ip' && soFar.kind === 'ip') return commonSubnet(soFar.octets, own.octets)
  return own.kind === 'other' && covers(own, soFar) ? [own] : []
}

function commonHosts(a: TextName, b: TextName): TextName[] {
  const hostOf = ({ text }: TextName): string => text.slice(text.indexOf('@') + 1)
  const [aIsBox, bIsBox] = [a.text.includes('@'), b.text.includes('@')]
  const [aIsDomain, bIsDomain] = [a.text.startsWith('.'), b.text.startsWith('.')]
  if (aIsBox) {
    if (bIsBox) return a.text === b.text ? [a] : []
    return hostWithin(hostOf(a), b.text) ? [a] : []
  }
  if (aIsDomain) {
    // The original cuts at an "@" of the wrong text here, which leaves the mailbox whole.
    if (bIsBox) return withinDomain(b.text, a.text) ? [b] : []
    if (bIsDomain && (withinDomain(a.text, b.text) || a.text === b.text)) return [a]
    return withinDomain(b.text, a.text) ? [b] : []
  }
  if (bIsBox) return hostOf(b) === a.text ? [b] : []
  return hostWithin(a.text, b.text) ? [a] : []
}

/** PKIXNameConstraintValidator#intersectIPRange. */
function commonSubnet(a: Uint8Array, b: Uint8Array): BcName[] {
  if (a.length !== b.length) return []
  const half = a.length >> 1
  const low = (range: Uint8Array, i: number): number => range[i]! & range[i + half]!
  const high = (range: Uint8Array, i: number): number => low(range, i) | (~range[i + half]! & 0xff)
  const bounds = (pick: (range: Uint8Array, i: number) => number, range: Uint8Array): number[] =>
    Array.from({ length: half }, (_, i) => pick(range, i))
  const lowest = larger(bounds(low, a), bounds(low, b))
  const highest = smaller(bounds(high, a), bounds(high, b))
  if (!equal(lowest, highest) && equal(larger(lowest, highest), lowest)) return []
  const octets = Uint8Array.from({ length: half * 2 }, (_, i) =>
    i < half ? low(a, i) | low(b, i) : a[i]! | b[i]!,
  )
  return [{ kind: 'ip', octets }]
}

/** The original compares octet by octet and lets any larger octet win, not only the first that differs. */
const larger = (a: number[], b: number[]): number[] => (a.some((octet, i) => octet > b[i]!) ? a : b)
const smaller = (a: number[], b: number[]): number[] => (a.some((octet, i) => octet < b[i]!) ? a : b)
const equal = (a: number[], b: number[]): boolean => a.every((octet, i) => octet === b[i])

function isEmptyName(name: BcName): boolean {
  switch (name.kind) {
    case 'directory':
      return name.rdns.length === 0
    case 'ip':
      return name.octets.length === 0
    case 'other':
    case 'unsupported':
      return false
    default:
      return name.text === ''
  }
}

function nameText(name: BcName): string {
  switch (name.kind) {
    case 'directory':
      return 'the subject'
    case 'ip':
      return `address ${name.octets.join('.')}`
    case 'other':
    case 'unsupported':
      return 'a name of another kind'
    default:
      return `${name.kind} "${name.text}"`
  }
}
