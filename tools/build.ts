import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'

/**
 * Builds the command line (dist/main.cjs and what it loads when called for), the library (dist/index.js) and the trust stores of both,
 * and the command line once more as one file that needs nothing beside it (dist/adfs-check.cjs; not in the package).
 */
const root = fileURLToPath(new URL('..', import.meta.url))
/** The folder to build into, for tests; npm's is `dist`. */
const out = resolve(root, process.argv[2] ?? 'dist')
rmSync(out, { recursive: true, force: true })

/** The kit's script as text in the bundle: src/kit/script.ts reads a file that a bundle does not have beside it. */
const scriptAsText: Plugin = {
  name: 'script-as-text',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/]kit[\\/]script\.ts$/ }, () => {
      const path = `${root}src/kit/Install-Intermediates.ps1`
      const text = readFileSync(path, 'latin1').replace(/\r?\n/g, '\r\n')
      return { contents: `export const installScript = ${JSON.stringify(text)}`, watchFiles: [path] }
    })
  },
}

/** What reads the pages of the findings finds them in the bundle: the one folder and its files, by their names. */
const pagesInside: Plugin = {
  name: 'pages-inside',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /[\\/]src[\\/]cli[\\/][^\\/]+\.ts$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8')
      if (!code.includes('docs/checks')) return undefined
      return { contents: code.replace(/'node:fs\/promises'/g, "'pages-inside'"), loader: 'ts' }
    })
    onResolve({ filter: /^pages-inside$/ }, ({ path }) => ({ path, namespace: 'pages' }))
    onLoad({ filter: /.*/, namespace: 'pages' }, () => {
      const folder = `${root}docs/checks`
      const pages = Object.fromEntries(
        readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, 'utf8')]),
      )
      return {
        contents: `const pages = ${JSON.stringify(pages)}
export const readdir = async () => Object.keys(pages)
export const readFile = async (path) => pages[String(path).split(/[\\\\/]/).at(-1)]`,
      }
    })
  },
}

/** The trust stores are half of the program: what is beside them in the package shares one file of them. */
const storesBeside: Plugin = {
  name: 'stores-beside',
  setup({ onResolve }) {
    onResolve({ filter: /[\\/]trust-store-data\.js$/ }, () => ({
      path: './trust-stores.cjs',
      external: true,
    }))
  },
}

/** All but `explain`, which needs nothing of the program. */
const commandNames = ['check', 'file', 'renewed', 'lock', 'replay', 'join', 'demo', 'android', 'completion']
const commands = commandNames.map((name) => `./${name}-command.js`)

/** Sources that are bundled by themselves, each loaded when it is called for; the fault that all of them know once. */
const apart: Plugin = {
  name: 'apart',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /[\\/](fault|program)\.js$/ }, ({ path, kind }) =>
      kind === 'entry-point'
        ? undefined
        : { path: `./${path.split('/').at(-1)!.replace('.js', '.cjs')}`, external: true },
    )
    onResolve(
      { filter: new RegExp(`^\\./(${commandNames.join('|')})-command\\.js$`) },
      ({ path, kind, importer }) =>
        kind === 'dynamic-import' && importer.endsWith('program.ts')
          ? { path, namespace: 'command' }
          : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'command' }, ({ path }) => ({
      contents: `const { loadCached } = require('./code-cache.js')
module.exports = loadCached(require('node:path').join(__dirname, 'commands.cjs'), process)[${JSON.stringify(path)}]()`,
      resolveDir: `${root}src/cli`,
    }))
  },
}

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
} as const satisfies BuildOptions

/** CommonJS: Node starts it in two thirds of the time that it takes for as many ES modules. */
const commonJs = {
  ...common,
  format: 'cjs',
  minify: true,
  // `import()` becomes `require`: it would bring up Node's loader for ES modules first.
  supported: { 'dynamic-import': false },
  // Short lines, for stack traces that can be read.
  lineLimit: 160,
} as const satisfies BuildOptions
const external = ['undici', 'node-forge', 'pkijs', 'asn1js', 'yaml']

await build({
  ...commonJs,
  stdin: {
    contents: "module.exports = require('./src/android/trust-store-data.ts').default",
    resolveDir: root,
  },
  outfile: `${out}/trust-stores.cjs`,
})
for (const [name, entry] of [
  ['main', 'src/cli/main.ts'],
  ['fault', 'src/fault.ts'],
  ['program', 'src/cli/program.ts'],
]) {
  await build({
    ...commonJs,
    plugins: [apart],
    entryPoints: [entry!],
    outfile: `${out}/${name}.cjs`,
    external,
    ...selfUrl(),
  })
}
await build({
  ...commonJs,
  plugins: [scriptAsText, storesBeside, apart],
  stdin: {
    contents: commands.map((path) => `exports['${path}'] = () => require('${path}')`).join('\n'),
    resolveDir: `${root}src/cli`,
  },
  outfile: `${out}/commands.cjs`,
  external,
  ...selfUrl(),
})
await build({
  ...common,
  format: 'esm',
  plugins: [scriptAsText, storesBeside],
  entryPoints: ['src/index.ts'],
  outdir: out,
  splitting: true,
  entryNames: '[name]',
  chunkNames: 'chunks/[name]-[hash]',
  packages: 'external',
  // Names are kept: users of the library meet this code in the stack of an error.
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 160,
})
const alone = `${out}/adfs-check.cjs`
await build({
  ...commonJs,
  plugins: [scriptAsText, pagesInside],
  entryPoints: ['src/cli/main.ts'],
  outfile: alone,
  ...selfUrl(),
})
chmodSync(alone, 0o755)
chmodSync(`${out}/main.cjs`, 0o755)
// For whoever starts the program by the name of a module.
writeFileSync(`${out}/main.js`, "#!/usr/bin/env node\nimport './main.cjs'\n", { mode: 0o755 })
copyFileSync(`${root}src/report/report.schema.json`, `${out}/report.schema.json`)
copyFileSync(`${root}src/farm/adfs-check.schema.json`, `${out}/adfs-check.schema.json`)

/** What `import.meta.url` is in a CommonJS module. */
function selfUrl(): Pick<BuildOptions, 'banner' | 'define'> {
  return {
    banner: { js: 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
    define: { 'import.meta.url': 'importMetaUrl' },
  }
}
