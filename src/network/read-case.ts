import { type Asked, type GivenFile, maxRepeat, maxTimeoutMs } from '../farm/asked.js'
import { maxServers } from '../farm/farm.js'
import {
  farmName,
  type Inventory,
  nodeText,
  parseNode,
  roles,
  soundInventory,
  suffixOf,
} from '../farm/inventory.js'
import { terminators } from '../farm/subject.js'
import { ipVersion, parseServerAddress, parseTarget } from '../farm/target.js'
import { AdfsCheckFault } from '../fault.js'
import { policyOf } from '../gate/policy.js'
import type { Threshold } from '../gate/thresholds.js'
import { alertName, cipherSuiteName, groupName, versionName } from '../tls/code-points.js'
import type { Observation, ProbeOutcome } from '../tls/observation.js'
import { parseCertificate } from '../x509/parse.js'
import { type Case, saveAsked } from './case.js'
import { Field, Wrong } from './field.js'
import type { FetchOutcome, Resolution } from './network.js'

/** A case of a farm of 1,000 servers is about 60 MB; more is no case of ours. */
export const maxCaseBytes = 256 * 1024 * 1024

/** A case as read: `asked` with its certificates parsed, outcomes checked field by field. */
export interface ReadCase {
  readonly saved: Case
  readonly asked: Asked
  readonly at: Date
}

/**
 * Reads a saved case. Every field is checked before it is used: a case travels by mail and may have been edited. One
 * file: what a case may hold is read in the order in which it stands there.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_FILE, naming the field
 */
export function readCase(text: string, file: string): ReadCase {
  const bad = (problem: string, cause?: unknown) =>
    new AdfsCheckFault('ADFS_CHECK_BAD_FILE', `${file} is not a case of adfs-check: ${problem}.`, {
      hint: 'Cases are written with --save FILE; this one may be cut off or edited.',
      cause,
    })
  try {
    const root = new Field(JSON.parse(text), '')
    const version = root.at('caseVersion').number()
    if (version !== 1)
      throw new Wrong('caseVersion', `is ${version}; this program reads 1. Use a newer adfs-check`)
    const asked = askedOf(root.at('asked'))
    return {
      saved: {
        caseVersion: 1,
        tool: { name: root.at('tool').at('name').text(), version: root.at('tool').at('version').text() },
        at: root.at('at').text(),
        asked: saveAsked(asked),
        resolutions: root.at('resolutions').each((row) => ({
          host: row.at('host').text(),
          family: row.at('family').orNull((family) => (family.number() === 6 ? 6 : 4)),
          answer: resolutionOf(row.at('answer')),
        })),
        probes: root.at('probes').each((row) => ({
          endpoint: row.at('endpoint').matching(/^[^@]*@(\[[^\]]+\]|[^:@]+):\d+$/, 'is no name@address:port'),
          offer: row.at('offer').text(),
          shape: row.at('shape').text(),
          nth: row.at('nth').whole(0, maxRepeat * 4),
          outcome: outcomeOf(row.at('outcome')),
        })),
        fetches: root.at('fetches').each((row) => ({
          url: row.at('url').text(),
          purpose: row.at('purpose').oneOf(['aia', 'crl', 'metadata', 'probe', 'realm']),
          ...optional(
            'via',
            row.at('via').orNull((via) => endpointOf(via)),
          ),
          ...optional(
            'pin',
            row.at('pin').orNull((pin) => pin.text()),
          ),
          outcome: fetchOf(row.at('outcome')),
        })),
      },
      asked,
      at: root.at('at').date(),
    }
  } catch (error) {
    if (error instanceof Wrong) throw bad(error.message, error)
    if (error instanceof SyntaxError) throw bad('it is not JSON', error)
    throw error
  }
}

function resolutionOf(row: Field): Resolution {
  return row.at('kind').oneOf(['found', 'failed']) === 'found'
    ? {
        kind: 'found',
        addresses: row.at('addresses').each((address) => {
          if (ipVersion(address.text()) === 0) throw new Wrong(address.path, 'is no address')
          return address.text()
        }),
        left: row.at('left').whole(0, Number.MAX_SAFE_INTEGER),
        ...optional(
          'aliases',
          row.at('aliases').orNull((aliases) => aliases.each((alias) => alias.text())),
        ),
      }
    : {
        kind: 'failed',
        reason: row
          .at('reason')
          .oneOf([
            'not-found',
            'no-address-of-family',
            'timed-out',
            'too-many-addresses',
            'not-recorded',
            'failed',
          ]),
        detail: row.at('detail').text(),
      }
}

const phases = [
  'resolve',
  'proxy',
  'connect',
  'client-hello',
  'server-hello',
  'certificate',
  'key-proof',
] as const

function outcomeOf(row: Field): ProbeOutcome {
  const kind = row
    .at('kind')
    .oneOf([
      'observed',
      'unreachable',
      'proxy-failed',
      'timed-out',
      'alert',
      'reset',
      'closed',
      'not-tls',
      'limit-exceeded',
      'protocol-error',
      'interrupted',
      'not-recorded',
    ])
  const detail = () => row.at('detail').text()
  const phase = () => row.at('phase').oneOf(phases)
  const observation = () => row.at('observation').orNull(observationOf)
  switch (kind) {
    case 'observed':
      return { kind, observation: observationOf(row.at('observation')) }
    case 'unreachable':
      return { kind, reason: row.at('reason').oneOf(['refused', 'no-route', 'other']), detail: detail() }
    case 'proxy-failed':
      return { kind, detail: detail() }
    case 'timed-out':
      return { kind, phase: phase(), timeoutMs: row.at('timeoutMs').number(), observation: observation() }
    case 'alert': {
      const code = row.at('alert').at('code').whole(0, 255)
      return {
        kind,
        phase: phase(),
        alert: { code, name: alertName(code) },
        observation: observation(),
      }
    }
    case 'reset':
    case 'closed':
      return { kind, phase: phase(), observation: observation() }
    case 'not-tls':
      return { kind, looksLike: row.at('looksLike').oneOf(['http', 'other']), detail: detail() }
    case 'limit-exceeded':
      return {
        kind,
        limit: row.at('limit').text(),
        maximum: row.at('maximum').number(),
        actual: row.at('actual').orNull((actual) => actual.number()),
      }
    case 'protocol-error':
      return { kind, phase: phase(), detail: detail(), observation: observation() }
    default:
      return { kind }
  }
}

const endpointOf = (row: Field) => ({
  address: row.at('address').text(),
  port: row.at('port').whole(1, 65_535),
  serverName: row.at('serverName').orNull((name) => name.text()),
})

function observationOf(row: Field): Observation {
  const version = row.at('protocolVersion').whole(0x0300, 0x0304)
  const suite = row.at('cipherSuite').at('code').whole(0, 0xffff)
  const proof = row.at('keyProof')
  const kind = proof.at('kind').oneOf(['proven', 'failed', 'not-provable'])
  return {
    endpoint: endpointOf(row.at('endpoint')),
    shape: row.at('shape').text(),
    sni: row.at('sni').boolean(),
    protocol: versionName(version),
    protocolVersion: version,
    cipherSuite: { code: suite, name: cipherSuiteName(suite) },
    group: row.at('group').orNull((group) => {
      const code = group.at('code').whole(0, 0xffff)
      return { code, name: groupName(code) }
    }),
    keyExchange: row.at('keyExchange').oneOf(['tls13', 'ecdhe', 'dhe', 'rsa', 'other']),
    alpn: row.at('alpn').orNull((alpn) => alpn.text()),
    certificates: row.at('certificates').each((certificate) => certificate.bytes()),
    stapledOcsp: row.at('stapledOcsp').orNull((staple) => staple.bytes()),
    signedCertificateTimestamps: row.at('signedCertificateTimestamps').orNull((list) => list.bytes()),
    keyProof:
      kind === 'proven'
        ? { kind, signatureScheme: proof.at('signatureScheme').text() }
        : { kind, detail: proof.at('detail').text() },
    clientCertificateRequested: row.at('clientCertificateRequested').boolean(),
    helloRetried: row.at('helloRetried').boolean(),
    connectMs: 0,
    handshakeMs: 0,
    bytesReceived: 0,
  }
}

function fetchOf(row: Field): FetchOutcome {
  const redirects = row.at('redirects').each((url) => url.text())
  const kind = row
    .at('kind')
    .oneOf([
      'fetched',
      'refused',
      'http-status',
      'too-large',
      'too-many-redirects',
      'redirect-loop',
      'too-many-fetches',
      'damaged',
      'timed-out',
      'unreachable',
      'offline',
      'not-recorded',
    ])
  switch (kind) {
    case 'fetched':
      return { kind, body: row.at('body').bytes(), redirects }
    case 'refused':
      return {
        kind,
        reason: row.at('reason').oneOf(['malformed-url', 'scheme', 'credentials', 'private-address']),
        detail: row.at('detail').text(),
        redirects,
      }
    case 'http-status':
      return { kind, status: row.at('status').number(), redirects }
    case 'too-large':
      return { kind, maximumBytes: row.at('maximumBytes').number(), redirects }
    case 'too-many-redirects':
    case 'too-many-fetches':
      return { kind, maximum: row.at('maximum').number(), redirects }
    case 'timed-out':
      return { kind, timeoutMs: row.at('timeoutMs').number(), redirects }
    case 'damaged':
    case 'unreachable':
      return { kind, detail: row.at('detail').text(), redirects }
    default:
      return { kind, redirects }
  }
}

function askedOf(row: Field): Asked {
  const threshold = (name: string) =>
    row.at(name).orNull((field): Threshold => {
      const part = (key: string, maximum: number) =>
        field.at(key).orNull((value) => {
          if (value.number() < 0 || value.number() > maximum)
            throw new Wrong(value.path, `is not from 0 to ${maximum}`)
          return value.number()
        })
      const limits = { percent: part('percent', 100), days: part('days', 9_999) }
      if (limits.percent === null && limits.days === null) throw new Wrong(field.path, 'limits nothing')
      return limits
    })
  const servers = row.at('servers').each((server) => server.readBy(parseServerAddress))
  if (servers.length > maxServers) throw new Wrong(row.at('servers').path, `has more than ${maxServers}`)
  return {
    target: row.at('target').readBy(parseTarget),
    servers,
    port: row.at('port').orNull((port) => port.whole(1, 65_535)),
    family: row.at('family').orNull((family) => (family.number() === 6 ? 6 : 4)),
    android: row
      .at('android')
      .orNull((field) => field.readBy((android) => policyOf({ android, warn: null, crit: null }))),
    trustAnchors: row.at('trustAnchors').each(fileOf),
    deviceCas: row.at('deviceCas').each(fileOf),
    remembered: row.at('remembered').each(fileOf),
    intermediates: row.at('intermediates').each(fileOf),
    ...optional(
      'trustData',
      row.at('trustData').orNull((given) => ({
        path: given.at('path').text(),
        sha256: given.at('sha256').matching(/^[0-9a-f]{64}$/, 'is no SHA-256'),
        date: given.at('date').matching(/^\d{4}-\d\d(-\d\d)?$/, 'is no date'),
      })),
    ),
    at: row.at('at').orNull((at) => at.date()),
    offline: row.at('offline').boolean(),
    aiaAllowPrivate: row.at('aiaAllowPrivate').boolean(),
    warn: threshold('warn'),
    crit: threshold('crit'),
    timeoutMs: row.at('timeoutMs').orNull((timeout) => timeout.whole(1, maxTimeoutMs)),
    repeat: row.at('repeat').whole(0, maxRepeat),
    // Scheme, host and port: nothing else of it is ever written.
    proxy: row
      .at('proxy')
      .orNull((proxy) => proxy.matching(/^(none|(?:https?|socks5h?):\/\/[^/?#@\s]+)$/, 'is no proxy')),
    ...optional(
      'proxyCredentials',
      row.at('proxyCredentials').orNull((given) => given.boolean()),
    ),
    ...optional(
      'tlsEndsAt',
      row.at('tlsEndsAt').orNull((at) => at.oneOf(terminators)),
    ),
    ...optional(
      'passwordFile',
      row.at('passwordFile').orNull((path) => path.text()),
    ),
    ...optional('inventory', row.at('inventory').orNull(inventoryOf)),
  }
}

function inventoryOf(row: Field): Inventory {
  const port = (field: Field) => field.whole(1, 65_535)
  const inventory = {
    names: row.at('names').each((name) => name.readBy(farmName)),
    upnSuffixes: row.at('upnSuffixes').each((suffix) => suffix.readBy(suffixOf)),
    ports: row.at('ports').each(port),
    nodes: row.at('nodes').each((node) => {
      const read = {
        name: node.at('name').text(),
        addresses: node.at('addresses').each((address) => address.text()),
        role: node.at('role').oneOf(roles),
        ports: node.at('ports').each(port),
        names: node.at('names').each((name) => name.text()),
        tlsEndsAt: node.at('tlsEndsAt').orNull((end) => end.text()),
      }
      // What the command line could not say, no case may.
      node.at('name').readBy(() => parseNode(nodeText(read)))
      return read
    }),
  }
  row.readable(() => soundInventory(inventory))
  return inventory
}

const optional = <K extends string, T>(key: K, value: T | null) =>
  (value === null ? {} : { [key]: value }) as { readonly [P in K]?: T }

const fileOf = (row: Field): GivenFile => ({
  path: row.at('path').text(),
  certificates: row.at('certificates').each((item) => {
    const der = item.at('der')
    const parsed = parseCertificate(new Uint8Array(Buffer.from(der.text(), 'base64')))
    if (!parsed.ok) throw new Wrong(der.path, `is no certificate: ${parsed.problem.message}`)
    return { certificate: parsed.certificate, from: item.at('from').text() }
  }),
})
