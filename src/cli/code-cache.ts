import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import type { Module } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { Script, constants as vmConstants } from 'node:vm'

/** The running process, handed in by what is built (tools/parts.ts). */
type Host = Pick<NodeJS.Process, 'arch' | 'env' | 'geteuid' | 'once' | 'pid' | 'platform' | 'version'>

/**
 * Loads a CommonJS file with the code that V8 compiled of it in an earlier run, and leaves the code of this run for the
 * next: a quarter of a whole check is compiling. The cache is a file of the user's own that nobody else can write
 * (folder 0700, file 0600), bound by SHA-256 to the program's text, and V8 turns down what another version or build of
 * it made. Whatever is wrong with it, the file is loaded without. `ADFS_CHECK_CODE_CACHE=off`, or Node's own
 * NODE_DISABLE_COMPILE_CACHE, keeps none.
 */
export function loadCached(file: string, require: NodeJS.Require, parent: Module, host: Host): unknown {
  // Of a second part that needs it too.
  const cache = file in require.cache ? null : cacheFile(host)
  if (cache === null) return require(file)
  // What `node:module` hands out; importing that would load half of Node's loader for ES modules.
  const { Module } = parent.constructor as typeof import('node:module')
  const source = readFileSync(file)
  const known = readOwn(cache, source, host)
  const script = new Script(Module.wrap(source.toString('utf8')), {
    filename: file,
    ...(known ? { cachedData: known } : {}),
    importModuleDynamically: vmConstants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  const module = new Module(file)
  require.cache[file] = module
  script.runInThisContext()(module.exports, Module.createRequire(file), module, file, dirname(file))
  if (!known || script.cachedDataRejected) {
    // At the end, when what is needed has been compiled. A run that failed or was stopped has not come so far.
    host.once('exit', (code) => {
      if (code <= 2) writeOwn(cache, `${cache}.${host.pid}`, source, script.createCachedData())
    })
  }
  return module.exports
}

/** Null: off, or there is nowhere that is the user's alone. */
function cacheFile(host: Host): string | null {
  const { env } = host
  if (env.ADFS_CHECK_CODE_CACHE === 'off' || env.NODE_DISABLE_COMPILE_CACHE) return null
  try {
    const base =
      host.platform === 'win32'
        ? env.LOCALAPPDATA
        : env.XDG_CACHE_HOME || join(homedir(), host.platform === 'darwin' ? 'Library/Caches' : '.cache')
    if (!base) return null
    const folder = join(base, 'adfs-check')
    // Not Node's own recursive mkdir, which never comes back below /proc.
    for (const path of [base, folder]) if (!existsSync(path)) mkdirSync(path, { mode: 0o700 })
    const info = lstatSync(folder)
    return info.isDirectory() && isOurs(info, host) ? join(folder, `${host.version}-${host.arch}.bin`) : null
  } catch {
    return null
  }
}

/** Owned by who runs this, and nobody else may write or read it. Windows keeps the folder to its user by itself. */
const isOurs = ({ uid, mode }: { uid: number; mode: number }, { platform, geteuid }: Host): boolean =>
  platform === 'win32' || (uid === geteuid?.() && (mode & 0o077) === 0)

const digestBytes = 32
const digest = (source: Uint8Array, data: Uint8Array): Buffer =>
  createHash('sha256').update(source).update(data).digest()

function readOwn(path: string, source: Uint8Array, host: Host): Buffer | null {
  let handle: number | null = null
  try {
    handle = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
    const info = fstatSync(handle)
    if (!info.isFile() || !isOurs(info, host)) return null
    const bytes = readFileSync(handle)
    const data = bytes.subarray(digestBytes)
    return digest(source, data).equals(bytes.subarray(0, digestBytes)) ? data : null
  } catch {
    return null
  } finally {
    if (handle !== null) closeSync(handle)
  }
}

/** Whole or not at all; that it cannot be written concerns nobody, and the next run tries again. */
function writeOwn(path: string, part: string, source: Uint8Array, data: Uint8Array): void {
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)
    const handle = openSync(part, flags, 0o600)
    writeSync(handle, Buffer.concat([digest(source, data), data]))
    closeSync(handle)
    renameSync(part, path)
  } catch {
    rmSync(part, { force: true })
  }
}
