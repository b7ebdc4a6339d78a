import { mkdirSync, writeFileSync } from 'node:fs'
import { posix } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'

/**
 * The command line in parts, each a CommonJS file that is loaded when it is called for: compiling the whole takes longer
 * than a check. esbuild splits ES modules alone, into as many pieces as there are ways to share code; a plain check would
 * load thirty of them, which takes as long again. So it splits first, then the pieces that are always loaded together are
 * bundled into one file each.
 *
 * Whatever is loaded by `import()` becomes a part by itself: nothing is to be said here for a new one.
 */
export interface Parts {
  /** What to split; its entry point is `main`. */
  readonly split: BuildOptions
  /** How a part is bundled. */
  readonly bundle: BuildOptions
  readonly out: string
}

/** Parts of several pieces, first come first served: each takes what its sources load at once and none before it has. */
const together: readonly { readonly part: string; readonly sources: readonly string[] }[] = [
  { part: 'main', sources: ['main'] },
  { part: 'program', sources: ['program'] },
  { part: 'explain-command', sources: ['explain-command'] },
  // With what a check loads late though nearly every one does.
  { part: 'check', sources: ['check-command', 'misspelt', 'fetch'] },
  // What only a farm that is not sound is told.
  { part: 'text-fix', sources: ['text-fix'] },
]
/** Loaded with the code that V8 compiled of it earlier, by `loadCached`. */
const cached = 'check'

/** Pieces that a check shares with these go to the program: they start without what only a check needs. */
const light = ['explain-command']

interface Piece {
  readonly text: string
  /** Pieces it loads at once. */
  readonly needs: readonly string[]
  /** All that it names. */
  readonly names: readonly string[]
}

export async function buildParts({ split, bundle, out }: Parts): Promise<void> {
  mkdirSync(`${out}/cli`, { recursive: true })
  const pieces = await splitUp(split)
  const partOf = assign(pieces)
  for (const part of new Set(partOf.values())) {
    const held = [...pieces.keys()].filter((piece) => partOf.get(piece) === part)
    const wanted = held.filter((piece) =>
      [...pieces].some(([other, { names }]) => names.includes(piece) && partOf.get(other) !== part),
    )
    const handsOut = wanted.map((piece) => `export * as ${exportName(piece)} from './${piece}'\n`).join('')
    await build({
      ...bundle,
      external: [...(split.external ?? []), '*.cjs'],
      plugins: [joining(part, pieces, partOf)],
      stdin: {
        contents: part === 'main' ? `#!/usr/bin/env node\nimport './main.js'\n${handsOut}` : handsOut,
        resolveDir: '/',
      },
      outfile: `${out}/${fileOf(part)}`,
    })
  }
  await build({ ...bundle, entryPoints: ['src/cli/code-cache.ts'], outfile: `${out}/cli/code-cache.cjs` })
  writeFileSync(`${out}/cli/package.json`, '{ "type": "commonjs" }\n')
}

async function splitUp(options: BuildOptions): Promise<ReadonlyMap<string, Piece>> {
  const { outputFiles, metafile } = await build({
    ...options,
    format: 'esm',
    splitting: true,
    outdir: '/',
    chunkNames: '[name]-[hash]',
    // Of the whole, so that what a part takes of another is what it needs.
    treeShaking: true,
    write: false,
    metafile: true,
  })
  const texts = new Map(outputFiles!.map(({ path, text }) => [posix.basename(path), text]))
  return new Map(
    Object.entries(metafile!.outputs).map(([path, { imports }]) => {
      const inside = imports.filter(({ external }) => !external)
      const namesOf = (list: typeof imports) => list.map(({ path }) => posix.basename(path))
      const piece: Piece = {
        text: texts.get(posix.basename(path))!,
        needs: namesOf(inside.filter(({ kind }) => kind === 'import-statement')),
        names: namesOf(inside),
      }
      return [posix.basename(path), piece]
    }),
  )
}

/** The part of every piece. */
function assign(pieces: ReadonlyMap<string, Piece>): ReadonlyMap<string, string> {
  const pieceOf = (source: string): string => {
    const found = [...pieces.keys()].find((name) => name === `${source}.js` || isEntry(name, source))
    if (!found) throw new Error(`nothing is split off for ${source}`)
    return found
  }
  const closure = (from: readonly string[], known = new Set<string>()): ReadonlySet<string> => {
    for (const piece of from) {
      if (known.has(piece)) continue
      known.add(piece)
      closure(pieces.get(piece)!.needs, known)
    }
    return known
  }
  const closureOf = (sources: readonly string[]) => closure(sources.map(pieceOf))
  const partOf = new Map<string, string>()
  const take = (part: string, taken: Iterable<string>): void => {
    for (const piece of taken) if (!partOf.has(piece)) partOf.set(piece, part)
  }
  for (const { part, sources } of together) {
    take(part, closureOf(sources))
    if (part !== 'program') continue
    const lightly = closureOf(light)
    take(
      part,
      [...closureOf(together.find((one) => one.part === cached)!.sources)].filter((piece) =>
        lightly.has(piece),
      ),
    )
  }
  for (const piece of pieces.keys()) take(piece.replace(/\.js$/, ''), [piece])
  return partOf
}

const isEntry = (name: string, source: string): boolean =>
  name.startsWith(`${source}-`) && /^[0-9A-Z]{8}\.js$/.test(name.slice(source.length + 1))

/** Where a piece of another part is imported, it is taken from that part's file. */
function joining(
  part: string,
  pieces: ReadonlyMap<string, Piece>,
  partOf: ReadonlyMap<string, string>,
): Plugin {
  return {
    name: 'joining',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^\.\/.*\.js$/ }, ({ path }) => {
        const piece = path.slice(2)
        return { path: piece, namespace: partOf.get(piece) === part ? 'piece' : 'elsewhere' }
      })
      onLoad({ filter: /.*/, namespace: 'piece' }, ({ path }) => ({
        contents: pieces.get(path)!.text,
        resolveDir: '/',
      }))
      onLoad({ filter: /.*/, namespace: 'elsewhere' }, ({ path }) => {
        const other = partOf.get(path)!
        const fileFromHere = (to: string) => `./${posix.relative(posix.dirname(fileOf(part)), fileOf(to))}`
        const file = fileFromHere(other)
        const loaded =
          other === cached
            ? `require('${fileFromHere('code-cache')}').loadCached(require.resolve('${file}'), require, require.cache[__filename], process)`
            : `require('${file}')`
        return { contents: `module.exports = ${loaded}.${exportName(path)}`, resolveDir: '/' }
      })
    },
  }
}

const fileOf = (part: string): string => (part === 'main' ? 'main.cjs' : `cli/${part}.cjs`)

/** The name under which a part hands out one of its pieces. */
const exportName = (piece: string): string => `_${piece.replace(/\.js$/, '').replaceAll(/\W/g, '_')}`
