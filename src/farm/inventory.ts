import { AdfsCheckFault } from '../fault.js'
import { type Role, roleEndingTls, type ServerName, type Terminator, terminators } from './subject.js'
import { parsePort, parseServerAddress, parseTarget } from './target.js'

/** Where AD FS asks users for certificates, unless on 443 under a name of its own (2016 and later). */
export const userCertificatePort = 49443
export const userCertificateName = 'certauth.'
/** Where devices of a UPN suffix register. */
export const registrationName = 'enterpriseregistration.'

export const roles = ['adfs', 'wap', 'balancer', 'unknown'] as const satisfies readonly Role[]

/**
 * What the operator says of a farm beside its federation service name; as written, so that a case and a printed command
 * can repeat it. Everything may be empty.
 */
export interface Inventory {
  /** Further names: `certauth.sts.contoso.com`, `enterpriseregistration.contoso.com`; each may have a port of its own. */
  readonly names: readonly string[]
  /** UPN suffixes: whether `enterpriseregistration.<suffix>` belongs to the farm is looked up. */
  readonly upnSuffixes: readonly string[]
  /** The first is for every name, 49443 for the federation service name alone. Empty: that of the target. */
  readonly ports: readonly number[]
  readonly nodes: readonly AskedNode[]
}

export interface AskedNode {
  readonly name: string
  /** `address`, `address:port` or a name of DNS. */
  readonly addresses: readonly string[]
  readonly role: Role
  /** Empty: those of the farm. */
  readonly ports: readonly number[]
  /** Names that it alone of the farm's answers to; empty: all of them. */
  readonly names: readonly string[]
  /** `here`, a kind of product, or the name of the node in front of it; null: nobody said. */
  readonly tlsEndsAt: string | null
}

export const nothingKnown: Inventory = { names: [], upnSuffixes: [], ports: [], nodes: [] }

export const isEmpty = ({ names, upnSuffixes, ports, nodes }: Inventory): boolean =>
  names.length + upnSuffixes.length + ports.length + nodes.length === 0

/** More than any farm has; names times nodes times ports are bounded once more, by the servers of a run. */
export const inventoryLimits = { names: 100, upnSuffixes: 100, ports: 16 } as const

/** A name that phones ask for, with a port of its own or none. An address is none. */
export function farmName(text: string): { readonly name: ServerName; readonly port: number | null } {
  // No name has this port by accident: whichever the text names comes back.
  const [first, second] = [parseTarget(text, 1), parseTarget(text, 2)]
  if (first.isAddress)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `"${text}" is an address.`, {
      hint: 'A further name of the farm is one that phones ask for, e.g. certauth.sts.contoso.com.',
    })
  return {
    name: { ascii: first.name, display: first.displayName },
    port: first.port === second.port ? first.port : null,
  }
}

/** A UPN suffix in A-labels: what stands behind the @ of a user's name. */
export function suffixOf(text: string): string {
  const { name, port } = farmName(text.replace(/^@/, ''))
  if (port === null && name.ascii.includes('.')) return name.ascii
  throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `"${text}" is no UPN suffix.`, {
    hint: 'It is what stands behind the @ of a user, e.g. contoso.com.',
  })
}

const nodeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION */
export function nodeNameOf(text: string): string {
  if (nodeName.test(text)) return text
  throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `"${text}" is no name of a node.`, {
    hint: 'Letters, digits, dots, hyphens and underscores, at most 63.',
  })
}

/**
 * `wap1=10.0.0.5,role=wap,tls-ends-at=nginx,port=443,name=sts.contoso.com`: a name, one address or more, and what is said
 * of it; `port` and `name` may be repeated. Without `=` the first word is name and address.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION, ADFS_CHECK_BAD_TARGET
 */
export function parseNode(text: string): AskedNode {
  const bad = (hint: string) =>
    new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `The node "${text.slice(0, 100)}" cannot be read.`, { hint })
  const [first = '', ...rest] = text.split(',').map((part) => part.trim())
  const equals = first.indexOf('=')
  const name = nodeNameOf(equals < 0 ? first : first.slice(0, equals))
  const addresses = [equals < 0 ? first : first.slice(equals + 1)]
  const said = new Map<string, string[]>()
  for (const part of rest) {
    const [key, value] = part.includes('=') ? part.split('=', 2) : ['', part]
    if (key === '') addresses.push(value!)
    else said.set(key!, [...(said.get(key!) ?? []), value!])
  }
  const unknown = [...said.keys()].find((key) => !['role', 'port', 'name', 'tls-ends-at'].includes(key))
  if (unknown !== undefined) throw bad(`"${unknown}" is none of role, port, name and tls-ends-at.`)
  const once = (key: string): string | null => {
    const [value, ...more] = said.get(key) ?? []
    if (more.length > 0) throw bad(`"${key}" is given more than once.`)
    return value ?? null
  }
  const role = once('role') ?? 'unknown'
  if (!isRole(role)) throw bad(`The role is one of ${roles.join(', ')}.`)
  addresses.forEach(parseServerAddress)
  const names = said.get('name') ?? []
  names.forEach(farmName)
  return {
    name,
    addresses,
    role,
    ports: (said.get('port') ?? []).map((port) => parsePort(port)),
    names,
    tlsEndsAt: once('tls-ends-at'),
  }
}

const isRole = (text: string): text is Role => (roles as readonly string[]).includes(text)

/** As `parseNode` reads it. */
export const nodeText = ({ name, addresses, role, ports, names, tlsEndsAt }: AskedNode): string =>
  [
    addresses[0] === name ? name : `${name}=${addresses[0] ?? name}`,
    ...addresses.slice(1),
    ...(role === 'unknown' ? [] : [`role=${role}`]),
    ...(tlsEndsAt === null ? [] : [`tls-ends-at=${tlsEndsAt}`]),
    ...ports.map((port) => `port=${port}`),
    ...names.map((one) => `name=${one}`),
  ].join(',')

/**
 * What ends TLS for phones that are led to this node: a product, or what the node in front of it is. Null: nobody said.
 */
export function terminatorOf(node: AskedNode, nodes: readonly AskedNode[]): Terminator | null {
  // A circle ends where it began.
  const passed = new Set<string>()
  for (let at: AskedNode | undefined = node; at && !passed.has(at.name); ) {
    passed.add(at.name)
    const { tlsEndsAt, role }: AskedNode = at
    if (tlsEndsAt === null) return at === node ? null : ownTerminator(role)
    if (tlsEndsAt === 'here') return ownTerminator(role)
    const front: AskedNode | undefined = frontOf(at, nodes)
    if (!front) return terminators.find((one) => one === tlsEndsAt) ?? null
    at = front
  }
  return null
}

/** A node that is called after its product, `f5` whose TLS ends at `f5`, is not in front of itself. */
const frontOf = ({ name: own, tlsEndsAt }: AskedNode, nodes: readonly AskedNode[]) =>
  nodes.find(({ name }) => name === tlsEndsAt && name !== own)

/**
 * Products that end TLS for a farm and are given a file of their own to send; every one that was said of the farm or of a
 * node.
 */
export function devicesOf(nodes: readonly AskedNode[], said: Terminator | null): readonly Terminator[] {
  const all = nodes.length === 0 ? [said] : nodes.map((node) => terminatorOf(node, nodes) ?? said)
  return [...new Set(all)].filter((one) => one !== null && roleEndingTls(one) === 'balancer') as Terminator[]
}

const ownTerminator = (role: Role): Terminator | null =>
  role === 'adfs' || role === 'wap' ? role : role === 'balancer' ? 'other' : null

/** The node as it can be said without the others. */
export function alone(node: AskedNode, nodes: readonly AskedNode[]): AskedNode {
  return frontOf(node, nodes) ? { ...node, tlsEndsAt: terminatorOf(node, nodes) } : node
}

/**
 * What servers named for one run leave of the nodes of a file: the nodes that they name, or with the addresses that they
 * name, and servers that are no node of it.
 */
export function narrowed(
  nodes: readonly AskedNode[],
  servers: readonly string[],
): { readonly nodes: readonly AskedNode[]; readonly servers: readonly string[] } {
  const others: string[] = []
  const kept = new Map<string, AskedNode>()
  for (const server of servers) {
    const named = nodes.find(({ name }) => name === server)
    if (named) {
      kept.set(named.name, alone(named, nodes))
      continue
    }
    const { host, port } = parseServerAddress(server)
    const isHere = (address: string) => parseServerAddress(address).host === host
    const node = nodes.find(({ addresses }) => addresses.some(isHere))
    if (!node) others.push(server)
    else {
      const own = port === null ? node.addresses.filter(isHere) : [server]
      const before = kept.get(node.name)?.addresses ?? []
      kept.set(node.name, { ...alone(node, nodes), addresses: [...new Set([...before, ...own])] })
    }
  }
  return { nodes: [...kept.values()], servers: others }
}

/**
 * The whole of it, where it fits together: each node once, and each `tls-ends-at` known.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION
 */
export function soundInventory(inventory: Inventory): Inventory {
  const { names, upnSuffixes, ports, nodes } = inventory
  const bad = (message: string, hint: string) =>
    new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', message, { hint })
  names.forEach(farmName)
  upnSuffixes.forEach(suffixOf)
  for (const [what, count, limit] of [
    ['names', names.length, inventoryLimits.names],
    ['UPN suffixes', upnSuffixes.length, inventoryLimits.upnSuffixes],
    ['ports', ports.length, inventoryLimits.ports],
  ] as const)
    if (count > limit)
      throw bad(`${count} ${what} are named; at most ${limit} belong to one farm.`, 'Split it.')
  const problem = nodeProblem(nodes)
  if (problem) throw bad(problem.message, problem.hint)
  return inventory
}

/** What is wrong with the nodes of a farm together; null: nothing. */
export function nodeProblem(
  nodes: readonly AskedNode[],
): { readonly node: AskedNode; readonly message: string; readonly hint: string } | null {
  const known = new Set<string>()
  for (const node of nodes) {
    if (known.has(node.name))
      return {
        node,
        message: `Two nodes are named "${node.name}".`,
        hint: 'One node may have several addresses.',
      }
    known.add(node.name)
  }
  const owners = new Map<string, string>()
  for (const node of nodes)
    for (const address of node.addresses) {
      const door = JSON.stringify([address, node.ports, node.names])
      const owner = owners.get(door)
      if (owner !== undefined && owner !== node.name)
        return {
          node,
          message: `Nodes "${owner}" and "${node.name}" both have the address ${address}.`,
          hint: 'Each machine has its own: see which of them is mistyped.',
        }
      owners.set(door, node.name)
    }
  const ends = new Set<string>(['here', ...terminators, ...known])
  for (const node of nodes)
    if (node.tlsEndsAt !== null && !ends.has(node.tlsEndsAt))
      return {
        node,
        message: `TLS of node "${node.name}" ends at "${node.tlsEndsAt}", which is no node of the farm.`,
        hint: `It is here, the name of another node, or one of ${terminators.join(', ')}.`,
      }
  return null
}
