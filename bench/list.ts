import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { builtProgram } from '../test/support/built.js'

/**
 * `npm run bench -- list`: 10,000 loopback addresses, each with a certificate of its own, as NDJSON; beside a tls.connect loop
 * over the same list and `openssl s_client` over a sample. The servers are another process, whose CPU does not count.
 */
const node = process.env.BENCH_NODE ?? process.execPath
/** A process for each: ten thousand would take minutes and say the same. */
const sample = 200

interface Took {
  readonly cpuMs: number
  /** Largest resident size, MB; 0 where it is not known. */
  readonly megabytes: number
  readonly seconds: number
  readonly lines: number
  /** The first of them: all are alike. */
  readonly first: string
}

export async function benchList(count = 10_000): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'adfs-check-list-'))
  const built = builtProgram()
  const root = join(scratch, 'root.pem')
  const server = spawn(node, ['--import', 'tsx', join(import.meta.dirname, 'list-server.ts'), root], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  try {
    const [first] = (await once(server.stdout!, 'data')) as [Buffer]
    const port = Number(String(first))
    const list = (size: number): string => {
      const file = join(scratch, `${size}.txt`)
      const lines = Array.from({ length: size }, (_, n) => `127.1.${n >> 8}.${n & 255}:${port}\n`)
      writeFileSync(file, lines.join(''))
      return file
    }
    const options = ['--trust-anchor', root, '--offline', '--no-proxy', '--format=ndjson']
    const ours = (size: number) => measured([join(built, 'main.cjs'), '--targets', list(size), ...options])
    const small = await ours(count / 10)
    const large = await ours(count)
    const plain = await measured([join(import.meta.dirname, 'tls-connect.cjs'), list(count)])
    const openssl = await sClient(list(sample))
    const row = (what: string, { cpuMs, megabytes, seconds }: Took, size: number) =>
      `| ${what} | ${Math.round(size / seconds)} | ${(cpuMs / size).toFixed(2)} | ${megabytes === 0 ? '–' : Math.round(megabytes)} |`
    const { subjects } = JSON.parse(large.first) as { subjects: [{ connections: unknown[] }] }
    const connections = subjects[0].connections.length
    const ratio = large.megabytes / small.megabytes
    return [
      '| list | targets a second | CPU ms a target | peak memory, MB |',
      '|---|--:|--:|--:|',
      row(`adfs-check, ${count / 10} targets, ndjson`, small, count / 10),
      row(`adfs-check, ${count} targets, ndjson`, large, count),
      row(`tls.connect, eight at a time, ${count} targets`, plain, count),
      row(`openssl s_client, one after the other, ${sample} targets`, openssl, sample),
      '',
      `- peak at ${count} targets: ${ratio.toFixed(2)} times that at ${count / 10} (goal 1.25), ${Math.round(large.megabytes)} MB (goal 250): ${ratio <= 1.25 && large.megabytes <= 250 ? 'met' : 'MISSED'}`,
      `- reports: ${large.lines} of ${count}, ${connections} connections a target`,
      `- CPU a target: ${(large.cpuMs / plain.cpuMs).toFixed(2)} times tls.connect, ${(large.cpuMs / count / (openssl.cpuMs / sample)).toFixed(2)} times s_client`,
    ].join('\n')
  } finally {
    server.stdin!.end()
    rmSync(scratch, { recursive: true })
    rmSync(dirname(built), { recursive: true })
  }
}

/** A program of Node's over a list. */
async function measured(args: readonly string[]): Promise<Took> {
  const start = performance.now()
  const child = spawn(node, ['--require', join(import.meta.dirname, 'usage.cjs'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  })
  let lines = 0
  let first = ''
  let rest = ''
  child.stdout!.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('latin1')).split('\n')
    rest = parts.pop()!
    lines += parts.length
    first ||= parts[0] ?? ''
  })
  let usage = ''
  child.stdio[3]!.on('data', (chunk) => {
    usage += chunk
  })
  await ended(child)
  const { cpu, rss } = JSON.parse(usage) as { cpu: number; rss: number }
  const seconds = (performance.now() - start) / 1000
  return { cpuMs: cpu / 1000, megabytes: rss / 1024, seconds, lines, first }
}

/** CPU of the children of a shell, as `times` tells it; a shell's loop, since Node does not know. */
async function sClient(list: string): Promise<Took> {
  const start = performance.now()
  const script = `while read target; do openssl s_client -connect $target -showcerts </dev/null >/dev/null 2>&1; done <'${list}'; times`
  const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = ''
  shell.stdout!.on('data', (chunk) => {
    told += chunk
  })
  await ended(shell)
  const cpuMs = told
    .trim()
    .split('\n')
    .at(-1)!
    .split(' ')
    .reduce((sum, time) => {
      const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(time)!
      return sum + (Number(minutes) * 60 + Number(seconds)) * 1000
    }, 0)
  return {
    cpuMs,
    megabytes: 0,
    seconds: (performance.now() - start) / 1000,
    lines: sample,
    first: '',
  }
}

async function ended(child: ChildProcess): Promise<void> {
  await once(child, 'close')
}
