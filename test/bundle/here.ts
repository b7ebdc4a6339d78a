import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
export const bundle = join(root, 'dist-bundle')
export const linux = join(bundle, 'adfs-check-linux-x64')
if (!existsSync(join(bundle, 'SHA256SUMS'))) throw new Error('npm run bundle comes first')

/** Digests by file, as SHA256SUMS of a folder has them. */
export const sumsOf = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    readFileSync(join(folder, 'SHA256SUMS'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('  ') as [string, string])
      .map(([digest, file]) => [file, digest]),
  )

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface StartOptions {
  readonly cwd: string
  /** Beside PATH, the folder as HOME, UTF-8 and no code cache. */
  readonly env?: NodeJS.ProcessEnv
  /** When it gets SIGINT. */
  readonly interrupt?: () => Promise<unknown>
}

/** Runs a program to its end. */
export async function start(
  command: string,
  args: readonly string[],
  { cwd, env = {}, interrupt }: StartOptions,
): Promise<Ended> {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, LANG: 'C.UTF-8', ADFS_CHECK_CODE_CACHE: 'off', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
  })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = once(child, 'close')
  if (interrupt) {
    await Promise.race([interrupt(), ended])
    child.kill('SIGINT')
  }
  const [code] = (await ended) as [number | null]
  return { code, out, err }
}
