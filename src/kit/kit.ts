import type { Certificate } from '../x509/certificate.js'

/** One server that was checked, and what the repair found for it. */
export interface KitServer {
  readonly address: string
  readonly port: number
  /** SHA-256 of the certificates it lacks; empty: it needs no change. */
  readonly missing: readonly string[]
}

/** A root that Windows prefers and old phones do not have, and the cross-certificate that leads round it. */
export interface WrongRoot {
  readonly root: Certificate
  readonly crossSigned: Certificate
}

/** All a kit is made from: no clock, no file, no network behind it. */
export interface KitInput {
  /** Federation service name, A-label form. */
  readonly name: string
  readonly port: number
  readonly servers: readonly KitServer[]
  readonly intermediates: readonly KitIntermediate[]
  /** The chains servers should send, leaf first, no root; several where servers have different leaves. */
  readonly chains: readonly (readonly Certificate[])[]
  /** Names of issuers that nobody could supply, with the URLs that were tried. */
  readonly unresolved: readonly { readonly subject: string; readonly urls: readonly string[] }[]
  readonly wrongRoot: WrongRoot | null
  /** When the servers were checked. */
  readonly at: Date
  readonly toolVersion: string
}

export interface KitIntermediate {
  readonly certificate: Certificate
  /** URL, file or server it came from. */
  readonly from: string
}

export type KitFileKind = 'certificate' | 'bundle' | 'chain' | 'script' | 'instructions' | 'checksums'

export interface KitFile {
  /** Name inside the kit's folder; never a path. */
  readonly path: string
  readonly kind: KitFileKind
  readonly contents: Uint8Array
}

/** Files with contents, in the order a reader should meet them. Equal input gives equal bytes. */
export interface KitPlan {
  readonly files: readonly KitFile[]
}

/** Something one person does on one server. */
export interface Step {
  readonly title: string
  /** Role, server and rights. */
  readonly where: string
  /** What to do, where it is more than the command. */
  readonly actions: readonly string[]
  /** PowerShell, or a command line; one command a line. */
  readonly command: string | null
  readonly expected: string | null
  readonly undo: string | null
}

export interface Procedure {
  readonly title: string
  readonly why: string
  readonly steps: readonly Step[]
}

export const fileNames = {
  readme: 'README.md',
  script: 'Install-Intermediates.ps1',
  bundle: 'intermediates.p7b',
  checksums: 'SHA256SUMS',
} as const

/** The exact command that checks one server from outside; without one, all of them. */
export function checkCommand(
  { name, port }: Pick<KitInput, 'name' | 'port'>,
  server?: Pick<KitServer, 'address' | 'port'>,
): string {
  const bracket = (host: string) => (host.includes(':') ? `[${host}]` : host)
  const target = `${bracket(name)}${port === 443 ? '' : `:${port}`}`
  return `adfs-check ${target}${server ? ` --server ${bracket(server.address)}:${server.port}` : ''}`
}
