import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { judgeAllWithDeviceCas } from '../../src/android/device-ca.js'
import { judge } from '../../src/android/judge.js'
import type { Release } from '../../src/android/releases.js'
import { keyStoreAnchors } from '../../src/android/trust-anchors.js'
import { type Issued, type IssueOptions, issue, oid, sequence, tlv } from '../../src/demo/authority.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { certificateOf } from '../support/certificate-of.js'

/**
 * What Android 4.4 to 6.0 make of certificates that only BouncyCastle 1.49 to 1.52, or the names of Apache Harmony, read
 * that way. Path Root ── Int ── leaf unless a row builds its own.
 */
const root = issue({ subject: 'Root', ca: true })
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const { key: rsaKey } = issue({ subject: 'k', key: 'rsa-2048' })
type Extension = NonNullable<IssueOptions['extensions']>[number]

function path(intermediate: Partial<IssueOptions>, leaf: Partial<IssueOptions> = {}): Uint8Array[] {
  const authority = issue({ subject: 'Int', issuer: root, ca: true, key, ...intermediate })
  return [issue({ subject: 'leaf', issuer: authority, key, ...leaf }).der, authority.der]
}

function outcome(
  presented: readonly (Uint8Array | Certificate)[],
  release: Release,
  anchors: readonly Issued[] = [root],
): string {
  const verdict = judge({ presented, anchors: anchors.map(({ der }) => der), at: new Date(), release })
  return verdict.kind === 'refused' ? verdict.reason.rule : verdict.kind
}

/** `4.4 5.1 6.0` where the three agree once. */
function outcomes(presented: readonly Uint8Array[], anchors?: readonly Issued[]): string {
  const all = (['4.4', '5.1', '6.0'] as const).map((release) => outcome(presented, release, anchors))
  return new Set(all).size === 1 ? all[0]! : all.join(' ')
}

const text = (tag: number, value: string): Buffer => tlv(tag, Buffer.from(value))
const name = (tag: number, value: string): Buffer =>
  tlv(0xa4, sequence(tlv(0x31, sequence(oid('2.5.4.3'), text(tag, value)))))
const other = tlv(0xa0, oid('1.2.3.4'), tlv(0xa0, text(0x0c, 'x')))
const party = tlv(0xa5, tlv(0xa1, text(0x0c, 'x')))
const registered = tlv(0x88, Buffer.of(0x2a, 3))
const x400 = tlv(0xa3)
const constraints = (permitted: readonly Buffer[], excluded: readonly Buffer[] = []) => {
  const lists = [permitted, excluded].flatMap((names, i) =>
    names.length > 0 ? [tlv(0xa0 | i, ...names.map((base) => sequence(base)))] : [],
  )
  return withExtensions({ oid: '2.5.29.30', critical: true, value: sequence(...lists) })
}
const withExtensions = (...extensions: Extension[]) => ({ extensions })
const alternatives = (...names: readonly Buffer[]) =>
  withExtensions({ oid: '2.5.29.17', value: sequence(...names) })
const flag = tlv(0x01, Buffer.of(0xff))
const policies = { oid: '2.5.29.32', value: sequence(sequence(oid('1.2.3.1'))) }
const int = (...octets: number[]): Buffer => tlv(0x02, Buffer.from(octets))

describe('name constraints', () => {
  it.each<[string, Uint8Array[], string]>([
    ['an excluded otherName', path(constraints([], [other]), alternatives(other)), 'accepted'],
    ['a permitted ediPartyName', path(constraints([party]), alternatives(other)), 'accepted'],
    ['an excluded registeredID', path(constraints([], [registered]), alternatives(registered)), 'accepted'],
    ['an excluded x400Address', path(constraints([], [x400])), 'name-constraints'],
    ['an x400Address that nobody constrains', path({}, alternatives(x400)), 'name-constraints'],
    ['a directory name as encoded', path(constraints([], [name(0x0c, 'leaf')])), 'name-constraints'],
    ['a directory name in another string type', path(constraints([], [name(0x13, 'leaf')])), 'accepted'],
    ['a directory name in other case', path(constraints([], [name(0x0c, 'Leaf')])), 'accepted'],
    ['an empty directory name', path(constraints([tlv(0xa4, sequence())])), 'name-constraints'],
    [
      'a host after "@"',
      path(constraints([text(0x81, '@contoso.com')]), alternatives(text(0x81, 'a@contoso.com'))),
      'name-constraints name-constraints accepted',
    ],
    [
      'a list that a byte follows',
      path(
        {},
        withExtensions({
          oid: '2.5.29.17',
          value: Buffer.concat([sequence(text(0x82, 'a')), Buffer.of(0)]),
        }),
      ),
      'accepted',
    ],
    [
      'names that cannot be read',
      path({}, withExtensions({ oid: '2.5.29.17', value: Buffer.of(0x30, 5) })),
      'name-constraints',
    ],
    [
      'an empty minimum of a permitted subtree',
      path(withExtensions({ oid: '2.5.29.30', value: sequence(tlv(0xa0, sequence(other, tlv(0x80)))) })),
      'name-constraints',
    ],
    [
      'a distance that nobody reads',
      path(
        withExtensions({
          oid: '2.5.29.30',
          value: sequence(tlv(0xa1, sequence(text(0x82, 'x.org'), tlv(0x80)))),
        }),
      ),
      'accepted',
    ],
  ])('%s', (_what, presented, expected) => {
    expect(outcomes(presented)).toBe(expected)
  })
})

describe('extensions are read one by one, when a step asks', () => {
  const broken = Buffer.of(0x1f, 1)
  it.each<[string, Uint8Array[], string]>([
    [
      'one that nobody reads, broken',
      path({}, withExtensions({ oid: '2.5.29.35', value: broken })),
      'accepted',
    ],
    ['policies twice, the first counts', path({}, withExtensions(policies, policies)), 'accepted'],
    [
      'an unreadable keyUsage of an authority',
      path({ keyUsage: null, ...withExtensions({ oid: '2.5.29.15', value: broken }) }),
      'accepted',
    ],
    ['a keyUsage without keyCertSign', path({ keyUsage: [0] }), 'key-usage'],
    [
      'a keyUsage without keyCertSign, twice',
      path({ keyUsage: [0], ...withExtensions({ oid: '2.5.29.15', value: tlv(3, Buffer.of(7, 0x80)) }) }),
      'accepted',
    ],
    [
      'CA:FALSE written out',
      path({ ca: false, keyUsage: [5], ...withExtensions({ oid: '2.5.29.19', value: sequence() }) }),
      'not-a-ca',
    ],
    [
      'an unreadable basicConstraints of an authority',
      path({ ca: false, keyUsage: [5], ...withExtensions({ oid: '2.5.29.19', value: broken }) }),
      'not-a-ca',
    ],
    [
      'an unreadable basicConstraints of the leaf',
      path({}, withExtensions({ oid: '2.5.29.19', critical: true, value: broken })),
      'accepted',
    ],
    [
      'a pathLen of 2^31 on the lowest authority, which is negative',
      path({
        ca: false,
        keyUsage: [5],
        ...withExtensions({ oid: '2.5.29.19', value: sequence(flag, int(0, 0x80, 0, 0, 0)) }),
      }),
      'accepted',
    ],
    [
      'an inhibitAnyPolicy of many octets',
      path(withExtensions({ oid: '2.5.29.54', value: int(1, 0, 0, 0, 0, 0, 5) })),
      'accepted',
    ],
    [
      'an unreadable inhibitAnyPolicy of the leaf',
      path({}, withExtensions({ oid: '2.5.29.54', critical: true, value: broken })),
      'accepted',
    ],
    [
      'an unreadable inhibitAnyPolicy of an authority',
      path(withExtensions({ oid: '2.5.29.54', value: broken })),
      'policy',
    ],
    [
      'an indefinite length',
      path(withExtensions({ oid: '2.5.29.36', critical: true, value: Buffer.of(0x30, 0x80, 0, 0) })),
      'accepted',
    ],
    [
      'policyConstraints of the leaf that are no tagged values',
      path({}, withExtensions({ oid: '2.5.29.36', value: sequence(int(0)) })),
      'policy',
    ],
    [
      'a second requireExplicitPolicy of the leaf',
      path(
        {},
        withExtensions({
          oid: '2.5.29.36',
          value: sequence(tlv(0x80, Buffer.of(9)), tlv(0x80, Buffer.of(0))),
        }),
      ),
      'policy',
    ],
    [
      'a qualifier of anyPolicy that is none',
      path(withExtensions(policies), {
        extensions: [{ oid: '2.5.29.32', value: sequence(sequence(oid('2.5.29.32.0'), sequence(int(1)))) }],
      }),
      'policy',
    ],
    [
      'a qualifier that is none, while policies do not count any more',
      path(
        {},
        {
          extensions: [{ oid: '2.5.29.32', value: sequence(sequence(oid('1.2.3.1'), sequence(int(1)))) }],
        },
      ),
      'accepted',
    ],
    [
      'a qualifier that is none, while policies count',
      path(withExtensions(policies), {
        extensions: [{ oid: '2.5.29.32', value: sequence(sequence(oid('1.2.3.1'), sequence(int(1)))) }],
      }),
      'policy',
    ],
  ])('%s', (_what, presented, expected) => {
    expect(outcomes(presented)).toBe(expected)
  })
})

it('blocks serial numbers of any issuer up to 5.1', () => {
  const presented = path({}).map((der) => certificateOf({ der }))
  const blockedOn = (serialNumber: string): string[] =>
    (['4.4', '5.0', '5.1', '6.0'] as const).filter(
      (release) => outcome([{ ...presented[0]!, serialNumber }, presented[1]!], release) === 'blocklisted',
    )
  expect(blockedOn('0864')).toEqual(['4.4', '5.0', '5.1'])
  expect(blockedOn('000864')).toEqual(['4.4', '5.0', '5.1'])
  expect(blockedOn('031da7')).toEqual(['5.0', '5.1'])
})

it('has no names where the list of them is there twice', () => {
  const list = (name: string) => ({ oid: '2.5.29.17', value: sequence(text(0x82, name)) })
  const presented = path({}, withExtensions(list('sts.contoso.com'), list('sts.contoso.com')))
  const input = { presented, anchors: [root.der], at: new Date(), release: '5.1' } as const
  expect(judge({ ...input, host: 'sts.contoso.com' }).kind).toBe('refused')
  expect(judge({ ...input, host: 'leaf' }).kind).toBe('accepted')
})

describe('extendedKeyUsage comes from native code', () => {
  const purposes = (value: Buffer, critical: boolean): Uint8Array[] =>
    path({}, { extendedKeyUsage: null, ...withExtensions({ oid: '2.5.29.37', critical, value }) })
  const client = { oid: '2.5.29.37', value: sequence(oid('1.3.6.1.5.5.7.3.2')) }
  it.each<[string, Uint8Array[], string]>([
    ['unreadable', purposes(Buffer.of(5, 0), false), 'accepted'],
    ['unreadable and critical', purposes(Buffer.of(5, 0), true), 'critical-extension'],
    ['empty, of indefinite length', purposes(Buffer.of(0x30, 0x80, 0, 0), false), 'eku'],
    ['for clients, twice', path({}, { extendedKeyUsage: null, extensions: [client, client] }), 'accepted'],
    ['for clients, once', path({}, { extendedKeyUsage: null, extensions: [client] }), 'eku'],
  ])('%s', (_what, presented, expected) => {
    expect(outcomes(presented)).toBe(expected)
  })
})

describe('signatures', () => {
  const authority = issue({ subject: 'Int', issuer: root, ca: true, key: rsaKey })
  const leaf = issue({ subject: 'leaf', issuer: authority, key })
  const algorithm = (last: number): Buffer =>
    Buffer.concat([Buffer.from('06092a864886f70d0101', 'hex'), Buffer.of(last)])
  /** The leaf with another algorithm identifier outside its signed part. */
  const renamed = (last: number): Uint8Array => {
    const der = Buffer.from(leaf.der)
    algorithm(last).copy(der, der.lastIndexOf(algorithm(11)))
    return der
  }
  const forged = Buffer.from(renamed(13))
  forged[forged.length - 1]! ^= 1

  it('fit the algorithm inside or outside the signed part', () => {
    expect(outcomes([leaf.der, authority.der])).toBe('accepted')
    expect(outcomes([renamed(13), authority.der])).toBe('accepted')
    expect(outcome([renamed(13), authority.der], '7.0')).not.toBe('accepted')
  })

  it('fit at least one of the two', () => {
    expect(outcomes([forged, authority.der])).toBe('wrong-key')
  })
})

describe('names', () => {
  const cases: readonly [string, string, string, string][] = [
    ['case and runs of spaces', 'Contoso  ROOT ', 'contoso root', 'accepted'],
    ['the same letter in two code points', 'Root \u00fc', 'Root u\u0308', 'no-path-missing-issuer'],
    ['letters beyond ASCII in other case', 'Root \u00dc', 'Root \u00fc', 'accepted accepted name-chaining'],
    ['nothing and a space', ' ', '', 'accepted accepted name-chaining'],
    ['a comma, escaped', 'a,b', 'a\\,b', 'no-path-missing-issuer'],
  ]
  it.each(cases)('%s', (_what, ours, theirs, expected) => {
    const anchor = issue({ subject: ours, ca: true })
    const below = issue({ subject: theirs, ca: true, key: anchor.key })
    const leaf = issue({ subject: 'leaf', issuer: below, key })
    expect(outcomes([leaf.der], [anchor])).toBe(expected)
    const device = judgeAllWithDeviceCas(
      { presented: [leaf.der], anchors: () => keyStoreAnchors([]), at: new Date() },
      ['4.4'],
      [certificateOf(anchor)],
    )
    expect(device[0]!.kind).toBe(expected.startsWith('accepted') ? 'accepted' : 'refused')
  })
})
