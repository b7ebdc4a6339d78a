import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect as tcpConnect } from 'node:net'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { issue } from '../src/demo/authority.js'
import { probe } from '../src/network/live/prober.js'
import { generalShape } from '../src/tls/shapes.js'

/**
 * Client CPU for one captured chain: our prober beside `tls.connect` reading the same chain. Each way runs in a process
 * of its own (in one process, each would pay for collecting the other's garbage), warmed up, in turns, against one
 * server per protocol in yet another process. `npx tsx bench/capture.ts`
 */
export interface CaptureRow {
  readonly protocol: 'TLS 1.2' | 'TLS 1.3'
  /** Measured connections of each way. */
  readonly connections: number
  /** Client CPU per connection, user and system, microseconds: the least disturbed batch. */
  readonly ours: number
  readonly tlsConnect: number
  /** `tls.connect` with one prepared SecureContext for all connections: the best it can do. */
  readonly tlsConnectShared: number
  /** A bare TCP connection, opened and closed: the floor under every number here. */
  readonly tcpOnly: number
  /** ours / tlsConnect; the goal is 0.5. */
  readonly ratio: number
}

const turns = 2
/** The compiler is busy with our JavaScript for the first thousand; the library's C never changes. */
const warmUp = 1_500
const batches = 6
const perBatch = 250

const ways = {
  ours: captureOurs,
  tlsConnect: (port: number) => captureNode(port),
  tlsConnectShared: (port: number) => captureNode(port, sharedContext()),
  tcpOnly: openAndClose,
}
type Way = keyof typeof ways
let context: tls.SecureContext | null = null
const sharedContext = (): tls.SecureContext => {
  context ??= tls.createSecureContext()
  return context
}

export async function benchCapture(): Promise<CaptureRow[]> {
  const rows: CaptureRow[] = []
  for (const protocol of ['TLS 1.2', 'TLS 1.3'] as const) {
    const server = start('serve', protocol)
    try {
      rows.push(await measure(protocol, (await once(server, 'message'))[0]))
    } finally {
      await end(server)
    }
  }
  return rows
}

async function measure(protocol: CaptureRow['protocol'], port: number): Promise<CaptureRow> {
  const micros: Record<Way, number[]> = { ours: [], tlsConnect: [], tlsConnectShared: [], tcpOnly: [] }
  for (let turn = 0; turn < turns; turn++) {
    for (const way of Object.keys(ways) as Way[]) {
      const client = start('capture', way, String(port))
      micros[way].push((await once(client, 'message'))[0])
      await end(client)
    }
  }
  const least = (way: Way): number => Math.round(Math.min(...micros[way]))
  return {
    protocol,
    connections: turns * batches * perBatch,
    ours: least('ours'),
    tlsConnect: least('tlsConnect'),
    tlsConnectShared: least('tlsConnectShared'),
    tcpOnly: least('tcpOnly'),
    ratio: least('ours') / least('tlsConnect'),
  }
}

const start = (...args: string[]): ChildProcess =>
  fork(fileURLToPath(import.meta.url), args, { execArgv: process.execArgv })

/** Runs one way in this process and reports its CPU microseconds per connection. */
async function capture(way: Way, port: number): Promise<void> {
  for (let i = 0; i < warmUp; i++) await ways[way](port)
  let least = Number.POSITIVE_INFINITY
  for (let batch = 0; batch < batches; batch++) {
    const before = process.cpuUsage()
    for (let i = 0; i < perBatch; i++) await ways[way](port)
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / perBatch)
  }
  process.send!(least)
  process.once('disconnect', () => process.exit())
}

async function captureOurs(port: number): Promise<void> {
  const outcome = await probe({ address: '127.0.0.1', port, serverName: 'sts.example' }, generalShape)
  if (outcome.kind !== 'observed' || outcome.observation.keyProof.kind !== 'proven')
    throw new Error(outcome.kind)
  if (outcome.observation.certificates.length !== 2) throw new Error('not the chain that was sent')
}

async function captureNode(port: number, secureContext?: tls.SecureContext): Promise<void> {
  const options = { host: '127.0.0.1', port, servername: 'sts.example', rejectUnauthorized: false }
  const socket = tls.connect(secureContext ? { ...options, secureContext } : options)
  await once(socket, 'secureConnect')
  const leaf = socket.getPeerX509Certificate()
  if (!leaf?.issuerCertificate) throw new Error('not the chain that was sent')
  socket.end()
  await once(socket, 'close')
}

async function openAndClose(port: number): Promise<void> {
  const socket = tcpConnect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.resume().end()
  await once(socket, 'close')
}

async function end(server: ChildProcess): Promise<void> {
  server.disconnect()
  await once(server, 'exit')
}

function serve(protocol: string): void {
  const root = issue({ subject: 'Bench Root', key: 'rsa-2048', ca: true })
  const intermediate = issue({ subject: 'Bench Issuing CA', key: 'rsa-2048', ca: true, issuer: root })
  const leaf = issue({
    subject: 'sts.example',
    key: 'rsa-2048',
    issuer: intermediate,
    names: ['sts.example'],
  })
  const version = protocol === 'TLS 1.2' ? 'TLSv1.2' : 'TLSv1.3'
  const server = tls.createServer({
    cert: leaf.pem + intermediate.pem,
    key: leaf.keyPem,
    minVersion: version,
    maxVersion: version,
  })
  server.on('secureConnection', (socket) => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
  process.on('disconnect', () => process.exit())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === 'serve') serve(process.argv[3]!)
  else if (process.argv[2] === 'capture') await capture(process.argv[3] as Way, Number(process.argv[4]))
  else console.table(await benchCapture())
}
