import { groups6 } from '../network/live/groups6.js'
import { defaultPerNetwork } from './limits.js'
import { type Slots, slots } from './slots.js'

/** Runs a connection to an address when its network has room. */
export type Connecting = <T>(address: string, connect: () => Promise<T>) => Promise<T>

/**
 * At most `limit` connections at a time into one /24 (IPv4) or /48 (IPv6), what a site gets; loopback aside. One that has
 * been silent for a second counts no more, as with slots: it is no load, and must not shut out its neighbours.
 */
export function perNetwork(limit: number = defaultPerNetwork): Connecting {
  const networks = new Map<string, { readonly inSlot: Slots; users: number }>()
  return async (address, connect) => {
    const key = networkOf(address)
    if (key === null) return connect()
    const network = networks.get(key) ?? { inSlot: slots(limit), users: 0 }
    networks.set(key, network)
    network.users++
    try {
      return await network.inSlot(connect)
    } finally {
      // Kept only while somebody is there: a list may lead through the whole Internet.
      if (--network.users === 0) networks.delete(key)
    }
  }
}

/**
 * `192.0.2.0/24` as `192.0.2`, `2001:db8:1::/48` as its three groups; null: loopback, nobody's firewall. Addresses are known
 * to be some: Node's own test compiles an expression that costs a start four milliseconds.
 */
export function networkOf(address: string): string | null {
  if (!address.includes(':'))
    return address.startsWith('127.') ? null : address.split('.').slice(0, 3).join('.')
  const plain = address.replace(/%.*$/, '')
  const groups = groups6(plain)
  if (plain === '::1' || (plain.startsWith('::ffff:') && groups[6]! >> 8 === 127)) return null
  return groups
    .slice(0, 3)
    .map((group) => group.toString(16))
    .join(':')
}
