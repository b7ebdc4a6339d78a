import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { issue } from '../../src/demo/authority.js'
import { startFarm } from '../../src/demo/farm.js'
import type { ReportDocument } from '../../src/report/schema.js'
import { runBuilt } from './built.js'
import { changingServer } from './changing-server.js'

/** What became of the runs that were ended at a random moment. */
export interface Killed {
  readonly runs: number
  /** By what they ended: `3 interrupted`, `2`, `SIGKILL`, … */
  readonly ends: Record<string, number>
  /** Sentences about reports that were lost and kits that the next run did not accept. */
  readonly faults: readonly string[]
}

const signals = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const

/**
 * Ends `runs` whole checks of a broken farm at random moments by signals in turn. A run that ended by itself must have
 * given a whole report; one that had begun to write a kit must have given it before; and the folder must be such that
 * the next run completes it. `withKit`: half of the runs write over an earlier kit.
 */
export async function killAtRandom(
  file: string,
  runs: number,
  withKit: boolean,
  random = Math.random,
): Promise<Killed> {
  const farm = await startFarm()
  const folder = mkdtempSync(join(tmpdir(), 'adfs-check-killed-'))
  const anchor = join(folder, 'root.pem')
  writeFileSync(anchor, farm.root.pem)
  const kit = join(folder, 'kit')
  const args = [
    farm.name,
    ...farm.servers.flatMap(({ address, port }) => ['--server', `${address}:${port}`]),
    ...['--trust-anchor', anchor, '--aia-allow-private', '--no-proxy', '--format', 'json'],
    ...(withKit ? ['--kit', kit] : []),
  ]
  const ends: Record<string, number> = {}
  const faults: string[] = []
  try {
    const whole = await runBuilt(file, args)
    if (whole.code !== 2) faults.push(`an undisturbed run ended with ${whole.code}: ${whole.err}`)
    for (let run = 0; run < runs; run++) {
      const signal = signals[run % signals.length]!
      if (run % 2 === 0) rmSync(kit, { recursive: true, force: true })
      const before = existsSync(kit)
      const when = Math.floor(random() * whole.ms * 1.1)
      const { code, signal: by, out, err } = await runBuilt(file, args, { signal, when })
      const told = `run ${run}, ${signal} after ${when} ms (${code ?? by})`
      const end = by ?? `${code}${err.includes('interrupted') ? ' interrupted' : ''}`
      ends[end] = (ends[end] ?? 0) + 1
      if (by === null && code !== 2 && code !== 3) faults.push(`${told}: ${err}`)
      if (by === null && !isReport(out)) faults.push(`${told}: no whole report on standard output`)
      if (/\n.*\n/.test(err) || /\bat .+:\d+:\d+/.test(err))
        faults.push(`${told} says more than a line: ${err}`)
      if (!withKit) continue
      if (!before && existsSync(join(kit, 'SHA256SUMS')) && !isReport(out))
        faults.push(`${told}: a kit and no report`)
      const next = await runBuilt(file, args)
      if (next.code !== 2) faults.push(`${told}: the next run ended with ${next.code}: ${next.err}`)
      for (const name of unsound(kit)) faults.push(`${told}: after the next run ${name} is not as listed`)
    }
  } finally {
    await farm.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { runs, ends, faults }
}

function isReport(text: string): boolean {
  try {
    return (JSON.parse(text) as ReportDocument).reports.length === 1
  } catch {
    return false
  }
}

/** Files of a kit's list that are not as it says. */
function unsound(kit: string): readonly string[] {
  const list = existsSync(join(kit, 'SHA256SUMS')) ? readFileSync(join(kit, 'SHA256SUMS'), 'latin1') : ''
  const rows = [...list.matchAll(/^([0-9a-f]{64}) {2}(.+?)\r?$/gm)]
  return rows.length === 0
    ? ['SHA256SUMS']
    : rows.flatMap(([, sha256, name]) => {
        const path = join(kit, name!)
        const found = existsSync(path) && createHash('sha256').update(readFileSync(path)).digest('hex')
        return found === sha256 ? [] : [name!]
      })
}

/**
 * Ends `runs` checks that keep a state at random moments, the farm as it was or mended by turns: the file must hold what
 * was there before or what came of the run, and what was not told by a run that was killed is told by the next.
 */
export async function killWithState(file: string, runs: number, random = Math.random): Promise<Killed> {
  const root = issue({ subject: 'Contoso Root', ca: true })
  const issuing = issue({ subject: 'Contoso Issuing CA', issuer: root, ca: true })
  const leaf = issue({ subject: name, issuer: issuing, names: [name] })
  const server = await changingServer([leaf])
  const folder = mkdtempSync(join(tmpdir(), 'adfs-check-killed-'))
  const anchor = join(folder, 'root.pem')
  writeFileSync(anchor, root.pem)
  const kept = join(folder, 'kept')
  const state = join(kept, 'state.json')
  const args = [
    ...[name, '--server', server.place, '--trust-anchor', anchor, '--offline', '--no-proxy'],
    ...['--state', state],
  ]
  const ends: Record<string, number> = {}
  const faults: string[] = []
  try {
    const { ms } = await runBuilt(file, args)
    for (let run = 0; run < runs; run++) {
      const isMended = run % 2 === 0
      server.send(isMended ? [leaf, issuing] : [leaf])
      const before = readFileSync(state, 'utf8')
      // Most of a run is the network's; what is written is written at its end.
      const when = Math.floor((0.6 + 0.5 * random()) * ms)
      const ended = await runBuilt(file, args, { signal: 'SIGKILL', when })
      const end = ended.signal ?? String(ended.code)
      ends[end] = (ends[end] ?? 0) + 1
      const told = `run ${run}, killed after ${when} ms`
      const isNew = readFileSync(state, 'utf8') !== before
      if (isNew && !ended.out.includes('Result:')) faults.push(`${told}: kept before it was told`)
      const next = await runBuilt(file, args)
      if (next.code !== (isMended ? 0 : 2))
        faults.push(`${told}: the next run ended with ${next.code}: ${next.err}`)
      if (isNew !== (next.out === '')) faults.push(`${told}: the next run told\n${next.out}`)
      const left = readdirSync(kept).filter((one) => one !== 'state.json')
      if (left.length > 0) faults.push(`${told}: left ${left.join()}`)
    }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { runs, ends, faults }
}

const name = 'sts.contoso.com'
