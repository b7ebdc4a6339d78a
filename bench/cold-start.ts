import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startFarm } from '../src/demo/farm.js'
import { type BenchRow, median } from './measure.js'

const cli = resolve(import.meta.dirname, '../dist/main.js')

/**
 * Wall time of whole commands of the built package against `node -e 0`, in turns so that a busy machine slows both.
 * The farm lives in this process; the commands talk to it over loopback.
 */
export async function benchColdStart(rounds = 25): Promise<readonly BenchRow[]> {
  const farm = await startFarm()
  const folder = mkdtempSync(join(tmpdir(), 'adfs-check-bench-'))
  const anchor = join(folder, 'root.pem')
  writeFileSync(anchor, farm.root.pem)
  const complete = farm.servers[1]!
  const check = [
    cli,
    farm.name,
    '--server',
    `${complete.address}:${complete.port}`,
    '--trust-anchor',
    anchor,
    '--offline',
  ]
  try {
    return [
      await against('adfs-check --version', [cli, '--version'], 0, 1.3, rounds),
      await against('full check of one loopback server, all releases, text', check, 0, 2.5, rounds),
    ]
  } finally {
    await farm.close()
    rmSync(folder, { recursive: true })
  }
}

async function against(
  what: string,
  args: readonly string[],
  exitCode: number,
  goal: number,
  rounds: number,
): Promise<BenchRow> {
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round < rounds; round++) {
    bare.push(await wallMs(['-e', '0'], 0))
    ours.push(await wallMs(args, exitCode))
  }
  return { what, peer: 'node -e 0', oursMs: median(ours), peerMs: median(bare), goal }
}

function wallMs(args: readonly string[], expected: number): Promise<number> {
  const start = performance.now()
  return new Promise((done, fail) => {
    spawn(process.execPath, args, { stdio: 'ignore' })
      .on('error', fail)
      .on('exit', (code) => {
        if (code === expected) done(performance.now() - start)
        else fail(new Error(`node ${args.join(' ')} ended with ${code}, not ${expected}`))
      })
  })
}
