import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type JudgeInput, judge, judgeAll } from '../../src/android/judge.js'
import { type Release, releases } from '../../src/android/releases.js'
import { describeProblem, rules } from '../../src/android/rules.js'
import { deviceAnchors, nameHash, type TrustAnchors } from '../../src/android/trust-anchors.js'
import { type Issued, type IssueOptions, issue, sequence, tlv } from '../../src/demo/authority.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { certificateOf } from '../support/certificate-of.js'
import { hostileChains } from '../support/hostile-chains.js'

/**
 *     Root ── Int ── leaf        Other (not trusted)
 */
const at = new Date()
const day = 86_400_000
const past = { notBefore: new Date(at.getTime() - 9 * day), notAfter: new Date(at.getTime() - day) }
const root = issue({ subject: 'Root', ca: true })
const other = issue({ subject: 'Other', ca: true })
const intermediate = issue({ subject: 'Int', issuer: root, ca: true })
const leafOf = (options: Partial<IssueOptions> = {}, issuer: Issued = intermediate): Issued =>
  issue({ subject: 'sts.contoso.com', issuer, names: ['sts.contoso.com'], ...options })
const leaf = leafOf()
const expiredLeaf = leafOf(past)

const input = (sent: readonly Issued[], more: Partial<JudgeInput> = {}) => ({
  presented: sent.map(certificateOf),
  anchors: [certificateOf(root)],
  at,
  ...more,
})
const verdicts = (sent: readonly Issued[], more: Partial<JudgeInput> = {}) =>
  judgeAll(input(sent, more), releases)

/** Rules of refusal before 7.0, on 7.0 to 9, and from 10 on; `ok` where it is accepted. */
function outcome(sent: readonly Issued[], more: Partial<JudgeInput> = {}): string {
  const of = (release: Release): string => {
    const verdict = judge({ ...input(sent, more), release })
    return verdict.kind === 'refused'
      ? verdict.reason.rule
      : verdict.kind === 'accepted'
        ? 'ok'
        : verdict.kind
  }
  const groups: readonly Release[][] = [
    ['4.4', '5.1', '6.0'],
    ['7.0', '8.1', '9'],
    ['10', '13', '14', '16', '17'],
  ]
  return groups.map((group) => [...new Set(group.map(of))].join('/')).join(' | ')
}

const all = (rule: string): string => `${rule} | ${rule} | ${rule}`

const impostor = issue({ subject: 'Root', keyName: 'impostor', ca: true })

describe('what is sent, and what 4.4–6.0 | 7.0–9 | 10–17 make of it', () => {
  const twin = issue({ subject: 'Int', keyName: 'twin', issuer: root, ca: true })
  const expired = issue({ subject: 'Int', issuer: root, ca: true, key: intermediate.key, ...past })
  const astray = issue({ subject: 'Int', issuer: other, ca: true, key: intermediate.key })
  const below = (options: Partial<IssueOptions>, leafOptions: Partial<IssueOptions> = {}): Issued[] => {
    const authority = issue({ subject: 'Int', issuer: root, ca: true, ...options })
    return [leafOf(leafOptions, authority), authority]
  }
  it.each<[string, readonly Issued[], string]>([
    ['the leaf and its intermediate', [leaf, intermediate], all('ok')],
    ['the root as well', [leaf, intermediate, root], all('ok')],
    ['the wrong order', [leaf, root, intermediate], all('ok')],
    ['a stranger in between', [leaf, other, intermediate], all('ok')],
    ['the leaf only', [leaf], all('no-path-missing-issuer')],
    ['the root instead of the intermediate', [leaf, root], all('no-path-missing-issuer')],
    ['a root that is not trusted', [leafOf({}, other), other], all('anchor-unknown')],
    ['an impostor of the root', [leafOf({}, impostor), impostor], all('anchor-unknown')],
    ['an expired leaf', [leafOf(past), intermediate], all('expired')],
    [
      'a leaf of tomorrow',
      [leafOf({ notBefore: new Date(at.getTime() + day) }), intermediate],
      all('not-yet-valid'),
    ],
    ['an expired intermediate', [leaf, expired], all('expired')],
    ['an expired intermediate before its renewal', [leaf, expired, intermediate], 'expired | ok | ok'],
    ['another key of the same name', [leaf, twin], all('wrong-key')],
    ['another key of the same name before the right one', [leaf, twin, intermediate], 'wrong-key | ok | ok'],
    [
      'a cross-certificate of an unknown root first',
      [leaf, astray, intermediate],
      'no-path-missing-issuer | ok | ok',
    ],
    ['a leaf for clients', [leafOf({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] }), intermediate], all('eku')],
    ['a leaf without extendedKeyUsage', [leafOf({ extendedKeyUsage: null }), intermediate], all('ok')],
    ['an intermediate that is none', below({ ca: false, keyUsage: null }), all('not-a-ca')],
    ['an intermediate without keyCertSign', below({ keyUsage: [0] }), all('key-usage')],
    ['an intermediate of version 1', below({ version: 1 }), all('not-a-ca')],
    [
      'a critical extension nobody knows',
      below({ extensions: [{ oid: '1.2.3.4', critical: true, value: Buffer.from([5, 0]) }] }),
      all('critical-extension'),
    ],
    [
      'a critical extendedKeyUsage on the intermediate',
      below({
        extensions: [
          { oid: '2.5.29.37', critical: true, value: Buffer.from('300a06082b06010505070301', 'hex') },
        ],
      }),
      'critical-extension | ok | ok',
    ],
    [
      'an intermediate that asks for another root key',
      below({ authorityKeyIdentifier: Buffer.from([1, 2, 3]) }),
      'ok | aki-mismatch | aki-mismatch',
    ],
    [
      'a leaf that asks for another intermediate key',
      [leafOf({ authorityKeyIdentifier: Buffer.from([1, 2, 3]) }), intermediate],
      all('ok'),
    ],
    ['SHA-1 on the leaf', below({ key: 'rsa-2048' }, { hash: 'sha1' }), 'ok | ok | weak-signature'],
    ['MD5 on the leaf', below({ key: 'rsa-2048' }, { hash: 'md5' }), all('weak-signature')],
    ['RSA with 1024 bits', [leafOf({ key: 'rsa-1024' }), intermediate], all('ok')],
    ['an Ed25519 leaf', [leafOf({ key: 'ed25519' }), intermediate], 'ok/weak-key | weak-key | weak-key'],
    ['a chain too long for its pathLen', deepChain(), all('path-length')],
    [
      'a name outside the constraints',
      below({ extensions: [onlyNames('fabrikam.com')] }),
      all('name-constraints'),
    ],
    ['a name inside the constraints', below({ extensions: [onlyNames('contoso.com')] }), all('ok')],
  ])('%s', (_name, sent, expected) => {
    expect(outcome(sent)).toBe(expected)
  })
})

function deepChain(): Issued[] {
  const upper = issue({ subject: 'Upper', issuer: root, ca: { pathLength: 0 } })
  const lower = issue({ subject: 'Lower', issuer: upper, ca: true })
  return [leafOf({}, lower), lower, upper]
}

function onlyNames(domain: string) {
  const permitted = sequence(tlv(0x82, Buffer.from(domain)))
  return { oid: '2.5.29.30', critical: true, value: sequence(tlv(0xa0, permitted)) }
}

describe('trust anchors', () => {
  it.each<[string, Issued, readonly Issued[]]>([
    [
      'are not asked for their validity',
      issue({ subject: 'Root', ca: true, key: root.key, ...past }),
      [leaf, intermediate],
    ],
    ['may be intermediates', intermediate, [leaf]],
    ['may be the leaf', leaf, [leaf]],
    ['may be the leaf, expired as it is', expiredLeaf, [expiredLeaf]],
  ])('%s', (_name, anchor, sent) => {
    expect(outcome(sent, { anchors: [certificateOf(anchor)] })).toBe(all('ok'))
  })

  /** A device's store: one file per root, named by the hash of the encoded name. */
  const device = (...roots: readonly Certificate[]): TrustAnchors =>
    deviceAnchors({
      sortsNames: true,
      byNameHash: (hash) => roots.filter(({ subject }) => nameHash(subject) === hash),
    })

  it('are found by the encoded name on a device: another string type hides the root from 7.0 on', () => {
    const printable = issue({ subject: 'Root', ca: true, key: root.key, stringType: 'printable' })
    const store = { anchors: device(certificateOf(printable)) }
    expect(outcome([leaf, intermediate], store)).toBe(all('no-path-missing-issuer'))
    // Sending the root helps only those that look it up under its own name.
    expect(outcome([leaf, intermediate, printable], store)).toBe('ok | anchor-unknown | anchor-unknown')
    expect(outcome([leaf, intermediate], { anchors: [certificateOf(printable)] })).toBe(all('ok'))
  })

  it('hash names as OpenSSL did before 1.0', () => {
    const { subject } = certificateOf(root)
    const digest = createHash('md5').update(subject.der).digest()
    expect(nameHash(subject)).toBe(digest.subarray(0, 4).reverse().toString('hex'))
  })

  it('known by hash only make a refusal uncertain, unless the leaf alone is refused', () => {
    const sha256 = certificateOf(root).sha256
    const anchors: TrustAnchors = {
      named: () => [],
      unknownRoots: (name) =>
        name.text === 'CN=Root' ? [{ sha256, spkiSha256: null, subject: 'CN=Root' }] : [],
    }
    expect(outcome([leaf, intermediate], { anchors })).toBe(all('undetermined'))
    expect(outcome([leafOf(past), intermediate], { anchors })).toBe(all('no-path-missing-issuer'))
    expect(outcome([leaf, intermediate, root], { anchors })).toBe(all('ok'))
  })
})

describe('remembered intermediates', () => {
  it('make the verdict depend on what the app has met', () => {
    for (const verdict of verdicts([leaf], { remembered: [certificateOf(intermediate)] })) {
      expect(verdict).toMatchObject({
        kind: 'depends',
        on: 'remembered-intermediate',
        reason: { rule: 'no-path-missing-issuer' },
        needs: [certificateOf(intermediate).sha256],
      })
    }
  })

  it('are not needed where the chain is complete and do not help where they do not fit', () => {
    const remembered = [certificateOf(other)]
    for (const verdict of verdicts([leaf, intermediate], { remembered }))
      expect(verdict.kind).toBe('accepted')
    for (const verdict of verdicts([leaf], { remembered })) expect(verdict.kind).toBe('refused')
  })
})

describe('the TLS layer', () => {
  const rsaLeaf = (keyUsage: readonly number[] | null) => leafOf({ key: 'rsa-2048', keyUsage })
  const ecdhe = { protocolVersion: 0x0303, keyExchange: 'ecdhe' } as const
  const tls13 = { protocolVersion: 0x0304, keyExchange: 'tls13' } as const
  const rsa = { protocolVersion: 0x0303, keyExchange: 'rsa' } as const
  it.each([
    ['an EC key without digitalSignature: from 8.0', leafOf({ keyUsage: [4] }), ecdhe, '8.0'],
    ['an RSA key without digitalSignature, ECDHE: from 14', rsaLeaf([2]), ecdhe, '14'],
    ['an RSA key without keyEncipherment, RSA key exchange: from 14', rsaLeaf([0]), rsa, '14'],
    ['no digitalSignature and TLS 1.3: from 10', rsaLeaf([2]), tls13, '10'],
    ['no keyUsage at all: never', rsaLeaf(null), tls13, null],
  ] as const)('refuses %s', (_name, own, handshake, first) => {
    const refusing = verdicts([own, intermediate], { handshake }).filter(({ kind }) => kind === 'refused')
    expect(refusing.map(({ release }) => release)).toEqual(
      first === null ? [] : releases.slice(releases.indexOf(first)),
    )
    for (const verdict of refusing) expect(verdict).toMatchObject({ reason: { rule: 'tls-key-usage' } })
  })
})

describe('limits', () => {
  it('a message larger than Android reads is refused', () => {
    const padding = { oid: '1.2.3.4', value: Buffer.alloc(40_000) }
    const big = () => issue({ subject: 'big', extensions: [padding] })
    expect(outcome([leaf, intermediate, big(), big(), big()])).toBe(all('message-too-large'))
  })

  it('no release limits the length of a path, 17 included', () => {
    const chainOf = (length: number): Issued[] => {
      const chain: Issued[] = []
      while (chain.length < length - 1)
        chain.unshift(issue({ subject: `CA ${chain.length}`, issuer: chain[0] ?? root, ca: true }))
      return [leafOf({}, chain[0]), ...chain]
    }
    expect(outcome(chainOf(40))).toBe(all('ok'))
  })

  it.each(
    hostileChains().map((chain) => [chain.what, chain] as const),
  )('%s: a verdict, or which limit was met', (_what, chain) => {
    for (const verdict of judgeAll({ ...chain, at }, releases)) {
      if (verdict.kind === 'refused') expect(verdict.attempted.length).toBeLessThanOrEqual(32)
      if (verdict.kind === 'undetermined') expect(verdict.because).toMatch(/\d|signatures/)
    }
  })

  it('a chain without end that leads to no root is refused', () => {
    const chain: Issued[] = [other]
    while (chain.length < 260)
      chain.unshift(issue({ subject: `CA ${chain.length}`, issuer: chain[0]!, ca: true }))
    const presented = chain.map(certificateOf).slice(0, -1)
    for (const verdict of judgeAll({ presented, anchors: [certificateOf(root)], at }, releases)) {
      expect(verdict.kind).toBe('refused')
    }
  })

  it('what cannot be read is refused by position and field', () => {
    const presented = [certificateOf(leaf), Buffer.from('no certificate')]
    for (const verdict of judgeAll({ presented, anchors: [], at }, releases)) {
      expect(verdict).toMatchObject({ kind: 'refused', reason: { rule: 'unreadable', certificate: null } })
      if (verdict.kind === 'refused')
        expect(describeProblem(verdict.reason)).toContain('presented[1], certificate at offset')
    }
    expect(outcome([])).toBe(all('nothing-presented'))
  })
})

describe('the stapled OCSP response', () => {
  it('counts from 8.0 on', () => {
    const stapledOcsp = Buffer.from('no response')
    const refusing = verdicts([leaf, intermediate], { stapledOcsp }).filter(({ kind }) => kind === 'refused')
    expect(refusing.map(({ release }) => release)).toEqual(releases.slice(releases.indexOf('8.0')))
    for (const verdict of refusing) expect(verdict).toMatchObject({ reason: { rule: 'staple-unusable' } })
  })

  it('sends 8.0 to 13 to the revocation lists, which nobody asks here', () => {
    const lists = { oid: '2.5.29.31', value: Buffer.from([0x30, 0]) }
    const judged = verdicts([leafOf({ extensions: [lists] }), intermediate], {
      stapledOcsp: Buffer.from('no response'),
    })
    const unsure = judged.filter(({ kind }) => kind === 'undetermined').map(({ release }) => release)
    expect(unsure).toEqual(releases.slice(releases.indexOf('8.0'), releases.indexOf('14')))
  })
})

it('every rule has a title that is a sentence and a source', () => {
  for (const { title, citation } of Object.values(rules)) {
    expect(title).toMatch(/^[A-Z].*[^.]$/)
    expect(citation.length).toBeGreaterThan(10)
  }
})
