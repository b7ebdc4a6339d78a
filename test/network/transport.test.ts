import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Issued, issue } from '../../src/demo/authority.js'
import { probe } from '../../src/network/live/prober.js'
import { generalShape } from '../../src/tls/shapes.js'
import { closedPort, rawServer } from '../support/odd-servers.js'
import { Workspace } from '../support/peers.js'
import { tlsServer } from '../support/tls-server.js'

const root = issue({ subject: 'Contoso Root', ca: true })
const leaf = issue({ subject: 'sts.contoso.example', issuer: root })
let server: Awaited<ReturnType<typeof tlsServer>>
beforeAll(async () => {
  server = await tlsServer([leaf, root])
})
afterAll(() => server.close())

const through = (proxy: URL, limits = {}) =>
  probe({ address: '127.0.0.1', port: server.port, serverName: 'sts.contoso.example' }, generalShape, {
    proxy,
    limits,
  })

/** A real HTTP proxy; `seen` is what it was asked. */
async function connectProxy(accept: (request: IncomingMessage) => boolean = () => true, identity?: Issued) {
  const seen: IncomingMessage[] = []
  const proxy = identity ? createTlsServer({ cert: identity.pem, key: identity.keyPem }) : createServer()
  const open = new Set<Socket>()
  proxy.on('connection', (socket: Socket) => open.add(socket))
  proxy.on('connect', (request: IncomingMessage, client: Socket) => {
    seen.push(request)
    client.on('error', () => {})
    if (!accept(request)) return client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    const [, host, port] = /^(.*):(\d+)$/.exec(request.url!)!
    const upstream = connect(Number(port), host!, () => {
      client.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    client.on('close', () => upstream.destroy())
    return upstream.on('error', () => client.destroy())
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const close = () => {
    for (const socket of open) socket.destroy()
    proxy.close()
  }
  return { port: (proxy.address() as AddressInfo).port, seen, close }
}

describe('through an HTTP proxy', () => {
  it('the chain is the same and the proxy is asked for the address', async () => {
    const proxy = await connectProxy()
    const outcome = await through(new URL(`http://127.0.0.1:${proxy.port}`))
    proxy.close()
    expect(outcome).toMatchObject({
      kind: 'observed',
      observation: { certificates: [Uint8Array.from(leaf.der), Uint8Array.from(root.der)] },
    })
    expect(proxy.seen.map(({ url, headers }) => [url, headers.host])).toEqual([
      [`127.0.0.1:${server.port}`, `127.0.0.1:${server.port}`],
    ])
  })

  it('name and password of the URL become Basic credentials', async () => {
    const expected = `Basic ${Buffer.from('us:er:pässword').toString('base64')}`
    const proxy = await connectProxy((request) => request.headers['proxy-authorization'] === expected)
    const url = new URL(`http://us%3Aer:p%C3%A4ssword@127.0.0.1:${proxy.port}`)
    expect(await through(url)).toMatchObject({ kind: 'observed' })
    expect(await through(new URL(`http://127.0.0.1:${proxy.port}`))).toEqual({
      kind: 'proxy-failed',
      detail: `proxy 127.0.0.1:${proxy.port}: it refused CONNECT with 407 Proxy Authentication Required`,
    })
    proxy.close()
  })

  it('bytes that the server sends before our hello are not lost', async () => {
    const proxy = await rawServer((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\n220 mail ready\r\n')),
    )
    const outcome = await through(new URL(`http://127.0.0.1:${proxy.port}`))
    await proxy.close()
    expect(outcome).toMatchObject({ kind: 'not-tls', detail: 'the answer starts with "220 mail ready"' })
  })

  it.each<[string, (socket: Socket) => void, object]>([
    ['is silent', () => {}, { kind: 'timed-out', phase: 'proxy', timeoutMs: 200 }],
    ['closes', (socket) => socket.end(), { kind: 'proxy-failed', detail: expect.stringMatching(/closed/) }],
    [
      'resets',
      (socket) => socket.resetAndDestroy(),
      { kind: 'proxy-failed', detail: expect.stringMatching(/ECONNRESET|closed/) },
    ],
    [
      'speaks another protocol',
      (socket) => socket.write('220 ready\r\n\r\n'),
      { kind: 'proxy-failed', detail: expect.stringMatching(/not HTTP/) },
    ],
    [
      'never ends its header',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`),
      { kind: 'proxy-failed', detail: expect.stringMatching(/16384 bytes of header/) },
    ],
    [
      'cannot reach the server',
      (socket) => socket.write('HTTP/1.0 502 \x1b[31mBad\r\n\r\n'),
      { kind: 'proxy-failed', detail: expect.stringMatching(/refused CONNECT with 502$/) },
    ],
  ])('that %s there is a clear outcome', async (_, serve, expected) => {
    const proxy = await rawServer((socket) => socket.once('data', () => serve(socket)))
    const outcome = await through(new URL(`http://127.0.0.1:${proxy.port}`), { timeoutMs: 200 })
    await proxy.close()
    expect(outcome).toMatchObject(expected)
  })

  it('that does not listen, and with a scheme that is none, there is a clear outcome', async () => {
    expect(await through(new URL(`http://127.0.0.1:${await closedPort()}`))).toMatchObject({
      kind: 'proxy-failed',
      detail: expect.stringMatching(/ECONNREFUSED/),
    })
    expect(await through(new URL('socks4://127.0.0.1:1080'))).toMatchObject({
      kind: 'proxy-failed',
      detail: expect.stringMatching(/not socks4:/),
    })
  })

  it('over TLS whose certificate nobody vouches for, nothing is sent', async () => {
    const outcome = await through(new URL(`https://127.0.0.1:${server.port}`))
    expect(outcome).toMatchObject({ kind: 'proxy-failed', detail: expect.stringMatching(/certificate/i) })
  })

  it('over TLS with a certificate that Node trusts, the chain is the same', async () => {
    const identity = issue({ subject: 'Proxy', names: ['localhost'], ca: true, keyUsage: null })
    const proxy = await connectProxy(() => true, identity)
    const files = new Workspace()
    // Node reads extra roots when it starts, hence a process of its own.
    const script = `
      import { probe } from './src/network/live/prober.ts'
      import { generalShape } from './src/tls/shapes.ts'
      const proxy = new URL('https://localhost:${proxy.port}')
      const endpoint = { address: '127.0.0.1', port: ${server.port}, serverName: 'sts.contoso.example' }
      const outcome = await probe(endpoint, generalShape, { proxy })
      console.log(JSON.stringify(outcome, (_, value) => value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value))`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: files.write('ca.pem', identity.pem) } },
    )
    proxy.close()
    files.remove()
    expect(JSON.parse(stdout), stdout).toMatchObject({
      kind: 'observed',
      observation: { certificates: [leaf, root].map(({ der }) => Buffer.from(der).toString('hex')) },
    })
  })
})
