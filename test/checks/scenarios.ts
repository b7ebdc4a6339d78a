import type { RuleId } from '../../src/android/rules.js'
import transparency from '../../src/android/transparency-data.json' with { type: 'json' }
import type { Verdict } from '../../src/android/verdict.js'
import { type Issued, sequence, tlv } from '../../src/demo/authority.js'
import type { ProbeOutcome } from '../../src/tls/observation.js'
import {
  host,
  inDays,
  make,
  makeCa,
  makeLeaf,
  observationOf,
  observed,
  soundPki,
  type World,
} from './context.js'

export interface Scenario {
  readonly world: World
  /** `severity id`, and `: releases` where not every release is concerned; most severe first, nothing else found. */
  readonly finds: readonly string[]
  /** What the first finding's message must say. */
  readonly says?: RegExp
}

const { root, intermediate, leaf } = soundPki()
const otherRoot = makeCa('Other Root')
const anchors = [root]
const twin = (issuer: Issued, options = {}) =>
  makeCa('Contoso Issuing CA', issuer, { key: intermediate.key, ...options })
const impostor = makeCa('Contoso Issuing CA', root, { keyName: 'impostor' })
const expiredTwin = twin(root, { notBefore: inDays(-900), notAfter: inDays(-10) })
const serving = (...sent: readonly (Issued | Uint8Array)[]): World => ({ servers: [{ sent }], anchors })
const missing = [{ certificate: intermediate, issued: leaf }]

export const sound: World = serving(leaf, intermediate)

const chains: Record<string, Scenario> = {
  'a leaf and its intermediate under a root that every release has': { world: sound, finds: [] },
  'a leaf alone, the intermediate found': {
    world: { servers: [{ sent: [leaf], missing }], anchors },
    finds: ['error intermediate-missing'],
    says: /sends 1 certificate and not "Contoso Issuing CA" \(key identifier [0-9a-f]{40}\).*Windows and Chrome.*luck/,
  },
  'a leaf alone, the intermediate found nowhere': {
    world: { servers: [{ sent: [leaf], unresolved: { child: leaf } }], anchors },
    finds: ['error intermediate-missing'],
  },
  'a leaf alone, and the intermediate leads to a private root': {
    world: { servers: [{ sent: [leaf], missing }] },
    finds: ['error intermediate-missing', 'error anchor-unknown-to-android'],
  },
  'a leaf alone, and only new releases have the root': {
    world: { servers: [{ sent: [leaf], missing }], anchors: [{ root, from: '12' }] },
    finds: ['error intermediate-missing', 'error anchor-unknown-to-android: 4.4-11'],
  },
  'a complete chain to a private root that is not sent': {
    world: { servers: [{ sent: [leaf, intermediate], unresolved: { child: intermediate } }] },
    finds: ['error anchor-unknown-to-android'],
    says: /"Contoso Root", which no checked Android release trusts.*private authority.*From Android 7/,
  },
  'a complete chain to a private root that is sent': {
    world: { servers: [{ sent: [leaf, intermediate, root] }] },
    finds: ['error anchor-unknown-to-android', 'info root-included: -'],
  },
  'a complete chain to a root that came with Android 10': {
    world: { servers: [{ sent: [leaf, intermediate] }], anchors: [{ root, from: '10' }] },
    finds: ['error anchor-unknown-to-android: 4.4-9'],
    says: /the first release with this root is Android 10/,
  },
  'the same, and a cross-certificate found that reaches an older root': {
    world: {
      servers: [
        {
          sent: [leaf, intermediate],
          missing: [
            { certificate: makeCa('Contoso Root', otherRoot, { key: root.key }), issued: intermediate },
          ],
        },
      ],
      anchors: [{ root, from: '10' }, otherRoot],
    },
    finds: ['error anchor-unknown-to-android: 4.4-9'],
  },
  'a self-signed leaf': {
    world: serving(make({ subject: host, names: [host] })),
    finds: ['error anchor-unknown-to-android'],
  },
  'an intermediate of the right name with another key': {
    world: { servers: [{ sent: [leaf, impostor], missing }], anchors },
    finds: ['error wrong-intermediate'],
    says: /did not sign it \(its key identifier is [0-9a-f]{40}, [0-9a-f]{40} is wanted\)/,
  },
  'that intermediate before the right one': {
    world: serving(leaf, impostor, intermediate),
    finds: ['error wrong-intermediate: 4.4-6.0'],
  },
  'that intermediate after the right one': {
    world: serving(leaf, intermediate, impostor),
    finds: ['info wrong-intermediate: -'],
    says: /harmless/,
  },
  'the intermediate under a foreign root before the one under the root': {
    world: serving(leaf, twin(otherRoot), intermediate),
    finds: ['error wrong-intermediate: 4.4-6.0'],
    says: /leads to no root that Android has/,
  },
  'an expired leaf': {
    world: serving(makeLeaf(intermediate, { notAfter: inDays(-1) }), intermediate),
    finds: ['error certificate-expired'],
    says: /expired on 2026-11-22, 1 day ago; every checked Android release refuses/,
  },
  'an expired leaf without its intermediate': {
    world: {
      servers: [{ sent: [makeLeaf(intermediate, { notAfter: inDays(-1) })], unresolved: { child: leaf } }],
      anchors,
    },
    finds: ['error intermediate-missing', 'error certificate-expired'],
  },
  'an expired intermediate': { world: serving(leaf, expiredTwin), finds: ['error certificate-expired'] },
  'an expired copy of the intermediate before the renewed one': {
    world: serving(leaf, expiredTwin, intermediate),
    finds: ['error certificate-expired: 4.4-6.0'],
    says: /The other releases find another way/,
  },
  'an expired copy of the intermediate after the renewed one': {
    world: serving(leaf, intermediate, expiredTwin),
    finds: ['info certificate-expired: -'],
    says: /No checked Android release needs it/,
  },
  'a leaf that is valid from tomorrow': {
    world: serving(makeLeaf(intermediate, { notBefore: inDays(1) }), intermediate),
    finds: ['error certificate-not-yet-valid'],
  },
  'an intermediate that is valid from tomorrow': {
    world: serving(leaf, twin(root, { notBefore: inDays(1) })),
    finds: ['error certificate-not-yet-valid'],
  },
  'a copy of the intermediate from tomorrow on, after the one in force': {
    world: serving(leaf, intermediate, twin(root, { notBefore: inDays(1) })),
    finds: ['info certificate-not-yet-valid: -'],
  },
  'a leaf with 20 days left': {
    world: serving(makeLeaf(intermediate, { notAfter: inDays(20) }), intermediate),
    finds: ['warning certificate-expiring'],
    says: /in 20 days/,
  },
  'a leaf with 3 days left': {
    world: serving(makeLeaf(intermediate, { notAfter: inDays(3) }), intermediate),
    finds: ['error certificate-expiring'],
  },
  'an intermediate with 20 days left': {
    world: serving(leaf, twin(root, { notAfter: inDays(20) })),
    finds: ['warning certificate-expiring'],
  },
  'a leaf with 20 days left where a warning is wanted for ten': {
    world: { ...serving(makeLeaf(intermediate, { notAfter: inDays(20) }), intermediate), warnDays: 10 },
    finds: [],
  },
  'a superfluous copy with 20 days left': {
    world: serving(leaf, intermediate, twin(otherRoot, { notAfter: inDays(20) })),
    finds: [],
  },
}

const second = makeCa('Contoso Policy CA', root)
const third = makeCa('Contoso Issuing CA 3', second)
const orders: Record<string, Scenario> = {
  'two intermediates in order': { world: serving(makeLeaf(third), third, second), finds: [] },
  'two intermediates in the wrong order': {
    world: serving(makeLeaf(third), second, third),
    finds: ['info chain-misordered: -'],
  },
  'an intermediate sent twice': {
    world: serving(leaf, intermediate, intermediate),
    finds: ['info duplicate-certificate: -'],
    says: /presented\[1\], presented\[2\]/,
  },
  'a stranger beside the chain': {
    world: serving(leaf, makeCa('Stranger', otherRoot), intermediate),
    finds: ['info unrelated-certificate: -'],
    says: /"Stranger" \(presented\[1\]\)/,
  },
  'the root sent too': { world: serving(leaf, intermediate, root), finds: ['info root-included: -'] },
  'the authority first': {
    world: serving(intermediate, leaf),
    finds: ['error leaf-not-first'],
    says: /"Contoso Issuing CA" \(presented\[0\]\); the server's own is "sts.contoso.com" \(presented\[1\]\)/,
  },
}

const named = (names: readonly string[] | undefined, subject = 'x'): World =>
  serving(make({ subject, issuer: intermediate, ...(names ? { names } : {}) }), intermediate)
const asking = (name: string, world: World): World => ({ ...world, target: { name } })
const names: Record<string, Scenario> = {
  'another name': {
    world: named(['mail.contoso.com', 'www.contoso.com']),
    finds: ['error hostname-not-covered'],
    says: /it covers "mail.contoso.com" and "www.contoso.com"/,
  },
  'a name with two letters exchanged': {
    world: named(['sts.contsoo.com']),
    finds: ['error hostname-not-covered'],
    says: /"sts.contsoo.com" differs in two letters/,
  },
  'a wildcard one label too high': {
    world: asking('certauth.sts.contoso.com', named(['*.contoso.com'])),
    finds: ['error hostname-not-covered'],
    says: /"\*\.contoso\.com" covers exactly one label/,
  },
  'a wildcard for the name itself': {
    world: asking('contoso.com', named(['*.contoso.com'])),
    finds: ['error hostname-not-covered: 6.0-17'],
    says: /covers names below contoso.com, not contoso.com itself/,
  },
  'the parent of the name': {
    world: asking('certauth.sts.contoso.com', named([host])),
    finds: ['error hostname-not-covered'],
    says: /covers that name alone/,
  },
  'another name on a server that lacks its intermediate': {
    world: {
      servers: [{ sent: [makeLeaf(intermediate, { names: ['www.contoso.com'] })], missing }],
      anchors,
    },
    finds: ['error intermediate-missing', 'error hostname-not-covered'],
  },
  'a name with control characters': {
    world: named(['www.contoso.com\u001b[2J']),
    finds: ['error hostname-not-covered'],
    says: /www\.contoso\.com\\1b\[2J/,
  },
  'the common name only': {
    world: named(undefined, host),
    finds: ['error common-name-only: 8.1-17'],
    says: /Android 9-17 looks only there.*Android 8\.1 refuses it from the security patch of 2021-02/,
  },
  'the common name only, on releases that still read it': {
    world: { ...named(undefined, host), releases: ['5.1', '6.0', '7.0'] },
    finds: [],
  },
  'the common name only, where only the patch level decides': {
    world: { ...named(undefined, host), releases: ['8.1'] },
    finds: ['warning common-name-only'],
  },
}

/** One log in use of each of three operators. */
const knownLogs = transparency.operators
  .flatMap(({ logs }) => logs.filter((log) => !('retiredAt' in log)).slice(0, 1))
  .slice(0, 3)
  .map(({ id }) => Buffer.from(id, 'base64'))
const variant = (options: Parameters<typeof makeLeaf>[1]): World =>
  serving(makeLeaf(intermediate, options), intermediate)
const refusedFor =
  (rule: RuleId): ((verdict: Verdict) => Verdict) =>
  ({ release }) => ({
    kind: 'refused',
    release,
    reason: { rule, certificate: null, detail: 'made up' },
    attempted: [],
  })
const pathless = makeCa('Contoso Short CA', root, { ca: { pathLength: 0 } })
const below = makeCa('Contoso Deep CA', pathless)
const dotted = makeCa('Dotted CA', root, {
  extensions: [
    {
      oid: '2.5.29.30',
      critical: true,
      value: sequence(tlv(0xa0, sequence(tlv(0x82, Buffer.from('.contoso.com'))))),
    },
  ],
})
const notCa = make({ subject: 'Contoso No CA', issuer: root, keyUsage: null, extendedKeyUsage: null })
const rules: Record<string, Scenario> = {
  'a leaf signed with SHA-1': {
    world: variant({ hash: 'sha1' }),
    finds: ['error weak-signature: 10-17'],
    says: /ecdsa-with-SHA1/,
  },
  'a root signed with SHA-1': {
    world: (() => {
      const oldRoot = makeCa('Old Root', undefined, { hash: 'sha1' })
      const issuing = makeCa('Old Issuing CA', oldRoot)
      return { servers: [{ sent: [makeLeaf(issuing), issuing] }], anchors: [oldRoot] }
    })(),
    finds: [],
  },
  'an Ed25519 key': { world: variant({ key: 'ed25519' }), finds: ['error weak-key: 6.0-17'] },
  'a certificate for clients': {
    world: variant({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] }),
    finds: ['error unsuitable-extended-key-usage'],
  },
  'a leaf whose key may not sign': {
    world: variant({ keyUsage: [2] }),
    finds: ['error unsuitable-key-usage: 8.0-17'],
  },
  'an authority whose key may not certify': {
    world: serving(leaf, twin(root, { keyUsage: [6] })),
    finds: ['error unsuitable-key-usage'],
  },
  'an issuer that is no authority': {
    world: serving(makeLeaf(notCa), notCa),
    finds: ['error path-constraint-violated'],
  },
  'an intermediate with a byte too many': {
    world: serving(leaf, Buffer.concat([intermediate.der, Buffer.of(0)])),
    finds: ['error certificate-unreadable: 4.4-8.1'],
  },
  'a permitted DNS name with a leading dot': {
    world: serving(makeLeaf(dotted), dotted),
    finds: ['error path-constraint-violated: 7.0-17'],
    says: /"Dotted CA" \(presented\[1\]\) permits \.contoso\.com with a dot in front/,
  },
  'a path that is too long': {
    world: serving(makeLeaf(below), below, pathless),
    finds: ['error path-constraint-violated'],
  },
  'an unknown critical extension': {
    world: variant({ extensions: [{ oid: '1.3.6.1.4.1.55555.1', critical: true, value: sequence() }] }),
    finds: ['error path-constraint-violated'],
  },
  'a blocked key': {
    world: { servers: [{ sent: [leaf, intermediate], judged: refusedFor('blocklisted') }], anchors },
    finds: ['error blocklisted-key'],
  },
  'a damaged stapled response': {
    world: {
      servers: [{ sent: [leaf, intermediate], observation: { stapledOcsp: Buffer.from('garbage') } }],
      anchors,
    },
    finds: ['error staple-rejected: 8.0-17'],
  },
  'a root known by its hash only': {
    world: {
      servers: [
        {
          sent: [leaf, intermediate],
          judged: (verdict) =>
            verdict.release === '17'
              ? { kind: 'undetermined', release: '17', because: 'the root is known by its hash only' }
              : verdict,
        },
      ],
      anchors,
    },
    finds: ['warning verdict-undetermined: 17'],
  },
  'an intermediate that the app has met elsewhere': {
    world: { servers: [{ sent: [leaf], missing }], anchors, remembered: [intermediate] },
    finds: ['warning works-by-luck'],
    says: /only if its process met it/,
  },
  'a root that device management installed': {
    world: { servers: [{ sent: [leaf, intermediate] }], deviceCas: [root] },
    finds: ['warning device-ca-dependent: 7.0-17'],
  },
  'one timestamp for a certificate of a year': {
    world: { ...variant({ extensions: [timestamps(knownLogs.slice(0, 1))] }), publicAnchors: true },
    finds: ['warning too-few-sct: 17'],
    says: /timestamps of 1 known log .* in the certificate, where 3 of 2 operators are wanted/,
  },
  'no timestamps under a public authority': {
    world: { ...variant({}), publicAnchors: true },
    finds: ['warning too-few-sct: 17'],
    says: /no timestamps/,
  },
  'timestamps of three logs of different operators': {
    world: { ...variant({ extensions: [timestamps(knownLogs)] }), publicAnchors: true },
    finds: [],
  },
  'timestamps of three logs that nobody here knows': {
    world: {
      ...variant({ extensions: [timestamps([1, 2, 3].map((log) => Buffer.alloc(32, log)))] }),
      publicAnchors: true,
    },
    finds: ['info too-few-sct: 17'],
  },
  'one timestamp where Android 17 is not asked for': {
    world: {
      ...variant({ extensions: [timestamps(knownLogs.slice(0, 1))] }),
      publicAnchors: true,
      releases: ['15', '16'],
    },
    finds: [],
  },
}

/** A SignedCertificateTimestampList with one timestamp, of yesterday, by each log. */
function timestamps(logs: readonly Buffer[]) {
  const uint16 = (value: number) => Buffer.of(value >> 8, value & 255)
  const milliseconds = Buffer.alloc(8)
  milliseconds.writeBigUInt64BE(BigInt(inDays(-1).getTime()))
  const entries = logs.map((log) => {
    const timestamp = Buffer.concat([Buffer.of(0), log, milliseconds, Buffer.alloc(6)])
    return Buffer.concat([uint16(timestamp.length), timestamp])
  })
  const list = Buffer.concat(entries)
  return { oid: '1.3.6.1.4.1.11129.2.4.2', value: tlv(0x04, uint16(list.length), list) }
}

const seen = observationOf([leaf.der, intermediate.der])
const ended = (outcome: ProbeOutcome, sent: readonly Issued[] = []): World => ({
  servers: [{ outcome, sent }],
  anchors,
})
const connections: Record<string, Scenario> = {
  'a port where nothing listens': {
    world: ended({ kind: 'unreachable', reason: 'refused', detail: 'ECONNREFUSED' }),
    finds: ['error could-not-connect: -'],
    says: /nothing listens on this port, so nothing is known/,
  },
  'an address without a route': {
    world: ended({ kind: 'unreachable', reason: 'no-route', detail: 'EHOSTUNREACH' }),
    finds: ['error could-not-connect: -'],
  },
  'another failure to connect': {
    world: ended({ kind: 'unreachable', reason: 'other', detail: 'EMFILE' }),
    finds: ['error could-not-connect: -'],
  },
  'a proxy that refuses': {
    world: ended({ kind: 'proxy-failed', detail: '407' }),
    finds: ['error could-not-connect: -'],
  },
  'a firewall that swallows connections': {
    world: ended({ kind: 'timed-out', phase: 'connect', timeoutMs: 10_000, observation: null }),
    finds: ['error could-not-connect: -'],
    says: /Nothing came within 10 s while waiting for the TCP connection/,
  },
  'a silent port': {
    world: ended({ kind: 'timed-out', phase: 'server-hello', timeoutMs: 10_000, observation: null }),
    finds: ['error could-not-connect: -'],
    says: /waiting for the ServerHello/,
  },
  'a reset after the ClientHello': {
    world: ended({ kind: 'reset', phase: 'server-hello', observation: null }),
    finds: ['error could-not-connect: -'],
  },
  'an alert': {
    world: ended({
      kind: 'alert',
      phase: 'server-hello',
      alert: { code: 40, name: 'handshake_failure' },
      observation: null,
    }),
    finds: ['error could-not-connect: -'],
    says: /handshake_failure/,
  },
  'a port that speaks HTTP': {
    world: ended({ kind: 'not-tls', looksLike: 'http', detail: 'HTTP/1.1 400' }),
    finds: ['error could-not-connect: -'],
    says: /plain HTTP, not TLS/,
  },
  'a server that breaks the protocol': {
    world: ended({
      kind: 'protocol-error',
      phase: 'server-hello',
      detail: 'bad length\u001b',
      observation: null,
    }),
    finds: ['error could-not-connect: -'],
    says: /bad length\\1b/,
  },
  'a server that sends records without end': {
    world: ended({ kind: 'limit-exceeded', limit: 'maxRecords', maximum: 4_096, actual: 4_097 }),
    finds: ['error could-not-connect: -'],
  },
  'a megabyte of certificates': {
    world: ended({
      kind: 'limit-exceeded',
      limit: 'maxCertificateBytes',
      maximum: 102_400,
      actual: 1_000_000,
    }),
    finds: ['error certificate-list-too-large'],
    says: /1000000 bytes.*at most 102400/,
  },
  'silence after the certificates': {
    world: ended({ kind: 'timed-out', phase: 'key-proof', timeoutMs: 10_000, observation: seen }, [
      leaf,
      intermediate,
    ]),
    finds: ['warning could-not-connect: -'],
    says: /had been sent before, so they are judged/,
  },
  'a name that does not exist': {
    world: {
      servers: [],
      unresolvedNames: [{ host: 'nosuch.invalid', reason: 'not-found', detail: 'ENOTFOUND' }],
    },
    finds: ['error could-not-connect: -'],
    says: /nosuch\.invalid does not exist in DNS/,
  },
  'a name with more addresses than are checked': {
    world: {
      ...serving(leaf, intermediate),
      unresolvedNames: [
        { host: 'sts.contoso.com', reason: 'too-many-addresses', detail: '744 of 1000 were left out' },
      ],
    },
    finds: ['error could-not-connect: -'],
    says: /has more addresses than are checked \(744 of 1000 were left out\)/,
  },
  'an empty certificate list': {
    world: ended({ kind: 'observed', observation: observationOf([]) }),
    finds: ['error no-certificate-sent'],
  },
  'a certificate that cannot be read': {
    world: serving(leaf, Buffer.from('no certificate'), intermediate),
    finds: ['error certificate-unreadable'],
    says: /presented\[1\]/,
  },
  'a leaf that cannot be read': {
    world: serving(Buffer.from('no certificate'), intermediate),
    finds: ['error certificate-unreadable'],
    says: /presented\[0\]/,
  },
  'a signature of another key': {
    world: {
      servers: [
        {
          sent: [leaf, intermediate],
          observation: { keyProof: { kind: 'failed', detail: 'bad signature' } },
          judged: refusedFor('key-not-proven'),
        },
      ],
      anchors,
    },
    finds: ['error key-not-proven'],
  },
  'a key exchange that proves nothing': {
    world: {
      servers: [
        {
          sent: [leaf, intermediate],
          observation: { keyExchange: 'rsa', keyProof: { kind: 'not-provable', detail: 'RSA' } },
        },
      ],
      anchors,
    },
    finds: ['info key-not-proven: -'],
  },
  'a reset without server name': {
    world: {
      servers: [
        {
          sent: [leaf, intermediate],
          withoutServerName: { kind: 'reset', phase: 'server-hello', observation: null },
        },
      ],
      anchors,
    },
    finds: ['info sni-required: -'],
    says: /normal for AD FS/,
  },
  'the same certificate without server name': {
    world: { servers: [{ sent: [leaf, intermediate], withoutServerName: observed(leaf) }], anchors },
    finds: ['info fallback-certificate: -'],
    says: /the same certificate comes/,
  },
  'another certificate without server name': {
    world: {
      servers: [
        {
          sent: [leaf, intermediate],
          withoutServerName: observed(makeLeaf(root, { subject: 'old', names: ['old.contoso.com'] })),
        },
      ],
      anchors,
    },
    finds: ['info fallback-certificate: -'],
    says: /a different certificate comes: "old" \(for old\.contoso\.com, until 2027-08-15\)/,
  },
  'a protocol that old releases do not speak': {
    world: {
      servers: [
        {
          sent: [leaf, intermediate],
          judged: (verdict) =>
            verdict.release === '4.4' ? refusedFor('handshake-refused')(verdict) : verdict,
        },
      ],
      anchors,
    },
    finds: ['error handshake-refused-to-release: 4.4'],
    says: /Android 4\.4 cannot connect, whatever the certificates are.*Another hello got TLS 1\.2/,
  },
}

const farms: Record<string, Scenario> = {
  'two servers that send the same': {
    world: { servers: [{ sent: [leaf, intermediate] }, { sent: [leaf, intermediate] }], anchors },
    finds: [],
  },
  'two servers, one without the intermediate': {
    world: { servers: [{ sent: [leaf, intermediate] }, { sent: [leaf], missing }], anchors },
    finds: ['error intermediate-missing', 'warning servers-differ: -'],
  },
  'two servers with different leaves': {
    world: {
      servers: [{ sent: [leaf, intermediate] }, { sent: [makeLeaf(intermediate), intermediate] }],
      anchors,
    },
    finds: ['warning servers-differ: -'],
    says: /extended protection/,
  },
  'two servers, one of which sends the root too': {
    world: { servers: [{ sent: [leaf, intermediate] }, { sent: [leaf, intermediate, root] }], anchors },
    finds: ['info root-included: -'],
  },
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  ...chains,
  ...orders,
  ...names,
  ...rules,
  ...connections,
  ...farms,
}
