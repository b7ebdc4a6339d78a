import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'

/** Builds the command line (main.js with chunks loaded on demand) and the library (index.js) into dist or a folder named. */

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

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
  plugins: [scriptAsText],
} as const satisfies BuildOptions

await build({
  ...common,
  entryPoints: ['src/cli/main.ts'],
  outdir,
  splitting: true,
  entryNames: '[name]',
  chunkNames: 'chunks/[name]-[hash]',
  external: ['undici', 'node-forge', 'pkijs', 'asn1js', 'yaml'],
  minify: true,
  banner: {
    js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
  },
})
await build({
  ...common,
  entryPoints: ['src/index.ts'],
  outdir,
  splitting: true,
  entryNames: '[name]',
  chunkNames: 'chunks/[name]-[hash]',
  packages: 'external',
  minifySyntax: true,
  minifyWhitespace: true,
})
