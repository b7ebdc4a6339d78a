import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Endpoint } from '../../tls/observation.js'
import type { FetchAsk, FetchOutcome } from '../network.js'
import { dial } from './transport.js'

/** AD FS publishes some 100 KiB of federation metadata; what is looked for stands in it early and often. */
const maxBytes = 512 * 1024

/** An answer of another key than the one that was captured before. */
class OtherKey extends Error {}

/** One GET from one machine, whatever DNS says of the name in the URL, and whatever its certificates are worth. */
export type ViaAsk = FetchAsk & { readonly via: Endpoint }

/**
 * Fetches from a server of the operator's own farm, which may have a private address. Over https the chain is not
 * verified: what matters is that the key is the one that was captured and judged; no request is sent to another one.
 * Redirects are not followed.
 */
export async function fetchVia(
  { url, via, pin }: ViaAsk,
  { proxy, timeoutMs, signal }: { proxy: URL | null; timeoutMs: number; signal: AbortSignal | null },
): Promise<FetchOutcome> {
  const end = <O extends object>(outcome: O) => ({ ...outcome, redirects: [] })
  if (signal?.aborted) return end({ kind: 'unreachable', detail: 'the run ended before' } as const)
  const timeout = AbortSignal.timeout(timeoutMs)
  const either = signal ? AbortSignal.any([timeout, signal]) : timeout
  try {
    const target = new URL(url)
    const plain = await connected(via, proxy, either)
    const socket = target.protocol === 'https:' ? await secured(plain, via, pin ?? null, either) : plain
    try {
      return end(await got(target, socket, either))
    } finally {
      socket.destroy()
    }
  } catch (error) {
    if (timeout.aborted && !signal?.aborted) return end({ kind: 'timed-out', timeoutMs } as const)
    const detail = error instanceof Error ? error.message : String(error)
    return end({ kind: 'unreachable', detail } as const)
  }
}

function connected(via: Endpoint, proxy: URL | null, signal: AbortSignal): Promise<Socket> {
  // A signal that has aborted calls nobody.
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const abandon = dial(via, proxy, (dialled) => {
      signal.removeEventListener('abort', stop)
      if ('socket' in dialled) resolve(dialled.socket)
      else
        reject(
          new Error(dialled.failure.kind === 'unreachable' ? dialled.failure.detail : 'the proxy failed'),
        )
    })
    const stop = () => {
      abandon()
      reject(new Error('no connection in time'))
    }
    signal.addEventListener('abort', stop, { once: true })
  })
}

async function secured(
  socket: Socket,
  { serverName }: Endpoint,
  pin: string | null,
  signal: AbortSignal,
): Promise<Socket> {
  const tls = await import('node:tls')
  if (signal.aborted) socket.destroy()
  return new Promise((resolve, reject) => {
    const stop = () => void secure.destroy(new Error('no handshake in time'))
    const secure = tls.connect({
      socket,
      ...(serverName === null ? {} : { servername: serverName }),
      // The key is compared instead; a server may be as old as those that are checked.
      rejectUnauthorized: false,
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
      ALPNProtocols: ['http/1.1'],
    })
    signal.addEventListener('abort', stop, { once: true })
    secure.once('error', reject)
    secure.once('close', () => reject(new Error('the connection was closed during the handshake')))
    secure.once('secureConnect', () => {
      signal.removeEventListener('abort', stop)
      const key = secure.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' })
      const shown = key && createHash('sha256').update(key).digest('hex')
      if (shown === pin) return resolve(secure)
      secure.destroy()
      reject(new OtherKey('another key answered than the one captured before'))
    })
  })
}

type Got =
  Extract<FetchOutcome, { kind: 'fetched' | 'http-status' | 'too-large' }> extends infer O
    ? O extends FetchOutcome
      ? Omit<O, 'redirects'>
      : never
    : never

async function got(target: URL, socket: Socket, signal: AbortSignal): Promise<Got> {
  const { request } = await import('node:http')
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    request({
      host: target.hostname,
      path: target.pathname + target.search,
      headers: { host: target.host, 'user-agent': 'adfs-check', accept: '*/*', connection: 'close' },
      createConnection: () => socket,
      signal,
    })
      .once('response', resolve)
      .once('error', reject)
      .end()
  })
  if (reply.statusCode !== 200) {
    reply.on('error', () => {}).destroy()
    return { kind: 'http-status', status: reply.statusCode ?? 0 }
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of reply as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > maxBytes) return { kind: 'too-large', maximumBytes: maxBytes }
    chunks.push(chunk)
  }
  return { kind: 'fetched', body: Buffer.concat(chunks) }
}
