import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Release, releases } from '../../src/android/releases.js'
import { deviceAnchors, looseNameKey } from '../../src/android/trust-anchors.js'
import {
  addAnchors,
  releasesOf,
  rootsNamed,
  rootsOf,
  storeInfo,
  trustStore,
} from '../../src/android/trust-store.js'
import data from '../../src/android/trust-store-data.js'
import { type Attribute, nameDer } from '../../src/demo/asn1.js'
import type { Certificate, Name } from '../../src/x509/certificate.js'

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

interface Membership {
  readonly releases: readonly { readonly release: Release; readonly roots: number }[]
  readonly roots: readonly { readonly sha256: string; readonly releases: readonly Release[] }[]
}
const membership: Membership = JSON.parse(file('tools/trust-store/root-store-membership.json'))

const root = (release: Release, subject: string): Certificate => {
  const [found] = rootsOf(release, subject)
  if (!found?.certificate) throw new Error(`${subject} is not a root of Android ${release}`)
  return found.certificate
}

describe('the generated data', () => {
  it.each(membership.releases)('gives Android $release the $roots roots of its store', ({
    release,
    roots,
  }) => {
    const expected = membership.roots.filter((other) => other.releases.includes(release))
    expect(expected).toHaveLength(roots)
    expect(storeInfo(release).roots).toBe(roots)
    expect(
      rootsOf(release)
        .map(({ sha256 }) => sha256)
        .sort(),
    ).toEqual(expected.map(({ sha256 }) => sha256).sort())
  })

  it('carries each certificate under its own SHA-256', () => {
    for (const [, , sha256, , base64] of data.anchors as string[][]) {
      expect(createHash('sha256').update(Buffer.from(base64!, 'base64')).digest('hex')).toBe(sha256)
    }
  })

  it('knows no root by its hash only', () => {
    for (const release of releases) expect(storeInfo(release).hashOnly).toEqual([])
  })

  it('names where each list was read', () => {
    for (const release of releases) expect(storeInfo(release).source).toMatch(/AOSP|android-17/)
  })

  it('agrees with the page that records it', () => {
    const page = file('docs/reference/trust-stores.md').replace(/ +/g, ' ')
    for (const release of releases) {
      const { roots, hashOnly } = storeInfo(release)
      expect(page).toContain(`| ${release} | ${roots} | ${roots - hashOnly.length} | ${hashOnly.length} |`)
    }
  })
})

describe('which releases have a root', () => {
  it.each<[string, Release, Release, Release]>([
    ['DigiCert Global Root CA', '16', '4.4', '17'],
    ['DigiCert Global Root G2', '16', '5.0', '17'],
    ['DigiCert TLS RSA4096 Root G5', '16', '14', '17'],
    ['GlobalSign Root R46', '16', '14', '17'],
    ['OU=GlobalSign Root CA - R6', '16', '10', '17'],
    ['ISRG Root X1', '16', '7.1', '17'],
    ['ISRG Root X2', '16', '14', '17'],
    ['Sectigo Public Server Authentication Root R46', '16', '15', '17'],
    ['USERTrust RSA', '16', '5.1', '17'],
    ['CN=DST Root CA X3', '9', '4.4', '13'],
    ['AddTrust External CA Root', '9', '4.4', '11'],
    ['Amazon Root CA 1', '9', '8.0', '17'],
    ['CN=GTS Root R1', '16', '10', '17'],
  ])('%s: asked in %s, first %s, last %s', (subject, asked, first, last) => {
    const found = releasesOf(root(asked, subject))
    expect(found[0]).toBe(first)
    expect(found.at(-1)).toBe(last)
  })

  it('counts a re-issued root with the same name and key', () => {
    const old = root('10', 'CN=GTS Root R1')
    const reissued = root('16', 'CN=GTS Root R1')
    expect(old.sha256).not.toBe(reissued.sha256)
    expect(releasesOf(old)).toEqual(releasesOf(reissued))
  })

  it('names no release for a root with a known name and another key', () => {
    const known = root('16', 'ISRG Root X1')
    expect(releasesOf({ subject: known.subject, publicKey: root('16', 'ISRG Root X2').publicKey })).toEqual(
      [],
    )
  })

  it('finds a root by its name in whatever release', () => {
    const name = root('16', 'Sectigo Public Server Authentication Root R46').subject
    expect(rootsNamed(name).map(({ releases }) => releases[0])).toEqual(['15'])
  })

  it('would find a root known by hash only through the text of its name', () => {
    const microsoft = nameOfText([
      ['2.5.4.11', 'Copyright (c) 1997 Microsoft Corp.'],
      ['2.5.4.11', 'Microsoft Corporation'],
      ['2.5.4.3', 'Microsoft Root Authority'],
    ])
    const listed =
      'CN=Microsoft Root Authority, OU=Microsoft Corporation, OU=Copyright (c) 1997 Microsoft Corp.'
    expect(looseNameKey(microsoft)).toBe(looseNameKey(listed))
    const unknown = { sha256: '', spkiSha256: null, subject: listed }
    const store = deviceAnchors({
      sortsNames: true,
      byNameHash: () => [],
      unknownByName: (key) => (key === looseNameKey(listed) ? [unknown] : []),
    })
    expect(store.unknownRoots(microsoft)).toEqual([unknown])
    expect(store.unknownRoots(root('16', 'Sectigo Public Server Authentication Root R46').subject)).toEqual(
      [],
    )
  })
})

describe('the store of one release', () => {
  it.each(releases)('Android %s finds each of its roots under its own name', (release) => {
    const store = trustStore(release)
    for (const { certificate, sha256 } of rootsOf(release)) {
      if (certificate) expect(store.named(certificate.subject).map((other) => other.sha256)).toContain(sha256)
    }
  })

  it('does not lend a root to a release that lacks it', () => {
    const { subject } = root('7.1', 'ISRG Root X1')
    expect(trustStore('7.1').named(subject)).toHaveLength(1)
    expect(trustStore('7.0').named(subject)).toEqual([])
  })

  it('adds the operator’s anchors and keeps the release’s own', () => {
    const extra = root('16', 'ISRG Root X1')
    const own = root('7.0', 'DigiCert Global Root G2')
    const store = addAnchors('7.0', trustStore('7.0'), [extra])
    expect(store.named(extra.subject)).toEqual([extra])
    expect(store.named(own.subject)).toEqual([own])
  })

  it('lists roots by part of the subject or start of the fingerprint', () => {
    const subjects = (filter: string) => rootsOf('16', filter).map(({ subject }) => subject)
    expect(subjects('isrg root')).toHaveLength(2)
    expect(subjects('96:bc:ec:06:26:49')).toEqual([expect.stringContaining('ISRG Root X1')])
    expect(subjects('no such root')).toEqual([])
  })
})

/** A name of UTF8String attributes. */
const nameOfText = (attributes: readonly (readonly [Attribute, string])[]): Name => ({
  der: nameDer(attributes),
  text: '',
  commonNames: [],
})
