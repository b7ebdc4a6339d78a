import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { probe } from '../../src/network/live/prober.js'
import type { HelloShape, ProbeLimits, ProbeOutcome } from '../../src/tls/observation.js'
import { generalShape } from '../../src/tls/shapes.js'
import { closedPort, rawServer } from '../support/odd-servers.js'
import {
  alert,
  certificateMessage,
  message,
  record,
  serverHello,
  sessionIdOf,
} from '../support/servers-bytes.js'

const leaf = issue({ subject: 'sts.contoso.example', names: ['sts.contoso.example'] })
const chain = certificateMessage([leaf.der])
const hello12 = record(22, serverHello())
const flight = Buffer.concat([serverHello(), chain])
const supported13 = [43, [3, 4]] as const
const tls12Only: HelloShape = {
  ...generalShape,
  id: 'old',
  versions: [0x0303],
  cipherSuites: [0xc02f],
  keyShares: [],
}

type Serve = (socket: Socket, hello: Buffer) => void
const say =
  (...bytes: Buffer[]): Serve =>
  (socket) =>
    socket.write(Buffer.concat(bytes))
const sayAndClose =
  (...bytes: Buffer[]): Serve =>
  (socket) =>
    socket.end(Buffer.concat(bytes))
/** A HelloRetryRequest or TLS 1.3 ServerHello that echoes the session id. */
const say13 =
  (fields: Parameters<typeof serverHello>[0]): Serve =>
  (socket, hello) =>
    socket.write(record(22, serverHello({ suite: 0x1301, ...fields, sessionId: sessionIdOf(hello) })))
const retryRandom = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex')
const sentinel = (last: number) =>
  Buffer.from(`${'07'.repeat(24)}444f574e475244${last.toString(16).padStart(2, '0')}`, 'hex')

async function outcomeOf(
  serve: Serve,
  { limits, shape = generalShape }: { limits?: Partial<ProbeLimits>; shape?: HelloShape } = {},
): Promise<ProbeOutcome> {
  const server = await rawServer((socket) => socket.once('data', (hello: Buffer) => serve(socket, hello)))
  try {
    const endpoint = { address: '127.0.0.1', port: server.port, serverName: 'sts.contoso.example' }
    return await probe(endpoint, shape, limits ? { limits } : {})
  } finally {
    await server.close()
  }
}

const error = (detail: RegExp) => ({ kind: 'protocol-error', detail: expect.stringMatching(detail) })
const soon = { limits: { timeoutMs: 150 } }

describe('whatever a server does has a name:', () => {
  it.each<[string, Serve, object, Parameters<typeof outcomeOf>[1]?]>([
    [
      'silence',
      () => {},
      { kind: 'timed-out', phase: 'client-hello', timeoutMs: 150, observation: null },
      soon,
    ],
    ['silence after ServerHello', say(hello12), { kind: 'timed-out', phase: 'certificate' }, soon],
    [
      'silence after Certificate',
      say(record(22, flight)),
      {
        kind: 'timed-out',
        phase: 'key-proof',
        observation: { certificates: [Uint8Array.from(leaf.der)], keyProof: { kind: 'not-provable' } },
      },
      soon,
    ],
    ['half a record', say(hello12.subarray(0, 20)), { kind: 'timed-out', phase: 'client-hello' }, soon],
    [
      'a close at once',
      (socket) => socket.end(),
      { kind: 'closed', phase: 'client-hello', observation: null },
    ],
    ['a close after ServerHello', sayAndClose(hello12), { kind: 'closed', phase: 'certificate' }],
    [
      'a reset at once, as HTTP.sys does without a binding',
      (socket) => socket.resetAndDestroy(),
      { kind: 'reset', phase: 'client-hello', observation: null },
    ],
    [
      'an alert instead of ServerHello',
      sayAndClose(alert(2, 40)),
      {
        kind: 'alert',
        phase: 'server-hello',
        alert: { code: 40, name: 'handshake_failure' },
        observation: null,
      },
    ],
    [
      'an alert of SSL 3.0',
      sayAndClose(alert(2, 70, 0x0300)),
      { kind: 'alert', alert: { code: 70, name: 'protocol_version' } },
    ],
    [
      'an alert after Certificate',
      sayAndClose(record(22, flight), alert(2, 80)),
      {
        kind: 'alert',
        phase: 'key-proof',
        alert: { code: 80, name: 'internal_error' },
        observation: { protocol: 'TLS 1.2' },
      },
    ],
    ['close_notify', sayAndClose(alert(1, 0)), { kind: 'alert', alert: { name: 'close_notify' } }],
    [
      'a warning that the name is unknown, then Certificate',
      sayAndClose(alert(1, 112), record(22, flight)),
      { kind: 'closed', phase: 'key-proof' },
    ],
    [
      'an HTTP answer',
      sayAndClose(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n<html>')),
      { kind: 'not-tls', looksLike: 'http', detail: 'the answer starts with "HTTP/1.1 400 Bad Request"' },
    ],
    [
      'an HTML page without a header',
      sayAndClose(Buffer.from('<html>no</html>')),
      { kind: 'not-tls', looksLike: 'http' },
    ],
    [
      'a mail server',
      say(Buffer.from('220 mail.contoso.example ESMTP\x1b[2J\r\n')),
      {
        kind: 'not-tls',
        looksLike: 'other',
        detail: 'the answer starts with "220 mail.contoso.example ESMTP.[2J"',
      },
    ],
    ['two letters and a close', sayAndClose(Buffer.from('no')), { kind: 'not-tls', looksLike: 'other' }],
    [
      'an SSL 2.0 answer',
      sayAndClose(Buffer.from([0x80, 0x0b, 4, 0, 1, 0, 2, 0, 0, 0, 0, 0])),
      { kind: 'not-tls', detail: 'an SSL 2.0 answer' },
    ],
    ['rubbish after a record', sayAndClose(hello12, Buffer.from('rubbish')), error(/not a TLS record/)],
    [
      'SSL 3.0',
      sayAndClose(record(22, serverHello({ version: 0x0300, suite: 5 }), 0x0300)),
      error(/chose SSL 3\.0, which was not offered/),
    ],
    [
      'a suite that was not offered',
      say(record(22, serverHello({ suite: 0xc019 }))),
      error(/0xc019, which was not offered/),
    ],
    [
      'a signalling value as suite',
      say(record(22, serverHello({ suite: 0x00ff }))),
      error(/not offered/),
      { shape: { ...generalShape, cipherSuites: [0xc02f, 0xff] } },
    ],
    [
      'a TLS 1.3 suite in TLS 1.2',
      say(record(22, serverHello({ suite: 0x1301 }))),
      error(/which TLS 1\.2 does not have/),
    ],
    [
      'a TLS 1.2 suite in TLS 1.1',
      say(record(22, serverHello({ version: 0x0302 }))),
      error(/which TLS 1\.1 does not have/),
    ],
    [
      'a version that was not offered',
      say(record(22, serverHello({ version: 0x0302, suite: 0xc013 }))),
      error(/TLS 1\.1, which was not offered/),
      { shape: tls12Only },
    ],
    [
      'TLS 1.3 in the field of old',
      say(record(22, serverHello({ version: 0x0304 }))),
      error(/TLS 1\.3, which was not offered/),
    ],
    [
      'TLS 1.2 by the extension of TLS 1.3',
      say(record(22, serverHello({ extensions: [[43, [3, 3]]] }))),
      error(/in a way that TLS does not allow/),
    ],
    ['compression', say(record(22, serverHello({ compression: 1 }))), error(/compression/)],
    [
      'an extension that was not offered',
      say(record(22, serverHello({ extensions: [[35, []]] }))),
      error(/extension 35, which was not offered/),
    ],
    [
      'an extension twice',
      say(
        record(
          22,
          serverHello({
            extensions: [
              [23, []],
              [23, []],
            ],
          }),
        ),
      ),
      error(/extension 23 twice/),
    ],
    [
      'a session that does not exist',
      (socket, hello) => socket.write(record(22, serverHello({ sessionId: sessionIdOf(hello) }))),
      error(/session/),
    ],
    [
      'the downgrade mark of TLS 1.3 under TLS 1.2',
      say(record(22, serverHello({ random: sentinel(1) }))),
      error(/downgrade/),
    ],
    [
      'the downgrade mark of TLS 1.2 under TLS 1.1',
      say(record(22, serverHello({ random: sentinel(0), version: 0x0302, suite: 0xc013 }))),
      error(/downgrade/),
    ],
    [
      'TLS 1.3 without the session id',
      say(record(22, serverHello({ suite: 0x1301, extensions: [supported13, [51, [0, 29, 0, 0]]] }))),
      error(/session id/),
    ],
    ['TLS 1.3 without a key', say13({ extensions: [supported13] }), error(/no key_share/)],
    [
      'TLS 1.3 with a group that has no key of ours',
      say13({ extensions: [supported13, [51, [0, 23, 0, 1, 4]]] }),
      error(/P-256, for which no key was sent/),
    ],
    [
      'TLS 1.3 with a key that is no key',
      say13({ extensions: [supported13, [51, [0, 29, 0, 3, 1, 2, 3]]] }),
      error(/no valid public key/),
    ],
    [
      'TLS 1.3 with the all-zero key',
      say13({ extensions: [supported13, [51, [0, 29, 0, 32, ...Buffer.alloc(32)]]] }),
      error(/no valid public key/),
    ],
    [
      'a retry for the key that was sent',
      say13({ random: retryRandom, extensions: [supported13, [51, [0, 29]]] }),
      error(/again for group X25519/),
    ],
    [
      'a retry for a group that was not offered',
      say13({ random: retryRandom, extensions: [supported13, [51, [1, 0]]] }),
      error(/ffdhe2048, which was not offered/),
    ],
    [
      'a retry for nothing',
      say13({ random: retryRandom, extensions: [supported13] }),
      error(/asks for nothing/),
    ],
    [
      'messages out of order',
      say(hello12, record(22, message(14, []))),
      error(/ServerHelloDone came where Certificate was expected/),
    ],
    [
      'a key exchange that is cut short',
      sayAndClose(record(22, Buffer.concat([flight, message(12, [3, 0])]))),
      error(/ServerKeyExchange ends early/),
    ],
    [
      'a described curve',
      sayAndClose(record(22, Buffer.concat([flight, message(12, [1, 0, 0])]))),
      error(/describes a curve/),
    ],
    [
      'a list of certificates that lies about its length',
      sayAndClose(hello12, record(22, message(11, [0, 0, 9, 0, 0, 1, 0]))),
      error(/Certificate/),
    ],
    [
      'an entry without content',
      sayAndClose(hello12, record(22, message(11, [0, 0, 3, 0, 0, 0]))),
      error(/entry without content/),
    ],
    ['application data in the handshake', sayAndClose(hello12, record(23, [1])), error(/type 23/)],
    ['an alert of three bytes', sayAndClose(record(21, [1, 2, 3])), error(/an alert has two bytes/)],
  ])('%s', async (_, serve, expected, options) => {
    expect(await outcomeOf(serve, options)).toMatchObject(expected)
  })

  it('an empty list of certificates is an observation of none', async () => {
    const keyless = Buffer.concat([serverHello({ suite: 0x2f }), certificateMessage([]), message(14, [])])
    const outcome = await outcomeOf(sayAndClose(record(22, keyless)))
    expect(outcome).toMatchObject({ kind: 'observed', observation: { certificates: [], keyExchange: 'rsa' } })
  })

  it('a signature that was made for another connection is a failed proof with its chain', async () => {
    const exchange = message(12, [3, 0, 23, 1, 4, 4, 3, 0, 2, 1, 1])
    const suite = { suite: 0xc02b }
    const bytes = Buffer.concat([serverHello(suite), chain, exchange, message(14, [])])
    const outcome = await outcomeOf(sayAndClose(record(22, bytes)))
    expect(outcome).toMatchObject({
      kind: 'observed',
      observation: { certificates: [Uint8Array.from(leaf.der)], keyProof: { kind: 'failed' } },
    })
  })

  it('a closed port', async () => {
    const endpoint = { address: '127.0.0.1', port: await closedPort(), serverName: null }
    expect(await probe(endpoint, generalShape)).toMatchObject({ kind: 'unreachable', reason: 'refused' })
  })

  it('an aborted attempt rejects with the reason it was given', async () => {
    const controller = new AbortController()
    const server = await rawServer((socket) =>
      socket.once('data', () => controller.abort(new Error('enough'))),
    )
    const endpoint = { address: '127.0.0.1', port: server.port, serverName: null }
    await expect(probe(endpoint, generalShape, { signal: controller.signal })).rejects.toThrow('enough')
    await expect(probe(endpoint, generalShape, { signal: controller.signal })).rejects.toThrow('enough')
    await server.close()
  })
})

describe('every limit holds:', () => {
  const header = (type: number, length: number) =>
    record(22, [type, length >> 16, (length >> 8) & 0xff, length & 0xff])
  const exceeded = (limit: keyof ProbeLimits, maximum: number, actual: number) => ({
    kind: 'limit-exceeded',
    limit,
    maximum,
    actual,
  })
  it.each<[string, Serve, object]>([
    [
      'a Certificate message of 1 MB, from its header',
      say(hello12, header(11, 1_000_000)),
      exceeded('maxCertificateBytes', 102_400, 1_000_000),
    ],
    [
      'one byte more than Android takes',
      say(hello12, header(11, 102_401)),
      exceeded('maxCertificateBytes', 102_400, 102_401),
    ],
    [
      'a ServerHello of 16 MB',
      say(header(2, 0xffffff)),
      exceeded('maxHandshakeBytes', 262_144, 0xffffff + 4),
    ],
    [
      'records without content',
      say(Buffer.concat(Array(33).fill(record(22, [])))),
      exceeded('maxEmptyRecords', 32, 33),
    ],
    [
      'warnings without end',
      say(Buffer.concat(Array(5).fill(alert(1, 112)))),
      exceeded('maxWarningAlerts', 4, 5),
    ],
    [
      'records without end',
      say(hello12, Buffer.concat(Array(4_096).fill(record(22, message(0, []))))),
      exceeded('maxRecords', 4_096, 4_097),
    ],
  ])('%s', async (_, serve, expected) => {
    expect(await outcomeOf(serve)).toEqual(expected)
  })
})

describe('cuts in odd places change nothing:', () => {
  const bytes = Buffer.concat([serverHello({ suite: 0x2f }), chain, message(14, [])])
  const fragments = (size: number) =>
    Buffer.concat(
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        record(22, bytes.subarray(i * size, (i + 1) * size)),
      ),
    )
  it.each<[string, Serve]>([
    ['all messages in one record', say(record(22, bytes))],
    ['one byte to a record', say(fragments(1))],
    ['records of three bytes', say(fragments(3))],
    [
      'one byte to a segment',
      async (socket) => {
        socket.setNoDelay(true)
        for (const byte of record(22, bytes)) {
          socket.write(Buffer.of(byte))
          await new Promise((resolve) => setImmediate(resolve))
        }
      },
    ],
    ['a HelloRequest in between', say(record(22, message(0, [])), record(22, bytes))],
  ])('%s', async (_, serve) => {
    expect(await outcomeOf(serve)).toMatchObject({
      kind: 'observed',
      observation: { certificates: [Uint8Array.from(leaf.der)] },
    })
  })
})
