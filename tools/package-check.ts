import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/**
 * Packs the package, installs it into an empty project as a user would and uses it: command, library, types, schema,
 * offline pages. Also holds the promises about size. Throws at the first thing that is not as promised.
 */
const maxPackages = 15
const maxMegabytes = 12
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'

const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'adfs-check-package-'))
try {
  const run = (command: string, args: readonly string[], cwd = folder) =>
    execFileSync(command, args, { cwd, encoding: 'utf8' })
  const [{ filename, files }] = JSON.parse(
    run(npm, ['pack', '--json', '--pack-destination', folder], root).replace(/^[^[]*/, ''),
  ) as [{ filename: string; files: { path: string }[] }]
  const strays = files
    .map(({ path }) => path)
    .filter((path) => !/^(dist\/|docs\/checks\/|(README|CHANGELOG)\.md$|LICENSE$|package\.json$)/.test(path))
  const stores = files.filter(({ path }) => path.endsWith('.js') || path.endsWith('.cjs'))
  const holding = stores.filter(({ path }) =>
    readFileSync(join(root, path), 'utf8').includes('AOSP ca-certificates history'),
  )
  expect(holding.length === 1, `the trust stores are in ${holding.map(({ path }) => path).join(', ')}`)
  expect(strays.length === 0, `the package ships ${strays.join(', ')}`)

  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }))
  run(npm, ['install', '--omit=dev', '--no-audit', '--no-fund', '--silent', join(folder, filename)])
  const installed = run(npm, ['ls', '--all', '--parseable', '--omit=dev']).trim().split('\n').slice(1)
  const megabytes = size(join(folder, 'node_modules')) / 1e6
  console.log(`installed: ${installed.length} packages, ${megabytes.toFixed(1)} MB`)
  expect(installed.length <= maxPackages, `more than ${maxPackages} packages: ${installed.length}`)
  expect(megabytes <= maxMegabytes, `more than ${maxMegabytes} MB: ${megabytes.toFixed(1)}`)

  const bin = join(folder, 'node_modules/.bin/adfs-check')
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(run(bin, ['--version']).trim() === version, '--version')
  expect(run(bin, ['explain', 'intermediate-missing']).includes('intermediate'), 'explain')
  expect(run(bin, ['demo', '--ascii']).includes('all 3 servers are accepted (exit 0)'), 'the demo ends green')

  writeFileSync(
    join(folder, 'use.ts'),
    `import { type Report, check, judge } from 'adfs-check'
const report: Report = await check('127.0.0.1:1', { timeoutMs: 1_000 })
const verdict = judge({ presented: [], anchors: [], at: new Date(0), release: '10' })
console.log(report.verdict, verdict.kind)
`,
  )
  run(join(root, 'node_modules/.bin/tsc'), [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    'node',
    '--typeRoots',
    join(root, 'node_modules/@types'),
    'use.ts',
  ])
  run(join(root, 'node_modules/.bin/esbuild'), [
    'use.ts',
    '--outfile=use.js',
    '--format=esm',
    '--target=node20',
  ])
  expect(run(process.execPath, ['use.js']).trim() === 'unknown refused', 'the library answers')
  expect(existsSync(join(folder, 'node_modules/adfs-check/dist/report.schema.json')), 'the schema is shipped')
  console.log('package: as promised')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function size(path: string): number {
  const info = statSync(path)
  return info.isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + size(join(path, name)), 0)
    : info.size
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`package check: ${what}`)
}
