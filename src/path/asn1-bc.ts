import { encode } from '../x509/ber.js'
import { DerError, type Element, onlyElement } from '../x509/der.js'

/** Deeper than any extension in use; the original recurses as far as its stack reaches. */
const maxDepth = 64

/** Universal types that `ASN1InputStream#createPrimitiveDERObject` knows, with the fewest content octets it takes. */
const primitives: Readonly<Record<number, number>> = {
  1: 1,
  2: 0,
  3: 1,
  4: 0,
  5: 0,
  6: 0,
  10: 1,
  12: 0,
  18: 0,
  19: 0,
  20: 0,
  22: 0,
  23: 0,
  24: 0,
  26: 0,
  27: 0,
  28: 0,
  30: 0,
}

/** OCTET STRING, EXTERNAL, SEQUENCE, SET. */
const constructed = new Set([4, 8, 16, 17])

/**
 * The first value in `octets` as BouncyCastle's ASN1InputStream reads it (bouncycastle@4.4_r1 … @6.0.0_r1), rewritten in
 * DER; null: there is none. Lengths may be indefinite or longer than needed, and what follows the value is not looked at;
 * but all that is inside is read at once, so that one broken part spoils the whole. Throws `DerError`.
 */
export function readAsBc(octets: Uint8Array): Element | null {
  return octets.length === 0 ? null : onlyElement(new Reader(octets).value(octets.length, 0))
}

class Reader {
  readonly #octets: Uint8Array
  #offset = 0

  constructor(octets: Uint8Array) {
    this.#octets = octets
  }

  /** One value that ends at or before `limit`, in DER. */
  value(limit: number, depth: number): Uint8Array {
    const start = this.#offset
    const fail = (why: string): never => {
      throw new DerError(why, start)
    }
    if (depth > maxDepth) fail(`nested deeper than ${maxDepth} levels`)
    const tag = this.#next(limit)
    const number = tag & 0x1f
    if (tag === 0) fail('an end without a beginning')
    // The original reads larger numbers too; nothing it then looks for has one.
    if (number === 0x1f) fail('a tag number above 30')
    const isConstructed = (tag & 0x20) !== 0
    const isUniversal = tag < 0x40
    const length = this.#length(limit)
    if (length === null) {
      if (!isConstructed || (isUniversal && !constructed.has(number))) fail('no indefinite length fits here')
      const parts: Uint8Array[] = []
      while (this.#octets[this.#offset] !== 0 || this.#octets[this.#offset + 1] !== 0) {
        parts.push(this.value(limit, depth + 1))
      }
      this.#offset += 2
      if (this.#offset > limit) fail('content runs past the end')
      return encode(tag, ...parts)
    }
    const end = this.#offset + length
    if (end > limit) fail('content runs past the end')
    // Bit 7 stands for the classes application and private, whose content stays as it is.
    if (!isConstructed || (tag & 0x40) !== 0) {
      if (isUniversal && !(length >= (primitives[number] ?? Number.POSITIVE_INFINITY))) {
        fail(`no primitive value has tag ${number} and ${length} octets`)
      }
      if (tag === 1 && length !== 1) fail('a BOOLEAN has one octet')
      const content = this.#octets.subarray(this.#offset, end)
      this.#offset = end
      return encode(tag, content)
    }
    if (isUniversal && !constructed.has(number)) fail(`no constructed value has tag ${number}`)
    const parts: Uint8Array[] = []
    while (this.#offset < end) parts.push(this.value(end, depth + 1))
    return encode(tag, ...parts)
  }

  #next(limit: number): number {
    if (this.#offset >= limit) throw new DerError('the value ends too early', this.#offset)
    return this.#octets[this.#offset++]!
  }

  /** Null: indefinite. */
  #length(limit: number): number | null {
    const first = this.#next(limit)
    if (first < 0x80) return first
    if (first === 0x80) return null
    if (first > 0x84) throw new DerError('a length of more than four octets', this.#offset)
    let length = 0
    for (let i = first & 0x7f; i > 0; i--) length = length * 256 + this.#next(limit)
    return length
  }
}
