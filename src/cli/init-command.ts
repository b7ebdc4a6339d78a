import { access, writeFile } from 'node:fs/promises'
import { type Checked, check } from '../check.js'
import type { Seen } from '../examine/examination.js'
import { type Asked, defaultTimeoutMs } from '../farm/asked.js'
import { farmOf } from '../farm/farm.js'
import {
  nothingKnown,
  registrationName,
  userCertificateName,
  userCertificatePort,
} from '../farm/inventory.js'
import {
  type FoundFarm,
  inventoryText,
  type MetadataFacts,
  metadataFacts,
  namesWorthTrying,
} from '../farm/inventory-file.js'
import { endpointText, type ServedSubject, type Subject } from '../farm/subject.js'
import { parseServerAddress, parseTarget, type Target } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import { neutralised } from '../formats/terminal-text.js'
import { live } from '../network/live/live.js'
import type { FetchOutcome, Network } from '../network/network.js'
import { turns } from '../run/library.js'
import { defaultConcurrency } from '../run/limits.js'
import { askedBy, proxyAsked } from './asked.js'
import { exitUnfinished } from './exit-code.js'
import type { Machine } from './machine.js'
import type { CheckFlags } from './options.js'
import { proxyFor } from './proxy.js'

const defaultFile = 'adfs-check.yaml'

/**
 * Looks at a farm and writes what is found as a first inventory; nothing that is there is overwritten. Exit code 3 where
 * nothing answered: then there is nothing to write.
 */
export async function initCommand(name: string, flags: CheckFlags, machine: Machine): Promise<number> {
  const path = flags.config ?? defaultFile
  await refuseExisting(path)
  const target = parseTarget(name)
  if (target.isAddress)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_TARGET', `"${name}" is an address.`, {
      hint: 'An inventory is of a name: adfs-check init sts.contoso.com --server 10.0.0.5',
    })
  flags.server.forEach(parseServerAddress)
  const proxy = proxyFor(target.name, flags.proxy, machine.env)
  const asked: Asked = {
    ...(await askedBy(flags)),
    target: target.port === 443 ? target.name : `${target.name}:${target.port}`,
    ...proxyAsked(proxy, flags.proxy),
    inventory: { ...nothingKnown, ports: [target.port, userCertificatePort] },
  }
  const timeoutMs = asked.timeoutMs ?? defaultTimeoutMs
  const network = live({ ...asked, timeoutMs, proxy, signal: machine.signal })
  const say = (text: string) => void machine.err.write(`adfs-check: ${neutralised(text)}\n`)
  say(`looking at ${target.displayName}, its names and ports; nothing is changed anywhere.`)
  // Only what is sent is of interest here: what it is worth, and what could mend it, is for the check.
  const checked = await check({ ...asked, offline: true }, network, machine.now, {
    concurrency: defaultConcurrency,
    pause: turns(machine.signal),
  })
  const seen = servedIn(checked)
  if (seen.length === 0) {
    const [failure] = checked.report.farm.unresolved
    say(
      `nothing of ${target.displayName} could be seen${failure ? ` (${failure.host}: ${failure.detail})` : ''}; no file is written.`,
    )
    machine.err.write(`  See why: adfs-check ${target.name}\n`)
    return exitUnfinished
  }
  const text = inventoryText(await foundOf(target, checked, seen, asked, network), machine.now)
  if (machine.signal.aborted) return exitUnfinished
  await writeNew(path, text)
  machine.out.write(
    `${text}\nWritten to ${neutralised(path)}. Complete it, then:\nadfs-check --config ${quoted(neutralised(path))}\n`,
  )
  return 0
}

interface SeenServer extends Seen {
  readonly subject: ServedSubject
}

const servedIn = ({ examined }: Checked): readonly SeenServer[] =>
  examined.examinations.filter(
    (one): one is SeenServer =>
      one.kind === 'seen' && one.subject.kind === 'served' && one.answers.length > 0,
  )

async function foundOf(
  target: Target,
  { examined: { farm } }: Checked,
  seen: readonly SeenServer[],
  asked: Asked,
  network: Network,
): Promise<FoundFarm> {
  const leaves = seen.flatMap(({ answers }) =>
    answers.flatMap(({ entries: [first] }) => (first && 'certificate' in first ? [first.certificate] : [])),
  )
  const dnsNames = leaves.flatMap(({ subjectAltNames }) =>
    (subjectAltNames ?? []).flatMap(({ type, value }) => (type === 'dns' ? [value] : [])),
  )
  const worth = namesWorthTrying(dnsNames.filter(isName), target.name)
  const inventory = { ...nothingKnown, upnSuffixes: worth.suffixes }
  const main = farm.subjects.filter(
    (one) => one.kind === 'served' && one.name?.ascii === target.name && one.port === target.port,
  )
  const [{ doors, leftOut, unknown }, metadata, alive] = await Promise.all([
    looked(asked, inventory, network),
    metadataOf(target, seen, network),
    Promise.all(main.map((subject) => probed(subject, network))),
  ])
  const certauth = `${userCertificateName}${target.name}`
  const isThere = (name: string) => farm.names.some(({ ascii }) => ascii === name) || doors.has(name)
  const answering = new Set(seen.map(({ subject }) => subject.id))
  const hasPort = seen.some(({ subject }) => subject.port === userCertificatePort)
  const suffixes = worth.suffixes.flatMap((suffix) => {
    const name = `${registrationName}${suffix}`
    if (doors.has(name)) return [{ suffix, why: `${name} leads to this farm` }]
    return leftOut.has(name)
      ? [{ suffix, why: `${name}: ${reasons[leftOut.get(name)!] ?? 'not known'}` }]
      : []
  })
  const facts = metadata.facts
  return {
    name: asked.target,
    ports: hasPort ? [target.port, userCertificatePort] : [target.port],
    names: isThere(certauth)
      ? [{ name: certauth, why: 'DNS leads it to the farm, and a server has a certificate for it' }]
      : [],
    suffixes,
    nodes: main.flatMap((subject, index) =>
      subject.kind === 'served'
        ? [
            {
              address: subject.node.address,
              port: subject.port === target.port ? null : subject.port,
              notes: [
                answering.has(subject.id) ? 'answers' : 'gave no certificate when this was written',
                ...(alive[index] ? [alive[index]!] : []),
              ],
            },
          ]
        : [],
    ),
    notes: [
      `names in the certificates: ${[...new Set(dnsNames)].slice(0, 12).join(', ') || 'none'}`,
      ...(facts?.entityId ? [`federation service identifier: ${facts.entityId}`] : []),
      ...endpointNotes(facts, target, hasPort),
    ],
    open: [
      'which machine is an AD FS server, a proxy (wap) or a balancer: set "role"',
      'what ends TLS, and what stands behind an address: set "tls-ends-at", add every AD FS server and proxy by its own address',
      ...unknown.map(
        ({ host, detail }) => `whether ${host} leads to this farm: DNS gave no answer (${detail})`,
      ),
      'UPN suffixes other than those above: they stand in Active Directory Domains and Trusts',
      ...(isThere(certauth) ? [] : certauthOpen(certauth, worth.certauth, facts)),
      ...(metadata.why === null ? [] : [`federation metadata: ${metadata.why}`]),
    ],
  }
}

const reasons: Readonly<Record<string, string>> = {
  cloud: 'an alias of the cloud service, so not needed here',
  absent: 'not in DNS, so not needed here',
  elsewhere: 'leads elsewhere',
}

const isName = (name: string): boolean => /^(?!-)[a-z0-9.-]{1,253}$/i.test(name) && !name.includes('..')

/** Which of the suffixes' names lead to the farm, and why others do not. */
async function looked(asked: Asked, inventory: NonNullable<Asked['inventory']>, network: Network) {
  const farm = await farmOf({ ...asked, inventory }, network)
  return {
    doors: new Set(farm.names.map(({ ascii }) => ascii).filter((name) => !farm.supposed.includes(name))),
    leftOut: new Map(farm.leftOut.map(({ name, reason }) => [name, reason])),
    unknown: farm.unresolved.filter(({ host }) => host.startsWith(registrationName)),
  }
}

/** From the first server that was seen, with the key that it was seen to have. */
async function metadataOf(
  target: Target,
  seen: readonly SeenServer[],
  network: Network,
): Promise<{ readonly facts: MetadataFacts | null; readonly why: string | null }> {
  const [first] = seen.filter(({ subject }) => subject.port !== userCertificatePort)
  const entry = first?.answers[0]?.entries[0]
  if (!first || !entry || !('certificate' in entry)) return { facts: null, why: 'no server to ask' }
  const { node, port } = first.subject
  const host = port === 443 ? target.name : `${target.name}:${port}`
  const outcome = await network.fetch({
    url: `https://${host}/FederationMetadata/2007-06/FederationMetadata.xml`,
    purpose: 'metadata',
    via: { address: node.address, port, serverName: target.name },
    pin: entry.certificate.publicKey.spkiSha256,
  })
  const where = endpointText(node.address, port)
  if (outcome.kind !== 'fetched') return { facts: null, why: `${where}: ${shortly(outcome)}` }
  const facts = metadataFacts(outcome.body)
  return facts.entityId === null && facts.endpoints.length === 0
    ? { facts: null, why: `${where} answered with something else` }
    : { facts, why: null }
}

function endpointNotes(facts: MetadataFacts | null, target: Target, hasPort: boolean): readonly string[] {
  if (!facts) return []
  const names = (host: string) => facts.endpoints.some((one) => one.startsWith(`${host}:`))
  return [
    ...(facts.endpoints.includes(`${target.name}:${userCertificatePort}`) && !hasPort
      ? [`federation metadata has endpoints on ${userCertificatePort}, which did not answer from here`]
      : []),
    ...(names(target.name) ? [] : ['federation metadata names other hosts than this one']),
  ]
}

/** AD FS publishes the name where it takes user certificates under it; a certificate may have it all the same. */
function certauthOpen(
  certauth: string,
  isInCertificate: boolean,
  facts: MetadataFacts | null,
): readonly string[] {
  if (facts?.endpoints.some((one) => one.startsWith(`${certauth}:`)))
    return [
      `whether ${certauth} leads to this farm: federation metadata has endpoints under ${certauth}, but DNS does not say so from here; add it under names unless nobody signs in with certificates`,
    ]
  return isInCertificate
    ? [
        `whether ${certauth} is in use: it stands in a certificate, which proves nothing; if so, add it under names`,
      ]
    : []
}

/** The health page that AD FS and its proxies have on port 80, by address. */
async function probed(subject: Subject, network: Network): Promise<string | null> {
  if (subject.kind === 'file') return null
  const { address } = subject.node
  const outcome = await network.fetch({
    url: `http://${address.includes(':') ? `[${address}]` : address}/adfs/probe`,
    purpose: 'probe',
    via: { address, port: 80, serverName: null },
  })
  return outcome.kind === 'fetched'
    ? 'answers /adfs/probe on port 80, as AD FS servers and proxies do'
    : `/adfs/probe on port 80: ${shortly(outcome)}`
}

function shortly(outcome: FetchOutcome): string {
  switch (outcome.kind) {
    case 'http-status':
      return `HTTP status ${outcome.status}`
    case 'unreachable':
      return `no answer (${outcome.detail})`
    case 'timed-out':
      return 'no answer in time'
    case 'offline':
      return 'not asked, because of --offline'
    case 'too-large':
      return `more than ${outcome.maximumBytes} bytes`
    default:
      return outcome.kind
  }
}

const quoted = (path: string): string => (/^[\w./:-]+$/.test(path) ? path : `"${path}"`)

async function refuseExisting(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) throw existing(path)
}

const existing = (path: string) =>
  new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', `${path} exists already and is left as it is.`, {
    hint: 'Name another file: --config NEW.yaml',
  })

/** Fails where the file has come to be in the meantime, too. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw existing(path)
    throw new AdfsCheckFault('ADFS_CHECK_WRITE_FAILED', `${path} cannot be written.`, {
      hint: 'Name another file with --config.',
      cause,
    })
  }
}
