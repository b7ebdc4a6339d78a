import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/**
 * The folder `dist` of the program as it is shipped, built into a temporary package of its own, which is the folder above
 * it and is to be removed.
 */
export function builtProgram(): string {
  const folder = mkdtempSync(join(tmpdir(), 'adfs-check-built-'))
  const built = join(folder, 'dist')
  execFileSync(process.execPath, ['--import', 'tsx', 'tools/build.ts', built], { cwd: root })
  // The pages, and what `main.cjs` depends on, are installed beside it.
  for (const name of ['docs', 'node_modules']) symlinkSync(join(root, name), join(folder, name), 'junction')
  return built
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
  readonly ms: number
}

/** Runs a command line, and ends it by `signal` once `when` says so or after that many milliseconds. */
export function runBuilt(
  file: string,
  args: readonly string[],
  {
    signal,
    when = 0,
    cwd,
    env = {},
  }: {
    readonly signal?: NodeJS.Signals
    readonly when?: number | ((out: string) => boolean)
    readonly cwd?: string
    readonly env?: Record<string, string>
  } = {},
): Promise<Ended> {
  const start = performance.now()
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [file, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, LANG: 'C.UTF-8', ADFS_CHECK_CODE_CACHE: 'off', ...env },
    })
    let [out, err] = ['', '']
    const timer = signal && typeof when === 'number' ? setTimeout(() => child.kill(signal), when) : undefined
    child.stdout.on('data', (chunk) => {
      out += chunk
      if (signal && typeof when === 'function' && when(out)) child.kill(signal)
    })
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    child.on('error', fail).on('close', (code, ended) => {
      clearTimeout(timer)
      done({ code, signal: ended, out, err, ms: performance.now() - start })
    })
  })
}
