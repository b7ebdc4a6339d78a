import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/**
 * Packs the package, installs it into an empty project as a user would and uses it: command, library, types, schemas,
 * offline pages, links. Also holds the promises about size, and that npm has nothing to say of it before it is
 * published. Throws at the first thing that is not as promised.
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
    .filter(
      (path) => !/^(dist\/|docs\/|(README|CHANGELOG|CONTRIBUTING)\.md$|LICENSE$|package\.json$)/.test(path),
    )
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

  const shipped = join(folder, 'node_modules/adfs-check')
  const manifest = JSON.parse(readFileSync(join(shipped, 'package.json'), 'utf8')) as Manifest
  const entries = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  )
  for (const path of [...Object.values(manifest.bin), ...entries])
    expect(existsSync(join(shipped, path)), `package.json names ${path}`)
  for (const path of entries.filter((path) => path.endsWith('.json')))
    JSON.parse(readFileSync(join(shipped, path), 'utf8'))
  const pages = files.map(({ path }) => path).filter((path) => path.endsWith('.md'))
  expect(pages.length > 50, `the pages are shipped: ${pages.length}`)
  for (const page of pages)
    for (const to of linksOf(readFileSync(join(shipped, page), 'utf8')))
      expect(existsSync(join(shipped, dirname(page), to)), `${page} leads to ${to}`)

  const { status, stderr } = spawnSync(npm, ['publish', '--dry-run', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  })
  const said = stderr
    .split('\n')
    .filter((line) => /^npm (warn|error)/i.test(line) && !/requires you to be logged in/.test(line))
  expect(status === 0 && said.length === 0, `npm publish --dry-run: ${said.join(' ') || stderr}`)
  console.log('package: as promised')
} finally {
  rmSync(folder, { recursive: true, force: true })
}

interface Manifest {
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
}

/** Paths that a page links to, without their anchors. */
function linksOf(markdown: string): readonly string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '')
  return [...prose.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, to]) => to!)
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
