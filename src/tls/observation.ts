/**
 * What a ClientHello offers, as data. The prober speaks it and knows nothing of the release it stands for.
 * All lists are in the order sent; numbers are the IANA code points.
 */
export interface HelloShape {
  /** Short name for reports, e.g. `android-10`. */
  readonly id: string
  /** 0x0301 … 0x0304, highest last. With 0x0304 a supported_versions extension is sent. */
  readonly versions: readonly number[]
  readonly cipherSuites: readonly number[]
  readonly groups: readonly number[]
  /** Groups for which a key share is sent at once (TLS 1.3); the others need a HelloRetryRequest. */
  readonly keyShares: readonly number[]
  /** Empty: no signature_algorithms extension (a TLS 1.0 hello). */
  readonly signatureSchemes: readonly number[]
  readonly alpn: readonly string[]
  /** False: no server_name extension even though the name is known. */
  readonly sni: boolean
  /** RFC 8422 §5.1.2; 0 is uncompressed, 1 and 2 the compressed forms that OpenSSL 1.0 still offers. */
  readonly pointFormats: readonly number[]
  /**
   * Types of the extensions, in the order sent. One that has nothing to say here (no name, no ALPN, an older version)
   * is left out; cookie and padding come by themselves, last.
   */
  readonly extensions: readonly number[]
}

/** One address to connect to, and the name to ask for there. */
export interface Endpoint {
  /** IPv4 or IPv6 address, no brackets. */
  readonly address: string
  readonly port: number
  /** Federation service name in A-label form, lower-case, no trailing dot; null for an address literal target. */
  readonly serverName: string | null
}

/** What one connection showed, exactly as received. Times are milliseconds. */
export interface Observation {
  readonly endpoint: Endpoint
  readonly shape: string
  /** Whether the server_name extension was sent. */
  readonly sni: boolean
  /** `TLS 1.0` … `TLS 1.3`. */
  readonly protocol: string
  readonly protocolVersion: number
  readonly cipherSuite: { readonly code: number; readonly name: string }
  /** Key exchange group where there is one (ECDHE, TLS 1.3). */
  readonly group: { readonly code: number; readonly name: string } | null
  readonly keyExchange: 'tls13' | 'ecdhe' | 'dhe' | 'rsa' | 'other'
  readonly alpn: string | null
  /** certificate_list in the order received, duplicates kept: DER of each entry. */
  readonly certificates: readonly Uint8Array[]
  /** Stapled OCSP response of the end-entity certificate, DER; null: none. */
  readonly stapledOcsp: Uint8Array | null
  /** SignedCertificateTimestampList (RFC 6962 §3.3) from the handshake; null: none. */
  readonly signedCertificateTimestamps: Uint8Array | null
  /**
   * Whether the server proved that it holds the key of its first certificate: TLS 1.3 CertificateVerify and Finished,
   * TLS ≤ 1.2 ServerKeyExchange signature. `not-provable`: RSA key exchange proves nothing before the client's keys, the
   * connection ended too soon, or there is no key that could be read. What it amounts to: `endOf` in `exchange-end.ts`.
   */
  readonly keyProof:
    | { readonly kind: 'proven'; readonly signatureScheme: string }
    | { readonly kind: 'failed'; readonly detail: string }
    | { readonly kind: 'not-provable'; readonly detail: string }
  readonly clientCertificateRequested: boolean
  /** Whether a HelloRetryRequest came first. */
  readonly helloRetried: boolean
  readonly connectMs: number
  readonly handshakeMs: number
  readonly bytesReceived: number
}

export type ProbePhase =
  | 'resolve'
  | 'proxy'
  | 'connect'
  | 'client-hello'
  | 'server-hello'
  | 'certificate'
  | 'key-proof'

/**
 * What came of one connection. `phase` is the last thing waited for: `client-hello` means that the server gave no TLS
 * answer at all to our hello, `server-hello` that it began one or asked for another hello. Failures after the
 * Certificate message keep what was seen in `observation`.
 */
export type ProbeOutcome =
  | { readonly kind: 'observed'; readonly observation: Observation }
  | {
      readonly kind: 'unreachable'
      readonly reason: 'refused' | 'no-route' | 'other'
      readonly detail: string
    }
  | { readonly kind: 'proxy-failed'; readonly detail: string }
  | {
      readonly kind: 'timed-out'
      readonly phase: ProbePhase
      readonly timeoutMs: number
      readonly observation: Observation | null
    }
  | {
      readonly kind: 'alert'
      readonly phase: ProbePhase
      readonly alert: { readonly code: number; readonly name: string }
      readonly observation: Observation | null
    }
  | {
      readonly kind: 'reset' | 'closed'
      readonly phase: ProbePhase
      readonly observation: Observation | null
    }
  | {
      readonly kind: 'not-tls'
      /** What the server seems to speak, from its first bytes. */
      readonly looksLike: 'http' | 'other'
      readonly detail: string
    }
  | {
      readonly kind: 'limit-exceeded'
      readonly limit: string
      readonly maximum: number
      readonly actual: number | null
    }
  | {
      readonly kind: 'protocol-error'
      readonly phase: ProbePhase
      readonly detail: string
      readonly observation: Observation | null
    }
  /** The run was ended (Ctrl-C, deadline) before this connection came to anything. */
  | { readonly kind: 'interrupted' }
  /** A replayed case does not hold this question: nothing may be concluded from it. */
  | { readonly kind: 'not-recorded' }

/** Bounds on what one connection may cost. Defaults and their reasons: `defaultLimits` in `prober.ts`. */
export interface ProbeLimits {
  /** Deadline for the whole connection, proxy and TCP connect included, milliseconds. */
  readonly timeoutMs: number
  /** Body of the Certificate message, bytes. */
  readonly maxCertificateBytes: number
  /** All handshake messages of one connection, bytes. */
  readonly maxHandshakeBytes: number
  /** Records of any kind. */
  readonly maxRecords: number
  /** Records without content. */
  readonly maxEmptyRecords: number
  /** Alerts that do not end the connection. */
  readonly maxWarningAlerts: number
}
