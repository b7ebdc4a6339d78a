import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  timingSafeEqual,
} from 'node:crypto'
import { contentTypes, encodeRecord, type TlsRecord } from './records.js'
import { uint, vector } from './wire.js'

interface Suite {
  readonly hash: 'sha256' | 'sha384'
  readonly cipher: CipherGCMTypes | 'chacha20-poly1305'
  readonly keyBytes: number
}

/** TLS 1.3 suites that we can decrypt. */
export const tls13Suites: Readonly<Record<number, Suite>> = {
  4865: { hash: 'sha256', cipher: 'aes-128-gcm', keyBytes: 16 },
  4866: { hash: 'sha384', cipher: 'aes-256-gcm', keyBytes: 32 },
  4867: { hash: 'sha256', cipher: 'chacha20-poly1305', keyBytes: 32 },
}

const tagBytes = 16

const hmac = (hash: string, key: Uint8Array, data: Uint8Array): Buffer =>
  createHmac(hash, key).update(data).digest()

/** HKDF-Expand-Label (RFC 8446 §7.1). One block is enough: no output is longer than the hash. */
function expandLabel(hash: string, secret: Buffer, label: string, context: Buffer, length: number): Buffer {
  const hmac = createHmac(hash, secret).update(labelPrefix(label, length, context.length))
  return hmac.update(context).update(oneBlock).digest().subarray(0, length)
}

const oneBlock = Buffer.of(1)
const nothing = Buffer.alloc(0)

/** The HkdfLabel up to its context: a dozen values in all, each needed on every connection. */
const labelPrefixes = new Map<string, Buffer>()
function labelPrefix(label: string, length: number, contextLength: number): Buffer {
  const id = `${label} ${length} ${contextLength}`
  let prefix = labelPrefixes.get(id)
  if (!prefix) {
    prefix = Buffer.from([
      ...uint(2, length),
      ...vector(1, [...Buffer.from(`tls13 ${label}`)]),
      contextLength,
    ])
    labelPrefixes.set(id, prefix)
  }
  return prefix
}

/** Without a pre-shared key the first stage of the schedule is the same for every connection. */
const derivedEarlySecrets = new Map<string, Buffer>()
function derivedEarlySecret(hash: string, hashBytes: number): Buffer {
  let derived = derivedEarlySecrets.get(hash)
  if (!derived) {
    const earlySecret = hmac(hash, Buffer.alloc(hashBytes), Buffer.alloc(hashBytes))
    derived = expandLabel(hash, earlySecret, 'derived', createHash(hash).digest(), hashBytes)
    derivedEarlySecrets.set(hash, derived)
  }
  return derived
}

/** Record protection in one direction (RFC 8446 §5.2). */
class Traffic {
  readonly #suite: Suite
  readonly #key: Buffer
  readonly #iv: Buffer
  #sequence = 0

  constructor(suite: Suite, secret: Buffer) {
    this.#suite = suite
    this.#key = expandLabel(suite.hash, secret, 'key', nothing, suite.keyBytes)
    this.#iv = expandLabel(suite.hash, secret, 'iv', nothing, 12)
  }

  /** The plaintext with its padding and type; null: the record was not made with this key. */
  open(record: TlsRecord): Buffer | null {
    const { fragment } = record
    if (fragment.length < tagBytes) return null
    // ChaCha20-Poly1305 and GCM share this interface; the types know it for GCM only.
    const decipher = createDecipheriv(this.#suite.cipher as CipherGCMTypes, this.#key, this.#nonce(), {
      authTagLength: tagBytes,
    })
    decipher.setAAD(record.header)
    decipher.setAuthTag(fragment.subarray(-tagBytes))
    const plaintext = decipher.update(fragment.subarray(0, -tagBytes))
    try {
      decipher.final()
    } catch {
      return null
    }
    return plaintext
  }

  seal(type: number, content: Uint8Array): Buffer {
    const length = content.length + 1 + tagBytes
    const header = Buffer.of(contentTypes.applicationData, 3, 3, length >> 8, length & 0xff)
    const cipher = createCipheriv(this.#suite.cipher as CipherGCMTypes, this.#key, this.#nonce(), {
      authTagLength: tagBytes,
    })
    cipher.setAAD(header)
    const sealed = cipher.update(Buffer.of(...content, type))
    cipher.final()
    return Buffer.concat([header, sealed, cipher.getAuthTag()])
  }

  #nonce(): Buffer {
    const nonce = Buffer.from(this.#iv)
    // The record limit keeps the sequence far below 2^32.
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.#sequence++) >>> 0, 8)
    return nonce
  }
}

/** Handshake secrets of one TLS 1.3 connection (RFC 8446 §7.1). Application keys are never derived: we send no data. */
export class HandshakeKeys {
  readonly #suite: Suite
  readonly #serverSecret: Buffer
  readonly #clientSecret: () => Buffer
  readonly #server: Traffic

  /** `transcript`: hash of the messages up to and including ServerHello. */
  constructor(suite: Suite, shared: Buffer, transcript: Buffer) {
    const { hash } = suite
    const secret = hmac(hash, derivedEarlySecret(hash, transcript.length), shared)
    this.#suite = suite
    this.#serverSecret = expandLabel(hash, secret, 's hs traffic', transcript, transcript.length)
    this.#clientSecret = () => expandLabel(hash, secret, 'c hs traffic', transcript, transcript.length)
    this.#server = new Traffic(suite, this.#serverSecret)
  }

  open(record: TlsRecord): Buffer | null {
    return this.#server.open(record)
  }

  /** Alerts of ours, one to a record (RFC 8446 §5.1), after the change_cipher_spec that middleboxes expect. */
  sealAlerts(alerts: readonly Uint8Array[], compatible: boolean): Buffer {
    const client = new Traffic(this.#suite, this.#clientSecret())
    const ccs = compatible ? [encodeRecord(contentTypes.changeCipherSpec, 0x0303, Buffer.of(1))] : []
    return Buffer.concat([...ccs, ...alerts.map((alert) => client.seal(contentTypes.alert, alert))])
  }

  /** Whether `verifyData` is the server's Finished for the messages up to CertificateVerify (RFC 8446 §4.4.4). */
  finishedFits(verifyData: Buffer, transcript: Buffer): boolean {
    const key = expandLabel(this.#suite.hash, this.#serverSecret, 'finished', nothing, transcript.length)
    return (
      verifyData.length === transcript.length &&
      timingSafeEqual(verifyData, hmac(this.#suite.hash, key, transcript))
    )
  }
}
