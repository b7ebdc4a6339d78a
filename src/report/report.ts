import type { Release } from '../android/releases.js'

/** What a run amounts to; maps to the exit code. `unknown`: at least one server could not be judged and none is bad. */
export type OverallVerdict = 'ok' | 'warning' | 'critical' | 'unknown'

export type Severity = 'error' | 'warning' | 'info'

/**
 * Everything one run found out about one target, as plain JSON-safe values: enough to render any format and to be read
 * by other programs. Certificates appear once, in `certificates`; elsewhere by their SHA-256 in lower-case hex.
 * Text that came from the network is neutralised for display but must still be escaped for the format it goes into.
 */
export interface Report {
  readonly schemaVersion: 1
  readonly tool: { readonly name: 'adfs-check'; readonly version: string }
  /** The clock that validity was judged by, ISO 8601. */
  readonly at: string
  readonly target: { readonly name: string; readonly displayName: string; readonly port: number }
  readonly verdict: OverallVerdict
  /** The releases judged, oldest first. */
  readonly releases: readonly Release[]
  readonly trustStores: {
    /** One sentence per release: how many roots, and from where they are known. */
    readonly sources: Readonly<Partial<Record<Release, string>>>
    /** Anchors the operator added to every release's store. */
    readonly added: readonly string[]
  }
  readonly endpoints: readonly EndpointReport[]
  readonly certificates: Readonly<Record<string, CertificateReport>>
  /** Most severe first. */
  readonly findings: readonly FindingReport[]
  readonly repair: RepairReport
}

export interface EndpointReport {
  readonly address: string
  readonly port: number
  /** The name sent as SNI; null for an address literal. */
  readonly serverName: string | null
  readonly outcome: OutcomeReport
  /** Certificates in the order received, duplicates kept. */
  readonly sent: readonly string[]
  readonly handshake: HandshakeReport | null
  /** Every connection made to this server. */
  readonly connections: readonly {
    readonly hello: string
    readonly sni: boolean
    readonly outcome: string
    /** Releases whose ClientHello this was, or whose answer it settles. */
    readonly releases: readonly Release[]
  }[]
  /** What a ClientHello without server name got; null: not tried. */
  readonly withoutServerName: { readonly outcome: string; readonly sent: readonly string[] } | null
  /** How each Android release takes what was sent. Empty when nothing was received. */
  readonly verdicts: readonly VerdictReport[]
  /** The same, once the repair's chain is sent; empty where no repair is proposed. */
  readonly afterRepair: readonly VerdictReport[]
  /**
   * Chrome and WebView on the newest selected release: they fetch missing intermediates over AIA, apps do not. Explains
   * "it opens in Chrome on the phone" and never counts as success. Null where nothing was received.
   */
  readonly chromium: { readonly verdict: 'accepted' | 'refused' | 'unknown'; readonly reason: string } | null
}

export interface OutcomeReport {
  /** `observed`, or how the connection ended. */
  readonly kind: string
  /** What was being waited for when it ended. */
  readonly phase: string | null
  readonly detail: string
}

export interface HandshakeReport {
  readonly protocol: string
  readonly cipherSuite: string
  readonly group: string | null
  readonly alpn: string | null
  readonly keyProof: 'proven' | 'failed' | 'not-provable'
  readonly clientCertificateRequested: boolean
  readonly stapledOcsp: boolean
  readonly signedCertificateTimestamps: boolean
  readonly connectMs: number
  readonly handshakeMs: number
}

export interface VerdictReport {
  readonly release: Release
  readonly verdict: 'accepted' | 'refused' | 'depends' | 'undetermined'
  /** One sentence. */
  readonly reason: string
  /** Id of the rule that decided, and where it is written; null when accepted or not decided. */
  readonly rule: string | null
  readonly source: string | null
  /** The certificate the rule speaks of. */
  readonly certificate: string | null
  /** The path accepted, end-entity first, trust anchor last; empty unless accepted. */
  readonly path: readonly string[]
  /** Accepted by an app process that has met these intermediates on another server: works by luck. */
  readonly acceptedIfRemembered: readonly string[]
}

export interface CertificateReport {
  readonly subject: string
  readonly issuer: string
  /** Lower-case hex. */
  readonly serialNumber: string
  readonly notBefore: string
  readonly notAfter: string
  readonly subjectKeyIdentifier: string | null
  readonly authorityKeyIdentifier: string | null
  readonly names: readonly string[]
  readonly isCa: boolean
  readonly key: string
  readonly signatureAlgorithm: string
  readonly caIssuers: readonly string[]
  /** SHA-1 of the DER, lower-case hex: what Windows calls the thumbprint. */
  readonly thumbprint: string
  /** Where it came from: sent by a server, an Android trust store, AIA, the operator's files. */
  readonly origins: readonly string[]
  readonly pem: string
}

export interface FindingReport {
  /** Kebab-case noun phrase; has a page `adfs-check explain <id>`. */
  readonly id: string
  readonly severity: Severity
  /** `address:port`; null when it is about the whole target. */
  readonly endpoint: string | null
  readonly title: string
  /** What was seen and for whom it matters. */
  readonly message: string
  /** What to do, in order. */
  readonly steps: readonly string[]
  readonly releases: readonly Release[]
  /** Typed facts behind the message; keys depend on the id. */
  readonly evidence: Readonly<Record<string, unknown>>
}

export interface RepairReport {
  /** Certificates that servers should send and do not. */
  readonly missing: readonly {
    readonly sha256: string
    readonly subject: string
    /** `aia`, `operator` or `other-server`, with the URL, file or address. */
    readonly origin: string
    readonly from: string
    /** Servers that lack it, as `address:port`. */
    readonly endpoints: readonly string[]
    /** SHA-256 of the certificate whose signature it verifies. */
    readonly issued: string
  }[]
  /** Missing issuers nobody could supply. */
  readonly unresolved: readonly {
    readonly subject: string
    readonly keyIdentifier: string | null
    readonly urls: readonly string[]
    readonly endpoints: readonly string[]
  }[]
  /** The full chain each group of servers should send, end-entity first, no root; empty when nothing is to be changed. */
  readonly chains: readonly { readonly endpoints: readonly string[]; readonly chain: readonly string[] }[]
  /** AIA fetches, each with its outcome. */
  readonly fetches: readonly { readonly url: string; readonly outcome: string }[]
  /** Files of the import kit, relative to the kit's folder; empty when no kit was asked for. */
  readonly files: readonly string[]
  /** Instructions in order, as printed. */
  readonly steps: readonly {
    readonly title: string
    readonly where: string
    readonly command: string | null
    readonly expected: string | null
  }[]
}
