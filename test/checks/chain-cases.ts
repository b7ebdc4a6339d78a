import type { RuleId } from '../../src/android/rule-id.js'
import type { Verdict } from '../../src/android/verdict.js'
import { type Issued, sequence } from '../../src/demo/authority.js'
import { inDays, make, makeCa, makeLeaf, parsed, soundPki, type World } from '../support/examined.js'

/** One world and all that is to be found about its chain. Rows are the diagnosis lab's, in small. */
export interface Row {
  readonly world: World
  /** `severity id: releases`, without releases where all that count are meant; the cause first, nothing else found. */
  readonly finds: readonly string[]
  /** What the first finding says. */
  readonly says?: RegExp
  readonly never?: RegExp
  /** The first finding's advice: verbs, with the certificates they name. */
  readonly advises?: readonly string[]
}

const { root, intermediate, leaf } = soundPki()
const otherRoot = makeCa('Other Root')
const anchors = [root]
const twin = (issuer: Issued, options = {}) =>
  makeCa('Contoso Issuing CA', issuer, { key: intermediate.key, ...options })
const impostor = makeCa('Contoso Issuing CA', root, { keyName: 'impostor' })
const expiredTwin = twin(root, { notBefore: inDays(-900), notAfter: inDays(-10) })
const serving = (...sent: readonly (Issued | Uint8Array)[]): World => ({ servers: [{ sent }], anchors })
const sha1Twin = twin(root, { hash: 'sha1' })
const plainLeaf = makeLeaf(intermediate)

export const sound: World = serving(leaf, intermediate)

const missing: Record<string, Row> = {
  'a leaf and its intermediate under a root that every release has': { world: sound, finds: [] },
  'a leaf alone, the intermediate found': {
    world: { ...serving(leaf), found: [intermediate] },
    finds: ['critical intermediate-missing'],
    says: /does not send "Contoso Issuing CA", the issuer of "sts.contoso.com" \(presented\[0\]\); Android 4.4-17 refuses it\. Windows and Chrome fetch/,
    advises: [
      'import Contoso Issuing CA',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com, Contoso Issuing CA',
      'confirm',
    ],
  },
  'a leaf alone that names no address of its issuer': {
    world: { ...serving(plainLeaf), found: [{ certificate: intermediate, origin: 'operator' }] },
    finds: ['critical intermediate-missing'],
    never: /AIA|fetch/,
  },
  'a leaf alone, the intermediate found nowhere': {
    world: serving(leaf),
    finds: ['critical intermediate-missing'],
    says: /does not send the issuer of "sts.contoso.com" \(presented\[0\]\), "Contoso Issuing CA" \(key identifier [0-9a-f]{8}\), and it could not be got/,
    advises: [
      'look issuer-kind',
      'fetch-by-hand sts.contoso.com',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com',
      'confirm',
    ],
  },
  'a leaf and a stranger': {
    world: { ...serving(leaf, makeCa('Stranger', otherRoot)), found: [intermediate] },
    finds: ['critical intermediate-missing', 'info unrelated-certificate: -'],
  },
  'an intermediate that Windows replaces by a root of its own': {
    world: {
      servers: [
        {
          sent: [leaf],
          unless: [{ kind: 'root-disabled', root: null, twinOf: parsed(intermediate).sha256 }],
        },
      ],
      anchors,
      found: [intermediate],
    },
    finds: ['critical intermediate-missing'],
    says: /Importing is not enough where Windows trusts the self-signed root/,
  },
  'a leaf alone where old releases do not count': {
    world: { ...serving(leaf), found: [intermediate], releases: '10..', others: '..9' },
    finds: ['critical intermediate-missing'],
    says: /Android 10-17 refuses it/,
  },
  'two servers of four without the intermediate': {
    world: {
      servers: [
        { sent: [leaf, intermediate] },
        { sent: [leaf] },
        { sent: [leaf, intermediate] },
        { sent: [leaf] },
      ],
      anchors,
    },
    finds: ['critical intermediate-missing'],
  },
  'an expired leaf without its intermediate': {
    world: { ...serving(makeLeaf(intermediate, { notAfter: inDays(-1) })), found: [intermediate] },
    finds: ['critical certificate-expired', 'critical intermediate-missing'],
  },
}

const policy = makeCa('Contoso Policy CA', root)
const third = makeCa('Contoso Issuing CA 3', policy)
const thirdLeaf = makeLeaf(third)
const loopA = makeCa('Loop A')
const loopB = makeCa('Loop B')
const anchorless: Record<string, Row> = {
  'a leaf alone, and the intermediate leads to a private root that was met': {
    world: { servers: [{ sent: [leaf] }], found: [intermediate, root] },
    finds: ['critical anchor-unknown-to-android'],
    says: /ends at "Contoso Root", which Android 4.4-17 does not trust.*private authority.*leaves out "Contoso Issuing CA", but importing that helps no release/,
    advises: ['reissue sts.contoso.com', 'confirm'],
  },
  'a leaf alone, and only new releases have the root': {
    world: { servers: [{ sent: [leaf] }], anchors: [{ root, from: '12' }], found: [intermediate] },
    finds: ['critical intermediate-missing: 12-17', 'critical anchor-unknown-to-android: 4.4-11'],
  },
  'a complete chain to a private root that is sent': {
    world: { servers: [{ sent: [leaf, intermediate, root] }] },
    finds: ['critical anchor-unknown-to-android', 'info root-included: -'],
    says: /private authority/,
  },
  'the first level sent and the second nowhere': {
    world: serving(thirdLeaf, third),
    finds: ['critical anchor-unknown-to-android'],
    says: /"Contoso Issuing CA 3" \(presented\[1\]\), issued by "Contoso Policy CA".*cannot be told from here.*If it is self-signed/,
    advises: [
      'look issuer-kind',
      'fetch-by-hand Contoso Issuing CA 3',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com, Contoso Issuing CA 3',
      'reissue sts.contoso.com',
      'confirm',
    ],
  },
  'the first level found and the second nowhere': {
    world: { ...serving(thirdLeaf), found: [third] },
    finds: ['critical intermediate-missing'],
    says: /does not send "Contoso Issuing CA 3".*Whether "Contoso Policy CA", the issuer of "Contoso Issuing CA 3", is a root or one more/,
  },
  'both levels found': {
    world: { ...serving(thirdLeaf), found: [third, policy] },
    finds: ['critical intermediate-missing'],
    says: /does not send "Contoso Issuing CA 3" and "Contoso Policy CA", which lead from/,
  },
  'a complete chain to a root that came with Android 10': {
    world: { servers: [{ sent: [leaf, intermediate] }], anchors: [{ root, from: '10' }] },
    finds: ['critical anchor-unknown-to-android: 4.4-9'],
    says: /the first release with this root is Android 10\. The root is too new/,
    never: /in order/,
  },
  'the same where only newer releases count': {
    world: {
      servers: [{ sent: [leaf, intermediate] }],
      anchors: [{ root, from: '10' }],
      releases: '10..',
      others: '..9',
    },
    finds: ['info anchor-unknown-to-android: -'],
    says: /which Android 4\.4-9 does not have/,
  },
  'a cross-certificate found that reaches an older root': {
    world: {
      servers: [{ sent: [leaf, intermediate] }],
      anchors: [{ root, from: '10' }, otherRoot],
      found: [makeCa('Contoso Root', otherRoot, { key: root.key })],
    },
    finds: ['critical anchor-unknown-to-android: 4.4-9'],
    says: /"Contoso Root", issued by an older root, would let Android 4\.4-9 follow.*Importing is not enough/,
    advises: [
      'import Contoso Root',
      'disable-root',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com, Contoso Issuing CA, Contoso Root',
      'confirm',
    ],
  },
  'a new root sent, and its cross-certificate in a file': {
    world: {
      servers: [{ sent: [leaf, intermediate, root] }],
      anchors: [otherRoot],
      found: [
        { certificate: makeCa('Contoso Root', otherRoot, { key: root.key }), origin: 'operator' as const },
      ],
    },
    finds: ['critical intermediate-missing', 'info root-included: -'],
    says: /does not send "Contoso Root" as issued by "Other Root"/,
  },
  'a self-signed certificate': {
    world: serving(make({ subject: 'sts.contoso.com', names: ['sts.contoso.com'] })),
    finds: ['critical self-signed-certificate'],
    says: /is self-signed: no authority vouches for it\. Android 4\.4-17 refuses/,
  },
  'two authorities that issued each other': {
    world: serving(
      makeLeaf(loopA),
      makeCa('Loop A', loopB, { key: loopA.key }),
      makeCa('Loop B', loopA, { key: loopB.key }),
    ),
    finds: ['critical anchor-unknown-to-android'],
    says: /No certificate that was sent leads to a root/,
  },
  'a root whose name a certificate writes with another string type': {
    world: serving(
      leaf,
      makeCa(
        'Contoso Issuing CA',
        { ...root, subjectDer: printable('Contoso Root') },
        { key: intermediate.key },
      ),
    ),
    finds: ['critical anchor-unknown-to-android'],
    says: /"Contoso Issuing CA" \(presented\[1\]\) writes that name with another string type/,
  },
}

/** A name of one common name as PrintableString. */
function printable(commonName: string): Uint8Array {
  return make({ subject: commonName, stringType: 'printable' }).subjectDer
}

const likeRoot = makeCa('Contoso Root', root, { key: intermediate.key })
const newRoot = makeCa('New Root')
const newInt = makeCa('New Issuing CA', newRoot)
const newLeaf = makeLeaf(newInt)
const oldRoot = makeCa('Old Root', undefined, { notBefore: inDays(-4000), notAfter: inDays(900) })
const goneRoot = makeCa('Gone Root')
const crossGood = makeCa('New Root', oldRoot, { key: newRoot.key })
const crossGone = makeCa('New Root', goneRoot, { key: newRoot.key })
const crossExpired = makeCa('New Root', goneRoot, {
  key: newRoot.key,
  notBefore: inDays(-2000),
  notAfter: inDays(-30),
})
const wrong: Record<string, Row> = {
  'an intermediate of the right name with another key': {
    world: { ...serving(leaf, impostor), found: [intermediate] },
    finds: ['critical wrong-intermediate'],
    says: /"Contoso Issuing CA" \(presented\[1\]\) has the name of the issuer of "sts.contoso.com" \(presented\[0\]\) but another key: it did not sign it \(its key identifier is [0-9a-f]{8}, [0-9a-f]{8} is wanted\)/,
    advises: [
      'import Contoso Issuing CA',
      'remove Contoso Issuing CA',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com, Contoso Issuing CA',
      'confirm',
    ],
  },
  'that intermediate, and the right one nowhere': {
    world: serving(leaf, impostor),
    finds: ['critical wrong-intermediate'],
  },
  'that intermediate before the right one': {
    world: serving(leaf, impostor, intermediate),
    finds: ['critical wrong-intermediate: 4.4-6.0'],
    says: /Android 4\.4-6\.0 takes it before "Contoso Issuing CA" \(presented\[2\]\)/,
  },
  'that intermediate after the right one': {
    world: serving(leaf, intermediate, impostor),
    finds: ['info wrong-intermediate: -'],
    says: /harmless/,
    advises: ['remove Contoso Issuing CA', 'edit-bundle sts.contoso.com, Contoso Issuing CA', 'confirm'],
  },
  'the intermediate under a foreign root before the one under the root': {
    world: serving(leaf, twin(otherRoot), intermediate),
    finds: ['critical wrong-intermediate: 4.4-6.0'],
    says: /issued by "Other Root", is the issuer of "sts.contoso.com" \(presented\[0\]\) but leads to no root that Android 4\.4-6\.0 has; "Contoso Issuing CA" \(presented\[2\]\) leads to one/,
  },
  'a cross-certificate under a gone root before the good one': {
    world: { servers: [{ sent: [newLeaf, newInt, crossGone, crossGood] }], anchors: [oldRoot] },
    finds: ['critical wrong-intermediate: 4.4-6.0'],
    says: /"New Root" \(presented\[2\]\), issued by "Gone Root".*"New Root" \(presented\[3\]\) leads to one that it has/,
    advises: [
      'remove New Root',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com, New Issuing CA, New Root',
      'confirm',
    ],
  },
  'an intermediate named like its root': {
    world: serving(makeLeaf(likeRoot), likeRoot),
    finds: ['critical intermediate-named-like-root: 7.0-17'],
    says: /"Contoso Root" \(presented\[1\]\) bears the name of the root that issued it\. Android 7\.0-17 takes it for a root/,
    never: /looks no further than|first certificate/,
    advises: ['renew-authority Contoso Root', 'reissue sts.contoso.com', 'confirm'],
  },
}

const validity: Record<string, Row> = {
  'an expired leaf': {
    world: serving(makeLeaf(intermediate, { notAfter: inDays(-1) }), intermediate),
    finds: ['critical certificate-expired'],
    says: /expired on 2026-11-22; Android 4\.4-17 refuses the server/,
    advises: ['reissue sts.contoso.com', 'confirm'],
  },
  'an expired intermediate, the renewed one found': {
    world: { ...serving(leaf, expiredTwin), found: [intermediate] },
    finds: ['critical certificate-expired'],
    says: /"Contoso Issuing CA" \(presented\[1\]\) expired.*It was renewed, and the server does not send the renewed one/,
    never: /not sent/,
    advises: [
      'import Contoso Issuing CA',
      'remove Contoso Issuing CA',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com, Contoso Issuing CA',
      'confirm',
    ],
  },
  'an expired intermediate, the renewed one on the neighbour': {
    world: { servers: [{ sent: [leaf, expiredTwin] }, { sent: [leaf, intermediate] }], anchors },
    finds: ['critical certificate-expired'],
  },
  'an expired intermediate, the renewed one nowhere': {
    world: serving(leaf, expiredTwin),
    finds: ['critical certificate-expired'],
  },
  'an expired intermediate and a stale one, the renewed one found': {
    world: { ...serving(leaf, expiredTwin, impostor), found: [intermediate] },
    finds: ['critical certificate-expired'],
  },
  'an intermediate by which old releases accept, and its successor found': {
    world: { ...serving(leaf, sha1Twin), found: [intermediate] },
    finds: ['critical weak-signature: 10-17'],
    advises: [
      'import Contoso Issuing CA',
      'remove Contoso Issuing CA',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com, Contoso Issuing CA',
      'confirm',
    ],
  },
  'the same where the old releases do not count, so that nobody judged them after the repair': {
    world: { ...serving(leaf, sha1Twin), found: [intermediate], releases: '10..', others: '..9' },
    finds: ['critical weak-signature'],
    advises: [
      'import Contoso Issuing CA',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com, Contoso Issuing CA',
      'confirm',
    ],
  },
  'an expired cross-certificate where another root would do': {
    world: {
      servers: [{ sent: [newLeaf, newInt, crossExpired] }],
      anchors: [oldRoot],
      found: [crossGood, newRoot],
    },
    finds: ['critical certificate-expired'],
    says: /"New Root" \(presented\[2\]\) expired.*The same authority, certified by another root, is valid/,
  },
  'an expired cross-certificate before the good one': {
    world: { servers: [{ sent: [newLeaf, newInt, crossExpired, crossGood] }], anchors: [oldRoot] },
    finds: ['critical certificate-expired: 4.4-6.0'],
    says: /"New Root" \(presented\[3\]\) is sent too and is valid/,
  },
  'an expired copy of the intermediate before the renewed one': {
    world: serving(leaf, expiredTwin, intermediate),
    finds: ['critical certificate-expired: 4.4-6.0'],
    says: /Other releases find another way/,
  },
  'an expired copy of the intermediate after the renewed one': {
    world: serving(leaf, intermediate, expiredTwin),
    finds: ['info certificate-expired: -'],
    says: /No Android release needs it/,
    advises: [
      'remove Contoso Issuing CA',
      'edit-bundle sts.contoso.com, Contoso Issuing CA, Contoso Issuing CA',
      'confirm',
    ],
  },
  'a leaf that is valid from tomorrow': {
    world: serving(makeLeaf(intermediate, { notBefore: inDays(1) }), intermediate),
    finds: ['critical certificate-not-yet-valid'],
  },
  'an intermediate that is valid from tomorrow': {
    world: serving(leaf, twin(root, { notBefore: inDays(1) })),
    finds: ['critical certificate-not-yet-valid'],
  },
  'a copy of the intermediate from tomorrow on, after the one in force': {
    world: serving(leaf, intermediate, twin(root, { notBefore: inDays(1) })),
    finds: ['info certificate-not-yet-valid: -'],
  },
}

const orders: Record<string, Row> = {
  'two intermediates in order': { world: serving(thirdLeaf, third, policy), finds: [] },
  'two intermediates in the wrong order': {
    world: serving(thirdLeaf, policy, third),
    finds: ['info chain-misordered: -'],
    advises: ['edit-bundle sts.contoso.com, Contoso Issuing CA 3, Contoso Policy CA', 'confirm'],
  },
  'an intermediate sent twice': {
    world: serving(leaf, intermediate, intermediate),
    finds: ['info duplicate-certificate: -'],
    says: /sent 2 times \(presented\[1\], presented\[2\]\)/,
  },
  'a stranger beside the chain': {
    world: serving(leaf, makeCa('Stranger', otherRoot), intermediate),
    finds: ['info unrelated-certificate: -'],
    says: /"Stranger" \(presented\[1\]\)/,
    advises: ['edit-bundle sts.contoso.com, Contoso Issuing CA', 'confirm'],
  },
  'the root sent too': { world: serving(leaf, intermediate, root), finds: ['info root-included: -'] },
  'the authority first': {
    world: serving(intermediate, leaf),
    finds: ['critical leaf-not-first'],
    says: /"Contoso Issuing CA" \(presented\[0\]\); the server's own is "sts.contoso.com" \(presented\[1\]\)/,
    advises: ['edit-bundle sts.contoso.com, Contoso Issuing CA', 'look device-at-address', 'confirm'],
  },
}

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
const notCa = make({ subject: 'Contoso No CA', issuer: root, keyUsage: null, extendedKeyUsage: null })
/** permittedSubtrees of one dNSName: RFC 5280 §4.2.1.10. */
const permits = (domain: string) => ({
  oid: '2.5.29.30',
  critical: true,
  value: sequence(
    Buffer.concat([
      Buffer.of(0xa0, domain.length + 4, 0x30, domain.length + 2, 0x82, domain.length),
      Buffer.from(domain),
    ]),
  ),
})
const rules: Record<string, Row> = {
  'an intermediate for other domains only': {
    world: serving(leaf, twin(root, { extensions: [permits('fabrikam.com')] })),
    finds: ['critical path-constraint-violated'],
    says: /"sts.contoso.com" \(presented\[0\]\) carries a name that "Contoso Issuing CA" \(presented\[1\]\) does not permit/,
    advises: ['reissue sts.contoso.com', 'confirm'],
  },
  'an intermediate whose permitted name begins with a dot': {
    world: serving(leaf, twin(root, { extensions: [permits('.contoso.com')] })),
    finds: ['critical path-constraint-violated: 7.0-17'],
    says: /permits \.contoso\.com with a dot in front: Android 7 and later take that to cover no name at all, .* It must be issued anew, without the dot/,
    advises: ['renew-authority Contoso Issuing CA', 'confirm'],
  },
  'an intermediate for other domains only, and its successor without that limit found': {
    world: {
      ...serving(leaf, twin(root, { extensions: [permits('fabrikam.com')] })),
      found: [intermediate],
    },
    finds: ['critical path-constraint-violated'],
    says: /Another certificate of the same authority, without this fault, can take its place/,
    advises: [
      'import Contoso Issuing CA',
      'remove Contoso Issuing CA',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com, Contoso Issuing CA',
      'confirm',
    ],
  },
  'an issuer that is no authority': {
    world: serving(makeLeaf(notCa), notCa),
    finds: ['critical path-constraint-violated'],
    says: /not a certification authority/,
  },
  'a path that is too long': {
    world: serving(makeLeaf(below), below, pathless),
    finds: ['critical path-constraint-violated'],
    says: /"Contoso Short CA" \(presented\[2\]\) allows fewer authorities below it/,
  },
  'a key identifier that the root does not have': {
    world: serving(leaf, twin(root, { authorityKeyIdentifier: Buffer.alloc(20, 7) })),
    finds: ['critical path-constraint-violated: 7.0-17'],
  },
  'a blocked key': {
    world: { servers: [{ sent: [leaf, intermediate], judged: refusedFor('blocklisted') }], anchors },
    finds: ['critical blocklisted-key'],
  },
  'an intermediate that the app has met elsewhere': {
    world: { ...serving(leaf), found: [intermediate], remembered: [intermediate] },
    finds: ['warning works-by-luck'],
    says: /The list lacks "Contoso Issuing CA".*only if its process met it/,
  },
  'a root that device management installed': {
    world: { servers: [{ sent: [leaf, intermediate] }], deviceCas: [root] },
    finds: ['warning device-ca-dependent: 7.0-17'],
    says: /installed by users or device management/,
  },
}

const rsaInt = makeCa('Contoso RSA CA', root)
const rsaLeaf = makeLeaf(rsaInt, { key: 'rsa-2048', caIssuers: ['http://pki.contoso.com/rsa.cer'] })
const otherLeaf = makeLeaf(intermediate)
const lists: Record<string, Row> = {
  'an RSA certificate without its chain beside an ECDSA one': {
    world: {
      servers: [
        {
          lists: [
            { sent: [leaf, intermediate], to: '5..' },
            { sent: [rsaLeaf], to: '4.4' },
          ],
        },
      ],
      anchors,
      found: [rsaInt],
    },
    finds: ['critical intermediate-missing: 4.4'],
    says: /^Besides the ECDSA certificate the server has an RSA one, in a list of 1 certificate; Android 4\.4 gets that one\. The server does not send "Contoso RSA CA"/,
    never: /wrong|"Contoso Issuing CA"/,
    advises: [
      'import Contoso RSA CA',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com, Contoso RSA CA',
      'confirm',
    ],
  },
  'a chain that is short in TLS 1.3 only': {
    world: {
      servers: [
        {
          lists: [
            { sent: [leaf], to: '10..', handshake: { protocolVersion: 0x0304, keyExchange: 'tls13' } },
            { sent: [leaf, intermediate], to: '..9' },
          ],
        },
      ],
      anchors,
    },
    finds: ['critical intermediate-missing: 10-17'],
    says: /^In TLS 1\.3 the server sends another list than otherwise, of 1 certificate; Android 10-17 gets that one/,
  },
  'a bad node behind a balancer': {
    world: {
      servers: [
        {
          varies: true,
          lists: [
            { sent: [leaf, intermediate], connections: 3 },
            { sent: [leaf], connections: 2 },
          ],
        },
      ],
      anchors,
    },
    finds: ['critical several-servers-behind-address', 'critical intermediate-missing'],
    says: /\(3 of 5 got leaf \+ 1 and 2 got leaf only, which is refused\): several servers stand behind it, and not every one is in order/,
    advises: ['name-nodes', 'confirm'],
  },
  'a bad node behind a balancer, with a wrong intermediate that no other list holds': {
    world: {
      servers: [{ varies: true, lists: [{ sent: [leaf, intermediate] }, { sent: [leaf, impostor] }] }],
      anchors,
    },
    finds: ['critical several-servers-behind-address', 'critical wrong-intermediate'],
  },
  'two sound nodes behind a balancer': {
    world: {
      servers: [
        { varies: true, lists: [{ sent: [leaf, intermediate] }, { sent: [otherLeaf, intermediate] }] },
      ],
      anchors,
    },
    finds: ['warning several-servers-behind-address'],
    says: /Each list met is in order/,
  },
  'two servers that send the same': {
    world: { servers: [{ sent: [leaf, intermediate] }, { sent: [leaf, intermediate] }], anchors },
    finds: [],
  },
  'two servers with different leaves': {
    world: { servers: [{ sent: [leaf, intermediate] }, { sent: [otherLeaf, intermediate] }], anchors },
    finds: ['warning servers-differ: -'],
    says: /extended protection/,
  },
  'two servers, one of which sends the root too': {
    world: { servers: [{ sent: [leaf, intermediate] }, { sent: [leaf, intermediate, root] }], anchors },
    finds: ['info root-included: -'],
  },
  'three servers with three defects': {
    world: {
      servers: [{ sent: [leaf] }, { sent: [leaf, expiredTwin] }, { sent: [leaf, intermediate] }],
      anchors,
    },
    finds: ['critical certificate-expired', 'critical intermediate-missing'],
  },
}

const leaving = makeCa('Leaving Root')
const leavingCa = makeCa('Leaving Issuing CA', leaving)
const leavingLeaf = makeLeaf(leavingCa)
const staying = makeCa('Leaving Issuing CA', root, { key: leavingCa.key })
const updated = {
  anchors: [{ root: leaving, from: '4.4', until: '16' }, root],
  updatedAway: [leaving],
} satisfies Partial<World>

const stores: Record<string, Row> = {
  'a root that newer releases dropped and updates take from older ones': {
    world: { servers: [{ sent: [leavingLeaf, leavingCa] }], ...updated },
    finds: ['critical anchor-unknown-to-android: 17', 'warning system-update-dependent: 14-16'],
    says: /ends at "Leaving Root", which Android 17 no longer has; the last release with this root is Android 16\. Only a chain to a newer root/,
  },
  'the same where 17 does not count': {
    world: { servers: [{ sent: [leavingLeaf, leavingCa] }], ...updated, releases: '10..16' },
    finds: ['warning system-update-dependent: 14-16'],
    says: /"Leaving Root", which Android 14-16 has until the Play system update of 2025-12; a phone that took it refuses the server\. Which update a phone has cannot be seen/,
    advises: ['reissue sts.contoso.com', 'confirm'],
  },
  'the same with a cross-certificate to a root that stays': {
    world: {
      servers: [{ sent: [leavingLeaf, leavingCa] }],
      ...updated,
      releases: '10..16',
      found: [staying],
    },
    finds: ['warning system-update-dependent: 14-16'],
    says: /With what is to be imported the chain ends at a root that phones have before and after\.$/,
    advises: [
      'import Leaving Issuing CA',
      'restart',
      'rebind sts.contoso.com',
      'edit-bundle sts.contoso.com, Leaving Issuing CA',
      'confirm',
    ],
  },
  'both ways sent': {
    world: { servers: [{ sent: [leavingLeaf, leavingCa, staying] }], ...updated },
    finds: [],
  },
}

export const rows: Readonly<Record<string, Row>> = {
  ...stores,
  ...missing,
  ...anchorless,
  ...wrong,
  ...validity,
  ...orders,
  ...rules,
  ...lists,
}
