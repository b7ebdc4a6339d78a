import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type AskedNode, narrowed } from '../farm/inventory.js'
import type { PolicyOptions } from '../farm/policy-fields.js'
import { type PolicyFile, readPolicyFile } from '../farm/policy-file.js'
import { parseTarget } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import type { FileFlags } from './file-options.js'
import { readWithin } from './files.js'
import { type Aimed, type CheckFlags, checkDefaults } from './options.js'

/**
 * Targets with their options: the command line over the farm's own over the policy's over the defaults. Without a target
 * on the command line, every farm of the file.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_FILE, ADFS_CHECK_BAD_OPTION
 */
export async function aimedBy(
  path: string,
  targets: readonly string[],
  given: Partial<CheckFlags>,
): Promise<{ readonly aimed: readonly Aimed[]; readonly flags: CheckFlags }> {
  const file = await readConfig(path)
  const names = targets.length > 0 ? targets : file.farms.map(({ name }) => name)
  if (names.length === 0)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `${path} names no farm, and no target is given.`, {
      hint: 'List farms in it, or name one: adfs-check sts.contoso.com --config FILE',
    })
  const aimed = names.map((target) => {
    const line = file.farms.find(({ name }) => sameTarget(name, target))?.line
    const listed = line === undefined ? {} : { listed: { uri: uriOf(path), line } }
    return { target, flags: flagsFor(file, path, [target], given), ...listed }
  })
  return { aimed, flags: flagsFor(file, path, [], given) }
}

/** The same for `file`, whose farm is the one that a name of the certificate belongs to. */
export async function fileFlagsBy(
  path: string,
  names: readonly string[],
  given: Partial<FileFlags>,
): Promise<FileFlags> {
  // The farm's further names are not what the file is for; its nodes are servers to compare with.
  const { name: _, node = [], ...flags } = flagsFor(await readConfig(path), path, names, given)
  const servers = [...flags.server, ...node.flatMap(({ addresses }) => addresses)]
  // Servers of the farm are asked only where a live farm is to be compared with.
  return { ...flags, ...given, server: given.server ?? (given.against === undefined ? [] : servers) }
}

/** As readers of reports take it, who know the working directory. */
function uriOf(path: string): string {
  const near = relative('.', path)
  if (near.startsWith('..') || isAbsolute(near)) return pathToFileURL(resolve(path)).href
  return encodeURI(near.replaceAll('\\', '/')).replace(/[#:?]/g, encodeURIComponent)
}

const maxBytes = 1024 * 1024

async function readConfig(path: string): Promise<PolicyFile> {
  return readPolicyFile(Buffer.from(await readWithin(path, maxBytes)).toString('utf8'), path)
}

function flagsFor(
  { policy, farms, waivers }: PolicyFile,
  path: string,
  names: readonly string[],
  given: Partial<CheckFlags>,
): CheckFlags & Pick<FileFlags, 'windowsServer'> {
  const farm = farms.find(({ name }) => names.some((other) => sameTarget(name, other)))
  const { servers, names: further, nodes, ports, 'upn-suffixes': suffixes, ...options } = farm?.options ?? {}
  return {
    ...checkDefaults,
    ...flagsOf(policy, path),
    ...flagsOf(options, path),
    ...(servers === undefined ? {} : { server: servers as readonly string[] }),
    ...(further === undefined ? {} : { name: further as readonly string[] }),
    ...(suffixes === undefined ? {} : { upnSuffix: suffixes as readonly string[] }),
    ...(nodes === undefined ? {} : { node: nodes as readonly AskedNode[] }),
    ...portsBy(ports as readonly number[] | undefined),
    waivers,
    ...given,
    ...placesBy(farm?.options.nodes as readonly AskedNode[] | undefined, given),
  }
}

/** Servers on the command line narrow the nodes of the file; nodes there replace what the file says of places. */
function placesBy(
  nodes: readonly AskedNode[] | undefined,
  { server, node }: Partial<CheckFlags>,
): Partial<CheckFlags> {
  if (node !== undefined) return { node, server: server ?? [] }
  if (server === undefined || nodes === undefined) return {}
  const left = narrowed(nodes, server)
  return { node: left.nodes, server: left.servers }
}

const portsBy = (ports: readonly number[] = []) => (ports[0] === undefined ? {} : { ports, port: ports[0] })

const sameTarget = (a: string, b: string): boolean => {
  const [first, second] = [parseTarget(a), parseTarget(b)]
  return first.name === second.name && first.port === second.port
}

/** Files are named from where the policy lies, whoever runs it from where. */
const files = new Set(['trust-anchor', 'device-ca', 'remembered', 'intermediates', 'password-file', 'lock'])

function flagsOf(options: PolicyOptions, path: string): Partial<CheckFlags> {
  const beside = (file: string) =>
    file.startsWith('/') || /^[A-Za-z]:|^\\\\/.test(file) ? file : join(dirname(path), file)
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      const flag = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
      if (!files.has(name)) return [flag, value]
      return [flag, Array.isArray(value) ? value.map(beside) : beside(String(value))]
    }),
  )
}
