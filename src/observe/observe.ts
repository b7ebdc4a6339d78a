import { nextShapes } from '../android/connections.js'
import type { Release } from '../android/releases.js'
import type { Attempt } from '../examine/examination.js'
import type { ServedSubject } from '../farm/subject.js'
import type { Network } from '../network/network.js'
import { observationOf } from '../tls/exchange-end.js'
import type { Endpoint, HelloShape, ProbeOutcome } from '../tls/observation.js'

export interface ObserveOptions {
  /** Releases that set the verdict: each is spoken, or proven by another's answer. */
  readonly releases: readonly Release[]
  /** Further connections with the newest release's hello, to meet every server behind the address. */
  readonly repeat: number
}

/** Where a subject is asked, and for what. */
export const endpointOf = ({ node, port, name }: ServedSubject): Endpoint => ({
  address: node.address,
  port,
  serverName: name?.ascii ?? null,
})

/** Connections made when a nameless answer hints at several servers: with two nodes in turn one of three differs. */
const second = 3

/**
 * Says the hellos that matter to one server and keeps what came of each. Asks nothing but the network, and decides
 * nothing but which hello is worth saying next.
 */
export async function observe(
  subject: ServedSubject,
  { releases, repeat }: ObserveOptions,
  network: Pick<Network, 'probe'>,
): Promise<readonly Attempt[]> {
  const endpoint = endpointOf(subject)
  const attempts: Attempt[] = []
  const say = async (offers: readonly HelloShape[]): Promise<void> => {
    const said = new Map<string, number>()
    for (const { offer } of attempts) said.set(offer.id, (said.get(offer.id) ?? 0) + 1)
    const asked = offers.map((offer) => {
      const nth = said.get(offer.id) ?? 0
      said.set(offer.id, nth + 1)
      return { offer, nth }
    })
    const outcomes = await Promise.all(asked.map(({ offer, nth }) => network.probe(endpoint, offer, nth)))
    attempts.push(...asked.map((ask, index) => ({ ...ask, outcome: outcomes[index]! })))
  }
  for (;;) {
    const tried = attempts.map(({ offer, outcome }) => ({ shape: offer, outcome }))
    const offers = nextShapes(tried, releases).filter(({ sni }) => sni || endpoint.serverName !== null)
    if (offers.length === 0) break
    await say(offers)
  }
  const newest = attempts.find(({ offer, outcome }) => offer.sni && listOf(outcome) !== null)
  if (newest) {
    const again = repeat + (namelessDiffers(attempts) ? second : 0)
    await say(Array.from({ length: again }, () => newest.offer))
  }
  return attempts
}

/** Whether a certificate came on any connection. */
export const isAnswered = (attempts: readonly Attempt[]): boolean =>
  attempts.some(({ outcome }) => listOf(outcome) !== null)

/** A name that no server has (RFC 6761 §6.4). */
const strangeName = 'adfs-check.invalid'

/** Says the newest hello with a name that nobody has: HTTP.sys answers it from a fallback binding, if there is one. */
export async function observeStrangeName(
  { node, port }: ServedSubject,
  { releases }: Pick<ObserveOptions, 'releases'>,
  network: Pick<Network, 'probe'>,
): Promise<ProbeOutcome> {
  const [newest] = nextShapes([], releases)
  return network.probe({ address: node.address, port, serverName: strangeName }, newest!, 0)
}

/** A network in which a hello without a name is said once to each port, whatever name is being looked at. */
export function namelessOnce(network: Network): Network {
  const said = new Map<string, Promise<ProbeOutcome>>()
  return {
    ...network,
    probe: (at, offer, nth) => {
      if (offer.sni) return network.probe(at, offer, nth)
      const key = `${at.address} ${at.port} ${offer.id} ${nth}`
      const outcome = said.get(key) ?? network.probe(at, offer, nth)
      said.set(key, outcome)
      return outcome
    },
  }
}

/** The same leaf came without a name as with it, but with another chain: two servers may have answered. */
function namelessDiffers(attempts: readonly Attempt[]): boolean {
  const lists = (sni: boolean) =>
    attempts.flatMap(({ offer, outcome }) => {
      const list = offer.sni === sni ? listOf(outcome) : null
      return list && list.length > 0 ? [list] : []
    })
  const named = lists(true)
  return lists(false).some(
    (list) =>
      named.some(([leaf]) => isSame(leaf!, list[0]!)) && !named.some((other) => isSameList(list, other)),
  )
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
const isSameList = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  a.length === b.length && a.every((der, index) => isSame(der, b[index]!))

const listOf = (outcome: ProbeOutcome): readonly Uint8Array[] | null =>
  observationOf(outcome)?.certificates ?? null
