/** Bytes or choices that break TLS's rules. Thrown in this folder and caught by the handshake, never further. */
export class ProtocolError extends Error {}

export const refuse = (detail: string): never => {
  throw new ProtocolError(detail)
}

/** Reads TLS presentation language (RFC 8446 §3) from one message. Every read is checked against the end. */
export class Cursor {
  readonly #bytes: Buffer
  readonly #what: string
  #at = 0

  /** `what` names the structure in the message of a `ProtocolError`. */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes
    this.#what = what
  }

  /** Octets not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** Octets read so far. */
  get read(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  uint(size: 1 | 2 | 3): number {
    return this.take(size).readUIntBE(0, size)
  }

  take(length: number): Buffer {
    if (length > this.left) throw new ProtocolError(`${this.#what} ends early`)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** A vector with a length field of `size` octets. */
  vector(size: 1 | 2 | 3): Buffer {
    return this.take(this.uint(size))
  }

  cursor(size: 1 | 2 | 3): Cursor {
    return new Cursor(this.vector(size), this.#what)
  }

  /** The structure ends here; more octets are an error. */
  end(): void {
    if (this.left > 0) throw new ProtocolError(`${this.#what} has ${this.left} bytes too many`)
  }
}

/** A number in `size` octets, big-endian. */
export function uint(size: 1 | 2 | 3, value: number): number[] {
  const low = [value >> 8, value & 0xff]
  return size === 1 ? [value] : size === 2 ? low : [value >> 16, low[0]! & 0xff, low[1]!]
}

/** A vector: its length in `size` octets, then its octets. */
export const vector = (size: 1 | 2 | 3, octets: readonly number[]): number[] => [
  ...uint(size, octets.length),
  ...octets,
]

/**
 * A queue of received bytes. Chunks are joined only once enough of them are there, so a peer that sends one byte at a
 * time costs linear, not quadratic work.
 */
export class ByteQueue {
  #chunks: Buffer[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#length += chunk.length
  }

  /** The first `length` bytes, left in the queue; null while they are not all there. */
  peek(length: number): Buffer | null {
    if (this.#length < length) return null
    if (this.#chunks.length > 1 && this.#chunks[0]!.length < length)
      this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]?.subarray(0, length) ?? Buffer.alloc(0)
  }

  take(length: number): Buffer | null {
    const bytes = this.peek(length)
    if (!bytes || length === 0) return bytes
    const rest = this.#chunks[0]!.subarray(length)
    if (rest.length > 0) this.#chunks[0] = rest
    else this.#chunks.shift()
    this.#length -= length
    return bytes
  }
}
