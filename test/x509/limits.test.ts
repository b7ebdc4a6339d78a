import { describe, expect, it } from 'vitest'
import { issue, oid, sequence, tlv } from '../../src/demo/authority.js'
import { oidText } from '../../src/x509/der.js'
import { parseCertificate } from '../../src/x509/parse.js'
import { verifySigned } from '../../src/x509/signature.js'
import { certificateOf } from '../support/certificate-of.js'

describe('a certificate may have', () => {
  /** Those that `issue` writes by itself included. */
  const withExtensions = (count: number): Uint8Array => {
    const own = certificateOf(issue({ subject: 'own' })).extensions.length
    const extensions = Array.from({ length: count - own }, (_, i) => ({ oid: `1.2.3.${i}`, value: tlv(5) }))
    return issue({ subject: 'many', extensions }).der
  }

  it('256 extensions and no more', () => {
    expect(parseCertificate(withExtensions(256)).ok).toBe(true)
    expect(parseCertificate(withExtensions(257))).toMatchObject({
      ok: false,
      problem: { field: 'extensions', message: 'more than 256 extensions' },
    })
  })

  it('OIDs of 128 octets and no more', () => {
    expect(oidText(new Uint8Array(128).fill(1))).toMatch(/^0\.1(\.1){127}$/)
    expect(() => oidText(new Uint8Array(129).fill(1))).toThrow('an OID of unusable length')
  })
})

it('does not verify RSASSA-PSS whose mask comes from another digest than its hash', () => {
  const { tbs, signature, publicKey, signatureAlgorithm, signatureParameters } = certificateOf(
    issue({ subject: 'self', key: 'rsa-2048', pss: true }),
  )
  const sha1 = sequence(oid('1.3.14.3.2.26'), tlv(5))
  const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'), tlv(5))
  const parameters = (mask: Buffer): Buffer =>
    sequence(
      tlv(0xa0, sha256),
      tlv(0xa1, sequence(oid('1.2.840.113549.1.1.8'), mask)),
      tlv(0xa2, tlv(2, Buffer.of(32))),
    )
  const verifies = (given: Uint8Array | null): boolean =>
    verifySigned({ oid: signatureAlgorithm, parameters: given, signed: tbs, signature }, publicKey)
  expect(verifies(signatureParameters)).toBe(true)
  expect(verifies(parameters(sha256))).toBe(true)
  expect(verifies(parameters(sha1))).toBe(false)
})
