import type { Sha256 } from '../x509/identity.js'

/**
 * What is checked. Stable between runs and unique in a farm; other values speak of a subject by its id only.
 * `sts.contoso.com@203.0.113.11:443`; without a name (an address was given as the target) `203.0.113.11:443`; a file
 * `sts.contoso.com@file:1a2b3c4d` with the start of its digest.
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

/** One machine as seen from here: an address, and the name that the operator or DNS calls it by. */
export interface Node {
  /** Unique in the farm: the address in canonical text; with its port where the operator named one. */
  readonly id: string
  /** The host name given with --server, else the address. */
  readonly label: string
  readonly address: string
  readonly role: Role
}

export interface ServedSubject {
  readonly kind: 'served'
  readonly id: SubjectId
  /** Sent as SNI and asked of the certificate; null: the target is an address, which is asked instead. */
  readonly name: ServerName | null
  readonly node: Node
  readonly port: number
}

export interface FileSubject {
  readonly kind: 'file'
  readonly id: SubjectId
  readonly name: ServerName
  readonly digest: Sha256
}

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

/** What one run checks under one roof: the names, where they are served, and what could not be found. */
export interface Farm {
  /** The target as the operator named it, without port: what reports and printed commands call it. */
  readonly id: string
  readonly name: ServerName | null
  /** The address, where the target is one. */
  readonly address: string | null
  readonly port: number
  readonly subjects: readonly ServedSubject[]
  readonly unresolved: readonly UnresolvedName[]
}

/** `address:port` as written in reports and commands, IPv6 in brackets. */
export const endpointText = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** Where a subject is served, for people and for `--server`; a file has no place. */
export const placeOf = (subject: Subject): string =>
  subject.kind === 'file' ? 'the file' : endpointText(subject.node.address, subject.port)

export function servedSubject(name: ServerName | null, node: Node, port: number): ServedSubject {
  const at = endpointText(node.address, port)
  return { kind: 'served', id: name ? `${name.ascii}@${at}` : at, name, node, port }
}
