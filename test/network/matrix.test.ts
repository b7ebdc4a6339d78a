import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { issue, type KeyKind } from '../../src/demo/authority.js'
import { probe } from '../../src/network/live/prober.js'
import type { Observation } from '../../src/tls/observation.js'
import { generalShape } from '../../src/tls/shapes.js'
import { chainSeenByOpenssl, has } from '../support/peers.js'
import {
  type Launcher,
  type ServerSetup,
  startGnutls,
  startHaproxy,
  startNginx,
  startNode,
  startOpenssl,
  startStunnel,
} from '../support/servers.js'

const name = 'sts.contoso.example'
const root = issue({ subject: 'Contoso Root', ca: true, key: 'P-256' })
const issuing = issue({ subject: 'Contoso Issuing CA', ca: true, key: 'P-256', issuer: root })
const stranger = issue({ subject: 'Unrelated CA', ca: true, key: 'P-256' })
const leafOf = (key: KeyKind | KeyObject) => issue({ subject: name, key, issuer: issuing, names: [name] })
const rsa = leafOf('rsa-2048')
const p256 = leafOf('P-256')
const p384 = leafOf('P-384')
const ed25519 = leafOf('ed25519')
const rsaPss = leafOf('rsa-pss')
const dsa = leafOf(generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).privateKey)
const crowd = Array.from({ length: 11 }, (_, i) => issue({ subject: `CA ${i}`, ca: true, issuer: root }).der)
const heavy = Array.from({ length: 4 }, (_, i) => {
  const ballast = { oid: '1.3.6.1.4.1.311.21.10', value: Buffer.alloc(6_000, i) }
  return issue({ subject: `Heavy CA ${i}`, ca: true, issuer: root, extensions: [ballast] }).der
})
/** OCSPResponse { malformedRequest }: the smallest that servers agree to staple. */
const staple = Uint8Array.of(0x30, 3, 0x0a, 1, 1)
/** A list of one made-up timestamp; servers pass it on unread. */
const timestamps = Uint8Array.from([0, 12, 0, 10, ...Buffer.from('made up 10')])

const launchers = {
  node: startNode,
  openssl: startOpenssl,
  nginx: startNginx,
  'gnutls-serv': startGnutls,
  haproxy: startHaproxy,
  stunnel4: startStunnel,
} satisfies Record<string, Launcher>

type Server = keyof typeof launchers
type Setup = Partial<ServerSetup> & Pick<ServerSetup, 'protocol'>
type Expected = { readonly [Field in keyof Observation]?: unknown }
type Row = [sentence: string, setup: Setup, expected?: Expected]

const proven = (signatureScheme: string) => ({ keyProof: { kind: 'proven', signatureScheme } })
const notProvable: Expected = { keyProof: expect.objectContaining({ kind: 'not-provable' }) }
const suite = (text: string): Expected => ({ cipherSuite: expect.objectContaining({ name: text }) })
const group = (text: string): Expected => ({ group: expect.objectContaining({ name: text }) })
const retried: Expected = { helloRetried: true }
const asked: Expected = { clientCertificateRequested: true }
const tls10 = { protocol: 'TLS 1.0' } as const
const tls11 = { protocol: 'TLS 1.1' } as const
const tls12 = { protocol: 'TLS 1.2' } as const
const tls13 = { protocol: 'TLS 1.3' } as const

const rows: Record<Server, readonly Row[]> = {
  node: [
    ['an RSA leaf and its issuer in TLS 1.3', tls13, proven('rsa_pss_rsae_sha256')],
    ['an RSA leaf alone in TLS 1.2', { ...tls12, rest: [] }, { keyExchange: 'ecdhe' }],
    ['TLS 1.0', tls10, proven('rsa_pkcs1_md5_sha1')],
    ['a staple in TLS 1.3', { ...tls13, staple }, { stapledOcsp: staple }],
    ['a staple in TLS 1.2', { ...tls12, staple }, { stapledOcsp: staple }],
    ['no staple although one was asked for', tls12, { stapledOcsp: null }],
    ['an application protocol in TLS 1.3', { ...tls13, alpn: 'http/1.1' }, { alpn: 'http/1.1' }],
    ['an application protocol in TLS 1.2', { ...tls12, alpn: 'http/1.1' }, { alpn: 'http/1.1' }],
    ['a demanded client certificate', { ...tls13, requireClientCertificate: true }, asked],
    ['12 certificates', { ...tls13, rest: crowd }],
  ],
  openssl: [
    [
      'TLS 1.0 with DHE',
      { ...tls10, ciphers: 'DHE-RSA-AES128-SHA:@SECLEVEL=0' },
      { keyExchange: 'dhe', group: null, ...proven('rsa_pkcs1_md5_sha1') },
    ],
    ['TLS 1.0 with ECDHE', tls10, { keyExchange: 'ecdhe', ...proven('rsa_pkcs1_md5_sha1') }],
    ['TLS 1.1 with an ECDSA leaf', { ...tls11, leaf: p256 }, proven('ecdsa_sha1')],
    [
      'TLS 1.1 with RSA key exchange',
      { ...tls11, ciphers: 'AES128-SHA:@SECLEVEL=0' },
      { keyExchange: 'rsa', ...notProvable },
    ],
    [
      'TLS 1.2 with RSA key exchange',
      { ...tls12, ciphers: 'AES128-GCM-SHA256' },
      { keyExchange: 'rsa', group: null, ...notProvable },
    ],
    [
      'CBC suites only',
      { ...tls12, ciphers: 'ECDHE-RSA-AES256-SHA' },
      suite('TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA'),
    ],
    ['a DSA leaf', { ...tls12, leaf: dsa }, { keyExchange: 'dhe', ...proven('dsa_sha256') }],
    [
      'ChaCha20 only in TLS 1.2',
      { ...tls12, ciphers: 'ECDHE-RSA-CHACHA20-POLY1305' },
      suite('TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'),
    ],
    [
      'ChaCha20 only in TLS 1.3',
      { ...tls13, suites: 'TLS_CHACHA20_POLY1305_SHA256' },
      suite('TLS_CHACHA20_POLY1305_SHA256'),
    ],
    [
      'AES-128 only in TLS 1.3',
      { ...tls13, suites: 'TLS_AES_128_GCM_SHA256' },
      suite('TLS_AES_128_GCM_SHA256'),
    ],
    [
      'AES-256 only in TLS 1.3',
      { ...tls13, suites: 'TLS_AES_256_GCM_SHA384' },
      suite('TLS_AES_256_GCM_SHA384'),
    ],
    [
      'a HelloRetryRequest for P-256',
      { ...tls13, groups: 'P-256' },
      { ...retried, ...group('P-256'), ...proven('rsa_pss_rsae_sha256') },
    ],
    [
      'a HelloRetryRequest for P-384 with AES-256',
      { ...tls13, groups: 'P-384', suites: 'TLS_AES_256_GCM_SHA384' },
      { ...retried, ...group('P-384') },
    ],
    ['a HelloRetryRequest for P-521', { ...tls13, groups: 'P-521' }, { ...retried, ...group('P-521') }],
    ['P-384 only in TLS 1.2', { ...tls12, groups: 'P-384' }, group('P-384')],
    ['an ECDSA P-256 leaf in TLS 1.3', { ...tls13, leaf: p256 }, proven('ecdsa_secp256r1_sha256')],
    ['an ECDSA P-384 leaf in TLS 1.3', { ...tls13, leaf: p384 }, proven('ecdsa_secp384r1_sha384')],
    ['an ECDSA P-384 leaf in TLS 1.2', { ...tls12, leaf: p384 }, { keyExchange: 'ecdhe' }],
    ['an Ed25519 leaf in TLS 1.3', { ...tls13, leaf: ed25519 }, proven('ed25519')],
    ['an Ed25519 leaf in TLS 1.2', { ...tls12, leaf: ed25519 }, proven('ed25519')],
    ['an RSA-PSS leaf in TLS 1.3', { ...tls13, leaf: rsaPss }, proven('rsa_pss_pss_sha256')],
    ['an RSA-PSS leaf in TLS 1.2', { ...tls12, leaf: rsaPss }, proven('rsa_pss_pss_sha256')],
    ['the root before the issuer', { ...tls12, rest: [root.der, issuing.der] }],
    ['the issuer twice', { ...tls13, rest: [issuing.der, issuing.der] }],
    ['the leaf twice', { ...tls12, rest: [rsa.der, issuing.der] }],
    ['a stranger between', { ...tls13, rest: [stranger.der, issuing.der] }],
    ['the root at the end', { ...tls13, rest: [issuing.der, root.der] }],
    ['12 certificates', { ...tls12, rest: crowd }],
    ['a chain over 16 KiB in TLS 1.2', { ...tls12, rest: heavy }],
    ['a chain over 16 KiB in TLS 1.3', { ...tls13, rest: heavy }],
    ['a demanded client certificate', { ...tls12, requireClientCertificate: true }, asked],
    [
      'a demanded client certificate with RSA key exchange',
      { ...tls12, requireClientCertificate: true, ciphers: 'AES128-SHA' },
      { ...asked, keyExchange: 'rsa', ...notProvable },
    ],
    ['timestamps in TLS 1.2', { ...tls12, timestamps }, { signedCertificateTimestamps: timestamps }],
    ['timestamps in TLS 1.3', { ...tls13, timestamps }, { signedCertificateTimestamps: timestamps }],
    ['a staple in TLS 1.2', { ...tls12, staple }, { stapledOcsp: staple }],
    ['small records in TLS 1.2', { ...tls12, rest: crowd, extra: ['-max_send_frag', '512'] }],
    ['small records in TLS 1.3', { ...tls13, rest: crowd, extra: ['-max_send_frag', '512'] }],
    ['padded records in TLS 1.3', { ...tls13, extra: ['-record_padding', '4096'] }],
  ],
  nginx: [
    ['TLS 1.3', tls13, proven('rsa_pss_rsae_sha256')],
    ['TLS 1.2 with an ECDSA leaf', { ...tls12, leaf: p256 }, proven('ecdsa_secp256r1_sha256')],
    ['TLS 1.1', tls11, proven('rsa_pkcs1_md5_sha1')],
    ['TLS 1.0 and the leaf alone', { ...tls10, rest: [] }, proven('rsa_pkcs1_md5_sha1')],
    ['a HelloRetryRequest', { ...tls13, groups: 'secp384r1' }, retried],
    ['a staple in TLS 1.3', { ...tls13, staple }, { stapledOcsp: staple }],
    ['a demanded client certificate', { ...tls12, requireClientCertificate: true }, asked],
  ],
  'gnutls-serv': [
    ['TLS 1.3', tls13, proven('rsa_pss_rsae_sha256')],
    ['TLS 1.2', tls12, { keyExchange: 'ecdhe' }],
    ['TLS 1.1', tls11, proven('rsa_pkcs1_md5_sha1')],
    ['TLS 1.0 and the leaf alone', { ...tls10, rest: [] }, proven('rsa_pkcs1_md5_sha1')],
    [
      'DHE in TLS 1.2',
      { ...tls12, ciphers: 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA' },
      { keyExchange: 'dhe' },
    ],
    [
      'a HelloRetryRequest',
      { ...tls13, ciphers: 'NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-SECP256R1' },
      { ...retried, ...group('P-256') },
    ],
    ['an Ed25519 leaf', { ...tls13, leaf: ed25519 }, proven('ed25519')],
    ['a demanded client certificate', { ...tls13, requireClientCertificate: true }, asked],
  ],
  haproxy: [
    ['TLS 1.3', tls13, proven('rsa_pss_rsae_sha256')],
    ['TLS 1.2 with strangers', { ...tls12, rest: [issuing.der, stranger.der, root.der] }],
    ['a demanded client certificate', { ...tls13, requireClientCertificate: true }, asked],
  ],
  stunnel4: [
    ['TLS 1.3 with an ECDSA leaf', { ...tls13, leaf: p256 }, proven('ecdsa_secp256r1_sha256')],
    ['TLS 1.2 and the leaf alone', { ...tls12, rest: [] }],
  ],
}

const bytes = (list: readonly Uint8Array[]): Buffer[] => list.map((der) => Buffer.from(der))

describe.each(Object.keys(rows) as Server[])('what %s sends is what we report:', (server) => {
  it.skipIf(server !== 'node' && !has(server)).each(rows[server])(
    '%s',
    async (_sentence: string, partial: Setup, expected: Expected = {}) => {
      const setup: ServerSetup = { leaf: rsa, rest: [issuing.der], ...partial }
      const running = await launchers[server](setup)
      try {
        const endpoint = { address: '127.0.0.1', port: running.port, serverName: name }
        const outcome = await probe(endpoint, generalShape)
        if (outcome.kind !== 'observed') throw new Error(`${JSON.stringify(outcome)}\n${running.output()}`)
        const { observation } = outcome
        const configured = bytes([setup.leaf.der, ...setup.rest])
        expect(bytes(observation.certificates)).toEqual(configured)
        expect(observation).toMatchObject({
          protocol: setup.protocol,
          sni: true,
          clientCertificateRequested: false,
          helloRetried: false,
          keyProof: { kind: 'proven' },
          ...expected,
        })
        if (has('openssl')) expect(await chainSeenByOpenssl(running.port, name)).toEqual(configured)
      } finally {
        await running.stop()
      }
    },
  )
})
