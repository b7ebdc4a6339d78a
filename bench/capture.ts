import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect as tcpConnect } from 'node:net'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { issue } from '../src/demo/pki.js'
import { probe } from '../src/tls/prober.js'
import { generalShape } from '../src/tls/shapes.js'

/**
 * Client CPU for one captured chain: our prober beside `tls.connect` reading the same chain, one server per protocol in
 * a process of its own, connections one after another, in turns so that both sides meet the same machine.
 * `npx tsx bench/capture.ts`
 */
export interface CaptureRow {
  readonly protocol: 'TLS 1.2' | 'TLS 1.3'
  readonly connections: number
  /** Client CPU per connection, microseconds. */
  readonly ours: number
  readonly tlsConnect: number
  /** `tls.connect` with one prepared SecureContext for all connections: the best it can do. */
  readonly tlsConnectShared: number
  /** A bare TCP connection, opened and closed: the floor under every number here. */
  readonly tcpOnly: number
  /** ours / tlsConnect; the goal is 0.5. */
  readonly ratio: number
}

const warmUpRounds = 5
const rounds = 10
const perRound = 100

export async function benchCapture(): Promise<CaptureRow[]> {
  const rows: CaptureRow[] = []
  for (const protocol of ['TLS 1.2', 'TLS 1.3'] as const) {
    const server = fork(fileURLToPath(import.meta.url), ['serve', protocol], { execArgv: process.execArgv })
    try {
      const [port] = (await once(server, 'message')) as [number]
      rows.push(await measure(protocol, port))
    } finally {
      await end(server)
    }
  }
  return rows
}

async function measure(protocol: CaptureRow['protocol'], port: number): Promise<CaptureRow> {
  const context = tls.createSecureContext()
  const ways = {
    ours: () => captureOurs(port),
    tlsConnect: () => captureNode(port),
    tlsConnectShared: () => captureNode(port, context),
    tcpOnly: () => openAndClose(port),
  }
  const micros = { ours: 0, tlsConnect: 0, tlsConnectShared: 0, tcpOnly: 0 }
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const [name, capture] of Object.entries(ways) as [keyof typeof ways, () => Promise<void>][]) {
      const before = process.cpuUsage()
      for (let i = 0; i < perRound; i++) await capture()
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) micros[name] += user + system
    }
  }
  const connections = rounds * perRound
  const per = (name: keyof typeof ways): number => Math.round(micros[name] / connections)
  return {
    protocol,
    connections,
    ours: per('ours'),
    tlsConnect: per('tlsConnect'),
    tlsConnectShared: per('tlsConnectShared'),
    tcpOnly: per('tcpOnly'),
    ratio: micros.ours / micros.tlsConnect,
  }
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
  else console.table(await benchCapture())
}
