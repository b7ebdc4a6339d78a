import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { oid, sequence, tlv } from '../../src/demo/asn1.js'
import { issue } from '../../src/demo/authority.js'
import { revocationList } from '../../src/demo/revocation.js'
import { parseRevocationList, revocationAddresses } from '../../src/x509/crl.js'
import { sameName } from '../../src/x509/name-match.js'
import { verifySigned } from '../../src/x509/signature.js'
import { certificateOf } from '../support/certificate-of.js'

const at = (text: string) => new Date(`${text}T00:00:00Z`)
const root = issue({ subject: 'Test Root', ca: true })
const [bad, good] = [1, 2].map((serial) =>
  issue({ subject: `CA ${serial}`, issuer: root, ca: true, serialNumber: Buffer.of(serial) }),
) as [ReturnType<typeof issue>, ReturnType<typeof issue>]
const bytes = revocationList({
  issuer: root,
  revoked: [{ certificate: bad, at: at('2026-05-13'), reason: 4 }],
  thisUpdate: at('2026-11-01'),
  nextUpdate: at('2026-12-01'),
})
const read = (der: Uint8Array) => {
  const parsed = parseRevocationList(der)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.list
}

describe('a list', () => {
  it('is read, and its signature is that of the issuer', () => {
    const list = read(bytes)
    expect(list).toMatchObject({
      thisUpdate: at('2026-11-01'),
      nextUpdate: at('2026-12-01'),
      scope: { addresses: null, authorities: true, indirect: false, delta: false, unknown: [] },
    })
    expect(list.revoked.get(certificateOf(bad).serialNumber)).toEqual(at('2026-05-13'))
    expect(list.revoked.has(certificateOf(good).serialNumber)).toBe(false)
    const { subject, publicKey } = certificateOf(root)
    expect(sameName(list.issuer, subject)).toBe(true)
    const { signatureAlgorithm, signatureParameters: parameters, signed, signature } = list
    const signedBy = (key: typeof publicKey) =>
      verifySigned({ oid: signatureAlgorithm, parameters, signed, signature }, key)
    expect([signedBy(publicKey), signedBy(certificateOf(bad).publicKey)]).toEqual([true, false])
  })

  it('may be empty, without an end, and of another algorithm', () => {
    const list = read(
      revocationList({
        issuer: issue({ subject: 'R', ca: true, key: 'rsa-2048' }),
        revoked: [],
        thisUpdate: at('2026-11-01'),
        hash: 'sha384',
        pss: true,
      }),
    )
    expect([list.nextUpdate, list.revoked.size]).toEqual([null, 0])
  })

  it('that is damaged is said to be, whatever the damage', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (place, value, length) => {
        const damaged = Uint8Array.from(bytes)
        damaged[place] = value
        const parsed = parseRevocationList(damaged.subarray(0, length))
        if (!parsed.ok) expect(parsed.message).not.toBe('')
        expect(parsed.ok && length < bytes.length).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('where lists are to be had', () => {
  const point = (...fields: Uint8Array[]) => sequence(...fields.map((field) => Buffer.from(field)))
  const name = (...urls: string[]) =>
    tlv(0xa0, tlv(0xa0, Buffer.concat(urls.map((url) => tlv(0x86, Buffer.from(url))))))
  const of = (value: Uint8Array) =>
    revocationAddresses(
      certificateOf(issue({ subject: 'X', issuer: root, extensions: [{ oid: '2.5.29.31', value }] })),
    )
  it('is read as written', () => {
    const both = issue({ subject: 'X', issuer: root, revocationLists: ['http://a/1.crl', 'ldap://b/2'] })
    expect(revocationAddresses(certificateOf(both))).toEqual(['http://a/1.crl', 'ldap://b/2'])
    expect(revocationAddresses(certificateOf(good))).toBeNull()
    expect(of(sequence(point(name('http://a/1', 'http://b/2'))))).toEqual(['http://a/1', 'http://b/2'])
  })
  it('but not of lists by another authority, or for some reasons only, and nothing of what cannot be read', () => {
    const issuer = tlv(0xa2, tlv(0xa4, Buffer.from(root.subjectDer)))
    expect(of(sequence(point(name('http://a/1'), issuer), point(name('http://b/2'))))).toEqual(['http://b/2'])
    expect(of(sequence(point(name('http://a/1'), tlv(0x81, Buffer.of(6, 64)))))).toEqual([])
    expect(of(oid('1.2.3'))).toBeNull()
  })
})
