import { check } from '../check.js'
import { bundleLimits, type Offered, readOffered } from '../containers/bundle.js'
import { type Asked, type AskedFiles, defaultTimeoutMs } from '../farm/asked.js'
import type { LiveServer } from '../farm/subject.js'
import { parseTarget } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import { liveServers } from '../gate/difference.js'
import { policyOf } from '../gate/policy.js'
import { live } from '../network/live/live.js'
import { checkFiles, type ReadFile, readFileOf } from '../run/file.js'
import { turns } from '../run/library.js'
import { askedBy, proxyAsked } from './asked.js'
import { baselineBy } from './baseline.js'
import { judgingBy } from './check-command.js'
import type { FileFlags } from './file-options.js'
import { loadCertificates, readPassword, readWithin } from './files.js'
import type { Machine } from './machine.js'
import { proxyFor } from './proxy.js'
import { type Told, tell } from './tell.js'

/** Judges files as if they were served, under each name, and returns the exit code of the worst. */
export async function fileCommand(
  paths: readonly string[],
  all: FileFlags,
  given: Partial<FileFlags>,
  machine: Machine,
): Promise<number> {
  const { config } = all
  const flags: FileFlags =
    config === undefined
      ? all
      : await (await import('./config.js')).fileFlagsBy(config, all.name ?? [], given)
  const names = flags.name ?? []
  if (names.length === 0)
    throw new AdfsCheckFault(
      'ADFS_CHECK_BAD_OPTION',
      'No name is given that the files are to be served under.',
      {
        hint: 'Add --name sts.contoso.com: what phones accept depends on it.',
      },
    )
  if (flags.against === undefined && given.server !== undefined)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', '--server is for comparing with a live farm.', {
      hint: 'Add --against sts.contoso.com.',
    })
  for (const name of names) parseTarget(name)
  const password = await passwordBy(flags, machine)
  // Its names are what it is for, not further ones of a farm.
  const { name: _, ...ofFarm } = flags
  const common = await askedBy(ofFarm)
  policyOf(common)
  const files: AskedFiles = {
    paths,
    names,
    stores: await storesBy(flags.store ?? [], password),
    server: flags.windowsServer ?? null,
    passwordEnv: flags.passwordEnv ?? null,
    against: flags.against ?? null,
  }
  const known = await baselineBy(flags)
  const read: ReadFile[] = []
  for (const path of paths) read.push(await readOne(path, password, machine))
  return tell(
    judged(read, { ...common, files, passwordFile: flags.passwordFile ?? null }, flags, machine),
    flags,
    machine,
    known,
  )
}

async function* judged(
  read: readonly ReadFile[],
  common: Omit<Asked, 'target' | 'proxy'> & { readonly files: AskedFiles },
  flags: FileFlags,
  machine: Machine,
): AsyncGenerator<Told> {
  const at = flags.at ?? machine.now
  const proxy = proxyFor(
    parseTarget(common.files.against ?? common.files.names[0]!).name,
    flags.proxy,
    machine.env,
  )
  const timeoutMs = common.timeoutMs ?? defaultTimeoutMs
  const network = live({ ...common, timeoutMs, proxy, signal: machine.signal })
  const pause = turns(machine.signal)
  const asked = { ...common, ...proxyAsked(proxy, flags.proxy) }
  const { against } = common.files
  let servers: readonly LiveServer[] | null = null
  if (against !== null) {
    const { files: _, ...served } = asked
    const { concurrency } = flags
    const checked = await check({ ...served, target: against }, network, at, { concurrency, pause })
    servers = liveServers(checked.examined)
    if (servers.every(({ leaf }) => leaf === null))
      throw new AdfsCheckFault('ADFS_CHECK_BAD_TARGET', `${against} shows no certificate to compare with.`, {
        hint: `See what is wrong: adfs-check ${against}`,
      })
  }
  const judging = await judgingBy(flags)
  for (const [nth, name] of common.files.names.entries()) {
    const own = { ...asked, target: name }
    yield {
      nth,
      checked: await checkFiles(read, own, network, at, { pause, ...judging }, servers),
      asked: own,
    }
  }
}

const storesBy = async (
  paths: readonly string[],
  password: string | undefined,
): Promise<AskedFiles['stores']> => {
  const given: AskedFiles['stores'][number][] = []
  for (const path of paths) given.push({ path, certificates: await loadCertificates([path], password) })
  return given
}

/** Never from the command line: process lists and shell histories keep it. */
export async function passwordBy(
  { passwordFile, passwordEnv }: Pick<FileFlags, 'passwordFile' | 'passwordEnv'>,
  { env }: Machine,
): Promise<string | undefined> {
  if (passwordFile !== undefined && passwordEnv !== undefined)
    throw new AdfsCheckFault(
      'ADFS_CHECK_BAD_OPTION',
      '--password-file and --password-env name two passwords.',
      {
        hint: 'Use one of them.',
      },
    )
  if (passwordFile !== undefined) return readPassword(passwordFile)
  if (passwordEnv === undefined) return undefined
  const password = env[passwordEnv]
  if (password === undefined)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `The environment variable ${passwordEnv} is not set.`, {
      hint: '--password-env takes the name of a variable, never the password itself.',
    })
  return password
}

export async function readOne(
  path: string,
  password: string | undefined,
  machine: Machine,
): Promise<ReadFile> {
  const bytes = await readWithin(path, bundleLimits.maxBytes)
  let offered = await readOffered(bytes, password === undefined ? {} : { password })
  if (password === undefined && needsPassword(offered)) {
    const typed = await machine.secret?.(`Password of ${path}: `)
    if (typed != null) offered = await readOffered(bytes, { password: typed })
  }
  const { certificates, problems } = offered
  if (certificates.length === 0)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${path} ${failed(offered)}.`, {
      hint: needsPassword(offered)
        ? 'Give its password with --password-file FILE or --password-env NAME.'
        : 'Export it again, with its whole chain: as .pfx, PEM, .p7b or .cer.',
    })
  for (const { where, message } of problems) machine.err.write(`adfs-check: ${path}: ${where}: ${message}\n`)
  return readFileOf(path, bytes, offered)
}

const needsPassword = ({ problems, keys }: Offered): boolean =>
  [...problems.map(({ message }) => message), ...keys.map(({ problem }) => problem)].includes(
    'needs a password',
  )

const failed = ({ problems: [problem] }: Offered): string =>
  problem === undefined
    ? 'holds no certificate'
    : /^(cannot|needs|asks|is) /.test(problem.message)
      ? problem.message
      : `holds no certificate that can be read: ${problem.message}`
