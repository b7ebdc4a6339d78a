import { createHash } from 'node:crypto'
import { toPem } from '../containers/bundle.js'
import { toPkcs7 } from '../containers/write-pkcs7.js'
import type { Certificate } from '../x509/certificate.js'
import { nameKey } from '../x509/name-match.js'
import { certificateFileName } from './file-names.js'
import { installScript } from './install-script.js'
import { readme } from './readme.js'

/** What a kit is made of: facts of one check, no clock and no folder. */
export interface KitInput {
  /** Federation service name in A-label form, or an address. */
  readonly name: string
  readonly port: number
  /** When the check was made. */
  readonly at: Date
  readonly version: string
  /** Every server checked, as `address:port`. */
  readonly servers: readonly string[]
  /** What is to be imported, leaf side first, with where it came from and the servers that lack it. */
  readonly intermediates: readonly {
    readonly certificate: Certificate
    readonly from: string
    readonly servers: readonly string[]
  }[]
  /** Full chains to serve, end-entity first, for those who end TLS elsewhere. */
  readonly chains: readonly { readonly servers: readonly string[]; readonly chain: readonly Certificate[] }[]
  /** Issuers nobody could supply. */
  readonly unresolved: readonly {
    readonly subject: string
    readonly urls: readonly string[]
    readonly servers: readonly string[]
  }[]
  /** A root that Windows may prefer and older phones lack, with the cross-certificate that leads round it. */
  readonly wrongRoot: { readonly root: Certificate; readonly crossSigned: Certificate } | null
  /** Releases that would accept all servers afterwards, in words. */
  readonly promise: string
}

export interface KitFile {
  /** Relative, no folders. */
  readonly path: string
  readonly contents: Uint8Array
}

/**
 * The files of an import kit; the same input gives the same bytes. Self-issued certificates are left out, whatever the
 * input says: a root belongs into no kit (a root in the intermediate store, or an intermediate among the roots, breaks
 * the trust between proxy and AD FS). Private keys cannot get in: the input has none.
 */
export function planKit(input: KitInput): readonly KitFile[] {
  const intermediates = input.intermediates.filter(({ certificate }) => !isSelfIssued(certificate))
  const kit: KitInput = { ...input, intermediates }
  const files = intermediates.flatMap(({ certificate }) => {
    const base = certificateFileName(certificate)
    return [
      { path: `${base}.cer`, contents: certificate.der },
      { path: `${base}.pem`, contents: ascii(toPem(certificate)) },
    ]
  })
  const chains = input.chains.map(({ chain }) => ({
    path: input.chains.length === 1 ? 'fullchain.pem' : `fullchain-${chain[0]!.sha256.slice(0, 8)}.pem`,
    contents: ascii(
      chain
        .filter((certificate) => !isSelfIssued(certificate))
        .map(toPem)
        .join(''),
    ),
  }))
  const scripts =
    intermediates.length === 0
      ? []
      : [
          {
            path: 'intermediates.p7b',
            contents: toPkcs7(intermediates.map(({ certificate }) => certificate)),
          },
          { path: 'Install-Intermediates.ps1', contents: ascii(installScript(kit).replaceAll('\n', '\r\n')) },
        ]
  const all = [
    ...files,
    ...chains,
    ...scripts,
    { path: 'README.md', contents: Buffer.from(readme(kit), 'utf8') },
  ]
  return [...all, { path: checksumFile, contents: ascii(checksums(all)) }]
}

/** In the format of `sha256sum`; also how a later run knows which files of a folder are ours to replace. */
export const checksumFile = 'SHA256SUMS'

const checksums = (files: readonly KitFile[]): string =>
  files
    .map(({ path, contents }) => `${createHash('sha256').update(contents).digest('hex')}  ${path}\n`)
    .join('')

/** A root, or what Windows' tools take for one. */
const isSelfIssued = ({ subject, issuer }: Certificate) => nameKey(subject) === nameKey(issuer)

const ascii = (text: string) => Buffer.from(text, 'latin1')
