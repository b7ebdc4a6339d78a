import type { Asked, AskedTrustData, GivenFile } from '../farm/asked.js'
import type { ReadTrustData } from '../farm/trust-data.js'
import { AdfsCheckFault } from '../fault.js'
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
    port: flags.port ?? null,
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

/** What reports and printed commands say of the proxy: never its credentials. */
export const proxyAsked = (proxy: URL | null, option: string | false | undefined): Asked['proxy'] =>
  option === false ? 'none' : (proxy?.origin ?? null)
