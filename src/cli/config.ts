import { dirname, join } from 'node:path'
import { type AskedNode, narrowed } from '../farm/inventory.js'
import type { PolicyOptions } from '../farm/policy-fields.js'
import { type PolicyFarm, type PolicyFile, readPolicyFile } from '../farm/policy-file.js'
import { parseTarget } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import type { FileFlags } from './file-options.js'
import { readWithin } from './files.js'
import { type Aimed, type CheckFlags, checkDefaults } from './options.js'
import { uriOf } from './uri.js'

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
  const { farms, aim, flags } = await aimingBy(path, given)
  const names = targets.length > 0 ? targets : farms
  if (names.length === 0)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `${path} names no farm, and no target is given.`, {
      hint: 'List farms in it, or name one: adfs-check sts.contoso.com --config FILE',
    })
  return { aimed: names.map(aim), flags }
}

/** A policy as what gives a target its options. */
export interface Aiming {
  /** Names of its farms, as written. */
  readonly farms: readonly string[]
  /** Of targets that are none of its farms; they share this one object. */
  readonly flags: CheckFlags
  readonly aim: (target: string) => Aimed
}

/** @throws AdfsCheckFault ADFS_CHECK_BAD_FILE */
export async function aimingBy(path: string, given: Partial<CheckFlags>): Promise<Aiming> {
  const file = await readConfig(path)
  const flags = flagsFor(file, path, undefined, given)
  const own = new Map<string, Omit<Aimed, 'target'>>()
  for (const farm of file.farms) {
    const listed = { uri: uriOf(path), line: farm.line }
    const key = keyOf(farm.name)
    if (!own.has(key)) own.set(key, { flags: flagsFor(file, path, farm, given), listed })
  }
  return {
    farms: file.farms.map(({ name }) => name),
    flags,
    aim: (target) => ({ target, ...(own.get(keyOf(target)) ?? { flags }) }),
  }
}

/** The same for `file`, whose farm is the one that a name of the certificate belongs to. */
export async function fileFlagsBy(
  path: string,
  names: readonly string[],
  given: Partial<FileFlags>,
): Promise<FileFlags> {
  const file = await readConfig(path)
  const keys = new Set(names.map(keyOf))
  const farm = file.farms.find(({ name }) => keys.has(keyOf(name)))
  // The farm's further names and ports are not what the file is for; its servers are what it is compared with, or asked later.
  const { name: _, upnSuffix: __, ports: ___, ...flags } = flagsFor(file, path, farm, given)
  return { ...flags, ...(given.name ? { name: given.name } : {}) }
}

const maxBytes = 1024 * 1024

async function readConfig(path: string): Promise<PolicyFile> {
  return readPolicyFile(Buffer.from(await readWithin(path, maxBytes)).toString('utf8'), path)
}

function flagsFor(
  { policy, waivers }: PolicyFile,
  path: string,
  farm: PolicyFarm | undefined,
  given: Partial<CheckFlags>,
): CheckFlags & Pick<FileFlags, 'windowsServer'> {
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

/** The same for two ways to write one target; what is none is told where it is to be checked. */
function keyOf(target: string): string {
  try {
    const { name, port } = parseTarget(target)
    return `${name}:${port}`
  } catch {
    return target
  }
}

/** Files are named from where the policy lies, whoever runs it from where. */
const files = new Set([
  'trust-anchor',
  'device-ca',
  'remembered',
  'intermediates',
  'password-file',
  'lock',
  'state',
  'trust-data',
])

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
