/** A distinguished name as one certificate encodes it. */
export interface Name {
  /** The encoded name, byte for byte. */
  readonly der: Uint8Array
  /** RFC 4514 string; control characters and bidi marks are escaped, so it may be shown anywhere as plain text. */
  readonly text: string
  /** Common names in DER order, neutralised like `text`. */
  readonly commonNames: readonly string[]
}

export interface PublicKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
  /** SHA-256 of `spki`, lower-case hex. */
  readonly spkiSha256: string
  readonly algorithm: 'rsa' | 'rsa-pss' | 'ec' | 'dsa' | 'ed25519' | 'ed448' | 'other'
  /** Modulus or field size in bits; null where it could not be read. */
  readonly bits: number | null
  /** Named curve (`P-256`, …) or its OID; null for other algorithms. */
  readonly curve: string | null
}

export type KeyUsage =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly'

/** One entry of a subjectAltName. `value` is the text of a dNSName, rfc822Name or URI, or a canonical address (RFC 5952). */
export interface GeneralName {
  readonly type: 'dns' | 'ip' | 'email' | 'uri' | 'directory' | 'other'
  readonly value: string
  readonly bytes: Uint8Array
}

export interface Extension {
  readonly oid: string
  readonly critical: boolean
  /** The octets inside extnValue. */
  readonly value: Uint8Array
}

/** An immutable view over the DER of one certificate (RFC 5280 §4.1). Nothing in it was looked up elsewhere. */
export interface Certificate {
  readonly der: Uint8Array
  /** SHA-256 of `der`, lower-case hex: the certificate's identity throughout the program. */
  readonly sha256: string
  readonly version: number
  /** Content octets of the serial number, lower-case hex. */
  readonly serialNumber: string
  readonly issuer: Name
  readonly subject: Name
  readonly notBefore: Date
  readonly notAfter: Date
  readonly publicKey: PublicKey
  /** Outer signatureAlgorithm OID. */
  readonly signatureAlgorithm: string
  /** Parameters of the outer signatureAlgorithm, DER; null: absent. */
  readonly signatureParameters: Uint8Array | null
  /** AlgorithmIdentifier inside the signed part, DER; should equal the outer one (RFC 5280 §4.1.1.2). */
  readonly signedAlgorithm: Uint8Array
  /** The signed part (TBSCertificate) as encoded. */
  readonly tbs: Uint8Array
  /** Octets of the signature BIT STRING. */
  readonly signature: Uint8Array
  readonly extensions: readonly Extension[]
  /** Null: no extension, or it cannot be read (then named in `unreadable`). The same holds for all fields below. */
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null
  readonly keyUsage: ReadonlySet<KeyUsage> | null
  /** Purpose OIDs. */
  readonly extendedKeyUsage: readonly string[] | null
  readonly subjectAltNames: readonly GeneralName[] | null
  /** Lower-case hex. */
  readonly subjectKeyIdentifier: string | null
  readonly authorityKeyIdentifier: {
    readonly keyIdentifier: string | null
    readonly issuer: Uint8Array | null
    readonly serialNumber: string | null
  } | null
  /** caIssuers URLs of authorityInfoAccess, as written. */
  readonly caIssuers: readonly string[]
  /** OIDs of known extensions whose content could not be read. */
  readonly unreadable: readonly string[]
}

/** Why bytes are not a certificate: the field that could not be read and where it starts. */
export interface ParseProblem {
  readonly field: string
  readonly offset: number
  readonly message: string
}

export type ParseResult =
  | { readonly ok: true; readonly certificate: Certificate }
  | { readonly ok: false; readonly problem: ParseProblem }
