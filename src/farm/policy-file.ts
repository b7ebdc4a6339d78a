import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml'
import { AdfsCheckFault } from '../fault.js'
import { type AskedNode, inventoryLimits, nodeProblem } from './inventory.js'
import { fields, type PolicyOptions, type Spec } from './policy-fields.js'

/**
 * `adfs-check.yaml`: what counts, what is accepted for a time, and which farms there are. Every mistake is told with its
 * line and column, none is passed over: a waiver with a typing error must not look like one that binds.
 */

export interface PolicyFile {
  /** Options by their long names without dashes, as they would stand on the command line. */
  readonly policy: PolicyOptions
  readonly waivers: readonly FileWaiver[]
  readonly farms: readonly PolicyFarm[]
}

export interface FileWaiver {
  readonly finding: string
  readonly subject: string | null
  readonly facet: string | null
  readonly reason: string
  readonly owner: string
  readonly until: string
}

export interface PolicyFarm {
  readonly name: string
  readonly options: PolicyOptions
  /** 1-based, where it begins: what is found out about a farm can point there. */
  readonly line: number
}

const maxBytes = 1024 * 1024
/** More mistakes than fit a screen are of one cause. */
const maxMistakes = 20

/** @throws AdfsCheckFault ADFS_CHECK_BAD_FILE with every mistake on a line of its own */
export function readPolicyFile(text: string, path: string): PolicyFile {
  if (Buffer.byteLength(text) > maxBytes)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${path} is larger than ${maxBytes} bytes.`)
  const lines = new LineCounter()
  const document = parsed(text, path, lines)
  const mistakes: string[] = []
  const mistake = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset)
    mistakes.push(`${path}:${line}:${col}: ${message}`)
  }
  for (const { pos, message } of [...document.errors, ...document.warnings])
    mistake(pos[0], message.split('\n', 1)[0]!.replace(/ at line \d+, column \d+:?$/, ''))
  const read = new Reader(mistake, lines)
  const file = mistakes.length > 0 ? null : read.file(document.contents)
  if (file === null || mistakes.length > 0)
    throw new AdfsCheckFault(
      'ADFS_CHECK_BAD_FILE',
      mistakes.slice(0, maxMistakes).join('\n') +
        (mistakes.length > maxMistakes ? `\nand ${mistakes.length - maxMistakes} more` : ''),
      { hint: 'The fields are listed in docs/reference/policy.md and in adfs-check.schema.json.' },
    )
  return file
}

function parsed(text: string, path: string, lineCounter: LineCounter) {
  try {
    return parseDocument(text, { lineCounter, uniqueKeys: true, version: '1.2' })
  } catch (cause) {
    // The library works its way down by recursion.
    throw new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${path} is nested too deeply.`, { cause })
  }
}

class Reader {
  constructor(
    readonly mistake: (offset: number, message: string) => void,
    readonly lines: LineCounter,
  ) {}

  file(contents: Node | null): PolicyFile {
    const top = this.#map(contents, 'the file', { policy: fields.policy, farms: fields.farm }, [])
    const policy = this.#node(top, 'policy')
    const options = policy ? this.#options(policy, 'policy', fields.policy, []) : new Map<string, unknown>()
    const waivers = this.#list(this.#node(top, 'policy') as YAMLMap | null, 'waivers').map((item) => {
      const waiver = this.#options(item, 'a waiver', fields.waiver, ['finding', 'reason', 'owner', 'until'])
      const text = (key: string) => (waiver.get(key) as string | undefined) ?? null
      return {
        finding: text('finding') ?? '',
        subject: text('subject'),
        facet: text('facet'),
        reason: text('reason') ?? '',
        owner: text('owner') ?? '',
        until: text('until') ?? '',
      }
    })
    const names = new Set<string>()
    const farms = this.#list(top, 'farms').map((item) => {
      const farm = this.#options(item, 'a farm', fields.farm, ['name'])
      const { name, ...rest } = Object.fromEntries(farm)
      const nodes = this.#nodes(item, rest)
      if (names.has(String(name))) this.mistake(startOf(item), `a second farm is named "${String(name)}"`)
      names.add(String(name))
      const options = nodes.length > 0 ? { ...rest, nodes } : rest
      return { name: String(name ?? ''), options, line: this.lines.linePos(startOf(item)).line }
    })
    return { policy: Object.fromEntries(options), waivers, farms }
  }

  /** The machines of a farm, which have to fit together. */
  #nodes(farm: Node, options: PolicyOptions): readonly AskedNode[] {
    const map = isMap(farm) ? farm : null
    const items = this.#list(map, 'nodes')
    const nodes = items.map((item): AskedNode => {
      const node = this.#options(item, 'a node', fields.node, ['name'])
      const name = String(node.get('name') ?? '')
      return {
        name,
        addresses: (node.get('addresses') as readonly string[] | undefined) ?? [name],
        role: (node.get('role') as AskedNode['role'] | undefined) ?? 'unknown',
        ports: (node.get('ports') as readonly number[] | undefined) ?? [],
        names: (node.get('names') as readonly string[] | undefined) ?? [],
        tlsEndsAt: (node.get('tls-ends-at') as string | undefined) ?? null,
      }
    })
    const problem = nodeProblem(nodes)
    if (problem)
      this.mistake(startOf(items[nodes.indexOf(problem.node)]!), `${problem.message} ${problem.hint}`)
    if (items.length > 0 && options.servers !== undefined)
      this.mistake(startOf(items[0]!), '"servers" and "nodes" both say where to look; keep the nodes')
    for (const [field, limit] of [
      ['names', inventoryLimits.names],
      ['upn-suffixes', inventoryLimits.upnSuffixes],
      ['ports', inventoryLimits.ports],
    ] as const)
      if (((options[field] as readonly unknown[] | undefined)?.length ?? 0) > limit)
        this.mistake(startOf(farm), `"${field}" has more than ${limit} entries`)
    return nodes
  }

  /** Entries of a map whose keys are all known; null where it is none. */
  #map(
    node: Node | null,
    what: string,
    known: Readonly<Record<string, unknown>>,
    required: readonly string[],
  ): YAMLMap | null {
    if (!isMap(node)) {
      this.mistake(
        node ? startOf(node) : 0,
        `${what} has to be a list of fields (${Object.keys(known).join(', ')})`,
      )
      return null
    }
    const keys = node.items.map(({ key }) => (isScalar(key) ? String(key.value) : ''))
    for (const { key } of node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      if (!(name in known)) this.mistake(startOf(key as Node), unknown(name, what, Object.keys(known)))
    }
    for (const name of required)
      if (!keys.includes(name)) this.mistake(startOf(node), `${what} lacks "${name}"`)
    return node
  }

  #node(map: YAMLMap | null, key: string): Node | null {
    const pair = map?.items.find((item) => isScalar(item.key) && item.key.value === key)
    return (pair?.value as Node | null | undefined) ?? null
  }

  #list(map: YAMLMap | null, key: string): readonly Node[] {
    const node = isMap(map) ? this.#node(map, key) : null
    if (node === null) return []
    if (isSeq(node)) return node.items as Node[]
    this.mistake(startOf(node), `"${key}" has to be a list: each entry begins with "- "`)
    return []
  }

  #options(
    node: Node,
    what: string,
    known: Readonly<Record<string, Spec>>,
    required: readonly string[],
  ): Map<string, unknown> {
    const map = this.#map(node, what, known, required)
    const values = new Map<string, unknown>()
    for (const [name, spec] of Object.entries(known)) {
      const value = this.#node(map, name)
      if (value === null || spec.type === 'list') continue
      const read = this.#value(value, name, spec)
      if (read !== undefined) values.set(name, read)
    }
    return values
  }

  #value(node: Node, name: string, spec: Spec): unknown {
    if (spec.type === 'texts' || spec.type === 'numbers') {
      const items = isSeq(node) ? (node.items as Node[]) : [node]
      return items
        .map((item) => this.#proven(item, name, spec, spec.type === 'numbers'))
        .filter((read) => read !== undefined)
    }
    if (spec.type === 'flag') {
      if (isScalar(node) && typeof node.value === 'boolean') return node.value
      this.mistake(startOf(node), `"${name}" is true or false`)
      return undefined
    }
    return this.#proven(node, name, spec, true)
  }

  /** The text, or what the option makes of it. */
  #proven(node: Node, name: string, spec: Spec, asRead: boolean): unknown {
    const text = this.#text(node, name, spec)
    if (text === undefined) return undefined
    try {
      const read = spec.read?.(text)
      return asRead && spec.read ? read : text
    } catch (error) {
      const why = error instanceof AdfsCheckFault ? (error.hint ?? error.message) : (error as Error).message
      this.mistake(startOf(node), `"${name}": ${why}`)
      return undefined
    }
  }

  /** As it is written: `8.0` is a release, not the number 8. */
  #text(node: Node, name: string, spec: Spec): string | undefined {
    if (!isScalar(node) || node.value === null || typeof node.value === 'boolean') {
      this.mistake(startOf(node), `"${name}" has to be text`)
      return undefined
    }
    const text = typeof node.value === 'number' ? (node.source ?? String(node.value)) : String(node.value)
    if (spec.choices && !spec.choices.includes(text)) {
      this.mistake(startOf(node), `"${name}" is one of ${spec.choices.join(', ')}`)
      return undefined
    }
    if (text.trim() === '') {
      this.mistake(startOf(node), `"${name}" is empty`)
      return undefined
    }
    return text
  }
}

const startOf = (node: Node): number => node.range?.[0] ?? 0

function unknown(name: string, what: string, known: readonly string[]): string {
  const near = known.find((other) => distance(other, name) <= 2)
  return `${what} has no field "${name}"${near ? `; "${near}" is meant?` : `; there are ${known.join(', ')}`}`
}

/** Letters to change, add or leave out. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
