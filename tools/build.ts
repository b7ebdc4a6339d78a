import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'

/**
 * Builds the command line (dist/main.js) and the library (dist/index.js), which share their chunks, and the command line
 * once more as one file that needs nothing beside it (dist/adfs-check.cjs; not in the package). An argument names another
 * folder than dist.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const outdir = process.argv[2] ?? `${root}dist`
rmSync(outdir, { recursive: true, force: true })

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

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
} as const satisfies BuildOptions

// Names are kept and lines are short: users of the library meet this code in the stack of an error.
await build({
  ...common,
  format: 'esm',
  plugins: [scriptAsText],
  entryPoints: ['src/cli/main.ts', 'src/index.ts'],
  outdir,
  splitting: true,
  entryNames: '[name]',
  chunkNames: 'chunks/[name]-[hash]',
  external: ['undici', 'node-forge', 'pkijs', 'asn1js'],
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 160,
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
})

const alone = `${outdir}/adfs-check.cjs`
await build({
  ...common,
  format: 'cjs',
  plugins: [scriptAsText, pagesInside],
  entryPoints: ['src/cli/main.ts'],
  outfile: alone,
  minify: true,
  banner: { js: 'const importMetaUrl=require("node:url").pathToFileURL(__filename).href;' },
  define: { 'import.meta.url': 'importMetaUrl' },
})
chmodSync(alone, 0o755)
copyFileSync(`${root}src/report/report.schema.json`, `${outdir}/report.schema.json`)
console.log(`${basename(outdir)}/${basename(alone)} holds everything`)
