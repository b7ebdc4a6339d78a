import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createServer } from 'node:tls'
import { rootsOf } from '../src/android/trust-store.js'
import { toPem } from '../src/containers/bundle.js'
import { issue } from '../src/demo/authority.js'
import { builtProgram } from '../test/support/built.js'
import { type BenchRow, median } from './measure.js'

/**
 * CPU time (user and system) of whole commands of the program as it is built, by the Node.js that runs this or the one in BENCH_NODE, in turns with
 * what they are compared with, so that a busy machine slows both. The servers live in this process.
 */
const node = process.env.BENCH_NODE ?? process.execPath

interface Took {
  readonly cpuMs: number
  readonly bytes: number
}

export interface WholeCommands {
  readonly rows: readonly BenchRow[]
  /** Sentences about what is no ratio of two commands. */
  readonly figures: readonly string[]
}

export async function benchWholeCommands(rounds = 15): Promise<WholeCommands> {
  const lab = await startLab()
  const { main, check, fleet, folder, cache } = lab
  const off = { ADFS_CHECK_CODE_CACHE: 'off' }
  // Its own, so that no other program of this user writes over it meanwhile.
  process.env.XDG_CACHE_HOME = cache
  try {
    const against = async (what: string, goal: number, args: readonly string[], code: number, env = {}) => {
      await run([main, ...args], code, env)
      const [ours, bare]: [Took[], Took[]] = [[], []]
      for (let round = 0; round < rounds; round++) {
        bare.push(await run(['-e', '0'], 0))
        ours.push(await run([main, ...args], code, env))
      }
      const own = median(ours.map(({ cpuMs }, round) => cpuMs - bare[round]!.cpuMs))
      // The least of both: what is left when other work on the machine is thought away.
      const [least, leastBare] = [ours, bare].map((took) => Math.min(...took.map(({ cpuMs }) => cpuMs)))
      figures.push(
        `${what}: own part ${own.toFixed(0)} ms CPU, at least ${(least! - leastBare!).toFixed(0)}; ratio of the least ${(least! / leastBare!).toFixed(2)}`,
      )
      const [oursMs, peerMs] = [ours, bare].map((took) => median(took.map(({ cpuMs }) => cpuMs)))
      return { what, peer: 'node -e 0', oursMs: oursMs!, peerMs: peerMs!, goal }
    }
    const figures: string[] = []
    const rows: BenchRow[] = [
      await against('--version', 1.15, ['--version'], 0),
      await against('--help', 1.35, ['--help'], 0),
      await against('explain weak-key', 1.35, ['explain', 'weak-key'], 0),
      await against('full check of one server', 2.3, check(true), 0),
      await against('the same, no code cache', 2.3, check(true), 0, off),
      await against('leaf alone, one DER answer by AIA', 2.9, check(false), 2),
      await against('the same, no code cache', 2.9, check(false), 2, off),
    ]
    const one: Took[] = []
    const many: Took[] = []
    for (let round = 0; round < 3; round++) {
      one.push(await run([main, ...fleet(200, 'root.pem')], 0))
      many.push(await run([main, ...fleet(200, 'bundle.pem')], 0))
    }
    const [oneMs, manyMs] = [one, many].map((took) => median(took.map(({ cpuMs }) => cpuMs)))
    const peer = 'the same with one anchor'
    rows.push({ what: '200 servers, 145 anchors', peer, oursMs: manyMs!, peerMs: oneMs!, goal: 1.2 })
    for (const [android, connections] of [
      ['supported', 4],
      ['all', 8],
    ] as const) {
      // Android 4.4 speaks TLS 1.0 alone, which this server does not.
      const code = android === 'all' ? 2 : 0
      const took = await run([main, ...fleet(1_000, 'root.pem'), '--android', android, '--format=json'], code)
      figures.push(
        `1,000 servers alike, --android ${android}: ${(took.cpuMs / 1_000).toFixed(2)} ms CPU a server at up to ${connections} connections, ${Math.round(took.bytes / 1_000)} bytes of JSON a server`,
      )
    }
    return { rows, figures }
  } finally {
    await lab.close()
    rmSync(dirname(folder), { recursive: true })
  }
}

async function startLab() {
  const at = new Date()
  const folder = builtProgram()
  const scratch = mkdtempSync(join(tmpdir(), 'adfs-check-bench-'))
  const root = issue({ at, subject: 'Bench Root', key: 'rsa-2048', ca: true })
  const ca = issue({ at, subject: 'Bench CA', key: 'rsa-2048', ca: true, issuer: root })
  const aia = createHttpServer((_, reply) => reply.end(ca.der)).listen(0, '127.0.0.1')
  await listening(aia)
  const caIssuers = [`http://127.0.0.1:${portOf(aia)}/ca.cer`]
  const leaf = issue({
    at,
    subject: 'sts.example',
    key: 'rsa-2048',
    issuer: ca,
    names: ['sts.example'],
    caIssuers,
  })
  const serve = async (cert: string) => {
    const server = createServer({ cert, key: leaf.keyPem }, (socket) => socket.on('error', () => {}))
    server.on('tlsClientError', () => {}).listen(0, '0.0.0.0')
    await listening(server)
    return server
  }
  const [full, short] = [await serve(leaf.pem + ca.pem), await serve(leaf.pem)]
  writeFileSync(join(scratch, 'root.pem'), root.pem)
  const others = rootsOf('17').flatMap(({ certificate }) => (certificate ? [toPem(certificate)] : []))
  writeFileSync(join(scratch, 'bundle.pem'), [root.pem, ...others.slice(0, 144)].join(''))
  const common = (anchors: string) => ['sts.example', '--trust-anchor', join(scratch, anchors), '--no-proxy']
  return {
    main: join(folder, 'main.cjs'),
    folder,
    cache: scratch,
    check: (isFull: boolean) => [
      ...common('root.pem'),
      `--server=127.0.0.1:${portOf(isFull ? full : short)}`,
      ...(isFull ? ['--offline'] : ['--aia-allow-private']),
    ],
    fleet: (servers: number, anchors: string) => [
      ...common(anchors),
      '--offline',
      ...Array.from(
        { length: servers },
        (_, n) => `--server=127.1.${Math.floor(n / 250)}.${(n % 250) + 1}:${portOf(full)}`,
      ),
    ],
    close: async () => {
      rmSync(scratch, { recursive: true })
      for (const server of [full, short, aia]) server.close()
    },
  }
}

const listening = (server: { once(event: 'listening', done: () => void): unknown }) =>
  new Promise<void>((done) => server.once('listening', done))
const portOf = (server: { address(): string | AddressInfo | null }) => (server.address() as AddressInfo).port

function run(args: readonly string[], expected: number, env: Record<string, string> = {}): Promise<Took> {
  return new Promise((done, fail) => {
    const child = spawn(node, ['--require', join(import.meta.dirname, 'cpu-time.cjs'), ...args], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    })
    let bytes = 0
    let micros = ''
    child.stdout!.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    child.stdio[3]!.on('data', (chunk) => {
      micros += chunk
    })
    child.on('error', fail).on('close', (code) => {
      if (code === expected) done({ cpuMs: Number(micros) / 1000, bytes })
      else fail(new Error(`${args.join(' ').slice(0, 200)} ended with ${code}, not ${expected}`))
    })
  })
}
