import type { Release } from '../android/releases.js'
import type { Offered } from '../containers/bundle.js'
import type { Certificate } from '../x509/certificate.js'
import type { Sha256 } from '../x509/identity.js'

/**
 * What is checked. Stable between runs and unique in a farm; other values speak of a subject by its id only.
 * `sts.contoso.com@203.0.113.11:443`; without a name (an address was given as the target) `203.0.113.11:443`; a file
 * `sts.contoso.com@file:1a2b3c4d` with the start of its digest. Seen from several places, `sts.contoso.com@inside/10.0.0.5:443`.
 */
export type SubjectId = string

/**
 * What a finding is about, stable over renewals: finding id, subject id and a facet that the check names, joined by `|`.
 * Waivers and baselines bind to it.
 */
export type CaseKey = string

/** A host name as apps ask for it and as people read it. */
export interface ServerName {
  /** A-label form, lower-case, no trailing dot. */
  readonly ascii: string
  /** U-labels. */
  readonly display: string
}

/** What a machine does in a farm; nothing tells it from outside. */
export type Role = 'adfs' | 'wap' | 'balancer' | 'unknown'

/** What ends TLS where phones arrive: who holds the list that is sent, and so how it is mended. */
export const terminators = [
  'adfs',
  'wap',
  'nginx',
  'haproxy',
  'f5',
  'netscaler',
  'kemp',
  'application-gateway',
  'cloudflare',
  'other',
] as const
export type Terminator = (typeof terminators)[number]

/** Windows ends TLS itself, or a device in front of it does. */
export const roleEndingTls = (at: Terminator | null): Role =>
  at === null ? 'unknown' : at === 'adfs' || at === 'wap' ? at : 'balancer'

/** What ends TLS at a node, as far as it is known: a balancer that nobody named is some device. */
export const endingTls = ({ role, tlsEndsAt }: Pick<Node, 'role' | 'tlsEndsAt'>): Terminator | null =>
  tlsEndsAt ?? (role === 'balancer' ? 'other' : null)

/** What a node is to whoever mends it: by what ends TLS there, where that was said, else by its role. */
export const mendedAs = ({ role, tlsEndsAt }: Pick<Node, 'role' | 'tlsEndsAt'>): Role =>
  tlsEndsAt === null ? role : roleEndingTls(tlsEndsAt)

/** One machine as seen from here: an address, and the name that the operator or DNS calls it by. */
export interface Node {
  /**
   * One machine of the farm: the name that the inventory calls it by, which may have several addresses; else the address in
   * canonical text, with its port where the operator named one.
   */
  readonly id: string
  /** Its name in the inventory or the host name given with --server, else the address. */
  readonly label: string
  readonly address: string
  readonly role: Role
  /** Null: nobody said. */
  readonly tlsEndsAt: Terminator | null
}

export interface ServedSubject {
  readonly kind: 'served'
  readonly id: SubjectId
  /** Sent as SNI and asked of the certificate; null: the target is an address, which is asked instead. */
  readonly name: ServerName | null
  readonly node: Node
  readonly port: number
  /** Label of the place it was looked at from, where several are compared; it is part of the id. */
  readonly vantage?: string
}

/** A certificate of a file, as if a Windows server presented it. */
export interface FileSubject {
  readonly kind: 'file'
  readonly id: SubjectId
  readonly name: ServerName
  /** Of the file's bytes. */
  readonly digest: Sha256
  /** As on the command line. */
  readonly path: string
  /** The certificate to be bound: a file may hold several. */
  readonly leaf: Certificate
  readonly offered: Offered
  /** Where it is to be imported; null: not said. */
  readonly server: WindowsRelease | null
  /** Products that end TLS for the farm, beside Windows or alone: what they send is not predicted. */
  readonly devices: readonly Terminator[]
  /** What is live, server by server; null: nobody asked. */
  readonly against: readonly LiveServer[] | null
}

/** What one server of the live farm presents, as far as a new certificate is compared with it. */
export interface LiveServer {
  readonly id: SubjectId
  /** Null: nothing was seen. */
  readonly leaf: Certificate | null
  /** Releases that counted, and those of them that accept it. */
  readonly judged: readonly Release[]
  readonly accepting: readonly Release[]
}

/** Windows Server releases that AD FS runs on and that open and keep different things. */
export const windowsReleases = ['2012R2', '2016', '2019', '2022', '2025'] as const
export type WindowsRelease = (typeof windowsReleases)[number]

export type Subject = ServedSubject | FileSubject

/** A name for which no server could be found: it is told, never dropped. */
export interface UnresolvedName {
  readonly host: string
  readonly reason:
    | 'not-found'
    | 'no-address-of-family'
    | 'timed-out'
    | 'too-many-addresses'
    | 'not-recorded'
    | 'failed'
  readonly detail: string
}

/** A place that the farm was looked at from: inside the company's network, outside of it. */
export interface Vantage {
  /** Lower-case letters, digits and hyphens: it stands in subject ids, file names and sentences. */
  readonly label: string
  /** When it was looked at from there. */
  readonly at: Date
}

/** A name that was thought of and is not checked, with the reason: it is told, never dropped. */
export interface LeftOutName {
  readonly name: string
  readonly reason: /** An alias of Microsoft's cloud service, which has a certificate of its own. */
    | 'cloud'
    /** Does not exist in DNS, so that nobody asks for it. */
    | 'absent'
    /** Leads to none of the farm's addresses. */
    | 'elsewhere'
    /** Leads to the farm, but no server shows a certificate for it. */
    | 'not-answered'
    /** Each node that is looked at answers to other names. */
    | 'no-node'
    /** DNS did not say. */
    | 'unknown'
  readonly detail: string
  /** Labels of the places where it is so, if it is not so at all of them. */
  readonly vantages?: readonly string[]
}

/** What one run checks under one roof: the names, where they are served, and what could not be found. */
export interface Farm {
  /** The target as the operator named it, without port: what reports and printed commands call it. */
  readonly id: string
  readonly name: ServerName | null
  /** Every name that is checked, that of the target first. */
  readonly names: readonly ServerName[]
  /** The address, where the target is one. */
  readonly address: string | null
  /** The first of `ports`. */
  readonly port: number
  readonly ports: readonly number[]
  readonly subjects: readonly Subject[]
  readonly unresolved: readonly UnresolvedName[]
  readonly leftOut: readonly LeftOutName[]
  /** Places it was looked at from, where several are compared. */
  readonly vantages?: readonly Vantage[]
}

/** A farm of servers. */
export interface ServedFarm extends Farm {
  readonly subjects: readonly ServedSubject[]
  /** Names (`ascii`) that nobody named: they count only where a server shows a certificate for them. */
  readonly supposed: readonly string[]
}

/** `address:port` as written in reports and commands, IPv6 in brackets. */
export const endpointText = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** Where a subject is served, for people and for `--server`; a file by its path. */
export const placeOf = (subject: Subject): string =>
  subject.kind === 'file' ? subject.path : endpointText(subject.node.address, subject.port)

/** What the inventory calls the machine; null: it is known by its address alone. */
export function machineName(subject: Subject): string | null {
  if (subject.kind === 'file') return null
  const own = ownNodeId(subject)
  return own === subject.node.address || own === placeOf(subject) ? null : own
}

export function servedSubject(name: ServerName | null, node: Node, port: number): ServedSubject {
  const at = endpointText(node.address, port)
  return { kind: 'served', id: name ? `${name.ascii}@${at}` : at, name, node, port }
}

/** Its machine as one place calls it, whether or not it is compared with others. */
export const ownNodeId = ({ node, vantage }: ServedSubject): string =>
  vantage === undefined ? node.id : node.id.slice(vantage.length + 1)

/** Of several names on one port, the one that speaks for what does not depend on the name. */
export const isFirstAt = ({ id, node, port }: ServedSubject, { subjects }: ServedFarm): boolean =>
  subjects.find((one) => one.node.address === node.address && one.port === port)?.id === id

/** `nth` of the certificates in the file that may be bound, from 0. */
export function fileSubject(file: Omit<FileSubject, 'kind' | 'id'>, nth: number): FileSubject {
  const id = `${file.name.ascii}@file:${file.digest.slice(0, 8)}${nth === 0 ? '' : `.${nth + 1}`}`
  return { kind: 'file', id, ...file }
}
