import { posix } from 'node:path'

/** Source files by their path below `src/`, POSIX separators. */
export type Sources = ReadonlyMap<string, string>

export interface Walls {
  /** Which rooms a room may import from, beside itself; types are knowledge too. */
  readonly rooms: Readonly<Record<string, readonly string[]>>
  /** Files that belong to no room, and who may import them: everybody, or the rooms named. */
  readonly roots: readonly string[]
  /** What a file may import of Node and of packages: module → names. */
  readonly outside: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  /** Rooms in which `outside` is not asked: they touch the machine. */
  readonly machineRooms: readonly string[]
  /** Packages and the rooms that may load them. */
  readonly packages: Readonly<Record<string, readonly string[]>>
  /** Words that code and its strings may hold in some rooms or files only. */
  readonly words: readonly {
    readonly what: string
    readonly pattern: RegExp
    readonly in: readonly string[]
  }[]
}

interface Import {
  readonly specifier: string
  /** Names taken; `default`, `*` or `dynamic` where there are none. */
  readonly names: readonly string[]
}

/** `network/live` is a room of its own: it touches the machine, `network` does not. */
export const roomOf = (file: string): string =>
  file.startsWith('network/live/')
    ? 'network/live'
    : file.includes('/')
      ? file.slice(0, file.indexOf('/'))
      : '.'

const isIn = (file: string, places: readonly string[]): boolean =>
  places.some((place) => place === file || place === roomOf(file))

/** Code without comments; strings stay. A `//` inside a string (a URL) is none. */
export const withoutComments = (code: string): string =>
  code.replace(
    /('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, string: string | undefined) => string ?? '',
  )

export function importsOf(source: string): readonly Import[] {
  const code = withoutComments(source)
  const static_ = [
    ...code.matchAll(/(?:^|\n)\s*(?:import|export)\s+(?:([^'"`;=()]*?)\s*from\s*)?['"]([^'"]+)['"]/g),
  ].map(([, taken = '', specifier]) => ({ specifier: specifier!, names: namesIn(taken) }))
  const dynamic = [...code.matchAll(/\b(?:import|require)\s*\(\s*['"`]([^'"`]+)['"`]/g)].map(
    ([, specifier]) => ({
      specifier: specifier!,
      names: ['dynamic'],
    }),
  )
  return [...static_, ...dynamic]
}

function namesIn(taken: string): readonly string[] {
  const [, inner] = /\{([^}]*)\}/.exec(taken) ?? []
  if (inner === undefined) return taken.includes('*') ? ['*'] : ['default']
  return inner
    .split(',')
    .map((name) =>
      name
        .trim()
        .replace(/^type /, '')
        .replace(/ as .*/, ''),
    )
    .filter((name) => name !== '')
}

/** The file a relative import means. */
const targetOf = (file: string, specifier: string): string =>
  posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts')

/** Every breach, as one line each. */
export function breaches(sources: Sources, walls: Walls): readonly string[] {
  return [
    ...[...sources].flatMap(([file, source]) => breachesOf(file, source, walls)),
    ...circles(sources).map((circle) => `circle: ${circle.join(' > ')}`),
  ]
}

function breachesOf(file: string, source: string, walls: Walls): readonly string[] {
  const room = roomOf(file)
  const allowed = walls.rooms[room]
  if (!allowed) return [`${file}: room ${room} is not in the list`]
  const found: string[] = []
  if (room === '.' && !walls.roots.includes(file)) found.push(`${file}: does not belong at the root`)
  for (const { specifier, names } of importsOf(source)) {
    if (specifier.startsWith('.')) {
      const target = targetOf(file, specifier)
      const other = roomOf(target)
      const open = other === '.' ? target === 'fault.ts' || target === 'version.ts' : false
      if (other !== room && !open && !allowed.includes(other)) found.push(`${file}: imports ${target}`)
      continue
    }
    const isNode = specifier.startsWith('node:')
    if (!isNode && !walls.packages[specifier]?.includes(room)) found.push(`${file}: loads ${specifier}`)
    if (!isNode || walls.machineRooms.includes(room)) continue
    const taken = walls.outside[file]?.[specifier] ?? []
    const strays = names.filter((name) => !taken.includes(name))
    if (strays.length > 0) found.push(`${file}: takes ${strays.join(', ')} of ${specifier}`)
  }
  const code = withoutComments(source)
  for (const { what, pattern, in: places } of walls.words) {
    const [met] = pattern.exec(code) ?? []
    if (met !== undefined && !isIn(file, places)) found.push(`${file}: ${what} (${met.trim()})`)
  }
  return found
}

/** Files that import each other, types included; each circle once. */
export function circles(sources: Sources): readonly (readonly string[])[] {
  const edges = new Map(
    [...sources].map(([file, source]) => [
      file,
      importsOf(source)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => targetOf(file, specifier)),
    ]),
  )
  const done = new Set<string>()
  const found: string[][] = []
  const visit = (file: string, way: readonly string[]): void => {
    const seen = way.indexOf(file)
    if (seen >= 0) {
      found.push([...way.slice(seen), file])
      return
    }
    if (done.has(file)) return
    for (const next of edges.get(file) ?? []) visit(next, [...way, file])
    done.add(file)
  }
  for (const file of edges.keys()) visit(file, [])
  return found
}
