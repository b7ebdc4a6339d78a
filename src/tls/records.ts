import { ByteQueue, ProtocolError } from './wire.js'

export const contentTypes = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const

/** One record as received. */
export interface TlsRecord {
  readonly type: number
  /** The five header octets: the additional data of TLS 1.3 decryption. */
  readonly header: Buffer
  readonly fragment: Buffer
}

/** 2^14 plus the most that TLS 1.2 protection may add (RFC 5246 §6.2.3); TLS 1.3 allows less, but 1.2 is not yet excluded. */
const maxFragmentBytes = 16_384 + 2_048

/** Cuts the byte stream into records (RFC 8446 §5.1), whatever the TCP segments were. */
export class RecordReader {
  readonly #queue = new ByteQueue()

  push(chunk: Buffer): void {
    this.#queue.push(chunk)
  }

  /** Bytes waiting for the rest of their record. */
  get waiting(): number {
    return this.#queue.length
  }

  /** The bytes that wait, for saying what a server speaks that is not TLS. */
  get unread(): Buffer {
    return this.#queue.peek(this.#queue.length)!
  }

  /** The next whole record; null: more bytes are needed. Throws `ProtocolError` on what is no record header. */
  next(): TlsRecord | null {
    const header = this.#queue.peek(5)
    if (!header) return null
    if (!startsRecord(header)) throw new ProtocolError('what follows is not a TLS record')
    const length = header.readUInt16BE(3)
    if (length > maxFragmentBytes)
      throw new ProtocolError(`a record of ${length} bytes is longer than TLS allows`)
    const record = this.#queue.take(5 + length)
    if (!record) return null
    return { type: record[0]!, header: record.subarray(0, 5), fragment: record.subarray(5) }
  }
}

/** Whether bytes can be the start of a TLS record: a content type, then major version 3. */
export function startsRecord(bytes: Buffer): boolean {
  return bytes[0]! >= 20 && bytes[0]! <= 23 && (bytes.length < 2 || bytes[1] === 3)
}

/** Puts one message in one record. */
export function encodeRecord(type: number, version: number, content: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.of(type, version >> 8, version & 0xff, content.length >> 8, content.length & 0xff),
    content,
  ])
}
