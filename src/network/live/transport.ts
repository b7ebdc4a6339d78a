import { connect, isIP, type Socket } from 'node:net'
import type { Endpoint, ProbeOutcome } from '../../tls/observation.js'
import { isSocks, type ProxyAnswer, type ProxyProtocol, socks5 } from './socks.js'

type Failure = Extract<ProbeOutcome, { kind: 'unreachable' | 'proxy-failed' }>

/** A connection to the endpoint, or why there is none. */
export type Dialled = { readonly socket: Socket } | { readonly failure: Failure }

/** Proxies answer CONNECT with a few header lines; login pages come after them. The bound of Node's own parser. */
const maxProxyHeaderBytes = 16_384

/** Where to connect to; a host name is for a proxy to resolve. */
type Destination = Pick<Endpoint, 'address' | 'port'>

/**
 * Connects to the endpoint, through a proxy if one is given: HTTP (`http:` or `https:`, RFC 9110 §9.3.6) or SOCKS 5
 * (`socks5:`, `socks5h:`, RFC 1928). `done` is
 * called once, unless the returned function abandons the attempt first. Bytes that came early stay readable.
 */
export function dial(endpoint: Destination, proxy: URL | null, done: (result: Dialled) => void): () => void {
  return proxy ? dialThroughProxy(endpoint, proxy, done) : dialDirectly(endpoint, done)
}

function dialDirectly(endpoint: Destination, done: (result: Dialled) => void): () => void {
  const socket = connect({ host: endpoint.address, port: endpoint.port })
  const failed = (error: NodeJS.ErrnoException): void => {
    socket.destroy()
    done({ failure: { kind: 'unreachable', reason: reasonOf(error), detail: error.message } })
  }
  socket.once('error', failed)
  socket.once('connect', () => {
    socket.off('error', failed)
    done({ socket })
  })
  return () => socket.destroy()
}

function reasonOf({ code }: NodeJS.ErrnoException): 'refused' | 'no-route' | 'other' {
  if (code === 'ECONNREFUSED') return 'refused'
  const noRoute = ['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL']
  return code !== undefined && noRoute.includes(code) ? 'no-route' : 'other'
}

function dialThroughProxy(endpoint: Destination, proxy: URL, done: (result: Dialled) => void): () => void {
  let socket: Socket | null = null
  let settled = false
  const settle = (result: Dialled): void => {
    if (settled) return
    settled = true
    if ('failure' in result) socket?.destroy()
    done(result)
  }
  const fail = (detail: string): void =>
    settle({ failure: { kind: 'proxy-failed', detail: `proxy ${proxy.host}: ${detail}` } })
  const failed = (error: Error): void => fail(error.message)
  const protocol = protocolFor(endpoint, proxy)
  const closed = (): void => fail(protocol.closed?.() ?? 'it closed the connection without an answer')

  const speak = (opened: Socket): void => {
    socket = opened
    if (settled) {
      opened.destroy()
      return
    }
    const { hello, read: answerIn } = protocol
    let received: Buffer = Buffer.alloc(0)
    const read = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk])
      let answer = answerIn(received)
      while (typeof answer === 'object' && 'say' in answer) {
        opened.write(answer.say)
        received = received.subarray(answer.used)
        answer = answerIn(received)
      }
      if (answer === 'incomplete') return
      opened.off('data', read).off('error', failed).off('close', closed)
      if ('failure' in answer) {
        if (typeof answer.failure === 'string') fail(answer.failure)
        else settle({ failure: answer.failure })
      } else {
        opened.pause()
        if (answer.rest.length > 0) opened.unshift(answer.rest)
        settle({ socket: opened })
        opened.resume()
      }
    }
    opened.on('error', failed).on('close', closed).on('data', read)
    const ready = proxy.protocol === 'https:' ? 'secureConnect' : 'connect'
    opened.once(ready, () => opened.write(hello))
  }

  const host = proxy.hostname.replace(/^\[|\]$/g, '')
  if (isSocks(proxy)) speak(connect({ host, port: Number(proxy.port || 1080) }))
  else if (proxy.protocol === 'http:') speak(connect({ host, port: Number(proxy.port || 80) }))
  else if (proxy.protocol === 'https:') {
    // Node's TLS is loaded for this case alone: it would double the start-up time of every other run.
    import('node:tls').then((tls) => {
      const servername = isIP(host) === 0 ? host : ''
      speak(tls.connect({ host, port: Number(proxy.port || 443), servername, ALPNProtocols: ['http/1.1'] }))
    }, failed)
  } else queueMicrotask(() => fail(`a proxy must be an http:, https: or socks5: URL, not ${proxy.protocol}`))
  return () => {
    settled = true
    socket?.destroy()
  }
}

const protocolFor = ({ address, port }: Destination, proxy: URL): ProxyProtocol =>
  isSocks(proxy)
    ? socks5({ host: address, port }, proxy)
    : { hello: Buffer.from(connectRequest({ address, port }, proxy)), read: readAnswer }

function readAnswer(received: Buffer): ProxyAnswer {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0 && received.length <= maxProxyHeaderBytes) return 'incomplete'
  if (end < 0) return { failure: `its answer has more than ${maxProxyHeaderBytes} bytes of header` }
  const [status, code, text] =
    /^HTTP\/1\.[01] (\d{3})(?: ([\x20-\x7e]{0,100}))?/.exec(received.toString('latin1', 0, 512)) ?? []
  if (!status) return { failure: 'its answer to CONNECT is not HTTP' }
  return code!.startsWith('2')
    ? { rest: received.subarray(end + 4) }
    : { failure: `it refused CONNECT with ${code} ${text}`.trimEnd() }
}

function connectRequest(endpoint: Destination, proxy: URL): string {
  const address = isIP(endpoint.address) === 6 ? `[${endpoint.address}]` : endpoint.address
  const authority = `${address}:${endpoint.port}`
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`]
  if (proxy.username !== '' || proxy.password !== '') {
    const userinfo = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
    lines.push(`Proxy-Authorization: Basic ${Buffer.from(userinfo).toString('base64')}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}
