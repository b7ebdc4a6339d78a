import { describe, expect, it } from 'vitest'
import { releaseRules } from '../../src/android/release-rules.js'
import { type Issued, type IssueOptions, issue, oid, sequence, tlv } from '../../src/demo/authority.js'
import { Budget } from '../../src/path/limits.js'
import { validateAsBc } from '../../src/path/pkix-bc.js'
import { validateAsLibcore } from '../../src/path/pkix-libcore.js'
import { certificateOf } from '../support/certificate-of.js'

/**
 * Where BouncyCastle (4.4 to 6.0) and libcore's OpenJDK 8u121 (7.0 and later) agree and where they do not. Each row was also put to the
 * validators themselves, in a path Root ── Int ── leaf unless the row builds its own.
 */
const at = new Date()
const root = issue({ subject: 'Root', ca: true })
type Extension = NonNullable<IssueOptions['extensions']>[number]

function outcome(path: readonly Issued[], anchor: Issued = root): string {
  const certificates = path.map(certificateOf)
  const common = { certificates, anchor: certificateOf(anchor), at, budget: new Budget() }
  const { libcore, keyForms } = releaseRules['16']
  const bc = validateAsBc({ ...common, version: '1.50', keyForms })
  const jdk = validateAsLibcore({ ...common, rules: libcore, keyForms, staple: () => null })
  const text = (problem: ReturnType<typeof validateAsBc>) =>
    problem ? `${problem.rule}${problem.endsSearch ? ', search ends' : ''}` : 'ok'
  return `${text(bc)} | ${text(jdk)}`
}

function path(intermediate: Partial<IssueOptions>, leaf: Partial<IssueOptions> = {}): Issued[] {
  const authority = issue({ subject: 'Int', issuer: root, ca: true, ...intermediate })
  return [issue({ subject: 'leaf', issuer: authority, ...leaf }), authority]
}

const dns = (name: string) => tlv(0x82, Buffer.from(name))
const mail = (name: string) => tlv(0x81, Buffer.from(name))
const other = (text: string) => tlv(0xa0, oid('1.2.3.4'), tlv(0xa0, tlv(0x0c, Buffer.from(text))))
const subtrees = (tag: number, names: readonly Buffer[]) =>
  names.length > 0 ? [tlv(tag, ...names.map((name) => sequence(name)))] : []
const constraints = (permitted: readonly Buffer[], excluded: readonly Buffer[] = []): Extension => ({
  oid: '2.5.29.30',
  critical: true,
  value: sequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded)),
})
const alternatives = (...names: readonly Buffer[]): Extension => ({
  oid: '2.5.29.17',
  value: sequence(...names),
})
const policies = (...ids: readonly string[]): Extension => ({
  oid: '2.5.29.32',
  value: sequence(...ids.map((id) => sequence(oid(id)))),
})
const demandPolicy: Extension = {
  oid: '2.5.29.36',
  critical: true,
  value: sequence(tlv(0x80, Buffer.from([0]))),
}
const withExtensions = (...extensions: readonly Extension[]) => ({ extensions })

describe('name constraints, BouncyCastle | libcore', () => {
  it.each<[string, Issued[], string]>([
    [
      'a dNSName below the permitted one',
      path(withExtensions(constraints([dns('contoso.com')])), { names: ['sts.contoso.com'] }),
      'ok | ok',
    ],
    [
      'a dNSName that only ends alike',
      path(withExtensions(constraints([dns('contoso.com')])), { names: ['xcontoso.com'] }),
      'name-constraints | name-constraints',
    ],
    [
      'an excluded dNSName',
      path(withExtensions(constraints([], [dns('contoso.com')])), { names: ['sts.contoso.com'] }),
      'name-constraints | name-constraints',
    ],
    [
      'a permitted address',
      path(withExtensions(constraints([tlv(0x87, Buffer.from([192, 0, 2, 0, 255, 255, 255, 0]))])), {
        names: ['192.0.2.9'],
      }),
      'ok | ok',
    ],
    [
      'an address elsewhere',
      path(withExtensions(constraints([tlv(0x87, Buffer.from([192, 0, 2, 0, 255, 255, 255, 0]))])), {
        names: ['192.0.3.9'],
      }),
      'name-constraints | name-constraints',
    ],
    [
      'an e-mail host',
      path(
        withExtensions(constraints([mail('contoso.com')])),
        withExtensions(alternatives(mail('a@contoso.com'))),
      ),
      'ok | ok',
    ],
    [
      'a host in the common name',
      path(withExtensions(constraints([dns('contoso.com')])), { subject: 'sts.fabrikam.com' }),
      'ok | ok',
    ],
    [
      'a permitted domain with a leading dot',
      path(withExtensions(constraints([dns('.contoso.com')])), { names: ['sts.contoso.com'] }),
      'ok | name-constraints',
    ],
    [
      'an excluded domain with a leading dot',
      path(withExtensions(constraints([], [dns('.contoso.com')])), { names: ['sts.contoso.com'] }),
      'name-constraints | ok',
    ],
    [
      'a permitted x400Address',
      path(withExtensions(constraints([tlv(0xa3)])), { names: ['sts.contoso.com'] }),
      'name-constraints | unreadable',
    ],
    [
      'a URI under a host that begins with a digit',
      path(withExtensions(constraints([tlv(0x86, Buffer.from('1.contoso.com'))])), {
        names: ['sts.contoso.com'],
      }),
      'ok | unreadable',
    ],
    [
      'names that cannot be read',
      path(withExtensions(constraints([dns('contoso.com')])), {
        subject: 'A leaf',
        ...withExtensions(alternatives(tlv(0x8c, Buffer.from('x')))),
      }),
      'name-constraints | ok',
    ],
    [
      'an otherName under another otherName',
      path(withExtensions(constraints([], [other('a')])), withExtensions(alternatives(other('b')))),
      'ok | name-constraints, search ends',
    ],
    [
      'an empty permitted dNSName',
      path(withExtensions(constraints([dns('')])), { names: ['sts.contoso.com'] }),
      'name-constraints | name-constraints',
    ],
    [
      'a minimum distance',
      path(
        withExtensions({
          oid: '2.5.29.30',
          critical: true,
          value: sequence(tlv(0xa0, sequence(dns('contoso.com'), tlv(0x80, Buffer.from([1]))))),
        }),
        { names: ['sts.contoso.com'] },
      ),
      'ok | name-constraints',
    ],
  ])('%s', (_name, certificates, expected) => {
    expect(outcome(certificates)).toBe(expected)
  })

  it('the same name permitted twice leaves nothing to BouncyCastle', () => {
    const upper = issue({
      subject: 'Upper',
      issuer: root,
      ca: true,
      ...withExtensions(constraints([dns('contoso.com')])),
    })
    const lower = issue({
      subject: 'Lower CA',
      issuer: upper,
      ca: true,
      ...withExtensions(constraints([dns('contoso.com')])),
    })
    const leaf = issue({ subject: 'leaf', issuer: lower, names: ['sts.contoso.com'] })
    expect(outcome([leaf, lower, upper])).toBe('name-constraints | ok')
  })

  it('those of the anchor bind nobody', () => {
    const anchor = issue({
      subject: 'Bound',
      ca: { pathLength: 0 },
      ...withExtensions(constraints([dns('fabrikam.com')])),
    })
    const authority = issue({ subject: 'Int', issuer: anchor, ca: true })
    const leaf = issue({ subject: 'leaf', issuer: authority, names: ['sts.contoso.com'] })
    expect(outcome([leaf, authority], anchor)).toBe('ok | ok')
  })
})

describe('policies, BouncyCastle | libcore', () => {
  it.each<[string, Issued[], string]>([
    ['nobody asks for any', path({}), 'ok | ok'],
    [
      'the leaf has the one that the intermediate demands',
      path(withExtensions(policies('1.2.3.1'), demandPolicy), withExtensions(policies('1.2.3.1'))),
      'ok | ok',
    ],
    ['the leaf has none', path(withExtensions(policies('1.2.3.1'), demandPolicy)), 'policy | policy'],
    [
      'the leaf has another',
      path(withExtensions(policies('1.2.3.1'), demandPolicy), withExtensions(policies('1.2.3.9'))),
      'policy | policy',
    ],
    [
      'the leaf has another, and BouncyCastle overlooks the second of two',
      path(withExtensions(policies('1.2.3.1', '1.2.3.2'), demandPolicy), withExtensions(policies('1.2.3.9'))),
      'ok | policy',
    ],
    [
      'critical, with a qualifier',
      path(
        withExtensions(policies('1.2.3.1')),
        withExtensions({
          oid: '2.5.29.32',
          critical: true,
          value: sequence(
            sequence(
              oid('1.2.3.1'),
              sequence(sequence(oid('1.3.6.1.5.5.7.2.1'), tlv(0x16, Buffer.from('http://x')))),
            ),
          ),
        }),
      ),
      'ok | policy',
    ],
  ])('%s', (_name, certificates, expected) => {
    expect(outcome(certificates)).toBe(expected)
  })
})

describe('decoding, BouncyCastle | libcore', () => {
  const subjectless = { subject: [] as const }
  const flawedKeyUsage: Extension = { oid: '2.5.29.15', value: tlv(0x03, Buffer.from([0])) }
  it.each<[string, Issued[], string]>([
    [
      'no subject and a name list that is not critical',
      path({}, { ...subjectless, names: ['sts.contoso.com'] }),
      'ok | unreadable',
    ],
    [
      'no subject and a critical name list',
      path(
        {},
        { ...subjectless, ...withExtensions({ ...alternatives(dns('sts.contoso.com')), critical: true }) },
      ),
      'ok | ok',
    ],
    [
      'an extension twice',
      path({}, withExtensions(policies('1.2.3.1'), policies('1.2.3.1'))),
      'ok | unreadable',
    ],
    [
      'a keyUsage that allows nothing',
      path({}, { keyUsage: null, ...withExtensions(flawedKeyUsage) }),
      'ok | key-usage',
    ],
    [
      'an extendedKeyUsage that cannot be read',
      path({}, { extendedKeyUsage: null, ...withExtensions({ oid: '2.5.29.37', value: tlv(0x05) }) }),
      'ok | ok',
    ],
    [
      'an extendedKeyUsage that cannot be read and is critical',
      path(
        {},
        {
          extendedKeyUsage: null,
          ...withExtensions({ oid: '2.5.29.37', critical: true, value: tlv(0x05) }),
        },
      ),
      'critical-extension | unreadable',
    ],
    [
      'a critical extension of indefinite length',
      path({}, withExtensions({ oid: '2.5.29.32', critical: true, value: Buffer.from('30800000', 'hex') })),
      'ok | ok',
    ],
    [
      'a path length of more than 32 bits',
      path({
        ca: false,
        keyUsage: [5],
        extendedKeyUsage: null,
        ...withExtensions({
          oid: '2.5.29.19',
          critical: true,
          value: sequence(tlv(1, Buffer.of(255)), tlv(2, Buffer.from('0100000000', 'hex'))),
        }),
      }),
      'ok | unreadable',
    ],
    [
      'a critical extension that BouncyCastle handles on the leaf only',
      path({}, withExtensions({ oid: '2.5.29.31', critical: true, value: sequence() })),
      'ok | critical-extension',
    ],
  ])('%s', (_name, certificates, expected) => {
    expect(outcome(certificates)).toBe(expected)
  })
})

it('a self-issued intermediate does not count towards the path length', () => {
  const upper = issue({ subject: 'Int', issuer: root, ca: { pathLength: 0 } })
  const renewed = issue({ subject: 'Int', issuer: upper, ca: true })
  expect(outcome([issue({ subject: 'leaf', issuer: renewed }), renewed, upper])).toBe('ok | ok')
})
