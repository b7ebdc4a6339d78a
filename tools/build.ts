import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import data from '../src/android/trust-store-data.js'
import { buildParts } from './parts.js'
import { storesFile, storesReader } from './stores-file.js'

/**
 * Builds the command line (dist/main.cjs and the parts in dist/cli that it loads when called for), the library
 * (dist/index.js), the trust stores of both, and the command line once more as one file that needs nothing beside it
 * (dist/adfs-check.cjs; not in the package).
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
      return { contents: code.replace(/'node:fs'/g, "'pages-inside'"), loader: 'ts' }
    })
    onResolve({ filter: /^pages-inside$/ }, ({ path }) => ({ path, namespace: 'pages' }))
    onLoad({ filter: /.*/, namespace: 'pages' }, () => {
      const folder = `${root}docs/checks`
      const pages = Object.fromEntries(
        readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, 'utf8')]),
      )
      return {
        contents: `const pages = ${JSON.stringify(pages)}
export const readdirSync = () => Object.keys(pages)
export const readFileSync = (path) => pages[String(path).split(/[\\\\/]/).at(-1)]`,
      }
    })
  },
}

/** The file of the trust stores lies beside what is built. */
const storesBeside: Plugin = {
  name: 'stores-beside',
  setup({ onResolve }) {
    onResolve({ filter: /[\\/]trust-store-data\.js$/ }, () => ({
      path: './trust-stores.cjs',
      external: true,
    }))
  },
}

/** Data is read as text, from files of its own: as JavaScript it would be compiled, by far the longest way to read it. */
const dataBeside: Plugin = {
  name: 'data-beside',
  setup({ onLoad }) {
    const text = (name: string) => `require('node:fs').readFileSync(__dirname + '/${name}', 'latin1')`
    onLoad({ filter: /[\\/]trust-store-data\.ts$/ }, () => ({
      contents: storesReader(text('../trust-stores.cjs')),
    }))
    onLoad({ filter: /[\\/]src[\\/].*-data\.json$/ }, ({ path }) => {
      const name = path.split(/[\\/]/).at(-1)!
      writeFileSync(`${out}/cli/${name}`, asciiJson(JSON.parse(readFileSync(path, 'utf8'))))
      return { contents: `export default JSON.parse(${text(name)})`, loader: 'js' }
    })
  },
}

/** One byte a character, which is read fastest. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** commander starts subcommands that are programs of their own, which there are none of: loading what does takes 3 ms. */
const noSubprocesses: Plugin = {
  name: 'no-subprocesses',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]node_modules[\\/]commander[\\/]/.test(importer)
        ? { path: 'none', namespace: 'no-subprocesses' }
        : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'no-subprocesses' }, () => ({ contents: 'module.exports = {}' }))
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
  define: { 'import.meta.dirname': '__dirname' },
  // `import.meta.url` would be empty.
  logOverride: { 'empty-import-meta': 'error' },
} as const satisfies BuildOptions

await buildParts({
  split: {
    ...common,
    entryPoints: { main: 'src/cli/main.ts' },
    plugins: [scriptAsText, dataBeside, noSubprocesses],
    external: ['undici', 'node-forge', 'pkijs', 'asn1js', 'yaml'],
  },
  bundle: commonJs,
  out,
})
writeFileSync(`${out}/trust-stores.cjs`, storesFile(data))
await build({
  ...common,
  format: 'esm',
  plugins: [scriptAsText, storesBeside],
  entryPoints: ['src/index.ts'],
  outdir: out,
  splitting: true,
  entryNames: '[name]',
  // Beside the library: the trust stores are named from where it lies.
  chunkNames: '[name]-[hash]',
  packages: 'external',
  // Names are kept: users of the library meet this code in the stack of an error.
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 160,
})
const alone = `${out}/adfs-check.cjs`
await build({
  ...commonJs,
  plugins: [scriptAsText, pagesInside, noSubprocesses],
  entryPoints: ['src/cli/main.ts'],
  outfile: alone,
})
chmodSync(alone, 0o755)
chmodSync(`${out}/main.cjs`, 0o755)
// For whoever starts the program by the name of a module.
writeFileSync(`${out}/main.js`, "#!/usr/bin/env node\nimport './main.cjs'\n", { mode: 0o755 })
copyFileSync(`${root}src/report/report.schema.json`, `${out}/report.schema.json`)
copyFileSync(`${root}src/farm/adfs-check.schema.json`, `${out}/adfs-check.schema.json`)
