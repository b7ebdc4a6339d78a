import type { ExchangeEnd } from '../tls/exchange-end.js'
import type { Certificate, ParseProblem } from '../x509/certificate.js'
import type { Sha256 } from '../x509/identity.js'

/** One place in a certificate list as sent; position and readability belong to it. */
export type Entry = {
  readonly index: number
  readonly der: Uint8Array
  readonly sha256: Sha256
} & ({ readonly certificate: Certificate } | { readonly problem: ParseProblem })

/** What the TLS layer settled, as far as a verdict depends on it or a person wants to know it. */
export interface Handshake {
  /** 0x0301 … 0x0304. */
  readonly protocolVersion: number
  readonly cipherSuite: number
  readonly group: number | null
  readonly keyExchange: 'tls13' | 'ecdhe' | 'dhe' | 'rsa' | 'other'
  /** Name of RFC 8446 §4.2.3; null: the server proved nothing. */
  readonly signatureScheme: string | null
  readonly alpn: string | null
  readonly clientCertificateRequested: boolean
}

/** What one client is shown, however it was got: a connection, a file, or the question "what if". */
export interface Presented {
  readonly entries: readonly Entry[]
  /** Stapled OCSP response, DER. */
  readonly staple: Uint8Array | null
  /** SignedCertificateTimestampList (RFC 6962 §3.3) from the handshake. */
  readonly timestamps: Uint8Array | null
  readonly handshake: Handshake | null
}

/** One connection that a certificate list came over. */
export interface Exchange {
  /** Id of the hello said, e.g. `android-14`. */
  readonly offer: string
  /** Connections with the same hello are counted from 0. */
  readonly nth: number
  readonly sni: boolean
  readonly ended: ExchangeEnd
  readonly presented: Presented
}

/** `a1`, `a2`, … the newest release's first. */
export type AnswerId = string

/** One certificate list that the server sends, with every connection it came over: its first entries are the list. */
export interface Answer {
  readonly id: AnswerId
  readonly entries: readonly Entry[]
  readonly exchanges: readonly Exchange[]
}

/** The certificates of a list that could be read, in order, duplicates kept. */
export const certificatesOf = (entries: readonly Entry[]): readonly Certificate[] =>
  entries.flatMap((entry) => ('certificate' in entry ? [entry.certificate] : []))

/** The first certificate sent; null where nothing was sent or the first entry cannot be read. */
export const leafOf = ([first]: readonly Entry[]): Certificate | null =>
  first && 'certificate' in first ? first.certificate : null
