import { type Checked, check } from '../check.js'
import type { Asked, AskedFiles } from '../farm/asked.js'
import { defaultTimeoutMs } from '../farm/asked.js'
import { parseServerAddress, parseTarget } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import { liveServers } from '../gate/difference.js'
import { live } from '../network/live/live.js'
import { boundBy, checkFiles, type ReadFile } from '../run/file.js'
import { turns } from '../run/library.js'
import type { Certificate } from '../x509/certificate.js'
import { askedBy, proxyAsked } from './asked.js'
import { baselineBy } from './baseline.js'
import { judgingBy } from './check-command.js'
import { passwordBy, readOne } from './file-command.js'
import type { FileFlags } from './file-options.js'
import type { Machine } from './machine.js'
import { proxyFor } from './proxy.js'
import { refuseOddRepeats } from './repeats.js'
import { type Told, tell } from './tell.js'

export interface RenewedFlags extends FileFlags {
  readonly pfx: string
  /** Files of what was served before. */
  readonly old?: readonly string[]
}

/**
 * Judges a renewal: the file as `file --against` does, then the live farm, which is to show the file's certificate at every
 * server; with --watch, looks again until it does. 0 only where both are well.
 */
export async function renewedCommand(
  target: string | undefined,
  all: RenewedFlags,
  given: Partial<RenewedFlags>,
  machine: Machine,
): Promise<number> {
  refuseOddRepeats(given)
  /** Those of the policy and of the farm that a name belongs to. */
  const flagsOf = async (name: string | undefined): Promise<RenewedFlags> => {
    if (all.config === undefined) return all
    const { aimingBy } = await import('./config.js')
    const { aim, flags: ofPolicy } = await aimingBy(all.config, given)
    const by: FileFlags = name === undefined ? ofPolicy : aim(name).flags
    return { ...by, pfx: all.pfx, ...(all.old ? { old: all.old } : {}) }
  }
  // The password may be in the policy, the name in the file.
  const password = await passwordBy(await flagsOf(target), machine)
  const file = await readOne(all.pfx, password, machine)
  const leaf = leafOf(file, target)
  const name = target ?? nameIn(leaf, file.path)
  if (target === undefined) machine.err.write(`adfs-check: the name is taken from ${file.path}: ${name}\n`)
  const flags = await flagsOf(name)
  flags.server.forEach(parseServerAddress)
  const old = flags.old ?? []
  const shownBefore: Certificate[] = []
  for (const path of old) shownBefore.push(...(await readOne(path, password, machine)).offered.certificates)
  const common = await askedBy(flags)
  const proxy = proxyFor(parseTarget(name).name, flags.proxy, machine.env)
  const asked: Asked = {
    ...common,
    target: name,
    passwordFile: flags.passwordFile ?? null,
    ...proxyAsked(proxy, flags.proxy),
  }
  const at = flags.at ?? machine.now
  const timeoutMs = common.timeoutMs ?? defaultTimeoutMs
  const network = live({ ...asked, timeoutMs, retries: flags.retries, proxy, signal: machine.signal })
  const pause = turns(machine.signal)
  const judging = await judgingBy(flags)
  const passwordEnv = flags.passwordEnv ?? null

  const renewing: Asked = { ...asked, renewed: { pfx: flags.pfx, before: old, passwordEnv } }
  const renewal = { path: flags.pfx, leaf, before: shownBefore }
  const { concurrency } = flags
  /** What the farm shows by now; what would be repeated until it shows the certificate of the file. */
  const after = (): Promise<Checked> =>
    check(renewing, network, at, { concurrency, pause, ...judging, renewal })
  /** The file, compared with what the farm shows. */
  const before = async (farm: Checked) => {
    // Other names may have certificates of their own.
    const servers = liveServers(farm.examined).filter(({ id }) => id.startsWith(`${parseTarget(name).name}@`))
    const isSeen = servers.some((server) => server.leaf !== null)
    const files: AskedFiles = {
      paths: [flags.pfx],
      names: [name],
      stores: [],
      server: flags.windowsServer ?? null,
      passwordEnv,
      against: isSeen ? name : null,
    }
    const own = { ...asked, files }
    return {
      checked: await checkFiles([file], own, network, at, { pause, ...judging }, isSeen ? servers : null),
      asked: own,
    }
  }
  if (flags.watch) {
    const { watchCommand } = await import('./watch-command.js')
    const farm = {
      nth: 1,
      proxy,
      owner: undefined,
      state: undefined,
      asked: renewing,
      ...judging,
      renewal,
      before,
    }
    return watchCommand([farm], flags, machine)
  }
  async function* both(): AsyncGenerator<Told> {
    const farm = await after()
    yield { nth: 0, ...(await before(farm)) }
    yield { nth: 1, checked: farm, asked: renewing }
  }
  return tell(both(), flags, { ...machine, now: at }, await baselineBy(flags))
}

/** The one certificate that is to be served. */
function leafOf({ path, offered }: ReadFile, target: string | undefined): Certificate {
  const bound = boundBy(path, offered)
  const [first, ...others] = bound
  if (first && others.length === 0) return first
  throw new AdfsCheckFault(
    'ADFS_CHECK_BAD_FILE',
    `${path} holds ${bound.length} certificates that could be bound.`,
    { hint: `Export the one that ${target ?? 'the servers'} get, with its chain, into a file of its own.` },
  )
}

/** The name that phones use: the first that AD FS has no purpose of its own for. */
function nameIn({ subjectAltNames }: Certificate, path: string): string {
  const names = (subjectAltNames ?? []).flatMap(({ type, value }) => (type === 'dns' ? [value] : []))
  const name = names.find((one) => !/^(\*|certauth|enterpriseregistration)\./i.test(one))
  if (name !== undefined) return parseTarget(name).displayName
  throw new AdfsCheckFault('ADFS_CHECK_BAD_TARGET', `${path} names no single host.`, {
    hint: `Say which name the phones use: adfs-check renewed sts.contoso.com --pfx ${path}`,
  })
}
