import type { Socket } from 'node:net'
import { ClientHandshake, type HandshakeEnd } from '../../tls/handshake.js'
import type {
  Endpoint,
  HelloShape,
  Observation,
  ProbeLimits,
  ProbeOutcome,
  ProbePhase,
} from '../../tls/observation.js'
import { onAbort } from './abort.js'
import { dial } from './transport.js'

/** Where the numbers come from. */
export const defaultLimits: ProbeLimits = {
  // As long as browsers and apps are ready to wait for a first answer.
  timeoutMs: 10_000,
  // BoringSSL's SSL_MAX_CERT_LIST_DEFAULT (include/openssl/ssl.h): what is larger cannot reach Android.
  maxCertificateBytes: 102_400,
  // The Certificate limit, a CertificateRequest with the most names it can hold (65 535), and room for the rest.
  maxHandshakeBytes: 262_144,
  // The Certificate limit in records of 25 bytes; the smallest fragment that can be negotiated is 64 (RFC 8449).
  maxRecords: 4_096,
  // BoringSSL's kMaxEmptyRecords and kMaxWarningAlerts (ssl/tls_record.cc); there in a row, here in all.
  maxEmptyRecords: 32,
  maxWarningAlerts: 4,
}

export interface ProbeOptions {
  /** Omitted fields: `defaultLimits`. */
  readonly limits?: Partial<ProbeLimits>
  /** HTTP or SOCKS 5 proxy to connect through; null or omitted: none. The environment is never read. */
  readonly proxy?: URL | null
  /** Ends the attempt; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** How long a server may take to close after our farewell. Until then its last bytes are read: else the kernel would reset. */
const lingerMs = 1_000

/**
 * Opens one connection, says one ClientHello, reads up to the proof of the server's key and takes its leave. Whatever
 * the server does is an outcome; the promise rejects only when aborted, and for a shape or a port that cannot be.
 */
export function probe(
  endpoint: Endpoint,
  shape: HelloShape,
  options: ProbeOptions = {},
): Promise<ProbeOutcome> {
  const { proxy = null, signal } = options
  const limits = { ...defaultLimits, ...options.limits }
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const handshake = new ClientHandshake(shape, endpoint.serverName, limits)
    const startedAt = performance.now()
    let connectedAt = startedAt
    let socket: Socket | null = null
    let bytesReceived = 0
    let disregard = (): void => {}

    const stop = (): void => {
      clearTimeout(timer)
      disregard()
      abandon()
      socket?.off('data', received).off('error', reset).off('end', closed).off('close', closed)
    }
    const giveUp = (reason: unknown): void => {
      stop()
      socket?.destroy()
      reject(reason)
    }
    const finish = (outcome: ProbeOutcome): void => {
      stop()
      if (socket) leave(socket, handshake.farewell(), limits, () => resolve(outcome))
      else resolve(outcome)
    }
    const phase = (): ProbePhase => (socket ? handshake.phase : proxy ? 'proxy' : 'connect')
    const observed = (): Observation | null => {
      const seen = handshake.seen
      return seen
        ? {
            endpoint,
            shape: shape.id,
            sni: handshake.sniName !== null,
            ...seen,
            connectMs: connectedAt - startedAt,
            handshakeMs: performance.now() - connectedAt,
            bytesReceived,
          }
        : null
    }
    const received = (chunk: Buffer): void => {
      bytesReceived += chunk.length
      try {
        const { send, end } = handshake.receive(chunk)
        if (send) socket!.write(send)
        if (end) finish(outcomeOf(end))
      } catch (fault) {
        giveUp(fault)
      }
    }
    const broken = (kind: 'reset' | 'closed'): void => {
      const end = handshake.ended()
      finish(end ? outcomeOf(end) : { kind, phase: phase(), observation: observed() })
    }
    const reset = (): void => broken('reset')
    const closed = (): void => broken('closed')
    const outcomeOf = (end: HandshakeEnd): ProbeOutcome => {
      if (end.kind === 'complete') return { kind: 'observed', observation: observed()! }
      if (end.kind === 'not-tls' || end.kind === 'limit-exceeded') return end
      return { ...end, phase: phase(), observation: observed() }
    }

    let abandon = dial(endpoint, proxy, (result) => {
      abandon = () => {}
      if ('failure' in result) return finish(result.failure)
      connectedAt = performance.now()
      socket = result.socket
      socket.on('data', received).on('error', reset).on('end', closed).on('close', closed)
      socket.write(handshake.hello())
    })
    const timer = setTimeout(() => {
      finish({ kind: 'timed-out', phase: phase(), timeoutMs: limits.timeoutMs, observation: observed() })
    }, limits.timeoutMs)
    if (signal) disregard = onAbort(signal, () => giveUp(signal.reason))
  })
}

/**
 * Says goodbye with alerts and FIN, then reads what the server still sends until it closes: unread bytes would turn
 * the FIN into a reset. `flushed` is called when the goodbye is with the kernel; the rest goes on in the background
 * and does not keep the process alive.
 */
function leave(socket: Socket, farewell: Buffer, limits: ProbeLimits, flushed: () => void): void {
  let discarded = 0
  const linger = setTimeout(() => socket.destroy(), lingerMs).unref()
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > limits.maxHandshakeBytes) socket.destroy()
  })
  let told = false
  const tell = (): void => {
    if (told) return
    told = true
    socket.unref()
    flushed()
  }
  socket.on('close', () => {
    clearTimeout(linger)
    tell()
  })
  if (socket.destroyed) tell()
  else if (socket.writable) socket.end(farewell, tell)
  else socket.destroy()
}
