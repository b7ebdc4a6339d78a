import { type BaseBlock, fromBER } from 'asn1js'
import { DerError } from '../x509/der.js'

/**
 * What a file may ask of the library that builds a tree of it, at about a kilobyte and five microseconds an element. A
 * PKCS #12 file has ten levels down to a certificate; a certificate has some eighty elements, so a thousand of them fit.
 */
export const berLimits = { maxDepth: 32, maxElements: 100_000 } as const

/**
 * The tree of one BER value (X.690 §8). Nesting and number of elements are bounded by our own scan before the library
 * sees a byte. OCTET STRINGs are not looked into. Throws `DerError`.
 */
export function parseBer(bytes: Uint8Array): BaseBlock {
  scan(bytes)
  const { offset, result } = fromBER(bytes, {
    // The library counts the marks that end an indefinite length too.
    maxNodes: 2 * berLimits.maxElements,
    maxDepth: berLimits.maxDepth + 1,
    maxContentLength: bytes.length,
    parseEmbedded: false,
  })
  if (offset < 0) throw new DerError(result.error || 'not BER', 0)
  return result
}

/** The elements inside a constructed one, in order; none in a primitive one. */
export const childrenIn = (element: BaseBlock | undefined): readonly BaseBlock[] => {
  const inside: unknown = (element?.valueBlock as { value?: unknown } | undefined)?.value
  return Array.isArray(inside) ? inside : []
}

/** Walks headers only, without recursion: no input is deep enough to end the stack. */
function scan(source: Uint8Array): void {
  /** Where each open value ends; null: at its end-of-contents octets (X.690 §8.1.3.6). */
  const open: { readonly end: number | null; readonly limit: number }[] = []
  let elements = 0
  let offset = 0
  for (;;) {
    while (open.at(-1)?.end === offset) open.pop()
    const parent = open.at(-1)
    if (!parent && elements > 0) break
    const limit = parent?.limit ?? source.length
    if (offset + 2 > limit) throw new DerError('content runs past the end', offset)
    if (parent?.end === null && source[offset] === 0 && source[offset + 1] === 0) {
      open.pop()
      offset += 2
      continue
    }
    if (++elements > berLimits.maxElements) {
      throw new DerError(`more than ${berLimits.maxElements} elements`, offset)
    }
    const constructed = (source[offset]! & 0x20) !== 0
    const first = source[offset + 1]!
    const octets = first > 0x80 ? first & 0x7f : 0
    const content = offset + 2 + octets
    if (octets > 4 || content > limit) throw new DerError('content runs past the end', offset)
    const length = octets === 0 ? first : readNumber(source, offset + 2, content)
    const end = first === 0x80 ? null : content + length
    if (end === null ? !constructed : end > limit) throw new DerError('content runs past the end', offset)
    if (constructed) {
      open.push({ end, limit: end ?? limit })
      if (open.length > berLimits.maxDepth) {
        throw new DerError(`nested deeper than ${berLimits.maxDepth} levels`, offset)
      }
    }
    offset = constructed ? content : end!
  }
  if (offset !== source.length) throw new DerError('bytes follow the value', offset)
}

const readNumber = (source: Uint8Array, from: number, to: number): number =>
  source.subarray(from, to).reduce((value, octet) => value * 256 + octet, 0)
