/**
 * A strict reader for definite-length DER (X.690 §8, §10). It never recurses: callers descend one named field at a
 * time, so depth is bounded by the code that reads. Every failure is a `DerError` with the offset of the element.
 */
export class DerError extends Error {
  readonly offset: number
  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** One tag-length-value inside a larger buffer. `tag` is the identifier octet (low tag numbers only). */
export interface Element {
  readonly source: Uint8Array
  readonly tag: number
  /** Offset of the identifier octet, of the first content octet, and of the first octet after. */
  readonly start: number
  readonly content: number
  readonly end: number
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** The element that starts at `offset` and must end at or before `limit`. */
export function elementAt(source: Uint8Array, offset: number, limit: number): Element {
  if (offset + 2 > limit) throw new DerError('not enough bytes for a tag and a length', offset)
  const tag = source[offset]!
  if ((tag & 0x1f) === 0x1f) throw new DerError('tag numbers above 30 are not used in certificates', offset)
  let length = source[offset + 1]!
  let content = offset + 2
  if (length >= 0x80) {
    const octets = length & 0x7f
    if (octets === 0) throw new DerError('indefinite length is not DER', offset)
    // Four octets already describe more than any message this program accepts.
    if (octets > 4 || content + octets > limit) throw new DerError('length does not fit', offset)
    length = 0
    for (let i = 0; i < octets; i++) length = length * 256 + source[content + i]!
    if (length < 0x80 || source[content] === 0)
      throw new DerError('length is not in its shortest form', offset)
    content += octets
  }
  if (content + length > limit) throw new DerError('content runs past the end', offset)
  return { source, tag, start: offset, content, end: content + length }
}

/** The single element `bytes` consists of; anything after it is refused. */
export function onlyElement(bytes: Uint8Array, tag?: number): Element {
  const element = elementAt(bytes, 0, bytes.length)
  if (element.end !== bytes.length) throw new DerError('bytes follow the value', element.end)
  if (tag !== undefined) expectTag(element, tag)
  return element
}

/** The first value without what follows it; bytes that do not begin with one come back as they are. */
export function firstValue(bytes: Uint8Array): Uint8Array {
  try {
    return bytesOf(elementAt(bytes, 0, bytes.length))
  } catch (error) {
    if (error instanceof DerError) return bytes
    throw error
  }
}

export function expectTag(element: Element, tag: number): Element {
  if (element.tag !== tag) {
    throw new DerError(`expected tag 0x${hex2(tag)}, found 0x${hex2(element.tag)}`, element.start)
  }
  return element
}

/** The elements inside a constructed element, in order. */
export function childrenOf(element: Element): Element[] {
  if ((element.tag & 0x20) === 0) throw new DerError('a constructed value was expected', element.start)
  const children: Element[] = []
  for (let offset = element.content; offset < element.end; ) {
    const child = elementAt(element.source, offset, element.end)
    children.push(child)
    offset = child.end
  }
  return children
}

/** The one element inside a constructed element. */
export function onlyChild(element: Element): Element {
  const [child, ...rest] = childrenOf(element)
  if (!child || rest.length > 0) throw new DerError('exactly one value belongs here', element.start)
  return child
}

/** Content octets; a view, not a copy. */
export const contentOf = (element: Element): Uint8Array =>
  element.source.subarray(element.content, element.end)

/** The whole element with tag and length; a view, not a copy. */
export const bytesOf = (element: Element): Uint8Array => element.source.subarray(element.start, element.end)

export function booleanOf(element: Element): boolean {
  expectTag(element, tags.boolean)
  if (element.end - element.content !== 1) throw new DerError('a BOOLEAN has one octet', element.start)
  return element.source[element.content] !== 0
}

/** A non-negative INTEGER small enough to count with; larger ones become `Number.MAX_SAFE_INTEGER`. */
export function countOf(element: Element): number {
  const octets = contentOf(element)
  if (octets.length === 0) throw new DerError('an INTEGER has content', element.start)
  if (octets[0]! >= 0x80) throw new DerError('a negative number where a count belongs', element.start)
  if (octets.length > 7) return Number.MAX_SAFE_INTEGER
  return octets.reduce((value, octet) => value * 256 + octet, 0)
}

/** Dotted form. Arcs above 2^53 are written out exactly. */
export function oidOf(element: Element): string {
  expectTag(element, tags.oid)
  return oidText(contentOf(element), element.start)
}

export function oidText(octets: Uint8Array, offset = 0): string {
  // The longest OIDs in use have about 20 octets; BigInt arithmetic on longer arcs would grow quadratically.
  if (octets.length === 0 || octets.length > 128) throw new DerError('an OID of unusable length', offset)
  if (octets[octets.length - 1]! >= 0x80) throw new DerError('the last arc of the OID is cut off', offset)
  const arcs: bigint[] = []
  let arc = 0n
  let isFirst = true
  for (const octet of octets) {
    // X.690 §8.19.2; native readers and libcore insist.
    if (octet === 0x80 && isFirst) throw new DerError('an arc of the OID has a leading zero', offset)
    isFirst = octet < 0x80
    arc = (arc << 7n) | BigInt(octet & 0x7f)
    if (octet < 0x80) {
      arcs.push(arc)
      arc = 0n
    }
  }
  const first = arcs[0]! < 80n ? arcs[0]! / 40n : 2n
  return [first, arcs[0]! - first * 40n, ...arcs.slice(1)].join('.')
}

export const hexOf = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex')

const hex2 = (value: number): string => value.toString(16).padStart(2, '0')
