import type { Resolution } from '../network/network.js'
import { type Door, type Place, portsBeside } from './doors.js'
import { type Inventory, registrationName, suffixOf, userCertificateName } from './inventory.js'
import { type LeftOutName, type ServedFarm, servedSubject, type UnresolvedName } from './subject.js'
import type { Target } from './target.js'

/** Names that belong to a farm where DNS leads them to it. */
export interface LookedUp {
  readonly doors: readonly Door[]
  readonly unresolved: readonly UnresolvedName[]
  readonly leftOut: readonly LeftOutName[]
}

/** The cloud's own registration service: a suffix whose name is an alias of it needs nothing of AD FS. */
const cloudService = 'enterpriseregistration.windows.net'

type Resolve = (host: string) => Promise<Resolution>

/**
 * `enterpriseregistration.<suffix>` of each UPN suffix, and `certauth.<name>` where nobody named it: whether they lead to
 * the farm, which is every address that is looked at and every address of the federation service name. One look-up a name.
 */
export async function lookedUp(
  { upnSuffixes, ports }: Inventory,
  target: Target,
  doors: readonly Door[],
  places: readonly Place[],
  resolve: Resolve,
  resolveAliases: Resolve,
): Promise<LookedUp> {
  const known = new Set(doors.flatMap(({ name }) => name?.ascii ?? []))
  const wanted = [
    ...upnSuffixes.map((suffix) => ({ host: `${registrationName}${suffixOf(suffix)}`, isSure: true })),
    ...(target.isAddress || target.name.startsWith(userCertificateName)
      ? []
      : [{ host: `${userCertificateName}${target.name}`, isSure: false }]),
  ].filter(({ host }, index, all) => !known.has(host) && all.findIndex((one) => one.host === host) === index)
  if (wanted.length === 0) return { doors: [], unresolved: [], leftOut: [] }
  const hosts = new Set([
    ...places.map(({ host }) => host),
    ...doors.flatMap(({ name }) => name?.ascii ?? []),
  ])
  if (target.isAddress) hosts.add(target.name)
  const [own, answers] = await Promise.all([
    Promise.all([...hosts].map(resolve)),
    Promise.all(wanted.map(({ host }) => resolveAliases(host))),
  ])
  const addresses = new Set(own.flatMap((answer) => (answer.kind === 'found' ? answer.addresses : [])))
  const result: { [K in keyof LookedUp]: LookedUp[K][number][] } = { doors: [], unresolved: [], leftOut: [] }
  for (const [index, { host, isSure }] of wanted.entries()) {
    const answer = answers[index]!
    const leave = (reason: LeftOutName['reason'], detail: string) =>
      void result.leftOut.push({ name: host, reason, detail })
    if (answer.kind === 'failed') {
      // Nobody asked for the other one, and most farms have none.
      if (!isSure) continue
      // With -4, a name of IPv6 addresses alone is in use all the same.
      if (answer.reason === 'not-found') leave('absent', answer.detail)
      else result.unresolved.push({ host, reason: answer.reason, detail: answer.detail })
      continue
    }
    if (answer.aliases?.some((alias) => alias.toLowerCase() === cloudService)) leave('cloud', cloudService)
    else if (!answer.addresses.some((address) => addresses.has(address)))
      leave('elsewhere', answer.addresses.slice(0, 3).join(', '))
    else
      result.doors.push({
        name: { ascii: host, display: host },
        ports: portsBeside([...new Set([target.port, ...ports])]),
        isSure,
      })
  }
  return result
}

/**
 * The farm with certauth on every machine and on the target's port, if DNS leads that name to an address of the farm. For
 * farms that DNS was asked for and of which nothing more is known.
 */
export async function withCertauth(farm: ServedFarm, resolve: Resolve): Promise<ServedFarm> {
  const host = `${userCertificateName}${farm.name!.ascii}`
  const answer = await resolve(host)
  const addresses = answer.kind === 'found' ? answer.addresses : []
  if (!farm.subjects.some(({ node }) => addresses.includes(node.address))) return farm
  const name = { ascii: host, display: host }
  return {
    ...farm,
    names: [...farm.names, name],
    subjects: [...farm.subjects, ...farm.subjects.map(({ node, port }) => servedSubject(name, node, port))],
    supposed: [...farm.supposed, host],
  }
}
