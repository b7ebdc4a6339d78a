/**
 * Names of the numbers that TLS puts on the wire, as in the IANA registries "TLS Parameters" and "TLS Extensions"
 * (https://www.iana.org/assignments/tls-parameters). Only what a client of this program offers or a server may answer
 * with is listed; any other number is written in hexadecimal.
 */

const hex = (code: number): string => `0x${code.toString(16).padStart(4, '0')}`

/** Protocol versions as reports write them. */
export const versions: Readonly<Record<number, string>> = {
  768: 'SSL 3.0',
  769: 'TLS 1.0',
  770: 'TLS 1.1',
  771: 'TLS 1.2',
  772: 'TLS 1.3',
}
export const versionName = (code: number): string => versions[code] ?? hex(code)

const cipherSuites: Readonly<Record<number, string>> = {
  1: 'TLS_RSA_WITH_NULL_MD5',
  2: 'TLS_RSA_WITH_NULL_SHA',
  3: 'TLS_RSA_EXPORT_WITH_RC4_40_MD5',
  4: 'TLS_RSA_WITH_RC4_128_MD5',
  5: 'TLS_RSA_WITH_RC4_128_SHA',
  6: 'TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5',
  7: 'TLS_RSA_WITH_IDEA_CBC_SHA',
  8: 'TLS_RSA_EXPORT_WITH_DES40_CBC_SHA',
  9: 'TLS_RSA_WITH_DES_CBC_SHA',
  10: 'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
  17: 'TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA',
  18: 'TLS_DHE_DSS_WITH_DES_CBC_SHA',
  19: 'TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA',
  20: 'TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA',
  21: 'TLS_DHE_RSA_WITH_DES_CBC_SHA',
  22: 'TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA',
  47: 'TLS_RSA_WITH_AES_128_CBC_SHA',
  50: 'TLS_DHE_DSS_WITH_AES_128_CBC_SHA',
  51: 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA',
  53: 'TLS_RSA_WITH_AES_256_CBC_SHA',
  56: 'TLS_DHE_DSS_WITH_AES_256_CBC_SHA',
  57: 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA',
  60: 'TLS_RSA_WITH_AES_128_CBC_SHA256',
  61: 'TLS_RSA_WITH_AES_256_CBC_SHA256',
  64: 'TLS_DHE_DSS_WITH_AES_128_CBC_SHA256',
  65: 'TLS_RSA_WITH_CAMELLIA_128_CBC_SHA',
  69: 'TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA',
  103: 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA256',
  106: 'TLS_DHE_DSS_WITH_AES_256_CBC_SHA256',
  107: 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256',
  132: 'TLS_RSA_WITH_CAMELLIA_256_CBC_SHA',
  136: 'TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA',
  150: 'TLS_RSA_WITH_SEED_CBC_SHA',
  156: 'TLS_RSA_WITH_AES_128_GCM_SHA256',
  157: 'TLS_RSA_WITH_AES_256_GCM_SHA384',
  158: 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  159: 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384',
  162: 'TLS_DHE_DSS_WITH_AES_128_GCM_SHA256',
  163: 'TLS_DHE_DSS_WITH_AES_256_GCM_SHA384',
  255: 'TLS_EMPTY_RENEGOTIATION_INFO_SCSV',
  4865: 'TLS_AES_128_GCM_SHA256',
  4866: 'TLS_AES_256_GCM_SHA384',
  4867: 'TLS_CHACHA20_POLY1305_SHA256',
  22016: 'TLS_FALLBACK_SCSV',
  49154: 'TLS_ECDH_ECDSA_WITH_RC4_128_SHA',
  49155: 'TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA',
  49156: 'TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA',
  49157: 'TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA',
  49159: 'TLS_ECDHE_ECDSA_WITH_RC4_128_SHA',
  49160: 'TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA',
  49161: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  49162: 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
  49164: 'TLS_ECDH_RSA_WITH_RC4_128_SHA',
  49165: 'TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA',
  49166: 'TLS_ECDH_RSA_WITH_AES_128_CBC_SHA',
  49167: 'TLS_ECDH_RSA_WITH_AES_256_CBC_SHA',
  49169: 'TLS_ECDHE_RSA_WITH_RC4_128_SHA',
  49170: 'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA',
  49171: 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  49172: 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
  49187: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
  49188: 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
  49191: 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256',
  49192: 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384',
  49195: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  49196: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  49199: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  49200: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  49308: 'TLS_RSA_WITH_AES_128_CCM',
  49309: 'TLS_RSA_WITH_AES_256_CCM',
  49310: 'TLS_DHE_RSA_WITH_AES_128_CCM',
  49311: 'TLS_DHE_RSA_WITH_AES_256_CCM',
  49324: 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM',
  49325: 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM',
  52392: 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  52393: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
  52394: 'TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
}
export const cipherSuiteName = (code: number): string => cipherSuites[code] ?? hex(code)

/** Signals that a client puts among its suites; no server may choose them (RFC 5746 §3.3, RFC 7507). */
export const signallingSuites: readonly number[] = [0x00ff, 0x5600]

/** How a suite exchanges keys, which decides whether and where the server signs. */
export function keyExchangeOf(suite: number): 'tls13' | 'ecdhe' | 'dhe' | 'rsa' | 'other' {
  const name = cipherSuiteName(suite)
  if (suite >> 8 === 0x13) return 'tls13'
  if (/^TLS_ECDHE_(RSA|ECDSA)_/.test(name)) return 'ecdhe'
  if (/^TLS_DHE_(RSA|DSS)_/.test(name)) return 'dhe'
  return name.startsWith('TLS_RSA_WITH_') ? 'rsa' : 'other'
}

/** Whether a suite may be chosen in a version: AEAD and SHA-2 suites came with TLS 1.2, 0x13xx with TLS 1.3. */
export function suiteFitsVersion(suite: number, version: number): boolean {
  if (version === 0x0304 || suite >> 8 === 0x13) return version === 0x0304 && suite >> 8 === 0x13
  return version === 0x0303 || !/_(SHA256|SHA384|CCM)$/.test(cipherSuiteName(suite))
}

const groups: Readonly<Record<number, string>> = {
  1: 'sect163k1',
  2: 'sect163r1',
  3: 'sect163r2',
  4: 'sect193r1',
  5: 'sect193r2',
  6: 'sect233k1',
  7: 'sect233r1',
  8: 'sect239k1',
  9: 'sect283k1',
  10: 'sect283r1',
  11: 'sect409k1',
  12: 'sect409r1',
  13: 'sect571k1',
  14: 'sect571r1',
  15: 'secp160k1',
  16: 'secp160r1',
  17: 'secp160r2',
  18: 'secp192k1',
  19: 'secp192r1',
  20: 'secp224k1',
  21: 'secp224r1',
  22: 'secp256k1',
  23: 'P-256',
  24: 'P-384',
  25: 'P-521',
  26: 'brainpoolP256r1',
  27: 'brainpoolP384r1',
  28: 'brainpoolP512r1',
  29: 'X25519',
  30: 'X448',
  256: 'ffdhe2048',
  257: 'ffdhe3072',
  258: 'ffdhe4096',
  4588: 'X25519MLKEM768',
}
export const groupName = (code: number): string => groups[code] ?? hex(code)

export const signatureSchemes: Readonly<Record<number, string>> = {
  257: 'rsa_pkcs1_md5',
  513: 'rsa_pkcs1_sha1',
  514: 'dsa_sha1',
  515: 'ecdsa_sha1',
  769: 'rsa_pkcs1_sha224',
  770: 'dsa_sha224',
  771: 'ecdsa_sha224',
  1025: 'rsa_pkcs1_sha256',
  1026: 'dsa_sha256',
  1027: 'ecdsa_secp256r1_sha256',
  1281: 'rsa_pkcs1_sha384',
  1282: 'dsa_sha384',
  1283: 'ecdsa_secp384r1_sha384',
  1537: 'rsa_pkcs1_sha512',
  1538: 'dsa_sha512',
  1539: 'ecdsa_secp521r1_sha512',
  2052: 'rsa_pss_rsae_sha256',
  2053: 'rsa_pss_rsae_sha384',
  2054: 'rsa_pss_rsae_sha512',
  2055: 'ed25519',
  2056: 'ed448',
  2057: 'rsa_pss_pss_sha256',
  2058: 'rsa_pss_pss_sha384',
  2059: 'rsa_pss_pss_sha512',
}
export const signatureSchemeName = (code: number): string => signatureSchemes[code] ?? hex(code)

const alerts: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  21: 'decryption_failed',
  22: 'record_overflow',
  30: 'decompression_failure',
  40: 'handshake_failure',
  41: 'no_certificate',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  60: 'export_restriction',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  111: 'certificate_unobtainable',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  114: 'bad_certificate_hash_value',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
}
export const alertName = (code: number): string => alerts[code] ?? `alert ${code}`

/** Handshake message types (RFC 8446 §4, RFC 5246 §7.4). */
export const handshakeTypes: Readonly<Record<number, string>> = {
  0: 'HelloRequest',
  1: 'ClientHello',
  2: 'ServerHello',
  4: 'NewSessionTicket',
  8: 'EncryptedExtensions',
  11: 'Certificate',
  12: 'ServerKeyExchange',
  13: 'CertificateRequest',
  14: 'ServerHelloDone',
  15: 'CertificateVerify',
  16: 'ClientKeyExchange',
  20: 'Finished',
  22: 'CertificateStatus',
  23: 'SupplementalData',
  24: 'KeyUpdate',
  25: 'CompressedCertificate',
}
export const handshakeTypeName = (type: number): string => handshakeTypes[type] ?? `handshake type ${type}`

/** Extension types that this client sends or reads. */
export const extensionTypes = {
  serverName: 0,
  statusRequest: 5,
  supportedGroups: 10,
  ecPointFormats: 11,
  signatureAlgorithms: 13,
  alpn: 16,
  signedCertificateTimestamps: 18,
  padding: 21,
  extendedMasterSecret: 23,
  sessionTicket: 35,
  supportedVersions: 43,
  cookie: 44,
  pskKeyExchangeModes: 45,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const
