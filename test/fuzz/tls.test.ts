import { createPublicKey } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { defaultLimits, probe } from '../../src/network/live/prober.js'
import { ClientHandshake } from '../../src/tls/handshake.js'
import type { ProbeOutcome } from '../../src/tls/observation.js'
import { generalShape } from '../../src/tls/shapes.js'
import { rawServer } from '../support/odd-servers.js'
import { startNode } from '../support/servers.js'
import { record, relay } from '../support/servers-bytes.js'

const name = 'sts.contoso.example'
const root = issue({ subject: 'Contoso Root', ca: true })
// RSA: its signatures, and so the handshakes, are all of one length.
const leaf = issue({ subject: name, key: 'rsa-2048', issuer: root, names: [name] })
const genuine = [leaf, root].map(({ der }) => Buffer.from(der).toString('hex'))

type Running = Awaited<ReturnType<typeof startNode>>
const protocols = ['TLS 1.2', 'TLS 1.3'] as const
const servers = new Map<string, Running>()
beforeAll(async () => {
  for (const protocol of protocols)
    servers.set(protocol, await startNode({ leaf, rest: [root.der], protocol }))
})
afterAll(async () => {
  for (const server of servers.values()) await server.stop()
})

const probePort = (port: number): Promise<ProbeOutcome> =>
  probe({ address: '127.0.0.1', port, serverName: name }, generalShape, { limits: { timeoutMs: 5_000 } })

const modulus = Buffer.from(createPublicKey(leaf.key).export({ format: 'jwk' }).n!, 'base64url').toString(
  'hex',
)

/**
 * A proof must stand for what the server sent: in TLS 1.3 for every certificate; before, the signature does not cover
 * the Certificate message (RFC 5246 §7.4.3), only the key that made it.
 */
function expectHonest(outcome: ProbeOutcome): void {
  if (outcome.kind !== 'observed' || outcome.observation.keyProof.kind !== 'proven') return
  const sent = outcome.observation.certificates.map((der) => Buffer.from(der).toString('hex'))
  if (outcome.observation.protocolVersion === 0x0304) expect(sent).toEqual(genuine)
  else expect(sent[0]).toContain(modulus)
}

/** What one real handshake of the server says, and where its records begin. */
async function recorded(port: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  const front = await relay(port, (bytes) => {
    chunks.push(bytes)
    return { bytes }
  })
  expect(await probePort(front.port)).toMatchObject({
    kind: 'observed',
    observation: { keyProof: { kind: 'proven' } },
  })
  await front.close()
  return Buffer.concat(chunks)
}

describe.each(protocols)('a %s handshake', (protocol) => {
  it('cut off at any byte is an outcome', async () => {
    const { port } = servers.get(protocol)!
    const { length } = await recorded(port)
    let cut = 0
    const front = await relay(port, (chunk, position) => ({
      bytes: chunk.subarray(0, Math.max(0, cut - position)),
      close: position + chunk.length >= cut,
    }))
    const kinds = new Set<string>()
    for (cut = 0; cut < length; cut++) {
      const outcome = await probePort(front.port)
      kinds.add(outcome.kind)
      expectHonest(outcome)
    }
    await front.close()
    expect([...kinds]).toEqual(['closed'])
  })

  it('with any bit turned over is an outcome, and never the proof of another chain', async () => {
    const { port } = servers.get(protocol)!
    const { length } = await recorded(port)
    let bit = 0
    const front = await relay(port, (chunk, position) => {
      const at = (bit >> 3) - position
      if (at >= 0 && at < chunk.length) chunk[at]! ^= 1 << (bit & 7)
      return { bytes: chunk, close: position + chunk.length >= length }
    })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: length * 8 - 1 }), async (position) => {
        bit = position
        expectHonest(await probePort(front.port))
      }),
      { numRuns: 300 },
    )
    await front.close()
  })
})

describe('bytes that no TLS server sends', () => {
  it('of any kind are an outcome', async () => {
    let answer = Buffer.alloc(0)
    const server = await rawServer((socket) => socket.once('data', () => socket.end(answer)))
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        answer = Buffer.from(bytes)
        const outcome = await probePort(server.port)
        expect(['not-tls', 'closed', 'protocol-error', 'alert', 'limit-exceeded']).toContain(outcome.kind)
      }),
      { numRuns: 300 },
    )
    await server.close()
  })

  it('in the frame of records and messages end the handshake without an exception', () => {
    const body = fc.uint8Array({ maxLength: 300 })
    const type = fc.constantFrom(0, 2, 8, 11, 12, 13, 14, 15, 20, 22)
    const framed = fc
      .tuple(type, body)
      .map(([first, octets]) => record(22, [first, 0, octets.length >> 8, octets.length & 0xff, ...octets]))
    const hello = fc
      .record({
        version: fc.constantFrom(0x0300, 0x0301, 0x0302, 0x0303, 0x0304),
        suite: fc.constantFrom(...generalShape.cipherSuites, 0x00ff),
        extensions: fc.array(
          fc.tuple(fc.constantFrom(0, 5, 16, 18, 43, 44, 51, 0xff01), fc.uint8Array({ maxLength: 40 })),
        ),
      })
      .map(({ version, suite, extensions }) => {
        const block = extensions.flatMap(([id, octets]) => [id >> 8, id & 0xff, 0, octets.length, ...octets])
        const head = [version >> 8, version & 0xff, ...Buffer.alloc(32), 0, suite >> 8, suite & 0xff, 0]
        const octets = [...head, block.length >> 8, block.length & 0xff, ...block]
        return record(22, [2, 0, octets.length >> 8, octets.length & 0xff, ...octets])
      })
    fc.assert(
      fc.property(
        hello,
        fc.array(framed, { maxLength: 6 }),
        fc.integer({ min: 1, max: 64 }),
        (first, rest, size) => {
          const handshake = new ClientHandshake(generalShape, name, defaultLimits)
          const stream = Buffer.concat([first, ...rest])
          let end = null
          for (let at = 0; at < stream.length && !end; at += size)
            end = handshake.receive(stream.subarray(at, at + size)).end
          end ??= handshake.ended()
          expect(handshake.farewell().length).toBeGreaterThan(0)
          if (end?.kind === 'complete') expect(handshake.seen!.keyProof.kind).not.toBe('proven')
        },
      ),
      { numRuns: 3_000 },
    )
  })
})
