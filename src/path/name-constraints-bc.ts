import type { Certificate } from '../x509/certificate.js'
import { childrenOf, DerError, type Element, expectTag, onlyElement, tags } from '../x509/der.js'
import { extensionOids } from '../x509/extensions.js'
import { readName } from '../x509/name.js'
import { domainFilter } from './domain-filter.js'
import { implicitContent, sequenceAsBc, taggedInt, taggedNumber } from './extensions-bc.js'
import {
  type BcName,
  type BcVersion,
  directoryOf,
  emailsOf,
  isEmptyName,
  nameText,
  readBcName,
  type TextName,
} from './general-names-bc.js'
import type { Budget } from './limits.js'

/** Kinds that name constraints restrict. */
const kinds = ['directory', 'email', 'dns', 'uri', 'ip'] as const
type Kind = (typeof kinds)[number]

/**
 * Name constraints gathered along a path: PKIXNameConstraintValidator and the steps of RFC3280CertPathUtilities around
 * it (bouncycastle@4.4_r1, @5.1.1_r1, @6.0.0_r1). Whatever goes wrong there ends the validation, so every method answers
 * with what is wrong, or null.
 */
export class BcNameConstraints {
  /** A kind is missing until an authority permits something of it; an empty list then permits nothing. */
  readonly #permitted = new Map<Kind, BcName[]>()
  readonly #excluded: BcName[] = []
  readonly #budget: Budget
  readonly #version: BcVersion

  constructor(budget: Budget, version: BcVersion) {
    this.#budget = budget
    this.#version = version
  }

  /** RFC 5280 §6.1.3 (b), (c): subject, e-mail addresses in it, and all alternative names. */
  violation(certificate: Certificate): string | null {
    return total(() => {
      const subject = onlyElement(certificate.subject.der)
      const names: BcName[] = [
        directoryOf(subject),
        ...emailsOf(readName(subject), this.#version),
        ...(sequenceAsBc(certificate, extensionOids.subjectAltName) ?? []).map(readBcName),
      ]
      const bases = [...this.#excluded, ...(this.#permitted.get('dns') ?? [])]
      const mayCover = domainFilter(bases.flatMap((base) => (base.kind === 'dns' ? [base.text] : [])))
      for (const name of names) {
        const isFar = name.kind === 'dns' && !mayCover(name.text)
        this.#budget.compare(isFar ? 1 : this.#excluded.length)
        if (isFar ? this.#permitted.has('dns') : !this.#isPermitted(name))
          return `${nameText(name)} is not among the permitted`
        if (!isFar && this.#excluded.some((base) => covers(base, name, this.#version)))
          return `${nameText(name)} is excluded`
      }
      return null
    })
  }

  /** RFC 5280 §6.1.4 (g). */
  add(certificate: Certificate): string | null {
    return total(() => {
      const lists = new Map<
        number,
        { readonly elements: readonly Element[]; readonly bases: readonly BcName[] }
      >()
      for (const field of sequenceAsBc(certificate, extensionOids.nameConstraints) ?? []) {
        const number = taggedNumber(field)
        const elements = number <= 1 ? childrenOf(field) : []
        // Of two lists of one kind the latter counts; other fields are passed over.
        lists.set(number, { elements, bases: elements.map(baseOf) })
      }
      lists.get(0)?.elements.forEach(readMinimum)
      for (const kind of kinds) {
        const own = lists.get(0)?.bases.filter((name) => name.kind === kind) ?? []
        if (own.length > 0) this.#permitted.set(kind, this.#intersect(this.#permitted.get(kind), own))
      }
      this.#excluded.push(...(lists.get(1)?.bases ?? []))
      return null
    })
  }

  #isPermitted(name: BcName): boolean {
    if (name.kind === 'ignored') return true
    const permitted = this.#permitted.get(name.kind)
    this.#budget.compare(permitted?.length ?? 0)
    if (!permitted || permitted.some((base) => covers(base, name, this.#version))) return true
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

/** GeneralSubtree: the base. Distances must stand in their places and mean nothing. */
function baseOf(element: Element): BcName {
  const [base, ...distances] = childrenOf(expectTag(element, tags.sequence))
  const numbers = distances.map(taggedNumber)
  if (!base || !['', '0', '1', '0,1'].includes(numbers.join()))
    throw new DerError('not a subtree', element.start)
  for (const distance of distances) implicitContent(distance, tags.integer)
  return readBcName(base)
}

/** Only the minimum of a permitted subtree is read at all: GeneralSubtree#hashCode, as it is put into a set. */
function readMinimum(element: Element): void {
  const minimum = childrenOf(element).find((field, i) => i > 0 && taggedNumber(field) === 0)
  if (minimum) taggedInt(minimum)
}

/** Whether `name` lies within the subtree `base`. */
function covers(base: BcName, name: BcName, version: BcVersion): boolean {
  switch (base.kind) {
    case 'directory':
      return name.kind === 'directory' && withinDirectory(name.rdns, base.rdns)
    case 'dns':
      return name.kind === 'dns' && (withinDomain(name.text, base.text) || name.text === base.text)
    case 'email':
      return name.kind === 'email' && emailWithin(name.text, base.text, version)
    case 'uri':
      return name.kind === 'uri' && hostWithin(hostOfUri(name.text), base.text)
    case 'ip':
      return name.kind === 'ip' && addressWithin(name.octets, base.octets)
    case 'ignored':
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

function emailWithin(email: string, base: string, version: BcVersion): boolean {
  const host = email.slice(email.indexOf('@') + 1)
  if (base === '') throw new DerError('an empty e-mail constraint', 0)
  // "@host" for a whole host is new in 1.52.
  if (base.includes('@')) return email === base || (version === '1.52' && host === base.slice(1))
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

/** The subtree's RDNs, as encoded, begin the name; an empty subtree covers nothing. */
const withinDirectory = (name: readonly string[], base: readonly string[]): boolean =>
  base.length > 0 && base.length <= name.length && base.every((rdn, i) => rdn === name[i])

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
  return own.kind === 'ip' && soFar.kind === 'ip' ? commonSubnet(soFar.octets, own.octets) : []
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
