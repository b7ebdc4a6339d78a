import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { version } from '../src/version.js'

/**
 * The house's walls: which room may import from which. A room may always import from itself, and anyone may use
 * `fault.ts` and types of the observation (`tls/observation.ts` holds nothing else).
 */
const mayImport: Record<string, readonly string[]> = {
  x509: [],
  containers: ['x509'],
  path: ['x509'],
  target: [],
  tls: ['x509'],
  android: ['path', 'x509'],
  adfs: ['x509'],
  report: ['android', 'containers', 'target', 'x509'],
  kit: ['adfs', 'android', 'containers', 'report', 'target', 'x509'],
  repair: ['android', 'containers', 'path', 'x509'],
  checks: ['adfs', 'android', 'path', 'report', 'target', 'x509'],
  // What the demo's servers send is what Windows would.
  demo: ['adfs', 'x509'],
  run: ['target', 'x509'],
  // The composer and the command line know every room; the library's door knows what it opens.
  '.': ['*'],
  cli: ['*'],
}

/** Rooms that judge: no sockets, files, environment or clock. */
const pure = ['containers', 'path', 'x509', 'android', 'checks', 'report']
const impureModules = /^node:(net|tls|http|https|http2|dns|fs|child_process|os|process|worker_threads|dgram)/
const impureWords = /\bprocess\.|\bDate\.now\(|\bnew Date\(\)|\bperformance\.|\bfetch\(/

const root = resolve(import.meta.dirname, '../src')
const files = walk(root)

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? walk(path) : path.endsWith('.ts') ? [path] : []
  })
}

const room = (path: string) => relative(root, path).split('/').slice(0, -1)[0] ?? '.'
/** Imported modules, types included: a type of another room is knowledge of it too. */
const imports = (path: string) =>
  [...readFileSync(path, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)

it('finds the source files', () => {
  expect(files.length).toBeGreaterThan(20)
})

describe('dependencies point downward', () => {
  it.each(files.map((path) => [relative(root, path), path]))('%s', (_name, path) => {
    const allowed = mayImport[room(path)]
    expect(allowed, `room of ${path} is not in the list`).toBeDefined()
    const strays = imports(path)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => resolve(dirname(path), specifier))
      .filter(
        (target) =>
          room(target) !== room(path) &&
          !['fault.js', 'version.js', 'tls/observation.js'].includes(relative(root, target)),
      )
      .map(room)
      .filter((target) => !allowed!.includes('*') && !allowed!.includes(target))
    expect(strays).toEqual([])
  })
})

describe('rooms that judge touch no socket, file, environment or clock', () => {
  it.each(
    files.filter((path) => pure.includes(room(path))).map((path) => [relative(root, path), path]),
  )('%s', (_name, path) => {
    const code = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    expect(
      imports(path).filter(
        (specifier) => impureModules.test(specifier) && !(specifier === 'node:net' && onlyIsIp(code)),
      ),
    ).toEqual([])
    expect(code.match(impureWords)?.[0]).toBeUndefined()
  })
})

/** `isIP` and `BlockList` of node:net are plain functions over text. */
const onlyIsIp = (code: string) => /import \{ (isIP|BlockList|, )+ \} from 'node:net'/.test(code)

it('only cli/main.ts touches the process', () => {
  const touching = files.filter((path) =>
    /\bprocess\.(argv|env|stdout|stderr|exit|exitCode|platform|on|once)\b/.test(readFileSync(path, 'utf8')),
  )
  expect(touching.map((path) => relative(root, path))).toEqual(['cli/main.ts'])
})

it('only containers/ loads the libraries for containers', () => {
  const loading = files.filter((path) =>
    imports(path).some((specifier) => ['pkijs', 'asn1js', 'node-forge'].includes(specifier)),
  )
  expect([...new Set(loading.map(room))]).toEqual(['containers'])
})

it('the version is that of the package', () => {
  const { version: packaged } = JSON.parse(readFileSync(join(root, '../package.json'), 'utf8')) as {
    version: string
  }
  expect(version).toBe(packaged)
})
