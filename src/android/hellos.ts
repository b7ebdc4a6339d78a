import type { HelloShape } from '../tls/observation.js'
import { type Release, releases } from './releases.js'

/**
 * What `HttpsURLConnection` offers by default in each release, as data for the prober. Nothing here is GREASE, and no
 * extension is permuted: Conscrypt turns neither on.
 *
 * Suites are in the order of a phone with AES instructions: all 64-bit phones and nearly all 32-bit ones since 2014
 * have them. Without, ChaCha20 moves to the front; the set is the same, and with it whether and with which kind of
 * certificate a server answers.
 */

// Suites (conscrypt NativeCrypto.java at the tags named below). IANA names: src/tls/code-points.ts.
const kitKatSuites = [
  0x0004, 0x0005, 0x002f, 0x0035, 0xc002, 0xc004, 0xc005, 0xc00c, 0xc00e, 0xc00f, 0xc007, 0xc009, 0xc00a,
  0xc011, 0xc013, 0xc014, 0x0033, 0x0039, 0x0032, 0x0038, 0x000a, 0xc003, 0xc00d, 0xc008, 0xc012, 0x0016,
  0x0013, 0x0009, 0x0015, 0x0012, 0x0003, 0x0008, 0x0014, 0x0011, 0x00ff,
]
const lollipopSuites = [
  0xc02b, 0xc02c, 0xc02f, 0xc030, 0x009e, 0x009f, 0xc009, 0xc00a, 0xc013, 0xc014, 0x0033, 0x0039, 0x0032,
  0x0038, 0xc007, 0xc011, 0x009c, 0x009d, 0x002f, 0x0035, 0x0005, 0x00ff,
]
/** Without DSS; renegotiation is signalled by extension. */
const marshmallowSuites = lollipopSuites.filter((suite) => ![0x0032, 0x0038, 0x00ff].includes(suite))
const nougatSuites = [
  0xc02b, 0xc02c, 0xcca9, 0xc02f, 0xc030, 0xcca8, 0x009e, 0x009f, 0xc009, 0xc00a, 0xc013, 0xc014, 0x0033,
  0x0039, 0x009c, 0x009d, 0x002f, 0x0035,
]
const oreoSuites = nougatSuites.filter((suite) => ![0x009e, 0x009f, 0x0033, 0x0039].includes(suite))
const tls13Suites = [0x1301, 0x1302, 0x1303, ...oreoSuites]

// Groups (openssl ssl/t1_lib.c for OpenSSL 1.0.1, boringssl t1_lib.c and extensions.cc after).
const openSslGroups = [
  14, 13, 25, 11, 12, 24, 9, 10, 22, 23, 8, 6, 7, 20, 21, 4, 5, 18, 19, 1, 2, 3, 15, 16, 17,
]
const nistGroups = [23, 24, 25]
const modernGroups = [29, 23, 24]

// Signature schemes (the same files).
const lollipopSchemes = [6, 5, 4, 3, 2].flatMap((hash) => [1, 2, 3].map((key) => hash * 256 + key))
const marshmallowSchemes = lollipopSchemes.filter((scheme) => scheme % 256 !== 2)
const oreoSchemes = [0x0403, 0x0401, 0x0503, 0x0501, 0x0603, 0x0601, 0x0201]
const pieSchemes = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0201]

/**
 * Extensions in the order sent. 4.4 and 5.x: OpenSSL 1.0.1 ssl/t1_lib.c, which knows no extended_master_secret and signals
 * renegotiation by a suite. 7.0 on: the tables of BoringSSL's t1_lib.c and extensions.cc at the tags below, and what
 * phones were seen to send (the JA3 of API 24 to 32 in the tests); 6.0 is taken to send what 7.0 does. Everybody asks
 * for a session ticket (okhttp Platform.java turns them on).
 */
const openSslOrder = [0, 11, 10, 35, 13]
const conscryptOrder = [0xff01, 0, 23, 35, 13, 16, 11, 10]
const staplingOrder = [0xff01, 0, 23, 35, 13, 5, 16, 11, 10]
const tls13Order = [0, 23, 0xff01, 10, 11, 35, 16, 5, 13, 51, 45, 43]
const openSsl = { alpn: [], pointFormats: [0, 1, 2], extensions: openSslOrder }

const tls10To12 = [0x0301, 0x0302, 0x0303]
const plain = {
  versions: tls10To12,
  keyShares: [],
  alpn: ['http/1.1'],
  sni: true,
  pointFormats: [0],
  extensions: conscryptOrder,
}

/** A hello and the releases that send it. */
export interface ReleaseHello {
  readonly shape: HelloShape
  readonly releases: readonly Release[]
  readonly source: string
}

/** Oldest first. Where the patch level matters, the row is what the last builds of the release send. */
const hellos: readonly ReleaseHello[] = [
  {
    // Also offers SSL 3.0, which no probe speaks: a server with nothing newer counts as none that 4.4 can be judged by.
    shape: {
      ...plain,
      id: 'android-4.4',
      versions: [0x0301],
      cipherSuites: kitKatSuites,
      groups: openSslGroups,
      signatureSchemes: [],
      ...openSsl,
    },
    releases: ['4.4'],
    source: 'conscrypt at android-4.4_r1 (class file), OpenSSL 1.0.1e',
  },
  {
    shape: {
      ...plain,
      id: 'android-5',
      cipherSuites: lollipopSuites,
      groups: openSslGroups,
      signatureSchemes: lollipopSchemes,
      ...openSsl,
    },
    releases: ['5.0', '5.1'],
    source: 'conscrypt and okhttp at android-5.0.0_r1 and 5.1.1_r1, OpenSSL 1.0.1h and 1.0.1j',
  },
  {
    shape: {
      ...plain,
      id: 'android-6.0',
      cipherSuites: marshmallowSuites,
      groups: nistGroups,
      signatureSchemes: marshmallowSchemes,
    },
    releases: ['6.0'],
    source: 'conscrypt, boringssl and okhttp at android-6.0.0_r1',
  },
  {
    // Conscrypt pinned a P-256 key here; commit 2486fc8f removed it for 7.1.1.
    shape: {
      ...plain,
      id: 'android-7.0',
      cipherSuites: nougatSuites,
      groups: [23],
      signatureSchemes: marshmallowSchemes,
    },
    releases: ['7.0'],
    source: 'conscrypt and boringssl at android-7.0.0_r1',
  },
  {
    shape: {
      ...plain,
      id: 'android-7.1',
      cipherSuites: nougatSuites,
      groups: nistGroups,
      signatureSchemes: marshmallowSchemes,
    },
    releases: ['7.1'],
    source: 'conscrypt and boringssl at android-7.1.1_r1',
  },
  {
    shape: {
      ...plain,
      id: 'android-8',
      cipherSuites: oreoSuites,
      groups: modernGroups,
      signatureSchemes: oreoSchemes,
      extensions: staplingOrder,
    },
    releases: ['8.0', '8.1'],
    source: 'conscrypt and boringssl at android-8.0.0_r1 and 8.1.0_r1; RSA-PSS is left out by a build flag',
  },
  {
    shape: {
      ...plain,
      id: 'android-9',
      cipherSuites: oreoSuites,
      groups: modernGroups,
      signatureSchemes: pieSchemes,
      extensions: staplingOrder,
    },
    releases: ['9'],
    source: 'conscrypt and boringssl at android-9.0.0_r1',
  },
  {
    shape: {
      ...plain,
      id: 'android-10',
      versions: [...tls10To12, 0x0304],
      cipherSuites: tls13Suites,
      groups: modernGroups,
      keyShares: [29],
      signatureSchemes: pieSchemes,
      extensions: tls13Order,
    },
    releases: ['10', '11', '12', '12L', '13'],
    source: 'conscrypt and boringssl at android-10.0.0_r1 to 13.0.0_r1',
  },
  {
    shape: {
      ...plain,
      id: 'android-14',
      versions: [0x0303, 0x0304],
      cipherSuites: tls13Suites,
      groups: modernGroups,
      keyShares: [29],
      signatureSchemes: pieSchemes,
      extensions: tls13Order,
    },
    releases: ['14', '15', '16'],
    source: 'conscrypt at android-14.0.0_r29 (commit 1ed3fabc), 15.0.0_r1 and 16.0.0_r2',
  },
  {
    // An app that enforces Certificate Transparency asks for timestamps in the handshake too.
    shape: {
      ...plain,
      id: 'android-17',
      versions: [0x0303, 0x0304],
      cipherSuites: tls13Suites,
      groups: modernGroups,
      keyShares: [29],
      signatureSchemes: pieSchemes,
      extensions: tls13Order.flatMap((type) => (type === 13 ? [13, 18] : [type])),
    },
    releases: ['17'],
    source: 'taken as 16 with timestamps asked for; groups and schemes of 17 are unconfirmed',
  },
]

/** Builds of a release whose hello is that of another row, in a way that some server can tell. */
export interface PatchVariant {
  readonly release: Release
  /** Which builds. */
  readonly builds: string
  readonly shape: HelloShape
  readonly source: string
}

export const patchVariants: readonly PatchVariant[] = [
  {
    release: '7.1',
    builds: '7.1.0 (October and November 2016)',
    shape: helloOf('7.0').shape,
    source: 'conscrypt: the P-256 restriction left with android-7.1.1_r1',
  },
  {
    release: '14',
    builds: 'the first builds of 14 (tags r1 to r28)',
    shape: helloOf('13').shape,
    source: 'conscrypt: TLS 1.0 and 1.1 left the defaults with commit 1ed3fabc (2023-11-09)',
  },
]

/** What `release` sends. */
export function helloOf(release: Release): ReleaseHello {
  return hellos.find((hello) => hello.releases.includes(release))!
}

/** The different hellos among `chosen`, oldest first, each with those of `chosen` that send it. */
export function helloGroups(chosen: readonly Release[] = releases): readonly ReleaseHello[] {
  return hellos
    .map((hello) => ({ ...hello, releases: hello.releases.filter((release) => chosen.includes(release)) }))
    .filter((hello) => hello.releases.length > 0)
}

/**
 * No release's hello but the union of those of 6.0 to 9, made so that its answer says what each of them would be
 * answered (`inferable`): every suite that one of them offers, in an order that all their orders agree with; P-256
 * first because all have it; X25519 and RSA-PSS left out because some lack them. 5.x stays apart: it sends neither
 * extended_master_secret nor ALPN, and a server may mind.
 */
export const unionOf6To9: HelloShape = {
  ...plain,
  id: 'android-6-to-9',
  cipherSuites: [
    0xc02b, 0xc02c, 0xcca9, 0xc02f, 0xc030, 0xcca8, 0x009e, 0x009f, 0xc009, 0xc00a, 0xc013, 0xc014, 0x0033,
    0x0039, 0xc007, 0xc011, 0x009c, 0x009d, 0x002f, 0x0035, 0x0005,
  ],
  groups: nistGroups,
  signatureSchemes: [...oreoSchemes, ...marshmallowSchemes.filter((scheme) => !oreoSchemes.includes(scheme))],
  extensions: staplingOrder,
}
