/** The eight groups of an IPv6 address, without its zone. */
export function groups6(address: string): readonly number[] {
  // URL writes every spelling of an IPv6 address in one way, the last two groups in hexadecimal too.
  const plain = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [head = [], tail] = plain.split('::').map((part) => (part === '' ? [] : part.split(':')))
  const gap = tail === undefined ? 0 : 8 - head.length - tail.length
  return [...head, ...Array<string>(gap).fill('0'), ...(tail ?? [])].map((group) =>
    Number.parseInt(group, 16),
  )
}
