import { AdfsCheckFault } from '../fault.js'
import type { Network, Resolution } from '../network/network.js'
import type { Asked } from './asked.js'
import { aimsOf, type Door, doorsAt, doorsOf, nodeOf, type Place, placesOf } from './doors.js'
import { farmName, type Inventory, isEmpty, nothingKnown } from './inventory.js'
import {
  type Node,
  type ServedFarm,
  type ServedSubject,
  servedSubject,
  type UnresolvedName,
} from './subject.js'
import { lookedUp } from './supposed-names.js'
import { ipVersion, parseTarget } from './target.js'

/** Servers of one run, named or found: more than any farm has, and few enough to say so before an hour is spent. */
export const maxServers = 4_096

/**
 * The farm that the operator named: its names on every node and port, as the inventory has them; without nodes every
 * address behind each name, or the servers given with --server. A name that cannot be resolved stays in the farm as such.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET, ADFS_CHECK_BAD_OPTION
 */
export async function farmOf(asked: Asked, network: Pick<Network, 'resolve'>): Promise<ServedFarm> {
  const target = parseTarget(asked.target, asked.port ?? undefined)
  const inventory = asked.inventory ?? nothingKnown
  if (asked.servers.length > maxServers)
    throw new AdfsCheckFault(
      'ADFS_CHECK_BAD_OPTION',
      `${asked.servers.length} servers are named; at most ${maxServers} are checked in one run.`,
      { hint: 'Split them over several runs.' },
    )
  const { name, ports, doors: named } = doorsOf(target, inventory)
  const answers = new Map<string, Promise<Resolution>>()
  const resolve = (host: string): Promise<Resolution> => {
    const known = answers.get(host) ?? addressesOf(host, asked, network)
    answers.set(host, known)
    return known
  }
  const places = placesOf(asked.servers, inventory)
  const supposed = isEmpty(inventory)
    ? { doors: [], unresolved: [], leftOut: [] }
    : await lookedUp(inventory, target, named, places, resolve, (host) => {
        const answer = network.resolve(host, asked.family, { aliases: true })
        answers.set(host, answer)
        return answer
      })
  const doors = [...named, ...supposed.doors]
  refuseUnknownNames(inventory, target.displayName, [
    ...doors.flatMap((door) => door.name?.ascii ?? []),
    ...supposed.leftOut.map((one) => one.name),
    ...supposed.unresolved.map(({ host }) => host),
  ])
  const aims = aimsOf(places, target.name, doors)
  const met = new Set(
    aims.flatMap(({ place, doors: here }) =>
      doorsAt(place, here).flatMap((door) => (door.ports.length > 0 && door.name ? [door.name.ascii] : [])),
    ),
  )
  const unasked = doors.flatMap((door) => (door.name && !met.has(door.name.ascii) ? [door.name.ascii] : []))
  const subjects = new Map<string, ServedSubject>()
  const unresolved: UnresolvedName[] = []
  const leftOut = new Map<string, number>()
  const all = await Promise.all(aims.map(({ place }) => resolve(place.host)))
  for (const [index, { place, doors: here }] of aims.entries()) {
    const answer = all[index]!
    if (answer.kind === 'failed')
      unresolved.push({ host: place.host, reason: answer.reason, detail: answer.detail })
    else if (answer.left > 0) unresolved.push(tooMany(place.host, answer.left))
    for (const address of answer.kind === 'found' ? answer.addresses : []) {
      const node = nodeOf(place, address, target.name, asked.tlsEndsAt ?? null)
      for (const subject of subjectsAt(place, node, here)) {
        if (subjects.has(subject.id)) continue
        if (subjects.size < maxServers) subjects.set(subject.id, subject)
        else leftOut.set(place.host, (leftOut.get(place.host) ?? 0) + 1)
      }
    }
  }
  return {
    id: target.displayName,
    name,
    names: doors
      .flatMap((door) => door.name ?? [])
      .filter(({ ascii }) => ascii === name?.ascii || !unasked.includes(ascii)),
    address: target.isAddress ? target.name : null,
    port: target.port,
    ports,
    subjects: [...subjects.values()],
    unresolved: [
      ...new Map([...unresolved, ...supposed.unresolved].map((one) => [one.host, one])).values(),
      ...[...leftOut].map(([host, left]) => tooMany(host, left)),
    ],
    leftOut: [
      ...supposed.leftOut,
      ...unasked.map((one) => ({ name: one, reason: 'no-node' as const, detail: 'no node answers to it' })),
    ],
    supposed: supposed.doors.flatMap(({ name: one, isSure }) => (isSure || !one ? [] : [one.ascii])),
  }
}

/** A node that answers to names of no farm would never be asked. */
function refuseUnknownNames({ nodes }: Inventory, farm: string, known: readonly string[]): void {
  for (const { name, names } of nodes)
    for (const text of names)
      if (!known.includes(farmName(text).name.ascii))
        throw new AdfsCheckFault(
          'ADFS_CHECK_BAD_OPTION',
          `Node "${name}" of ${farm} answers to "${text}", which is no name of that farm.`,
          { hint: 'Add it with --name (in a file: under "names"), or see how it is spelt.' },
        )
}

const subjectsAt = (place: Place, node: Node, doors: readonly Door[]): readonly ServedSubject[] =>
  doorsAt(place, doors).flatMap(({ name, ports }) => ports.map((port) => servedSubject(name, node, port)))

async function addressesOf(
  host: string,
  { family }: Asked,
  network: Pick<Network, 'resolve'>,
): Promise<Resolution> {
  return ipVersion(host) !== 0 ? { kind: 'found', addresses: [host], left: 0 } : network.resolve(host, family)
}

const tooMany = (host: string, left: number): UnresolvedName => ({
  host,
  reason: 'too-many-addresses',
  detail: `${left} more addresses were not looked at`,
})
