import { DerError, elementAt } from './der.js'

/**
 * Nesting that real files stay far below: a PKCS #12 file has about ten levels down to a certificate, and each level
 * of indefinite length costs one copy of what is inside.
 */
const maxDepth = 32

/**
 * The same value with definite lengths, for the PKCS #7 and PKCS #12 files that some programs write in BER
 * (X.690 §8.1.3.6). Bytes of definite-length values are copied untouched, so signatures inside stay valid.
 * Throws `DerError`.
 */
export function withDefiniteLengths(source: Uint8Array): Uint8Array {
  const { bytes } = definite(source, 0, source.length, 0)
  return bytes
}

/**
 * One BER value as DER where it uses indefinite lengths, as platform readers take it inside extensions; any other bytes,
 * readable or not, come back untouched.
 */
export function definiteValue(source: Uint8Array): Uint8Array {
  if (!source.includes(0x80)) return source
  try {
    const { bytes, end } = definite(source, 0, source.length, 0)
    return end === source.length ? bytes : source
  } catch (error) {
    if (error instanceof DerError) return source
    throw error
  }
}

function definite(
  source: Uint8Array,
  start: number,
  limit: number,
  depth: number,
): { bytes: Uint8Array; end: number } {
  if (depth > maxDepth) throw new DerError(`nested deeper than ${maxDepth} levels`, start)
  const tag = source[start] ?? 0
  if (source[start + 1] === 0x80 && (tag & 0x20) !== 0) {
    const parts: Uint8Array[] = []
    let offset = start + 2
    while (!(source[offset] === 0 && source[offset + 1] === 0)) {
      const child = definite(source, offset, limit, depth + 1)
      parts.push(child.bytes)
      offset = child.end
    }
    return { bytes: encode(tag, ...parts), end: offset + 2 }
  }
  const element = elementAt(source, start, limit)
  const whole = { bytes: source.subarray(start, element.end), end: element.end }
  if ((tag & 0x20) === 0) return whole
  const parts: Uint8Array[] = []
  let changed = false
  for (let offset = element.content; offset < element.end; ) {
    const child = definite(source, offset, element.end, depth + 1)
    changed ||= child.bytes.length !== child.end - offset
    parts.push(child.bytes)
    offset = child.end
  }
  return changed ? { bytes: encode(tag, ...parts), end: element.end } : whole
}

/** One DER value. */
export function encode(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts)
  if (content.length < 0x80) return Buffer.concat([Buffer.of(tag, content.length), content])
  const length: number[] = []
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256)
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length, ...length), content])
}
