import type { BcVersion } from '../path/general-names-bc.js'
import type { OddForm } from '../path/key-forms.js'
import type { LibcoreRules } from '../path/pkix-libcore.js'
import { type Release, releases } from './releases.js'
import { type StrengthRules, strengthBefore6, strengthFrom6, strengthFrom10 } from './strength.js'

/**
 * Host name verifiers, by the behaviour that the platform's OkHostnameVerifier had: V1 4.4–5.0, V2 5.1, V3 6.0–8.1,
 * V4 9–11, V6 12 and later and patched 8.1–11. (V5, of 11, gives the same answers as V4.)
 */
export type Verifier = 'V1' | 'V2' | 'V3' | 'V4' | 'V6'

/** How one release decides, as data. Every line says where it was read; tags are those of the AOSP projects. */
export interface ReleaseRules {
  /**
   * greedy: first certificate of the right name, no second thoughts, BouncyCastle's validator.
   * recursive: every order tried, libcore's fork of OpenJDK's validator. conscrypt TrustManagerImpl@5.0.0_r1 … @6.0.1_r22, @7.0.0_r1 …
   */
  readonly builder: 'greedy' | 'recursive'
  /** BouncyCastle that validates paths; null: OpenJDK's PKIX does. bouncycastle@4.4_r1, @5.1.1_r1, @6.0.0_r1. */
  readonly bouncyCastle: BcVersion | null
  readonly strength: StrengthRules
  /** Odd ways of writing a key that the release reads all the same; executed, 4.4 to 17. */
  readonly keyForms: ReadonlySet<OddForm>
  /** Details in which libcore's validator changed; the path rules of 7.0 and later only. */
  readonly libcore: LibcoreRules
  /** Bytes after an intermediate are passed over (TLS_with_buffers_method, conscrypt@9.0.0_r1); after the leaf never. */
  readonly toleratesTrailingBytes: boolean
  /**
   * What becomes of a stapled OCSP response. conscrypt TrustManagerImpl#setOcspResponses@8.0.0_r1; without fallback to
   * certificate revocation lists from 14 (commit f3fb2568).
   */
  readonly staple: 'ignored' | 'checked-or-crl' | 'checked'
  /** Host name verifier as shipped and with the security patch of 2021-02, where that changed it. */
  readonly verifier: Verifier
  readonly patchedVerifier: Verifier
  /** A dNSName with NUL or a byte above 127: spoils the whole list, or only itself (conscrypt @8.0.0_r1). */
  readonly oddNameSpoilsList: boolean
  /** Whether the 86 further keys count that 17 has built in (StaticBlocklist). */
  readonly blocksChromiumKeys: boolean
  /** Serial numbers blocked for leaves of any issuer, hex. bouncycastle CertBlacklist@4.4_r1, @5.1.1_r1. */
  readonly blockedSerials: readonly string[]
  /** Which keyUsage checks BoringSSL makes while shaking hands (ssl_cert.cc, handshake_client.cc, tls13_both.cc). */
  readonly tlsKeyUsage: { readonly ec: boolean; readonly tls13: boolean; readonly rsa: boolean }
}

const since = (release: Release, first: Release): boolean =>
  releases.indexOf(release) >= releases.indexOf(first)

/** Form, first release that reads it, first that does not any more. */
const keyForms: readonly (readonly [OddForm, Release, Release?])[] = [
  ['the point at infinity', '4.4', '7.0'],
  ['unused bits', '4.4', '7.0'],
  ['a padded modulus', '4.4', '9'],
  ['bytes after the key', '4.4', '10'],
  ['a curve that BoringSSL lacks', '4.4', '12'],
  ['a hybrid point', '4.4', '12'],
  ['an even exponent', '4.4', '12'],
  ['no parameters', '4.4', '12'],
  ['an explicit curve', '4.4', '7.0'],
  ['an explicit curve', '8.0', '12'],
]

function rulesOf(release: Release): ReleaseRules {
  const from = (first: Release): boolean => since(release, first)
  const verifier = from('12') ? 'V6' : from('9') ? 'V4' : from('6.0') ? 'V3' : from('5.1') ? 'V2' : 'V1'
  return {
    builder: from('7.0') ? 'recursive' : 'greedy',
    bouncyCastle: from('7.0') ? null : from('6.0') ? '1.52' : from('5.0') ? '1.50' : '1.49',
    strength: from('10') ? strengthFrom10 : from('6.0') ? strengthFrom6 : strengthBefore6,
    staple: from('14') ? 'checked' : from('8.0') ? 'checked-or-crl' : 'ignored',
    verifier,
    // 8.0 never got the change (okhttp android-security-8.0.0_r54).
    patchedVerifier: from('8.1') ? 'V6' : verifier,
    oddNameSpoilsList: !from('8.0'),
    // The list is short and hits any issuer until 6.0. 0x31da7 is absent at 4.4_r1 and present at 4.4.4_r2.
    blockedSerials: from('6.0') ? [] : ['0864', '0827', ...(from('5.0') ? ['031da7'] : [])],
    keyForms: new Set(
      keyForms.filter(([, first, last]) => from(first) && !(last && from(last))).map(([form]) => form),
    ),
    // What was run for 8.0 and 8.1 is the state of 9: the history of their libcore is public up to 2017-04 only.
    libcore: {
      needsOldAnchorValid: !from('8.0'),
      ignoresIdleKeyUsage: !from('8.0'),
      refusesPaddedIntegers: from('8.0'),
      comparesAlgorithmBytes: from('9'),
    },
    toleratesTrailingBytes: from('9'),
    blocksChromiumKeys: from('17'),
    tlsKeyUsage: { ec: from('8.0'), tls13: from('10'), rsa: from('14') },
  }
}

export const releaseRules = Object.fromEntries(
  releases.map((release) => [release, rulesOf(release)]),
) as Record<Release, ReleaseRules>
