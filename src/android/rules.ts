import type { RuleId } from './rule-id.js'
import type { Problem } from './verdict.js'

export interface Rule {
  /** What is the matter, in plain words, as the start of a report line. */
  readonly title: string
  /** Where it is written: RFC section, or file and tag of the platform source. */
  readonly citation: string
}

const pkix = 'BouncyCastle RFC3280CertPathUtilities (4.4–6.0), sun.security.provider.certpath (7.0+)'

export const rules: Record<RuleId, Rule> = {
  'nothing-presented': {
    title: 'The server sent no certificate',
    citation: 'RFC 5246 §7.4.2',
  },
  'message-too-large': {
    title: 'The server sends more certificate bytes than Android reads',
    citation:
      'boringssl ssl/internal.h SSL_MAX_CERT_LIST_DEFAULT@6.0.0_r1 … @14.0.0_r1, openssl 1.0.1 the same',
  },
  unreadable: {
    title: 'A certificate cannot be read the way this release reads it',
    citation: 'RFC 5280 §4.1; d2i_X509 (all releases), sun.security.x509.X509CertImpl (7.0+)',
  },
  'no-path-missing-issuer': {
    title: 'An intermediate certificate is missing',
    citation:
      'conscrypt TrustManagerImpl@5.0.0_r1 #cleanupCertChainAndFindTrustAnchors, @7.0.0_r1 #checkTrustedRecursive',
  },
  'anchor-unknown': {
    title: 'The chain ends at a root that this release does not have',
    citation: 'conscrypt TrustedCertificateStore; frameworks DirectoryCertificateSource (7.0+)',
  },
  'system-update': {
    title: 'The chain ends at a root that a Play system update adds or removes',
    citation: 'conscrypt apex/ca-certificates, tags android-16.0.0_r2, android-16.0.0_r4, android-17.0.0_r1',
  },
  'wrong-key': {
    title: 'A certificate has the name of the issuer but did not sign',
    citation: `RFC 5280 §6.1.3 (a)(1); ${pkix}`,
  },
  'name-chaining': {
    title: 'Issuer and subject names do not chain',
    citation: `RFC 5280 §6.1.3 (a)(4); ${pkix}`,
  },
  expired: { title: 'A certificate has expired', citation: `RFC 5280 §6.1.3 (a)(2); ${pkix}` },
  'not-yet-valid': { title: 'A certificate is not valid yet', citation: `RFC 5280 §6.1.3 (a)(2); ${pkix}` },
  'aki-mismatch': {
    title: 'The key identifier or serial number asked for is not that of the root',
    citation: 'sun.security.provider.certpath.AdaptableX509CertSelector (7.0+)',
  },
  'weak-signature': {
    title: 'A certificate is signed with an algorithm that this release refuses',
    citation:
      'conscrypt ChainStrengthAnalyzer@5.0.0_r1, @6.0.0_r1, @10.0.0_r1; jdk.certpath.disabledAlgorithms in libcore security.properties',
  },
  'weak-key': {
    title: 'A key is too short or of a kind that this release refuses',
    citation: 'conscrypt ChainStrengthAnalyzer@5.0.0_r1, @6.0.0_r1; jdk.certpath.disabledAlgorithms',
  },
  eku: {
    title: 'The certificate is not meant for servers',
    citation: 'RFC 5280 §4.2.1.12; conscrypt TrustManagerImpl.ExtendedKeyUsagePKIXCertPathChecker',
  },
  'key-usage': {
    title: 'The key usage of a certificate forbids what it is used for',
    citation: `RFC 5280 §4.2.1.3, §6.1.4 (n); ${pkix}`,
  },
  'not-a-ca': {
    title: 'A certificate is used as an issuer but is not a certification authority',
    citation: `RFC 5280 §6.1.4 (k); ${pkix}`,
  },
  'path-length': {
    title: 'There are more certificates below an authority than it may have',
    citation: `RFC 5280 §6.1.4 (l), (m); ${pkix}`,
  },
  'name-constraints': {
    title: 'A certificate carries names that its issuer may not certify',
    citation: `RFC 5280 §4.2.1.10, §6.1.3 (b), (c); ${pkix}`,
  },
  policy: {
    title: 'The certificate policies demanded along the chain are not met',
    citation: `RFC 5280 §6.1.3 (d)–(f), §6.1.5 (g); ${pkix}`,
  },
  'critical-extension': {
    title: 'A certificate has a critical extension that this release does not know',
    citation: `RFC 5280 §4.2, §6.1.4 (o), §6.1.5 (f); ${pkix}`,
  },
  blocklisted: {
    title: 'A key or a serial number is on the block list of this release',
    citation:
      'bouncycastle CertBlacklist (4.4–6.0), conscrypt CertBlacklist and CertBlocklistImpl (7.0+), StaticBlocklist (17)',
  },
  'staple-revoked': {
    title: 'The stapled OCSP response says that the certificate is revoked',
    citation: 'RFC 6960 §2.2; sun.security.provider.certpath.RevocationChecker#checkOCSP (8.0+)',
  },
  'staple-unknown': {
    title: 'The stapled OCSP response does not know the certificate',
    citation:
      'RFC 6960 §2.2; sun.security.provider.certpath.RevocationChecker#checkOCSP, OCSPResponse#verify (8.0+)',
  },
  'staple-stale': {
    title: 'The stapled OCSP response is out of date',
    citation: 'RFC 6960 §4.2.2.1; sun.security.provider.certpath.OCSPResponse#verify (8.0+)',
  },
  'staple-unverified': {
    title: 'The signature of the stapled OCSP response cannot be verified',
    citation: 'RFC 6960 §4.2.2.2; sun.security.provider.certpath.OCSPResponse#verify (8.0+)',
  },
  'staple-unusable': {
    title: 'The stapled OCSP response is no usable answer',
    citation: 'RFC 6960 §4.2.1; sun.security.provider.certpath.OCSPResponse (8.0+)',
  },
  'host-name': {
    title: 'The certificate is for other names',
    citation: 'okhttp OkHostnameVerifier@4.4_r1 … @14.0.0_r1',
  },
  'cn-only': {
    title: 'The name is only in the common name, where newer releases do not look',
    citation: 'okhttp OkHostnameVerifier@9.0.0_r1, android-security-8.1.0_r85',
  },
  'tls-key-usage': {
    title: 'The key usage of the certificate does not fit the key exchange',
    citation: 'RFC 8446 §4.4.2.2; boringssl ssl/ssl_cert.cc, handshake_client.cc, tls13_both.cc',
  },
  'handshake-refused': {
    title: 'This release and the server agree on no handshake',
    citation: 'RFC 8446 §4.1.1, RFC 5246 §7.4.1; the ClientHello of each release: android/hellos.ts',
  },
  'key-not-proven': {
    title: 'The server does not prove that it holds the key of its certificate',
    citation: 'RFC 8446 §4.4.3, RFC 5246 §7.4.3',
  },
}

/** The rule's title and the facts of this case, as one plain line. */
export const describeProblem = ({ rule, detail }: Problem): string =>
  detail === '' ? rules[rule].title : `${rules[rule].title}: ${detail}`
