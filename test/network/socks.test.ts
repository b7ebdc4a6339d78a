import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { run } from '../../src/cli/program.js'
import { issue } from '../../src/demo/authority.js'
import { fetcher } from '../../src/network/live/fetch.js'
import { groups6 } from '../../src/network/live/groups6.js'
import { probe } from '../../src/network/live/prober.js'
import { generalShape } from '../../src/tls/shapes.js'
import { closedPort, rawServer } from '../support/odd-servers.js'
import { has, type RunningServer, startProgram, Workspace } from '../support/peers.js'
import { tlsServer } from '../support/tls-server.js'

const root = issue({ subject: 'Contoso Root', ca: true })
const leaf = issue({ subject: 'sts.contoso.example', issuer: root })
const web = issue({ subject: 'localhost', names: ['localhost'] })
let server: Awaited<ReturnType<typeof tlsServer>>
beforeAll(async () => {
  server = await tlsServer([leaf, root])
})
afterAll(() => server.close())

const through = (proxy: string, at: Partial<{ address: string; port: number }> = {}, timeoutMs = 2_000) =>
  probe({ address: '127.0.0.1', port: server.port, serverName: 'sts.contoso.example', ...at }, generalShape, {
    proxy: new URL(proxy),
    limits: { timeoutMs },
  })

it.each([
  ['::1', [0, 0, 0, 0, 0, 0, 0, 1]],
  ['2001:db8::', [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0]],
  ['1:2:3:4:5:6:7:8', [1, 2, 3, 4, 5, 6, 7, 8]],
  ['::ffff:192.0.2.1', [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x201]],
  ['fe80::1%eth0', [0xfe80, 0, 0, 0, 0, 0, 0, 1]],
])('the groups of %s', (address, groups) => {
  expect(groups6(address)).toEqual(groups)
})

describe.skipIf(!has('microsocks'))('through a real SOCKS 5 server', () => {
  let open: RunningServer
  let closed: RunningServer
  beforeAll(async () => {
    const start = (...more: string[]) =>
      startProgram('microsocks', (port) => ['-i', '127.0.0.1', '-p', String(port), ...more], new Workspace())
    open = await start()
    closed = await start('-u', 'us:er', '-P', 'pässword')
  })
  afterAll(async () => {
    await open.stop()
    await closed.stop()
  })

  it('the chain is the same, without a password and with one', async () => {
    const observed = {
      kind: 'observed',
      observation: { certificates: [Uint8Array.from(leaf.der), Uint8Array.from(root.der)] },
    }
    expect(await through(`socks5://127.0.0.1:${open.port}`)).toMatchObject(observed)
    expect(await through(`socks5h://localhost:${open.port}`)).toMatchObject(observed)
    expect(await through(`socks5://us%3Aer:p%C3%A4ssword@127.0.0.1:${closed.port}`)).toMatchObject(observed)
  })

  it('a wrong password, and none, is the proxy that does not connect', async () => {
    expect(await through(`socks5://us%3Aer:wrong@127.0.0.1:${closed.port}`)).toEqual({
      kind: 'proxy-failed',
      detail: `proxy 127.0.0.1:${closed.port}: it does not accept the name and the password`,
    })
    expect(await through(`socks5://127.0.0.1:${closed.port}`)).toEqual({
      kind: 'proxy-failed',
      detail: `proxy 127.0.0.1:${closed.port}: it wants a password`,
    })
  })

  it('a port on which nothing listens is refused by the server, not by the proxy', async () => {
    const at = { port: await closedPort() }
    expect(await through(`socks5://127.0.0.1:${open.port}`, at)).toEqual({
      kind: 'unreachable',
      reason: 'refused',
      detail: 'connection refused, says the proxy',
    })
  })

  it.each([
    'socks5',
    'socks5h',
  ])('issuers are fetched over http and https by way of it (%s)', async (scheme) => {
    const pages = [createHttpServer(), createHttpsServer({ cert: web.pem, key: web.keyPem })]
    const seen: (number | undefined)[] = []
    for (const page of pages) {
      page.on('connection', (socket: Socket) => seen.push(socket.remotePort))
      page.on('request', (_, response) => response.end('issuer')).listen(0, '127.0.0.1')
      await once(page, 'listening')
    }
    const proxy = new URL(`${scheme}://127.0.0.1:${open.port}`)
    const fetch = fetcher({ allowPrivate: true, proxy, signal: null })
    for (const [index, page] of pages.entries()) {
      const url = `http${index === 0 ? '' : 's'}://localhost:${(page.address() as AddressInfo).port}/a.cer`
      expect(await fetch(url)).toEqual({ kind: 'fetched', body: Buffer.from('issuer'), redirects: [] })
      page.close()
    }
    expect(seen.length).toBeGreaterThanOrEqual(2)
    expect(await fetch(`http://127.0.0.1:${await closedPort()}/`)).toMatchObject({
      kind: 'unreachable',
      detail: 'connection refused, says the proxy',
    })
  })

  it('with socks5 a public name that resolves to a private address is refused here; socks5h leaves names to the proxy', async () => {
    vi.resetModules()
    vi.doMock('node:dns', () => ({
      lookup: (_: string, __: object, callback: (error: null, found: object[]) => void) =>
        callback(null, [{ address: '127.0.0.1', family: 4 }]),
    }))
    const { fetcher: fresh } = await import('../../src/network/live/fetch.js')
    const outcomes = ['socks5', 'socks5h'].map((scheme) => {
      const proxy = new URL(`${scheme}://127.0.0.1:${open.port}`)
      return fresh({ allowPrivate: false, proxy, signal: null })('http://rebound.invalid/issuer.cer')
    })
    expect(await outcomes[0]).toMatchObject({
      kind: 'refused',
      reason: 'private-address',
      detail: 'rebound.invalid (127.0.0.1) is not a public address',
    })
    // The proxy knows no such name.
    expect(await outcomes[1]).toMatchObject({ kind: 'unreachable' })
    vi.doUnmock('node:dns')
  })

  it('from the command line; its password is printed nowhere', async () => {
    let out = ''
    const io = { write: (text: string) => (out += text) }
    const code = await run(
      [
        'sts.contoso.example',
        `--server=127.0.0.1:${server.port}`,
        '--offline',
        `--proxy=socks5://us%3Aer:p%C3%A4ssword@127.0.0.1:${closed.port}`,
        ...['--format', 'json'],
      ],
      {
        out: io,
        err: io,
        env: {},
        platform: 'linux',
        now: new Date(),
        signal: new AbortController().signal,
      },
    )
    expect(code).toBe(2)
    expect(out).toContain(`"socks5://127.0.0.1:${closed.port}"`)
    expect(out).not.toMatch(/p%C3%A4ssword|pässword|us%3Aer/)
    expect(out).toContain('leaf')
  })
})

describe('a SOCKS server', () => {
  const hello = Buffer.from([5, 0])
  const answering =
    (...answers: readonly (readonly number[])[]) =>
    (socket: Socket): void => {
      let nth = 0
      socket.on('data', () => {
        const answer = answers[nth++]
        if (answer) socket.write(Buffer.from(answer))
      })
    }

  it.each<[string, (socket: Socket) => void, object]>([
    ['is silent', () => {}, { kind: 'timed-out', phase: 'proxy' }],
    ['closes', (socket) => socket.end(), { detail: expect.stringMatching(/closed|ECONNRESET|EPIPE/) }],
    [
      'speaks HTTP',
      (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      { detail: expect.stringMatching(/not SOCKS 5/) },
    ],
    [
      'is of version 4',
      answering([0, 90, 0, 0, 0, 0, 0, 0]),
      { detail: expect.stringMatching(/not SOCKS 5/) },
    ],
    ['takes no method', answering([5, 255]), { detail: expect.stringMatching(/wants a password/) }],
    [
      'asks for GSSAPI, which was not offered',
      answering([5, 1]),
      { detail: expect.stringMatching(/wants a password/) },
    ],
    [
      'asks for a password, which was not offered',
      answering([5, 2]),
      { detail: expect.stringMatching(/wants a password/) },
    ],
    [
      'forbids it',
      answering([...hello], [5, 2, 0, 1, 0, 0, 0, 0, 0, 0]),
      { detail: expect.stringMatching(/rules/) },
    ],
    [
      'has no route',
      answering([...hello], [5, 4, 0, 1, 0, 0, 0, 0, 0, 0]),
      { detail: expect.stringMatching(/cannot reach/) },
    ],
    [
      'has a code of its own',
      answering([...hello], [5, 200, 0]),
      { detail: expect.stringMatching(/code 200/) },
    ],
    [
      'has an address of no kind',
      answering([...hello], [5, 0, 0, 9, 0, 0, 0]),
      { detail: expect.stringMatching(/not SOCKS 5/) },
    ],
    [
      'never ends its answer',
      answering([...hello], [5, 0, 0, 3, 255, 65, 65]),
      { kind: 'timed-out', phase: 'proxy' },
    ],
  ])('that %s is a clear outcome', async (_what, serve, expected) => {
    const proxy = await rawServer(serve)
    const outcome = await through(`socks5://127.0.0.1:${proxy.port}`, {}, 300)
    await proxy.close()
    expect(outcome).toMatchObject({ kind: 'proxy-failed', ...expected })
  })

  it.each([
    1, 3, 4,
  ])('may name any address as its own (kind %i), in pieces, and what follows belongs to the server', async (kind) => {
    const bound = { 1: [1, 1, 2, 3, 4], 3: [3, 2, 65, 66], 4: [4, ...Array<number>(16).fill(9)] }[kind]!
    const proxy = await rawServer((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.from([5]))
        setTimeout(() => socket.write(Buffer.from([0])), 5)
        socket.once('data', () => {
          const answer = Buffer.from([5, 0, 0, ...bound, 0, 80, ...Buffer.from('220 mail ready\r\n')])
          for (const [at, byte] of answer.subarray(0, 6).entries())
            setTimeout(() => socket.write(Buffer.of(byte)), 3 * at)
          setTimeout(() => socket.write(answer.subarray(6)), 30)
        })
      })
    })
    const outcome = await through(`socks5://127.0.0.1:${proxy.port}`)
    await proxy.close()
    expect(outcome).toMatchObject({ kind: 'not-tls', detail: 'the answer starts with "220 mail ready"' })
  })

  it('that closes instead of connecting is not taken for the server, one that has connected is', async () => {
    const opening = (answers: readonly Buffer[]) =>
      rawServer((socket) => {
        let nth = 0
        socket.on('data', () => {
          const answer = answers[nth++]
          if (answer) socket.write(answer)
          else socket.end()
        })
      })
    const [never, once] = [
      await opening([hello]),
      await opening([hello, Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])]),
    ]
    const outcomes = [
      await through(`socks5://127.0.0.1:${never.port}`),
      await through(`socks5://127.0.0.1:${once.port}`),
    ]
    for (const proxy of [never, once]) await proxy.close()
    expect(outcomes).toMatchObject([
      { kind: 'proxy-failed', detail: expect.stringMatching(/as ssh -D does where nothing answers$/) },
      { kind: 'closed', phase: 'client-hello' },
    ])
  })

  it('is asked for what the bytes say', async () => {
    const asked: Buffer[] = []
    const proxy = await rawServer((socket) => {
      socket.on('data', (data) => {
        asked.push(data)
        socket.write(asked.length === 1 ? hello : Buffer.from([5, 1, 0, 1, 0, 0, 0, 0, 0, 0]))
      })
    })
    await through(`socks5://127.0.0.1:${proxy.port}`, { address: '2001:db8::7', port: 49443 })
    await proxy.close()
    expect(asked.map((data) => data.toString('hex'))).toEqual([
      '050100',
      '05010004' + '20010db8000000000000000000000007' + 'c123',
    ])
  })
})
