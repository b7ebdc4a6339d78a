import type { Asked } from '../farm/asked.js'
import { alone, farmName, nodeText, nothingKnown, registrationName, suffixOf } from '../farm/inventory.js'
import { endpointText, type Farm, ownNodeId, type Subject } from '../farm/subject.js'
import { printableTarget } from '../farm/target.js'
import type { Threshold } from '../gate/thresholds.js'

/** Subjects to name with --server, and what else a printed command is for. */
export interface CommandFor {
  /** Null: all, as DNS says, or as they were named. */
  readonly subjects: readonly Subject[] | null
  /** Folder to write the kit into. */
  readonly kit?: string
}

/** Folder of the kit in printed commands, where none was named. */
export const defaultKitFolder = 'fix'

/** Without milliseconds, as --at takes it. */
const instantText = (at: Date) => at.toISOString().replace('.000Z', 'Z')

/** A command does not get longer than this many `--server`; where all are meant and none was named, DNS lists them. */
const maxNamed = 8

/**
 * Arguments of an adfs-check command that looks at `subjects` and judges as this run did: every option that the answer
 * depended on. `--at` is repeated for a kit only, which is about what this run saw; "check again" is for later, when the
 * clock has moved on.
 */
export function commandLine(farm: Farm, asked: Asked, { subjects, kit }: CommandFor): readonly string[] {
  // Whether an import worked is asked of the servers.
  if (asked.files && kit === undefined) {
    const { files: _, passwordFile: __, ...served } = asked
    return [
      asked.target,
      ...asked.servers.flatMap((server) => ['--server', server]),
      ...nodesOf(asked, null).flatMap((node) => ['--node', node]),
      ...optionsOf(served),
    ]
  }
  if (asked.joined && kit !== undefined)
    return [
      'join',
      ...asked.joined.paths,
      ...asked.joined.as.flatMap((label) => ['--as', label]),
      ...(asked.trustData ? ['--trust-data', asked.trustData.path] : []),
      '--kit',
      kit,
    ]
  if (asked.files) {
    // What is said of the farm's servers is no matter of a file, but for those that it is compared with.
    const { tlsEndsAt: _, inventory, ...all } = asked
    const judged = { ...all, port: null, family: null, repeat: 0 }
    const nodes = (inventory?.nodes ?? []).flatMap(({ addresses }) => addresses)
    const servers = asked.files.against === null ? [] : [...asked.servers, ...nodes]
    return [
      'file',
      ...asked.files.paths,
      ...asked.files.names.flatMap((name) => ['--name', name]),
      ...servers.flatMap((server) => ['--server', server]),
      ...optionsOf(judged),
      ...(asked.at ? ['--at', instantText(asked.at)] : []),
      '--kit',
      kit!,
    ]
  }
  const servers = serversOf(farm, asked, subjects)
  return [
    ...(asked.renewed ? ['renewed'] : []),
    printableTarget(asked.target),
    ...servers.flatMap((server) => ['--server', server]),
    ...(servers.length > 0 ? foundNames(farm, asked) : []).flatMap((name) => ['--name', name]),
    ...nodesOf(asked, subjects).flatMap((node) => ['--node', node]),
    ...optionsOf(asked),
    ...(kit === undefined ? [] : [...(asked.at ? ['--at', instantText(asked.at)] : []), '--kit', kit]),
  ]
}

/** The same servers by the name that phones use, where the target was an address. */
export function commandByName(name: string, subjects: readonly Subject[], asked: Asked): readonly string[] {
  const servers = subjects.flatMap((subject) =>
    subject.kind === 'file' ? [] : [endpointOf(subject.node.address, subject.port, asked.port ?? 443)],
  )
  return [name, ...[...new Set(servers)].flatMap((server) => ['--server', server]), ...optionsOf(asked)]
}

const endpointOf = (address: string, port: number, usual: number): string =>
  port === usual ? address : endpointText(address, port)

/** Names that DNS led to the farm: where servers are named, it is not asked for them. */
function foundNames({ name, names }: Farm, { inventory = nothingKnown }: Asked): readonly string[] {
  const known = new Set([
    name?.ascii,
    ...inventory.names.map((text) => farmName(text).name.ascii),
    ...inventory.upnSuffixes.map((suffix) => `${registrationName}${suffixOf(suffix)}`),
  ])
  return names.flatMap(({ ascii }) => (known.has(ascii) ? [] : [ascii]))
}

/** Nodes of the inventory that these subjects are, each whole. */
function nodesOf({ inventory }: Asked, subjects: readonly Subject[] | null): readonly string[] {
  const wanted = subjects && new Set(subjects.map((one) => (one.kind === 'file' ? one.id : ownNodeId(one))))
  const nodes = inventory?.nodes ?? []
  return nodes
    .filter(({ name }) => wanted === null || wanted.has(name))
    .map((node) => nodeText(alone(node, nodes)))
}

function serversOf(farm: Farm, asked: Asked, subjects: readonly Subject[] | null): readonly string[] {
  if (subjects === null) return asked.servers
  // Nodes say where they are.
  const nodes = new Set((asked.inventory?.nodes ?? []).map(({ name }) => name))
  if (asked.servers.length === 0 && nodes.size > 0) return []
  const served = (of: readonly Subject[]) => [
    ...new Set(
      of.flatMap((subject) =>
        subject.kind === 'file' || nodes.has(ownNodeId(subject))
          ? []
          : [endpointOf(subject.node.address, subject.port, farm.port)],
      ),
    ),
  ]
  const wanted = served(subjects)
  const isAll = wanted.length === served(farm.subjects).length
  // Each of several names is asked where DNS has it.
  if (isAll && farm.names.length > 1 && asked.servers.length === 0) return []
  // The target is the one address: nothing else can be meant.
  if (farm.name === null && isAll && wanted.length <= 1) return []
  return isAll && asked.servers.length > 0 ? asked.servers : isAll && wanted.length > maxNamed ? [] : wanted
}

/** Options that a verdict depended on, as arguments, in the order of --help; what was left at its default is left out. */
export function optionsOf(asked: Asked): readonly string[] {
  const given = (option: string, value: string | number | null | undefined) =>
    value === null || value === undefined ? [] : [option, String(value)]
  const files = (option: string, paths: Asked['intermediates']) => paths.flatMap(({ path }) => [option, path])
  return [
    ...given('--tls-ends-at', asked.tlsEndsAt),
    ...(asked.inventory?.names ?? []).flatMap((name) => ['--name', name]),
    ...(asked.inventory?.upnSuffixes ?? []).flatMap((suffix) => ['--upn-suffix', suffix]),
    ...(asked.inventory?.ports.length
      ? asked.inventory.ports.flatMap((port) => ['--port', String(port)])
      : given('--port', asked.port)),
    ...(asked.family === null ? [] : [`-${asked.family}`]),
    ...given('--timeout', asked.timeoutMs === null ? null : asked.timeoutMs / 1000),
    ...given('--repeat', asked.repeat > 0 ? asked.repeat : null),
    ...given('--android', asked.android),
    ...files('--trust-anchor', asked.trustAnchors),
    ...given('--trust-data', asked.trustData?.path),
    ...files('--device-ca', asked.deviceCas),
    ...files('--remembered', asked.remembered),
    ...files('--intermediates', asked.intermediates),
    ...files('--store', asked.files?.stores ?? []),
    ...given('--windows-server', asked.files?.server),
    ...given('--pfx', asked.renewed?.pfx),
    ...(asked.renewed?.before ?? []).flatMap((path) => ['--old', path]),
    ...given('--password-file', asked.passwordFile),
    ...given('--password-env', asked.files?.passwordEnv ?? asked.renewed?.passwordEnv),
    ...given('--against', asked.files?.against),
    ...(asked.offline ? ['--offline'] : []),
    ...(asked.aiaAllowPrivate ? ['--aia-allow-private'] : []),
    ...(asked.proxy === 'none'
      ? ['--no-proxy']
      : given('--proxy', asked.proxyCredentials ? null : asked.proxy)),
    ...given('--warn', thresholdText(asked.warn)),
    ...given('--crit', thresholdText(asked.crit)),
  ]
}

/** Environment variables that a command needs because their value is secret. */
export const environmentOf = (asked: Asked): readonly string[] =>
  asked.proxyCredentials && asked.proxy !== null && asked.proxy !== 'none' ? ['HTTPS_PROXY'] : []

function thresholdText(threshold: Threshold | null): string | null {
  if (threshold === null) return null
  const { percent, days } = threshold
  const parts = [...(percent === null ? [] : [`${percent}%`]), ...(days === null ? [] : [`${days}d`])]
  return parts.length === 0 ? null : parts.join(',')
}

/** A command on one line from column 0. `shells`: where it may be pasted as it stands. */
export interface ShellLine {
  readonly line: string
  readonly shells: 'all' | 'powershell'
}

/**
 * One line for PowerShell, cmd and sh alike: words as they are, double quotes only where a shell would take a word apart.
 * Characters that no quoting makes safe in all three give PowerShell's own quoting.
 */
export function shellLine(argv: readonly string[], program: string | null = 'adfs-check'): ShellLine {
  const words = [...(program === null ? [] : [program]), ...argv]
  // cmd replaces what stands between two percent signs, quoted or not; a single one stays.
  const percents = argv.join('').split('%').length - 1
  const everywhere = argv.every(isPortable) && percents < 2
  return {
    line: words
      .map((word) => (isPlain(word) ? word : everywhere ? `"${word}"` : powershellWord(word)))
      .join(' '),
    shells: everywhere ? 'all' : 'powershell',
  }
}

/** Whether double quotes, or none, keep a word whole in all three. */
const isPortable = (word: string): boolean =>
  // sh: $ ` \ and, in an interactive bash, !. PowerShell: $ ` and typographic double quotes. All: " itself.
  !/["$`!\u201c-\u201e]/.test(word) &&
  // sh halves a doubled backslash; one before the closing quote escapes that, for sh and for Windows' programs.
  !/\\\\|\\$/.test(word) &&
  !unprintable.test(word)

/**
 * Whether a word needs no quotes. Beyond words with space and operators: PowerShell takes a comma for a list, `~` and a
 * leading `@` for its own, and what it reads as a number (`8.0`, `12L`, `30d`) loses its letters on the way through the
 * script that npm puts before a program; sh drops backslashes, and takes brackets for a pattern.
 */
const isPlain = (word: string): boolean =>
  /^[A-Za-z0-9_./:=+%-]+$/.test(word) &&
  !/^-[^-].*[.:]/.test(word) &&
  (!powershellNumber.test(word) || /^-?(0|[1-9]\d{0,8})(\.\d{0,5}[1-9])?$/.test(word))

const powershellNumber =
  /^[-+]?(0x[0-9a-f]+|0b[01]+|\d+\.?\d*(e[-+]?\d+)?|\.\d+(e[-+]?\d+)?)(u?[lsyn]|u|d)?([kmgtp]b)?$/i
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/**
 * PowerShell's literal string; every kind of single quote ends one (about_Quoting_Rules). What cannot be printed becomes
 * `[char]`. A double quote is passed on to a program by 5.1 only after a backslash.
 */
function powershellWord(word: string): string {
  const literal = (text: string) => `'${text.replaceAll('"', '\\"').replace(/['\u2018-\u201b]/g, '$&$&')}'`
  if (!unprintable.test(word)) return literal(word)
  const parts = word
    .split(/([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}])/u)
    .filter((part) => part !== '')
    .map((part) =>
      unprintable.test(part)
        ? Array.from({ length: part.length }, (_, index) => `[char]${part.charCodeAt(index)}`).join(' + ')
        : literal(part),
    )
  return `('' + ${parts.join(' + ')})`
}
