import { AdfsCheckFault } from '../fault.js'
import type { Network } from '../network/network.js'
import type { Asked } from './asked.js'
import {
  endpointText,
  type Node,
  roleEndingTls,
  type ServedFarm,
  type ServedSubject,
  servedSubject,
  type UnresolvedName,
} from './subject.js'
import { ipVersion, parseServerAddress, parseTarget } from './target.js'

/** Servers of one run, named or found: more than any farm has, and few enough to say so before an hour is spent. */
export const maxServers = 4_096

/**
 * The farm that the operator named: every address behind the name, or the servers given with --server. A name that
 * cannot be resolved stays in the farm as such.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_TARGET, ADFS_CHECK_BAD_OPTION
 */
export async function farmOf(asked: Asked, network: Pick<Network, 'resolve'>): Promise<ServedFarm> {
  const target = parseTarget(asked.target, asked.port ?? undefined)
  if (asked.servers.length > maxServers)
    throw new AdfsCheckFault(
      'ADFS_CHECK_BAD_OPTION',
      `${asked.servers.length} servers are named; at most ${maxServers} are checked in one run.`,
      { hint: 'Split them over several runs.' },
    )
  const name = target.isAddress ? null : { ascii: target.name, display: target.displayName }
  const wanted =
    asked.servers.length > 0 ? asked.servers.map(parseServerAddress) : [{ host: target.name, port: null }]
  const hosts = [...new Set(wanted.map(({ host }) => host))]
  const resolved = new Map(
    await Promise.all(hosts.map(async (host) => [host, await addressesOf(host, asked, network)] as const)),
  )
  const subjects = new Map<string, ServedSubject>()
  const leftOut = new Map<string, number>()
  for (const { host, port } of wanted) {
    for (const address of resolved.get(host)!.addresses) {
      // Ports that were named are doors to different machines as often as not; one without is the machine itself.
      const id = port === null ? address : endpointText(address, port)
      const node: Node = {
        id,
        label: host === target.name ? address : host,
        address,
        role: roleEndingTls(asked.tlsEndsAt ?? null),
        tlsEndsAt: asked.tlsEndsAt ?? null,
      }
      const subject = servedSubject(name, node, port ?? target.port)
      if (subjects.has(subject.id)) continue
      if (subjects.size < maxServers) subjects.set(subject.id, subject)
      else leftOut.set(host, (leftOut.get(host) ?? 0) + 1)
    }
  }
  return {
    id: target.displayName,
    name,
    address: target.isAddress ? target.name : null,
    port: target.port,
    subjects: [...subjects.values()],
    unresolved: [
      ...[...resolved.values()].flatMap(({ failure }) => failure ?? []),
      ...[...leftOut].map(([host, left]) => tooMany(host, left)),
    ],
  }
}

async function addressesOf(
  host: string,
  { family }: Asked,
  network: Pick<Network, 'resolve'>,
): Promise<{ addresses: readonly string[]; failure: UnresolvedName | null }> {
  if (ipVersion(host) !== 0) return { addresses: [host], failure: null }
  const answer = await network.resolve(host, family)
  if (answer.kind === 'failed')
    return { addresses: [], failure: { host, reason: answer.reason, detail: answer.detail } }
  const { addresses, left } = answer
  return {
    addresses,
    failure: left === 0 ? null : tooMany(host, left),
  }
}

const tooMany = (host: string, left: number): UnresolvedName => ({
  host,
  reason: 'too-many-addresses',
  detail: `${left} more addresses were not looked at`,
})
