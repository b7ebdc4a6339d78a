import { createHash, type Hash, randomBytes } from 'node:crypto'
import { encodeClientHello, offeredExtensions, sniNameFor } from './client-hello.js'
import * as names from './code-points.js'
import { checkSignature } from './key-proof.js'
import { HandshakeKeys, tls13Suites } from './key-schedule.js'
import { computableGroups, type KeyShare, keyShareOf } from './key-share.js'
import type { HelloShape, Observation, ProbeLimits, ProbePhase } from './observation.js'
import { contentTypes, encodeRecord, RecordReader, startsRecord, type TlsRecord } from './records.js'
import { checkChoices } from './server-choices.js'
import * as messages from './server-messages.js'
import { ByteQueue, ProtocolError, refuse } from './wire.js'

const { extensionTypes } = names

/** What the handshake showed; the part of an Observation that does not depend on the socket. */
export type Seen = Omit<
  Observation,
  'endpoint' | 'shape' | 'sni' | 'connectMs' | 'handshakeMs' | 'bytesReceived'
>

/** How reading ended. */
export type HandshakeEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'alert'; readonly alert: { readonly code: number; readonly name: string } }
  | { readonly kind: 'not-tls'; readonly looksLike: 'http' | 'other'; readonly detail: string }
  | {
      readonly kind: 'limit-exceeded'
      readonly limit: string
      readonly maximum: number
      readonly actual: number | null
    }
  | { readonly kind: 'protocol-error'; readonly detail: string }

/** Carries the end out of the depth of a message; caught in `receive`. */
class Stop extends Error {
  readonly end: HandshakeEnd
  constructor(end: HandshakeEnd) {
    super(end.kind)
    this.end = end
  }
}

const types = { serverHello: 2, encryptedExtensions: 8, certificate: 11, serverKeyExchange: 12 } as const
const [certificateRequest, serverHelloDone, certificateVerify, finished, certificateStatus] = [
  13, 14, 15, 20, 22,
]

/** RFC 8446 §4.4.3. */
const certificateVerifyContext = Buffer.from(`${' '.repeat(64)}TLS 1.3, server CertificateVerify\0`)

const noProofYet = {
  kind: 'not-provable',
  detail: 'the connection ended before the server proved its key',
} as const

/** Random bytes in stock: a call to the generator costs as much as ten connections need of them. */
let stock: Buffer = Buffer.alloc(0)
function takeRandom(length: number): Buffer {
  if (stock.length < length) stock = randomBytes(64 * length)
  const taken = stock.subarray(0, length)
  stock = stock.subarray(length)
  return taken
}

/**
 * The client's side of one handshake, from ClientHello to the proof of the server's key, without a socket: bytes in,
 * bytes out. It answers nothing but a HelloRetryRequest. It throws on no input. One file: the state of a handshake
 * belongs to whoever reads its next message, and both protocol generations share it.
 */
export class ClientHandshake {
  /** What is waited for now. */
  phase: ProbePhase = 'client-hello'
  /** Name sent as server_name; null: none. */
  readonly sniName: string | null
  readonly #shape: HelloShape
  readonly #limits: ProbeLimits
  readonly #offered: ReadonlySet<number>
  readonly #random: Buffer
  readonly #sessionId: Buffer
  #keyShares: readonly KeyShare[]
  #clientHello: Buffer

  readonly #records = new RecordReader()
  readonly #messages = new ByteQueue()
  #recordCount = 0
  #emptyRecords = 0
  #warningAlerts = 0
  #handshakeBytes = 0

  /** Messages that may come next. */
  #expected: readonly number[] = [types.serverHello]
  #afterCertificate: readonly number[] = [certificateVerify]
  #retry: messages.ServerHello | null = null
  #outgoing: Buffer | null = null
  #complete = false
  #serverRandom: Buffer = Buffer.alloc(0)
  #keys: HandshakeKeys | null = null
  #transcript: Hash | null = null
  #seen: { -readonly [Key in keyof Seen]: Seen[Key] } = {
    protocol: '',
    protocolVersion: 0,
    cipherSuite: { code: 0, name: '' },
    group: null,
    keyExchange: 'other',
    alpn: null,
    certificates: [],
    stapledOcsp: null,
    signedCertificateTimestamps: null,
    keyProof: noProofYet,
    clientCertificateRequested: false,
    helloRetried: false,
  }

  /** The shape's keyShares must be computable (`computableGroups`). */
  constructor(shape: HelloShape, serverName: string | null, limits: ProbeLimits) {
    this.#shape = shape
    this.#limits = limits
    this.sniName = sniNameFor(shape, serverName)
    this.#offered = offeredExtensions(shape)
    const modern = this.#offers13
    const random = takeRandom(64)
    this.#random = random.subarray(0, 32)
    this.#sessionId = modern ? random.subarray(32) : Buffer.alloc(0)
    this.#keyShares = modern ? shape.keyShares.map(keyShareOf) : []
    this.#clientHello = this.#encodeHello(null)
  }

  /** The first bytes to send. Record version 3.1, as every old server expects (RFC 8446 §5.1); SSL 3.0 alone has its own. */
  hello(): Buffer {
    const version = Math.min(0x0301, this.#shape.versions.at(-1)!)
    return encodeRecord(contentTypes.handshake, version, this.#clientHello)
  }

  /** Takes received bytes. `send` must be written to the server; after an `end` nothing more is read. */
  receive(chunk: Buffer): { readonly send: Buffer | null; readonly end: HandshakeEnd | null } {
    this.#outgoing = null
    this.#records.push(chunk)
    let end: HandshakeEnd | null = null
    try {
      this.#checkProtocol(5)
      for (let record = this.#records.next(); record && !this.#complete; record = this.#records.next())
        this.#record(record)
      if (this.#complete) end = { kind: 'complete' }
    } catch (error) {
      if (error instanceof Stop) end = error.end
      else if (error instanceof ProtocolError) end = { kind: 'protocol-error', detail: error.message }
      else throw error
    }
    return { send: this.#outgoing, end }
  }

  /** What the bytes so far amount to when no more will come; null: nothing in particular. */
  ended(): HandshakeEnd | null {
    try {
      this.#checkProtocol(1)
      return null
    } catch (error) {
      if (error instanceof Stop) return error.end
      throw error
    }
  }

  /** What was seen, once there was a Certificate message. */
  get seen(): Seen | null {
    return this.phase === 'key-proof' ? { ...this.#seen } : null
  }

  /**
   * The polite end: user_canceled, then close_notify (RFC 8446 §6.1), so that the server's log shows a client that
   * went away and no fault. Under TLS 1.3 both are encrypted.
   */
  farewell(): Buffer {
    const alerts = [Buffer.of(1, 90), Buffer.of(1, 0)]
    if (this.#keys) return this.#keys.sealAlerts(alerts, !this.#seen.helloRetried)
    const version = this.#seen.protocolVersion || 0x0301
    return Buffer.concat(alerts.map((alert) => encodeRecord(contentTypes.alert, version, alert)))
  }

  get #offers13(): boolean {
    return this.#shape.versions.includes(0x0304)
  }

  #encodeHello(cookie: Buffer | null): Buffer {
    return encodeClientHello(this.#shape, {
      sniName: this.sniName,
      random: this.#random,
      sessionId: this.#sessionId,
      keyShares: this.#keyShares,
      cookie,
    })
  }

  /** Says what the server speaks when its very first bytes are not TLS. */
  #checkProtocol(least: number): void {
    if (this.#recordCount > 0 || this.#records.waiting < least) return
    const bytes = this.#records.unread
    if (startsRecord(bytes)) return
    const text = bytes.subarray(0, 80).toString('latin1')
    const line = text.split(/[\r\n]/, 1)[0]!.replace(/[^\x20-\x7e]/g, '.')
    const looksLike = /^(HTTP\/|<!doctype|<html)/i.test(text) ? 'http' : 'other'
    // SSL 2.0 SERVER-HELLO or ERROR: two octets of length with the top bit set, then the message type.
    const ssl2 = bytes[0]! >= 0x80 && (bytes[2] === 4 || bytes[2] === 0)
    const detail = ssl2 ? 'an SSL 2.0 answer' : `the answer starts with "${line}"`
    throw new Stop({ kind: 'not-tls', looksLike, detail })
  }

  #exceed(limit: keyof ProbeLimits, actual: number | null): never {
    throw new Stop({ kind: 'limit-exceeded', limit, maximum: this.#limits[limit], actual })
  }

  #record(record: TlsRecord): void {
    if (this.phase === 'client-hello') this.phase = 'server-hello'
    if (++this.#recordCount > this.#limits.maxRecords) this.#exceed('maxRecords', this.#recordCount)
    let { type, fragment } = record
    // Middlebox compatibility (RFC 8446 §5): dropped wherever it comes while TLS 1.3 is possible.
    const version = this.#seen.protocolVersion
    const dummy = type === contentTypes.changeCipherSpec && fragment.length === 1 && fragment[0] === 1
    if (dummy && this.#offers13 && (version === 0x0304 || (version === 0 && this.#retry))) return
    if (this.#keys && type === contentTypes.applicationData) ({ type, fragment } = this.#open(record))
    else if (fragment.length > 16_384)
      refuse(`a record of ${fragment.length} bytes is longer than TLS allows`)
    else if (this.#keys && type !== contentTypes.alert)
      refuse('the server sent an unprotected record after its keys')

    if (fragment.length === 0) {
      if (++this.#emptyRecords > this.#limits.maxEmptyRecords)
        this.#exceed('maxEmptyRecords', this.#emptyRecords)
    } else if (type === contentTypes.alert) this.#alert(fragment)
    else if (type === contentTypes.handshake) this.#handshake(fragment)
    else refuse(`a record of type ${type} does not belong in this handshake`)
  }

  /** Unwraps TLSInnerPlaintext (RFC 8446 §5.2): content, type, zeros. */
  #open(record: TlsRecord): { type: number; fragment: Buffer } {
    const inner =
      this.#keys!.open(record) ?? refuse('a record could not be decrypted with the handshake keys')
    let last = inner.length - 1
    while (last >= 0 && inner[last] === 0) last--
    if (last < 0) refuse('a protected record has no content type')
    if (last > 16_384) refuse(`a record of ${last} bytes is longer than TLS allows`)
    return { type: inner[last]!, fragment: inner.subarray(0, last) }
  }

  #alert(fragment: Buffer): void {
    if (fragment.length !== 2) refuse('an alert has two bytes')
    const [level, code] = [fragment[0]!, fragment[1]!]
    // TLS 1.3 ignores the level; close_notify ends the connection at any level.
    const warning = level === 1 && code !== 0 && (this.#seen.protocolVersion < 0x0304 || code === 90)
    if (!warning) throw new Stop({ kind: 'alert', alert: { code, name: names.alertName(code) } })
    if (++this.#warningAlerts > this.#limits.maxWarningAlerts)
      this.#exceed('maxWarningAlerts', this.#warningAlerts)
  }

  #handshake(fragment: Buffer): void {
    this.#messages.push(fragment)
    for (;;) {
      const header = this.#messages.peek(4)
      if (!header) return
      const type = header[0]!
      const length = header.readUIntBE(1, 3)
      // HelloRequest may come at any time and means nothing here (RFC 5246 §7.4.1.1).
      const ignored = type === 0 && length === 0 && this.#seen.protocolVersion < 0x0304
      if (!ignored && !this.#expected.includes(type)) this.#unexpected(type)
      if (type === types.certificate && length > this.#limits.maxCertificateBytes)
        this.#exceed('maxCertificateBytes', length)
      if (this.#handshakeBytes + 4 + length > this.#limits.maxHandshakeBytes)
        this.#exceed('maxHandshakeBytes', this.#handshakeBytes + 4 + length)
      const message = this.#messages.take(4 + length)
      if (!message) return
      this.#handshakeBytes += message.length
      if (!ignored) this.#message(type, message)
      if (this.#complete) return
    }
  }

  #unexpected(type: number): never {
    const wanted = this.#expected.map(names.handshakeTypeName).join(' or ')
    return refuse(`${names.handshakeTypeName(type)} came where ${wanted} was expected`)
  }

  #message(type: number, message: Buffer): void {
    const body = message.subarray(4)
    const modern = this.#seen.protocolVersion === 0x0304
    switch (type) {
      case types.serverHello:
        this.#serverHello(message)
        return
      case types.encryptedExtensions:
        this.#encryptedExtensions(body)
        break
      case types.certificate:
        this.#certificate(body)
        break
      case certificateStatus:
        this.#seen.stapledOcsp = messages.readCertificateStatus(body)
        this.#expected = this.#expected.filter((next) => next !== certificateStatus)
        break
      case types.serverKeyExchange:
        this.#serverKeyExchange(body)
        this.#expected = [certificateRequest, serverHelloDone]
        break
      case certificateRequest:
        this.#seen.clientCertificateRequested = true
        this.#expected = modern ? [types.certificate] : [serverHelloDone]
        break
      case serverHelloDone:
        if (body.length > 0) refuse('ServerHelloDone has content')
        this.#complete = true
        break
      case certificateVerify:
        this.#certificateVerify(body)
        this.#expected = [finished]
        break
      case finished:
        this.#finished(body)
        this.#complete = true
        return
    }
    this.#transcript?.update(message)
  }

  #serverHello(message: Buffer): void {
    const hello = messages.readServerHello(message.subarray(4))
    const offer = { shape: this.#shape, sessionId: this.#sessionId, retry: this.#retry }
    const version = checkChoices(hello, offer)
    if (version < 0x0304) this.#beginTls12(hello, version)
    else if (messages.isRetry(hello)) this.#helloRetry(hello, message)
    else this.#beginTls13(hello, message)
  }

  /** RFC 8446 §4.1.4: another hello with the group or the cookie that the server asks for, once. */
  #helloRetry(hello: messages.ServerHello, message: Buffer): void {
    const wanted = hello.extensions.get(extensionTypes.keyShare)
    const cookie = hello.extensions.get(extensionTypes.cookie)
    if (!wanted && !cookie) refuse('the HelloRetryRequest asks for nothing')
    if (wanted) {
      const { group } = messages.readKeyShare(wanted, true)
      const name = names.groupName(group)
      if (!this.#shape.groups.includes(group))
        refuse(`the server asks for group ${name}, which was not offered`)
      if (this.#keyShares.some((share) => share.group === group))
        refuse(`the server asks again for group ${name}`)
      if (!computableGroups.includes(group))
        refuse(`the server asks for group ${name}, which is unknown here`)
      this.#keyShares = [keyShareOf(group)]
    }
    const { hash } = tls13Suites[hello.cipherSuite]!
    const first = createHash(hash).update(this.#clientHello).digest()
    this.#clientHello = this.#encodeHello(cookie ? messages.readCookie(cookie) : null)
    // RFC 8446 §4.4.1: the first hello counts as a message that holds its hash.
    this.#transcript = createHash(hash)
      .update(Buffer.of(254, 0, 0, first.length))
      .update(first)
      .update(message)
    this.#retry = hello
    this.#seen.helloRetried = true
    this.#outgoing = Buffer.concat([
      encodeRecord(contentTypes.changeCipherSpec, 0x0303, Buffer.of(1)),
      encodeRecord(contentTypes.handshake, 0x0303, this.#clientHello),
    ])
  }

  #beginTls13(hello: messages.ServerHello, message: Buffer): void {
    const extension = hello.extensions.get(extensionTypes.keyShare) ?? refuse('ServerHello has no key_share')
    const { group, publicKey } = messages.readKeyShare(extension, false)
    const share =
      this.#keyShares.find((own) => own.group === group) ??
      refuse(`the server chose group ${names.groupName(group)}, for which no key was sent`)
    if (this.#messages.length > 0) refuse('the server sent unprotected messages after ServerHello')
    const suite = tls13Suites[hello.cipherSuite]!
    const secret = share.secretWith(publicKey) ?? refuse('the key share of the server is no valid public key')
    this.#transcript ??= createHash(suite.hash)
    this.#transcript.update(this.#clientHello).update(message)
    this.#begin(hello, 0x0304)
    this.#seen.group = { code: group, name: names.groupName(group) }
    this.#keys = new HandshakeKeys(suite, secret, this.#transcript.copy().digest())
    this.#expected = [types.encryptedExtensions]
  }

  #beginTls12(hello: messages.ServerHello, version: number): void {
    this.#begin(hello, version)
    const alpn = hello.extensions.get(extensionTypes.alpn)
    if (alpn) this.#alpn(alpn)
    const timestamps = hello.extensions.get(extensionTypes.signedCertificateTimestamps)
    if (timestamps) this.#seen.signedCertificateTimestamps = new Uint8Array(timestamps)
    this.#serverRandom = hello.random
    const next = this.#signs
      ? [types.serverKeyExchange]
      : [types.serverKeyExchange, certificateRequest, serverHelloDone]
    this.#afterCertificate = hello.extensions.has(extensionTypes.statusRequest)
      ? [certificateStatus, ...next]
      : next
    this.#expected = [types.certificate]
  }

  #begin(hello: messages.ServerHello, version: number): void {
    this.#seen.protocolVersion = version
    this.#seen.protocol = names.versionName(version)
    this.#seen.cipherSuite = { code: hello.cipherSuite, name: names.cipherSuiteName(hello.cipherSuite) }
    this.#seen.keyExchange = names.keyExchangeOf(hello.cipherSuite)
    this.phase = 'certificate'
  }

  get #signs(): boolean {
    return this.#seen.keyExchange === 'ecdhe' || this.#seen.keyExchange === 'dhe'
  }

  #encryptedExtensions(body: Buffer): void {
    const extensions = messages.readEncryptedExtensions(body)
    for (const type of extensions.keys())
      if (!this.#offered.has(type))
        refuse(`the server answered with extension ${type}, which was not offered`)
    const alpn = extensions.get(extensionTypes.alpn)
    if (alpn) this.#alpn(alpn)
    this.#expected = [certificateRequest, types.certificate]
  }

  #alpn(extension: Buffer): void {
    const protocol = messages.readAlpn(extension)
    if (!this.#shape.alpn.includes(protocol))
      refuse('the server chose an application protocol that was not offered')
    this.#seen.alpn = protocol
  }

  #certificate(body: Buffer): void {
    const modern = this.#seen.protocolVersion === 0x0304
    const { certificates, extensions } = modern
      ? messages.readCertificate13(body)
      : messages.readCertificate(body)
    for (const type of extensions.keys())
      if (!this.#offered.has(type)) refuse(`Certificate carries extension ${type}, which was not offered`)
    const status = extensions.get(extensionTypes.statusRequest)
    const timestamps = extensions.get(extensionTypes.signedCertificateTimestamps)
    this.#seen.certificates = certificates
    if (status) this.#seen.stapledOcsp = messages.readCertificateStatus(status)
    if (timestamps) this.#seen.signedCertificateTimestamps = new Uint8Array(timestamps)
    if (!modern && !this.#signs)
      this.#seen.keyProof = {
        kind: 'not-provable',
        detail: `${this.#seen.cipherSuite.name} proves the key only after the client sent its own`,
      }
    this.#expected = this.#afterCertificate
    this.phase = 'key-proof'
  }

  #serverKeyExchange(body: Buffer): void {
    const { keyExchange, protocolVersion: version } = this.#seen
    // Export suites may send a temporary RSA key, which proves as little as RSA key exchange itself.
    if (keyExchange !== 'ecdhe' && keyExchange !== 'dhe') return
    const { parameters, group, scheme, signature } = messages.readServerKeyExchange(
      body,
      keyExchange,
      version,
    )
    if (group !== null) {
      if (this.#shape.groups.length > 0 && !this.#shape.groups.includes(group))
        refuse(`the server chose group ${names.groupName(group)}, which was not offered`)
      this.#seen.group = { code: group, name: names.groupName(group) }
    }
    const signed = Buffer.concat([this.#random, this.#serverRandom, parameters])
    this.#prove({ version, scheme, signed, signature })
  }

  #certificateVerify(body: Buffer): void {
    const { scheme, signature } = messages.readCertificateVerify(body)
    const signed = Buffer.concat([certificateVerifyContext, this.#transcript!.copy().digest()])
    this.#prove({ version: 0x0304, scheme, signed, signature })
  }

  #prove(made: Parameters<typeof checkSignature>[1]): void {
    this.#seen.keyProof = checkSignature(this.#seen.certificates[0], made, this.#shape.signatureSchemes)
  }

  #finished(body: Buffer): void {
    if (this.#seen.keyProof.kind === 'proven' && !this.#keys!.finishedFits(body, this.#transcript!.digest()))
      this.#seen.keyProof = { kind: 'failed', detail: 'Finished does not fit the messages of this handshake' }
  }
}
