import { AdfsCheckFault } from '../fault.js'
import { registrationName, suffixOf, userCertificateName } from './inventory.js'
import { endpointText } from './subject.js'

/** What could be found out about a farm from here, for a first `adfs-check.yaml`. All names and addresses are canonical. */
export interface FoundFarm {
  /** The target as named, without URL. */
  readonly name: string
  readonly ports: readonly number[]
  /** Further names, with what they were found by. */
  readonly names: readonly { readonly name: string; readonly why: string }[]
  readonly suffixes: readonly { readonly suffix: string; readonly why: string }[]
  readonly nodes: readonly {
    readonly address: string
    readonly port: number | null
    readonly notes: readonly string[]
  }[]
  /** What was seen that may help whoever completes the file. */
  readonly notes: readonly string[]
  /** What cannot be known from here, or was not answered. */
  readonly open: readonly string[]
}

/** The file, with comments: what was found and how, and what has to be added by hand. */
export function inventoryText(
  { name, ports, names, suffixes, nodes, notes, open }: FoundFarm,
  at: Date,
): string {
  const comment = (text: string, indent = '') => `${indent}# ${plain(text)}`
  const fields: string[] = []
  if (names.length > 0)
    fields.push(
      '    names:',
      ...names.flatMap((one) => [comment(one.why, '      '), `      - ${scalar(one.name)}`]),
    )
  if (suffixes.length > 0)
    fields.push(
      '    upn-suffixes:',
      ...suffixes.flatMap((one) => [comment(one.why, '      '), `      - ${scalar(one.suffix)}`]),
    )
  if (ports.length > 1 || ports[0] !== 443) fields.push(`    ports: [${ports.join(', ')}]`)
  const machines = nodes.flatMap(({ address, port, notes: said }, index) => [
    ...said.map((text) => comment(text, '      ')),
    `      - name: node${index + 1}`,
    `        addresses: "${port === null ? address : endpointText(address, port)}"`,
    '        role: unknown',
  ])
  return `${[
    comment(
      `Written by adfs-check init on ${at.toISOString().slice(0, 10)}. Check it: adfs-check --config FILE`,
    ),
    comment('Fields: docs/reference/policy.md'),
    ...(notes.length > 0 ? ['#', comment('Seen:'), ...notes.map((text) => comment(`- ${text}`))] : []),
    ...(open.length > 0
      ? ['#', comment('Not known from here:'), ...open.map((text) => comment(`- ${text}`))]
      : []),
    'farms:',
    `  - name: ${scalar(name)}`,
    ...fields,
    '    nodes:',
    ...machines,
  ].join('\n')}\n`
}

/** A name that YAML would take for a number (`12.34e5`) or a word of its own (`null`) stands in quotes. */
const scalar = (name: string): string => (/^[a-z].*\./.test(name) ? name : JSON.stringify(name))

/** A server's words must not end the comment that they stand in. */
const plain = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 300)

/** Names of a certificate that belong to AD FS beside the federation service's, and the suffixes that devices register by. */
export function namesWorthTrying(
  names: readonly string[],
  service: string,
): { readonly certauth: boolean; readonly suffixes: readonly string[] } {
  const known = names.map((name) => name.toLowerCase())
  const parent = service.split('.').slice(1).join('.')
  const registered = known.flatMap((name) =>
    name.startsWith(registrationName) ? [name.slice(registrationName.length)] : [],
  )
  return {
    certauth: known.includes(`${userCertificateName}${service}`),
    suffixes: [
      ...new Set([...registered, ...(parent.includes('.') ? [parent] : [])].flatMap(asSuffix)),
    ].slice(0, maxSuffixes),
  }
}

/** Whatever else a certificate has there is nobody's suffix. */
function asSuffix(text: string): readonly string[] {
  try {
    return [suffixOf(text)]
  } catch (error) {
    if (error instanceof AdfsCheckFault) return []
    throw error
  }
}

/** Suffixes that are looked up for a first file: a certificate of a hundred names belongs to a hosting company. */
const maxSuffixes = 20

/** What federation metadata says of its farm: who it is, and the hosts of its endpoints. */
export interface MetadataFacts {
  readonly entityId: string | null
  /** `host:port` of https addresses, each once. */
  readonly endpoints: readonly string[]
}

const maxEndpoints = 50

/**
 * Reads what is needed off the text of the document and nothing else: it is not parsed, so entities and depth do nothing.
 */
export function metadataFacts(body: Uint8Array): MetadataFacts {
  const text = Buffer.from(body).toString('utf8')
  const entityId = /\bentityID="([\x21\x23-\x25\x27-\x3b\x3d-\x7e]{1,200})"/.exec(text)?.[1] ?? null
  const endpoints = new Set<string>()
  for (const [, host, port] of text.matchAll(/["'>]https:\/\/([A-Za-z0-9.-]{1,253})(?::(\d{1,5}))?[/"'<]/g)) {
    if (endpoints.size >= maxEndpoints) break
    endpoints.add(`${host!.toLowerCase()}:${port ?? '443'}`)
  }
  return { entityId, endpoints: [...endpoints] }
}
