import { parseReleaseRange } from '../android/releases.js'
import { AdfsCheckFault } from '../fault.js'
import { thresholdOf } from '../gate/thresholds.js'
import { farmName, nodeNameOf, roles, suffixOf } from './inventory.js'
import { terminators, windowsReleases } from './subject.js'
import { parsePort, parseServerAddress, parseTarget } from './target.js'

/** Fields of `adfs-check.yaml`: what each may hold, for the reader and for the published JSON Schema. */
export interface Spec {
  readonly type: 'text' | 'texts' | 'flag' | 'number' | 'numbers' | 'list'
  readonly about: string
  /** Of a list: what its entries are. */
  readonly of?: 'waiver' | 'node'
  readonly choices?: readonly string[]
  /** What the option takes; throws with the reason. */
  readonly read?: (text: string) => unknown
}

/** Values by option name (`trust-anchor`), as the command line would have read them. */
export type PolicyOptions = Readonly<Record<string, unknown>>

const whole =
  (minimum: number, maximum: number, scale = 1) =>
  (text: string) => {
    const value = /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= minimum && value <= maximum) || (scale === 1 && !Number.isInteger(value)))
      throw new Error(`It is a ${scale === 1 ? 'whole ' : ''}number from ${minimum} to ${maximum}.`)
    return value * scale
  }

const date = (text: string) => {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : new Date(Number.NaN)
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== text)
    throw new Error('It is a date like 2026-12-31.')
  return text
}

const proven = (check: (text: string) => unknown) => (text: string) => {
  check(text)
  return text
}

/** Options of the command line that belong to judging and looking; a farm's own win over the policy's. */
const options = {
  android: {
    type: 'text',
    about: 'Releases that count: supported, all, 8.. or "7.0..12,15"',
    read: proven((text) => (text === 'supported' || text === 'all' ? null : parseReleaseRange(text))),
  },
  warn: { type: 'text', about: 'Warning when less of a lifetime is left: 20% or 30d', read: thresholdOf },
  crit: { type: 'text', about: 'Critical when less is left: 10% or 7d', read: thresholdOf },
  'fail-on': {
    type: 'text',
    about: 'critical: warnings end with exit code 0',
    choices: ['warning', 'critical'],
  },
  lock: { type: 'text', about: 'File of outcomes to compare with: adfs-check.lock' },
  state: { type: 'text', about: 'File that the last outcome is kept in: only changes are printed' },
  'trust-anchor': { type: 'texts', about: 'Files of roots that the phones have in their system store' },
  'device-ca': { type: 'texts', about: 'Files of CAs installed by the user or by MDM' },
  remembered: { type: 'texts', about: 'Files of intermediates an app has met before' },
  intermediates: { type: 'texts', about: 'Files or folders where to look for missing issuers first' },
  'password-file': { type: 'text', about: 'File with the password of .pfx files, on the first line' },
  port: { type: 'number', about: 'Port where a name has none', read: whole(1, 65_535) },
  'ipv4-only': { type: 'flag', about: 'Leave out IPv6 addresses' },
  'ipv6-only': { type: 'flag', about: 'Leave out IPv4 addresses' },
  timeout: { type: 'number', about: 'Seconds for each connection', read: whole(0.1, 300, 1000) },
  repeat: { type: 'number', about: 'Further connections to each server', read: whole(0, 100) },
  retries: { type: 'number', about: 'Further tries where no answer comes', read: whole(0, 10) },
  offline: { type: 'flag', about: 'Fetch nothing over AIA' },
  'aia-allow-private': { type: 'flag', about: 'Fetch from private and loopback addresses too' },
} as const satisfies Record<string, Spec>

type Kind = 'policy' | 'waiver' | 'farm' | 'node'

export const fields: Readonly<Record<Kind, Readonly<Record<string, Spec>>>> = {
  policy: {
    ...options,
    'trust-data': { type: 'text', about: 'File of newer stores and catalogue, the same for all farms' },
    waivers: { type: 'list', of: 'waiver', about: 'What is accepted, by whom, until when' },
  },
  waiver: {
    finding: { type: 'text', about: 'Id of a finding', read: proven(kebab) },
    subject: { type: 'text', about: 'Id of a subject, name@address:port; left out: the whole farm' },
    facet: { type: 'text', about: 'Third part of a case key; left out: every case of the finding there' },
    reason: { type: 'text', about: 'Why it is accepted' },
    owner: { type: 'text', about: 'Who answers for it' },
    until: { type: 'text', about: 'Last day, e.g. 2026-12-31', read: date },
  },
  farm: {
    name: {
      type: 'text',
      about: 'Federation service name, name:port or https URL',
      read: proven(parseTarget),
    },
    servers: { type: 'texts', about: 'Addresses to probe instead of asking DNS', read: parseServerAddress },
    owner: { type: 'text', about: 'Who answers for the farm; a run ends with a summary for each owner' },
    nodes: {
      type: 'list',
      of: 'node',
      about: 'The machines, with what is known of them; in place of servers',
    },
    names: {
      type: 'texts',
      about: 'Further names, e.g. certauth.sts.contoso.com; each asked on every node',
      read: farmName,
    },
    'upn-suffixes': {
      type: 'texts',
      about: 'UPN suffixes: whether enterpriseregistration.<suffix> leads here is looked up',
      read: suffixOf,
    },
    ports: {
      type: 'numbers',
      about: 'Ports of the farm, the first for every name: [443, 49443]',
      read: parsePort,
    },
    'tls-ends-at': { type: 'text', about: 'What ends TLS at every server of it', choices: terminators },
    'windows-server': { type: 'text', about: 'Windows Server of the farm', choices: windowsReleases },
    ...options,
  },
  node: {
    name: { type: 'text', about: 'What people call the machine', read: nodeNameOf },
    addresses: {
      type: 'texts',
      about: 'Addresses, address:port; left out: its name',
      read: parseServerAddress,
    },
    role: { type: 'text', about: 'What it does', choices: roles },
    'tls-ends-at': {
      type: 'text',
      about: 'What ends TLS where phones arrive: here, another node, or a product like f5 or nginx',
    },
    ports: { type: 'numbers', about: 'Ports it serves; left out: those of the farm', read: parsePort },
    names: { type: 'texts', about: 'Names it serves; left out: those of the farm', read: farmName },
  },
}

function kebab(text: string): void {
  if (!/^[a-z]+(-[a-z0-9]+)+$/.test(text))
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', 'no id', {
      hint: 'It is an id like certificate-expiring.',
    })
}

/** JSON Schema (2020-12) of the file, for editors; published in the package as `adfs-check.schema.json`. */
export function policySchema(): object {
  const required = {
    waiver: ['finding', 'reason', 'owner', 'until'],
    farm: ['name'],
    node: ['name'],
    policy: [],
  }
  const one = (kind: Kind): object => ({
    type: 'object',
    additionalProperties: false,
    required: required[kind],
    properties: Object.fromEntries(
      Object.entries(fields[kind]).map(([name, spec]) => [
        name,
        { description: spec.about, ...typeOf(spec) },
      ]),
    ),
  })
  const typeOf = ({ type, choices, of }: Spec): object => {
    const text = {
      type: ['string', 'number'],
      ...(choices
        ? { enum: choices.flatMap((choice) => (Number(choice) ? [choice, Number(choice)] : [choice])) }
        : {}),
    }
    switch (type) {
      case 'text':
        return text
      case 'texts':
        return { anyOf: [text, { type: 'array', items: text }] }
      case 'flag':
        return { type: 'boolean' }
      case 'number':
        return { type: 'number' }
      case 'numbers':
        return { anyOf: [{ type: 'number' }, { type: 'array', items: { type: 'number' } }] }
      case 'list':
        return { type: 'array', items: one(of!) }
    }
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://adfs-check.invalid/adfs-check.schema.json',
    title: 'adfs-check.yaml',
    type: 'object',
    additionalProperties: false,
    properties: { policy: one('policy'), farms: { type: 'array', items: one('farm') } },
  }
}
