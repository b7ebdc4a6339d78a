import { type AskedNode, farmName, type Inventory, terminatorOf, userCertificatePort } from './inventory.js'
import { endpointText, type Node, roleEndingTls, type ServerName, type Terminator } from './subject.js'
import { parseServerAddress, type Target } from './target.js'

/** A name and the ports it is asked for on. */
export interface Door {
  /** Null: the target is an address. */
  readonly name: ServerName | null
  readonly ports: readonly number[]
  /** The operator named it, or DNS leads it to the farm for nothing else; else a server has to show a certificate for it. */
  readonly isSure: boolean
}

/** Where to knock: a host, and what the operator said of it. */
export interface Place {
  readonly host: string
  /** The only port, where one was named with the address. */
  readonly port: number | null
  readonly node: AskedNode | null
  readonly nodes: readonly AskedNode[]
}

/** The names of the farm. 49443 is bound for the federation service name alone; others are asked on the other ports. */
export function doorsOf(
  target: Target,
  { names, ports: more }: Inventory,
): { readonly name: ServerName | null; readonly ports: readonly number[]; readonly doors: readonly Door[] } {
  const name = target.isAddress ? null : { ascii: target.name, display: target.displayName }
  const ports = [...new Set([target.port, ...more])]
  const doors = new Map<string, Door>([[name?.ascii ?? '', { name, ports, isSure: true }]])
  for (const { name: further, port } of names.map(farmName)) {
    const known = doors.get(further.ascii)
    const own = port === null ? (known?.ports ?? portsBeside(ports)) : [port]
    doors.set(further.ascii, {
      name: further,
      ports: [...new Set([...(known?.ports ?? []), ...own])],
      isSure: true,
    })
  }
  return { name, ports, doors: [...doors.values()] }
}

/** Of a name that is not the federation service's. */
export function portsBeside(ports: readonly number[]): readonly number[] {
  return ports.length > 1 ? ports.filter((port) => port !== userCertificatePort) : ports
}

/** The nodes of the inventory and the servers named beside them. Empty: DNS says where. */
export function placesOf(servers: readonly string[], { nodes }: Inventory): readonly Place[] {
  const places = nodes.flatMap((node) =>
    node.addresses.map(parseServerAddress).map(({ host, port }): Place => ({ host, port, node, nodes })),
  )
  return [
    ...places,
    ...servers.map(parseServerAddress).map(({ host, port }): Place => {
      const node = places.find((place) => place.host === host)?.node ?? null
      return { host, port, node, nodes }
    }),
  ]
}

/** Every name at every place; without places each name where DNS has it. */
export function aimsOf(
  places: readonly Place[],
  target: string,
  doors: readonly Door[],
): readonly { readonly place: Place; readonly doors: readonly Door[] }[] {
  if (places.length > 0) return places.map((place) => ({ place, doors }))
  return doors.map((door) => ({
    place: { host: door.name?.ascii ?? target, port: null, node: null, nodes: [] },
    doors: [door],
  }))
}

/** What of it the place answers to. */
export function doorsAt({ port, node }: Place, doors: readonly Door[]): readonly Door[] {
  const own = new Set(node?.names.map((text) => farmName(text).name.ascii))
  return doors
    .filter(({ name }) => own.size === 0 || (name !== null && own.has(name.ascii)))
    .map((door, index) => ({ ...door, ports: portsAt(door, index === 0, port, node) }))
}

function portsAt(
  { ports }: Door,
  isMain: boolean,
  only: number | null,
  node: AskedNode | null,
): readonly number[] {
  if (only !== null) return isMain || only !== userCertificatePort ? [only] : []
  if (!node || node.ports.length === 0) return ports
  return isMain ? node.ports : node.ports.filter((port) => port !== userCertificatePort)
}

/**
 * Ports that were named are doors to different machines as often as not; one without is the machine itself. A node of the
 * inventory is one machine whatever leads to it.
 */
export function nodeOf(
  { host, port, node, nodes }: Place,
  address: string,
  target: string,
  /** What ends TLS where a node does not say. */
  said: Terminator | null,
): Node {
  if (node) {
    const tlsEndsAt = terminatorOf(node, nodes) ?? said
    return { id: node.name, label: node.name, address, role: node.role, tlsEndsAt }
  }
  return {
    id: port === null ? address : endpointText(address, port),
    label: host === target ? address : host,
    address,
    role: roleEndingTls(said),
    tlsEndsAt: said,
  }
}
