import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { judge } from '../../src/android/judge.js'
import {
  chromeAnchors,
  isInWindows,
  programmeSources,
  publicRootsNamed,
} from '../../src/android/public-roots.js'
import data from '../../src/android/public-roots-data.json' with { type: 'json' }
import type { Release } from '../../src/android/releases.js'
import { releasesOf, rootsOf, trustStore } from '../../src/android/trust-store.js'
import { nameDer } from '../../src/demo/asn1.js'
import { parseCertificate } from '../../src/x509/parse.js'
import { now } from '../support/examined.js'

const root = (release: Release, subject: string) => rootsOf(release, subject)[0]!.certificate!

describe('Chrome goes by roots of its own', () => {
  it.each<[string, Release, Release, boolean, boolean]>([
    // Root, where it is taken from, a release, what its platform has, what Chrome has.
    ['DigiCert TLS RSA4096 Root G5', '17', '13', false, true],
    ['GlobalSign Root R46', '17', '13', false, true],
    ['Sectigo Public Server Authentication Root R46', '17', '14', false, true],
    ['DigiCert Global Root CA', '17', '17', true, false],
    ['DigiCert Assured ID Root CA', '17', '17', true, false],
    ['AAA Certificate Services', '13', '13', true, false],
    ['ISRG Root X1', '17', '13', true, true],
  ])('%s', (subject, from, release, platform, chrome) => {
    const certificate = root(from, subject)
    const accepts = (anchors: typeof chromeAnchors, by: Release) =>
      judge({ presented: [certificate], anchors, at: now, release: by }).kind === 'accepted'
    expect(accepts(trustStore(release), release)).toBe(platform)
    expect(accepts(chromeAnchors, '17')).toBe(chrome)
  })

  it('carries the roots that no Android release has under their own hashes', () => {
    for (const base64 of data.chromeOnly) {
      const der = Buffer.from(base64, 'base64')
      expect(data.chrome).toContain(createHash('sha256').update(der).digest('hex'))
      const parsed = parseCertificate(der)
      if (!parsed.ok) throw new Error(parsed.problem.message)
      expect(chromeAnchors.named(parsed.certificate.subject)).toHaveLength(1)
      expect(releasesOf(parsed.certificate)).toEqual([])
    }
  })
})

describe('public roots that no phone has', () => {
  it.each([
    'GoDaddy TLS Root CA - R1',
    'Starfield TLS Root CA - R1',
    'Certum TLS RSA Root CA',
    'Actalis TLS Server RSA Root CA 2025',
    'IdenTrust Commercial Root TLS RSA CA 2',
  ])('%s', (name) => {
    const [row] = data.roots.filter(({ subject }) => subject.startsWith(`CN=${name},`))
    expect(row?.in).toEqual(['microsoft'])
  })

  it('are found by their name, in whatever encoding', () => {
    const name = {
      text: '',
      commonNames: [],
      der: nameDer([
        ['2.5.4.6', 'US'],
        ['2.5.4.10', 'GoDaddy.com'],
        ['2.5.4.3', 'GoDaddy TLS Root CA - R1'],
      ]),
    }
    expect(publicRootsNamed(name)).toEqual([expect.objectContaining({ in: ['microsoft'] })])
  })

  it('are in no store, and a root of a store is not among them', () => {
    const known = new Set(data.roots.map(({ sha256 }) => sha256))
    expect(known.size).toBe(data.roots.length)
    for (const { sha256 } of rootsOf('17')) expect(known.has(sha256)).toBe(false)
  })
})

it('Windows has DigiCert Global Root G2', () => {
  expect(isInWindows(root('17', 'DigiCert Global Root G2'))).toBe(true)
})

it('every list says where and when it was read', () => {
  for (const { source, read } of programmeSources) {
    expect(source).toMatch(/\((PyPI|npm) .+\)$/)
    expect(read).toMatch(/^\d{4}-\d\d-\d\d$/)
  }
})
