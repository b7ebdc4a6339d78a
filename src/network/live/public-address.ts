import { BlockList, isIPv4, isIPv6 } from 'node:net'

/**
 * Addresses that a public web server never has (IANA special-purpose registries, RFC 6890). A certificate is free to
 * name any URL; fetching these would let a stranger's certificate reach into the operator's network.
 */
const reserved4 = subnets('ipv4', [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, cloud metadata
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarking
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
])

/** All that is public in IPv6 lies in here: not loopback, link-local, unique local, site-local, multicast. */
const globalUnicast = subnets('ipv6', [['2000::', 3]])

const reserved6 = subnets('ipv6', [
  ['2001::', 23], // protocol assignments; Teredo hides an IPv4 address
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4 hides an IPv4 address
  ['3fff::', 20], // documentation
])

/**
 * Whether the address (no brackets) is one on the public Internet. An IPv4 address inside an IPv6 one (mapped, or
 * translated by NAT64) counts as that IPv4 address. What is no address is not public.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !reserved4.check(address, 'ipv4')
  if (!isIPv6(address) || address.includes('%')) return false
  const embedded = embeddedIPv4(address)
  if (embedded) return isPublicAddress(embedded)
  return globalUnicast.check(address, 'ipv6') && !reserved6.check(address, 'ipv6')
}

function embeddedIPv4(address: string): string | null {
  // URL writes every spelling of an IPv6 address in one way (RFC 5952, but hexadecimal to the end).
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const match = /^(?:::ffff|64:ff9b:):([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)
  if (!match) return null
  const [high = 0, low = 0] = match.slice(1).map((word) => Number.parseInt(word, 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

function subnets(family: 'ipv4' | 'ipv6', list: readonly (readonly [string, number])[]): BlockList {
  const blocks = new BlockList()
  for (const [network, prefix] of list) blocks.addSubnet(network, prefix, family)
  return blocks
}
