/** A chain of aliases is one or two long; a circle must end. */
const maxAliases = 8

/**
 * What the host is an alias of, in order. getaddrinfo does not say, so the name servers of the system are asked; what they
 * do not know (a hosts file, no name server in reach) is an empty list. `servers` are asked in their place.
 */
export async function aliasesOf(
  host: string,
  timeoutMs: number,
  servers?: readonly string[],
): Promise<readonly string[]> {
  // Loaded only where a name is looked up so: few checks ask.
  const { Resolver } = await import('node:dns/promises')
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 })
  if (servers) resolver.setServers(servers)
  const names: string[] = []
  const timer = setTimeout(() => resolver.cancel(), timeoutMs)
  try {
    for (let at = host; names.length < maxAliases; ) {
      const [alias] = await resolver.resolveCname(at)
      if (alias === undefined || names.includes(alias)) break
      names.push(alias)
      at = alias
    }
  } catch {
    // The end of the chain, or nobody to ask.
  } finally {
    clearTimeout(timer)
  }
  return names
}
