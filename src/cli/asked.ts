import type { Asked, AskedTrustData, GivenFile } from '../farm/asked.js'
import { type Inventory, isEmpty, soundInventory } from '../farm/inventory.js'
import type { ReadTrustData } from '../farm/trust-data.js'
import { AdfsCheckFault } from '../fault.js'
import { printableProxy } from '../run/options.js'
import { loadCertificates, readPassword, readWithin } from './files.js'
import type { CheckFlags } from './options.js'

/**
 * The command line as what is asked of every target, certificate files read.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION, ADFS_CHECK_BAD_FILE
 */
export async function askedBy(flags: CheckFlags): Promise<Omit<Asked, 'target' | 'proxy'>> {
  if (flags.ipv4Only && flags.ipv6Only) {
    throw new AdfsCheckFault(
      'ADFS_CHECK_BAD_OPTION',
      '--ipv4-only and --ipv6-only leave no address to check.',
      { hint: 'Use one of them.' },
    )
  }
  const password = flags.passwordFile === undefined ? undefined : await readPassword(flags.passwordFile)
  const files = async (paths: readonly string[]): Promise<readonly GivenFile[]> => {
    const given: GivenFile[] = []
    for (const path of paths) given.push({ path, certificates: await loadCertificates([path], password) })
    return given
  }
  return {
    servers: flags.server,
    port: flags.port ?? flags.ports?.[0] ?? null,
    family: flags.ipv4Only ? 4 : flags.ipv6Only ? 6 : null,
    android: flags.android ?? null,
    trustAnchors: await files(flags.trustAnchor),
    deviceCas: await files(flags.deviceCa),
    remembered: await files(flags.remembered),
    intermediates: await files(flags.intermediates),
    ...(flags.trustData === undefined ? {} : { trustData: await askedTrustData(flags.trustData) }),
    at: flags.at ?? null,
    offline: flags.offline ?? false,
    aiaAllowPrivate: flags.aiaAllowPrivate ?? false,
    warn: flags.warn ?? null,
    crit: flags.crit ?? null,
    timeoutMs: flags.timeout ?? null,
    repeat: flags.repeat,
    ...inventoryBy(flags),
    ...(flags.tlsEndsAt === undefined ? {} : { tlsEndsAt: flags.tlsEndsAt }),
  }
}

export async function askedTrustData(file: string): Promise<AskedTrustData> {
  const { path, sha256, date } = await trustDataBy(file)
  return { path, sha256, date }
}

/**
 * Reads the file, and from here on this process goes by it.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_FILE, ADFS_CHECK_BAD_OPTION
 */
export async function trustDataBy(
  path: string,
): Promise<AskedTrustData & Pick<ReadTrustData, 'unknownReleases'>> {
  // Loaded where it is asked for: the program's own data needs no reader.
  const { goBy, maxTrustDataBytes } = await import('../farm/trust-data.js')
  const { id, unknownReleases } = goBy(await readWithin(path, maxTrustDataBytes), path)
  return { path, ...id, unknownReleases }
}

/** What is said of the farm beside its name, if anything. */
function inventoryBy({ name = [], upnSuffix = [], ports = [], node = [] }: CheckFlags): {
  readonly inventory?: Inventory
} {
  // One port is that of the target, as ever.
  const inventory = {
    names: name,
    upnSuffixes: upnSuffix,
    ports: ports.length > 1 ? ports : [],
    nodes: node,
  }
  return isEmpty(inventory) ? {} : { inventory: soundInventory(inventory) }
}

/** What reports and printed commands say of the proxy: never its credentials, but that there are some. */
export const proxyAsked = (
  proxy: URL | null,
  option: string | false | undefined,
): Pick<Asked, 'proxy' | 'proxyCredentials'> => ({
  proxy: option === false ? 'none' : proxy && printableProxy(proxy),
  ...(proxy && proxy.username + proxy.password !== '' ? { proxyCredentials: true } : {}),
})
