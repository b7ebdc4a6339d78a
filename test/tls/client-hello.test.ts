import { describe, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { defaultLimits, probe } from '../../src/network/live/prober.js'
import { encodeClientHello, sniNameFor } from '../../src/tls/client-hello.js'
import { ClientHandshake } from '../../src/tls/handshake.js'
import { keyShareOf } from '../../src/tls/key-share.js'
import type { HelloShape } from '../../src/tls/observation.js'
import { generalShape } from '../../src/tls/shapes.js'
import { record, serverHello, sessionIdOf } from '../support/servers-bytes.js'
import { tlsServer } from '../support/tls-server.js'

const helloOf = (shape: HelloShape, name: string | null = null): Buffer =>
  new ClientHandshake(shape, name, defaultLimits).hello()

/** Extensions of a ClientHello record, read independently of the code under test. */
function extensionsOf(hello: Buffer): Map<number, Buffer> {
  let at = 5 + 4 + 2 + 32
  at += 1 + hello[at]!
  at += 2 + hello.readUInt16BE(at)
  at += 1 + hello[at]!
  const extensions = new Map<number, Buffer>()
  for (at += 2; at < hello.length; ) {
    const length = hello.readUInt16BE(at + 2)
    extensions.set(hello.readUInt16BE(at), hello.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return extensions
}

describe('a name goes into server_name', () => {
  it.each([
    ['of a host', 'sts.contoso.example', 'sts.contoso.example'],
    ['of one label', 'sts', 'sts'],
    ['in A-label form', 'xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['with an underscore', 'a_b.example', 'a_b.example'],
    ['never with a trailing dot', 'sts.contoso.example.', null],
    ['never as an IPv4 address', '192.0.2.1', null],
    ['never as an IPv6 address', '2001:db8::1', null],
    ['never with an empty label', 'sts..example', null],
    ['never with a control character', 'sts\n.example', null],
    ['never with a label of 64', `${'a'.repeat(64)}.example`, null],
    ['never beyond 253', `${'a.'.repeat(127)}a`, null],
    ['never when there is none', null, null],
  ])('%s', (_, name, expected) => {
    expect(sniNameFor(generalShape, name)).toBe(expected)
    expect(extensionsOf(helloOf(generalShape, name)).has(0)).toBe(expected !== null)
    expect(sniNameFor({ ...generalShape, sni: false }, name)).toBeNull()
  })
})

describe('a hello', () => {
  const encoded = (shape: HelloShape, fill: number, sniName: string | null = 'sts.example') =>
    encodeClientHello(shape, {
      sniName,
      random: Buffer.alloc(32, fill),
      sessionId: Buffer.alloc(32, fill + 1),
      keyShares: [keyShareOf(29)],
      cookie: null,
    })

  it('is the same whether others of its shape were said before it or not', () => {
    const [shape, anew] = [{ ...generalShape }, () => ({ ...generalShape })]
    const first = encoded(shape, 1)
    const said = Buffer.from(first)
    expect(encoded(shape, 3)).toEqual(encoded(anew(), 3))
    expect(encoded(shape, 5, 'other.example')).toEqual(encoded(anew(), 5, 'other.example'))
    expect(encoded(shape, 7, null)).toEqual(encoded(anew(), 7, null))
    expect(first).toEqual(said)
  })

  const old: HelloShape = {
    ...generalShape,
    versions: [0x0301],
    cipherSuites: [0x2f, 0xff],
    keyShares: [],
    signatureSchemes: [],
    alpn: [],
    extensions: [0, 23, 10, 11],
  }

  it('of TLS 1.0 has no field of later versions', () => {
    const hello = helloOf(old, 'sts.contoso.example')
    expect([...extensionsOf(hello).keys()].sort((a, b) => a - b)).toEqual([0, 10, 11, 23])
    expect(hello.readUInt16BE(9)).toBe(0x0301)
    expect(sessionIdOf(hello)).toHaveLength(0)
  })

  it('offers no session, no ticket and no compressed certificate', () => {
    const types = [...extensionsOf(helloOf(generalShape, 'sts.contoso.example')).keys()]
    for (const never of [27, 35, 41, 42, 45]) expect(types).not.toContain(never)
  })

  it('is never of a length that old balancers hang on', () => {
    const lengths = Array.from(
      { length: 120 },
      (_, i) =>
        helloOf(
          { ...generalShape, cipherSuites: generalShape.cipherSuites.slice(0, 1 + (i % 48)) },
          `${'a'.repeat(1 + (i % 60))}.example`,
        ).length - 5,
    )
    expect(lengths.filter((length) => length > 0xff && length < 0x200)).toEqual([])
    expect(Math.max(...lengths)).toBeGreaterThan(0x1ff)
  })

  it('after a HelloRetryRequest repeats the cookie, the session and the key', () => {
    const handshake = new ClientHandshake(generalShape, 'sts.contoso.example', defaultLimits)
    const first = handshake.hello()
    const random = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex')
    const cookie = Buffer.from('0003616263', 'hex')
    const extensions = [
      [43, [3, 4]],
      [44, cookie],
    ] as const
    const retry = serverHello({ random, suite: 0x1301, sessionId: sessionIdOf(first), extensions })
    const { send, end } = handshake.receive(record(22, retry))
    expect(end).toBeNull()
    expect(send!.subarray(0, 6).toString('hex')).toBe('140303000101')
    const second = send!.subarray(6)
    expect(extensionsOf(second).get(44)).toEqual(cookie)
    expect(extensionsOf(second).get(51)).toEqual(extensionsOf(first).get(51))
    expect(sessionIdOf(second)).toEqual(sessionIdOf(first))
    expect(second.subarray(11, 43)).toEqual(first.subarray(11, 43))
    expect(handshake.receive(record(22, retry)).end).toMatchObject({
      detail: expect.stringMatching(/second/),
    })
  })

  it('of a shape that cannot be spoken is refused before anything is sent', async () => {
    const endpoint = { address: '127.0.0.1', port: 9, serverName: null }
    await expect(probe(endpoint, { ...generalShape, keyShares: [0x11ec] })).rejects.toThrow(TypeError)
    await expect(probe({ ...endpoint, port: 70_000 }, generalShape)).rejects.toThrow(RangeError)
  })

  it('without a name is answered, or not, as the server has it', async () => {
    const leaf = issue({ subject: 'sts.contoso.example' })
    const asked: (string | false)[] = []
    const server = await tlsServer([leaf], {
      SNICallback: (name, done) => {
        asked.push(name)
        done(null)
      },
    })
    const endpoint = { address: '127.0.0.1', port: server.port, serverName: 'sts.contoso.example' }
    const named = await probe(endpoint, generalShape)
    const nameless = await probe(endpoint, { ...generalShape, id: 'nameless', sni: false })
    await server.close()
    expect(asked).toEqual(['sts.contoso.example'])
    expect([named, nameless]).toMatchObject([
      { observation: { sni: true, shape: 'general' } },
      { observation: { sni: false, shape: 'nameless' } },
    ])
  })
})
