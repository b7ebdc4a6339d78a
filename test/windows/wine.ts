import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Windows' own node.exe under Wine: where Wine is, and how a program is started in it. */

/** Debian's wine64 puts its loader where no PATH looks; the wrapper `wine` would ask for the 32-bit half. */
export const findWine = (): string | null =>
  ['/usr/lib/wine/wine64', '/usr/bin/wine64', '/usr/bin/wine'].find((path) => existsSync(path)) ?? null

/** A Windows of its own in a folder, and what a program in it said. */
export interface Windows {
  /** Its drive C:, seen from here. */
  readonly drive: string
  /** Starts node.exe with arguments as they are; `cwd` is below the drive. */
  node(args: readonly string[], options?: StartOptions): Promise<Ended>
  /** Starts a program that Wine brings along. */
  program(args: readonly string[], options?: StartOptions): Promise<Ended>
  /** Ends whatever still runs in it. */
  close(): void
}

export interface StartOptions {
  readonly cwd?: string
  /** What it gets, once `when` has come; Wine makes Ctrl-C of SIGINT. */
  readonly interrupt?: {
    readonly signal: 'SIGINT' | 'SIGKILL'
    readonly when: (out: () => string) => Promise<unknown>
  }
}

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** No Wine menus, no browser and .NET installers, no talk; nothing of this process's Node settings. */
const environment = (prefix: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  WINEPREFIX: prefix,
  WINEDEBUG: '-all',
  WINEDLLOVERRIDES: 'mscoree=d;mshtml=d;winemenubuilder.exe=d',
})

/** What all programs of one Windows talk to. Of Debian's it is beside the loader. */
const findServer = (): string | undefined =>
  ['/usr/lib/wine/wineserver64', '/usr/bin/wineserver'].find((path) => existsSync(path))

/** Makes the Windows, as version 10 (what node.exe asks for). */
export function installWindows(wine: string, prefix: string): void {
  const options = { env: environment(prefix), stdio: 'ignore', timeout: 180_000 } as const
  // Stays until `close`: left to itself it ends when nothing runs, and who starts in that moment is cut off.
  const server = findServer()
  if (server) execFileSync(server, ['-p'], options)
  execFileSync(wine, ['wineboot', '-i'], options)
  execFileSync(wine, ['reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f'], options)
}

let started = 0

export function windows(wine: string, prefix: string, nodeExe: string): Windows {
  const drive = join(prefix, 'drive_c')
  /** Output goes to files: Node refuses the pipes that Wine makes of ours. */
  async function run(args: readonly string[], { cwd = drive, interrupt }: StartOptions = {}): Promise<Ended> {
    const [out, err] = ['out', 'err'].map((name) => join(prefix, `${process.pid}-${started}.${name}`)) as [
      string,
      string,
    ]
    started++
    const handles = [openSync(out, 'w'), openSync(err, 'w')] as const
    const child = spawn(wine, args, {
      cwd,
      env: environment(prefix),
      stdio: ['ignore', ...handles],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    for (const handle of handles) closeSync(handle)
    const ended = once(child, 'exit')
    if (interrupt) {
      await Promise.race([interrupt.when(() => readFileSync(out, 'utf8')), ended])
      child.kill(interrupt.signal)
    }
    const [code] = (await ended) as [number | null]
    return { code, out: readFileSync(out, 'utf8'), err: readFileSync(err, 'utf8') }
  }
  return {
    drive,
    node: (args, options) => run([nodeExe, ...args], options),
    program: run,
    close: () => {
      const server = findServer()
      if (server) execFileSync(server, ['-k'], { env: environment(prefix), stdio: 'ignore' })
    },
  }
}

/** How Wine names a file of this machine. */
export const onWindows = (path: string): string => `Z:${path.replaceAll('/', '\\')}`
