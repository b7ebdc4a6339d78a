import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { billOfMaterials, shipped } from './bill-of-materials.js'
import { embedded, nodeFolder, nodeProgram } from './node-packages.js'
import { setChecksum, withoutSignature } from './windows-program.js'

/**
 * `npm run bundle`: dist/adfs-check.cjs within Node.js as one executable for each system, their licences, a bill of
 * materials and SHA256SUMS. The same sources give the same bytes. It needs npm's registry once, or what is cached of it.
 */
const root = resolve(import.meta.dirname, '..')
/** The folder to write, for tests; npm's is `dist-bundle`. */
const out = resolve(root, process.argv[2] ?? 'dist-bundle')
const executables = {
  'adfs-check.exe': 'win32-x64',
  'adfs-check-linux-x64': 'linux-x64',
  'adfs-check-macos-arm64': 'darwin-arm64',
  'adfs-check-macos-x64': 'darwin-x64',
} as const satisfies Record<string, keyof typeof embedded>

const program = join(root, 'dist/adfs-check.cjs')
if (!existsSync(program)) throw new Error('npm run build comes first')
const here = `${process.platform}-${process.arch}`
if (!Object.hasOwn(embedded, here))
  throw new Error(
    `No Node.js ${embedded['linux-x64'].version} for ${here} is pinned, and it must make the blob`,
  )

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
const blob = makeBlob()
await Promise.all(
  Object.entries(executables).map(async ([file, system]) => {
    const path = join(out, file)
    const isWindows = system === 'win32-x64'
    const node = readFileSync(nodeProgram(embedded[system]))
    writeFileSync(path, isWindows ? withoutSignature(node) : node, { mode: 0o755 })
    // Takes off the signature of macOS by itself.
    await inject(path, system.startsWith('darwin-'))
    if (!isWindows) return
    const whole = readFileSync(path)
    setChecksum(whole)
    writeFileSync(path, whole)
  }),
)
rmSync(blob, { recursive: true })

// The Windows package carries none; it is one text for all systems.
const licences = [
  ['adfs-check', root] as const,
  ['Node.js', nodeFolder(embedded['linux-x64'])] as const,
  ...shipped(root).map(({ name, path }) => [name, join(root, path)] as const),
].map(([name, folder]) => `==== ${name} ====\n\n${licenceIn(folder)}\n`)
writeFileSync(join(out, 'LICENSES.txt'), licences.join('\n'))
const digest = (file: string) =>
  createHash('sha256')
    .update(readFileSync(join(out, file)))
    .digest('hex')
const files = Object.keys(executables).map((name) => ({ name, sha256: digest(name) }))
writeFileSync(join(out, 'adfs-check.cdx.json'), billOfMaterials(root, files))
writeFileSync(
  join(out, 'SHA256SUMS'),
  readdirSync(out)
    .sort()
    .map((file) => `${digest(file)}  ${file}\n`)
    .join(''),
)
for (const file of readdirSync(out).sort())
  console.log(`${(readFileSync(join(out, file)).length / 1e6).toFixed(1).padStart(6)} MB  ${file}`)

/**
 * Made by the version that it goes into. Without V8's code cache: it differs in every build, is of one system only, and one
 * that V8 turns down (other flags in NODE_OPTIONS) warns on standard error.
 */
function makeBlob(): string {
  const folder = mkdtempSync(join(tmpdir(), 'adfs-check-bundle-'))
  // Named from the folder that it lies in: the name goes into the blob, and no path of this machine shall.
  const config = {
    main: basename(program),
    output: join(folder, 'blob'),
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    useCodeCache: false,
    // NODE_OPTIONS of a machine are for its own Node.js: a flag that this one lacks would end the run with Node's code 9.
    execArgvExtension: 'none',
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  const maker = nodeProgram(embedded[here as keyof typeof embedded])
  execFileSync(maker, ['--experimental-sea-config', join(folder, 'config.json')], {
    cwd: dirname(program),
    stdio: 'ignore',
  })
  return folder
}

/** In a process of its own: it takes seconds, and says things of Node's own sections that nobody can act on. */
async function inject(path: string, isMac: boolean): Promise<void> {
  const postject = join(root, 'node_modules/postject/dist/cli.js')
  await promisify(execFile)(process.execPath, [
    ...[postject, path, 'NODE_SEA_BLOB', join(blob, 'blob')],
    // What Node looks for in itself; the same in every version.
    ...['--sentinel-fuse', 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'],
    ...(isMac ? ['--macho-segment-name', 'NODE_SEA'] : []),
  ])
}

function licenceIn(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name))
  if (!file) throw new Error(`${folder} has no licence`)
  return readFileSync(join(folder, file), 'utf8').trim()
}
