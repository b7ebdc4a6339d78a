import { describe, expect, it } from 'vitest'
import { judgeAllStores } from '../../src/android/judge-stores.js'
import { type Release, releases } from '../../src/android/releases.js'
import { keyStoreAnchors } from '../../src/android/trust-anchors.js'
import { rootsOf, storeUpdates, trustStore, updatesOf } from '../../src/android/trust-store.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { makeCa, makeLeaf, now, parsed, soundPki } from '../support/examined.js'

const updated = (release: Release) =>
  updatesOf(release).map((update) => ({ update: update.update, anchors: trustStore(release, update) }))

/** Every release's word on a list, by the real stores. */
const said = (...presented: Certificate[]) =>
  Object.fromEntries(
    judgeAllStores(
      { presented, anchors: (release) => trustStore(release), updated, at: now },
      releases,
      [],
    ).map((verdict) => [
      verdict.release,
      verdict.kind === 'depends' ? `${verdict.update?.accepted} ${verdict.update?.update}` : verdict.kind,
    ]),
  )

/** A root sent in the place of a server's certificate: its own path, so that the store alone decides. */
const rootOf = (release: Release, subject: string): Certificate => rootsOf(release, subject)[0]!.certificate!

describe('a root that one store of a release has and another has not', () => {
  it.each<[string, Release, Record<string, string>]>([
    [
      'CN=Entrust Root Certification Authority - G2',
      '16',
      { 13: 'accepted', 14: 'until 2026-06', 15: 'until 2026-06', 16: 'until 2026-06', 17: 'refused' },
    ],
    [
      'CN=Entrust Root Certification Authority - G4',
      '15',
      { 13: 'accepted', 14: 'until 2025-12', 15: 'until 2025-12', 16: 'refused', 17: 'refused' },
    ],
    [
      'D-TRUST BR Root CA 2 2023',
      '17',
      { 13: 'refused', 14: 'after 2025-12', 15: 'after 2025-12', 16: 'after 2025-12', 17: 'accepted' },
    ],
    [
      'TrustAsia TLS RSA Root CA',
      '17',
      { 13: 'refused', 14: 'after 2026-06', 15: 'after 2026-06', 16: 'after 2026-06', 17: 'accepted' },
    ],
    [
      'DigiCert Global Root G2',
      '17',
      { 13: 'accepted', 14: 'accepted', 15: 'accepted', 16: 'accepted', 17: 'accepted' },
    ],
  ])('%s', (subject, release, expected) => {
    expect(said(rootOf(release, subject))).toMatchObject(expected)
  })

  it.each([
    'AAA Certificate Services',
    'CN=GlobalSign Root CA,',
    'Baltimore CyberTrust',
    'Go Daddy Class 2',
    'Starfield Class 2',
    'XRamp',
    'Entrust.net Certification Authority (2048)',
    'SwissSign Silver',
  ])('%s went in 2025-12: nothing above 13 is a firm yes', (subject) => {
    const { subject: name } = rootOf('16', subject)
    for (const release of ['14', '15', '16'] as const)
      expect([
        trustStore(release).named(name).length,
        ...storeUpdates.map((update) => trustStore(release, update).named(name).length),
      ]).toEqual([1, 0, 0])
  })
})

describe('no list gets a firmer yes than the newest store allows', () => {
  it.each(['14', '15', '16'] as const)('Android %s', (release) => {
    const newest = trustStore(release, storeUpdates.at(-1)!)
    for (const { certificate } of rootsOf(release)) {
      if (newest.named(certificate!.subject).length > 0) continue
      expect(said(certificate!)[release]).not.toBe('accepted')
    }
  })
})

describe('with stores that differ', () => {
  const { root, intermediate, leaf } = soundPki()
  const stores = (shipped: Certificate[], ...later: Certificate[][]) => ({
    anchors: () => keyStoreAnchors(shipped),
    updated: () => later.map((list, i) => ({ update: `2026-0${i + 1}`, anchors: keyStoreAnchors(list) })),
    presented: [leaf, intermediate].map(parsed),
    at: now,
  })
  const judged = (input: Parameters<typeof judgeAllStores>[0]) => judgeAllStores(input, ['16'], [])[0]!

  it('a root in all of them is accepted, in none refused, and one dropped and taken back depends', () => {
    const one = parsed(root)
    expect(judged(stores([one], [one])).kind).toBe('accepted')
    expect(judged(stores([], [])).kind).toBe('refused')
    expect(judged(stores([one], [], [one]))).toMatchObject({
      kind: 'depends',
      on: 'system-update',
      needs: [one.sha256],
      update: { accepted: 'until', update: '2026-01' },
      reason: { rule: 'system-update', certificate: one.sha256 },
    })
  })

  it('another way to a root of all stores is a firm yes', () => {
    const other = makeCa('Other Root')
    const cross = makeCa('Contoso Issuing CA', other, { key: intermediate.key })
    const presented = [makeLeaf(intermediate), intermediate, cross].map(parsed)
    const input = { ...stores([root, other].map(parsed), [parsed(other)]), presented }
    expect(judged(input).kind).toBe('accepted')
  })

  it('an expired leaf is refused whatever the store', () => {
    const old = makeLeaf(intermediate, {
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2021-01-01'),
    })
    const input = { ...stores([parsed(root)], []), presented: [parsed(old), parsed(intermediate)] }
    expect(judged(input)).toMatchObject({ kind: 'refused' })
  })
})
