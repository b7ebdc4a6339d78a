import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { probe } from '../../src/network/live/prober.js'
import { generalShape } from '../../src/tls/shapes.js'
import { rawServer } from '../support/odd-servers.js'
import { has } from '../support/peers.js'
import { type Protocol, type ServerSetup, startHaproxy, startNginx, startNode } from '../support/servers.js'
import { certificateMessage, message, record, serverHello } from '../support/servers-bytes.js'

const name = 'sts.contoso.example'
const root = issue({ subject: 'Contoso Root', ca: true })
const leaf = issue({ subject: name, key: 'rsa-2048', issuer: root, names: [name] })
const setupFor = (protocol: Protocol): ServerSetup => ({ leaf, rest: [root.der], protocol })

describe('servers stay calm about a probe', () => {
  it.each([
    'TLS 1.2',
    'TLS 1.3',
  ] as const)('in %s the goodbye ends with FIN, never with a reset', async (protocol) => {
    const server = await startNode(setupFor(protocol))
    const endings: string[] = []
    const front = await rawServer((client) => {
      const upstream = connect(server.port, '127.0.0.1')
      client.pipe(upstream).pipe(client)
      client.on('error', (error) => endings.push(error.message)).on('end', () => endings.push('FIN'))
      upstream.on('error', (error) => endings.push(error.message))
    })
    for (let i = 0; i < 20; i++)
      await probe({ address: '127.0.0.1', port: front.port, serverName: name }, generalShape)
    while (endings.length < 20) await new Promise((resolve) => setTimeout(resolve, 10))
    await front.close()
    await server.stop()
    expect(endings).toEqual(Array(20).fill('FIN'))
  })

  it.skipIf(!has('nginx')).each(['TLS 1.0', 'TLS 1.2', 'TLS 1.3'] as const)(
    'nginx logs nothing above info in %s',
    async (protocol) => {
      const server = await startNginx(setupFor(protocol))
      const outcome = await probe({ address: '127.0.0.1', port: server.port, serverName: name }, generalShape)
      while (!server.output().includes('SSL handshak'))
        await new Promise((resolve) => setTimeout(resolve, 10))
      await server.stop()
      expect(outcome.kind).toBe('observed')
      expect(server.output()).toMatch(/\[info\].*(closed connection|user canceled)/i)
      expect(server.output()).not.toMatch(/\[(warn|error|crit|alert|emerg)\]/)
    },
  )

  it.skipIf(!has('haproxy'))('haproxy survives it and answers the next client', async () => {
    const server = await startHaproxy(setupFor('TLS 1.3'))
    const endpoint = { address: '127.0.0.1', port: server.port, serverName: name }
    const kinds = [await probe(endpoint, generalShape), await probe(endpoint, generalShape)].map(
      ({ kind }) => kind,
    )
    await server.stop()
    expect(kinds).toEqual(['observed', 'observed'])
  })

  it('the goodbye of TLS 1.2 is user_canceled, then close_notify', async () => {
    const received: Buffer[] = []
    let ended = false
    const server = await rawServer((socket) => {
      const flight = Buffer.concat([serverHello({ suite: 0x2f }), certificateMessage([]), message(14, [])])
      socket.once('data', () => socket.write(record(22, flight)))
      socket.on('data', (chunk) => received.push(chunk))
      socket.on('end', () => {
        ended = true
      })
    })
    const outcome = await probe({ address: '127.0.0.1', port: server.port, serverName: name }, generalShape)
    while (!ended) await new Promise((resolve) => setTimeout(resolve, 5))
    await server.close()
    expect(outcome.kind).toBe('observed')
    expect(Buffer.concat(received).subarray(-14).toString('hex')).toBe('1503030002015a15030300020100')
  })

  it('does not read on while a server floods what it was done with', async () => {
    let ended = Number.NaN
    const server = await rawServer(
      (socket) => {
        const flight = Buffer.concat([serverHello({ suite: 0x2f }), certificateMessage([]), message(14, [])])
        socket.once('data', () => {
          socket.write(record(22, flight))
          const startedAt = performance.now()
          const flood = (): void => {
            if (socket.destroyed) return
            if (socket.write(Buffer.alloc(65_536))) setImmediate(flood)
            else socket.once('drain', flood)
          }
          socket.once('data', flood)
          socket.on('close', () => {
            ended = performance.now() - startedAt
          })
        })
      },
      { allowHalfOpen: true },
    )
    await probe({ address: '127.0.0.1', port: server.port, serverName: name }, generalShape)
    while (Number.isNaN(ended)) await new Promise((resolve) => setTimeout(resolve, 5))
    await server.close()
    // Without a limit it would be read for as long as a goodbye may take, a second.
    expect(ended).toBeLessThan(700)
  })
})

describe('one signal for a whole farm', () => {
  it('ends every probe, and Node sees no leak in it', async () => {
    const warnings: string[] = []
    const warned = (warning: Error): number => warnings.push(warning.name)
    process.on('warning', warned)
    const server = await rawServer(() => {})
    const controller = new AbortController()
    const endpoint = { address: '127.0.0.1', port: server.port, serverName: name }
    const probes = Array.from({ length: 40 }, () =>
      probe(endpoint, generalShape, { signal: controller.signal }).catch((reason: Error) => reason.message),
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    controller.abort(new Error('enough'))
    expect(await Promise.all(probes)).toEqual(Array(40).fill('enough'))
    await server.close()
    process.off('warning', warned)
    expect(warnings).toEqual([])
  })
})
