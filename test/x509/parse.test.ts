import { createHash, X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { issue, oid, sequence, tlv } from '../../src/demo/authority.js'
import { sameName } from '../../src/x509/name-match.js'
import { parseCertificate } from '../../src/x509/parse.js'
import { verifySignature } from '../../src/x509/signature.js'
import { certificateOf } from '../support/certificate-of.js'

const root = issue({
  subject: [
    ['O', 'Contoso'],
    ['CN', 'Root'],
  ],
  ca: true,
  key: 'rsa-2048',
})
const leaf = issue({
  subject: [
    ['C', 'DE'],
    ['O', 'Contoso, Ltd.'],
    ['CN', ' sts+1 '],
  ],
  issuer: root,
  names: ['sts.contoso.com', '192.0.2.10', '2001:db8::1'],
  caIssuers: ['http://aia.contoso.com/root.cer'],
})

describe('reading a certificate', () => {
  it('gives what Node.js gives', () => {
    const [ours, theirs] = [certificateOf(leaf.der), new X509Certificate(leaf.der)]
    expect(ours.sha256).toBe(theirs.fingerprint256.replaceAll(':', '').toLowerCase())
    expect(ours.serialNumber.toUpperCase().replace(/^0+/, '')).toBe(theirs.serialNumber.replace(/^0+/, ''))
    expect(ours.notBefore).toEqual(new Date(theirs.validFrom))
    expect(ours.notAfter).toEqual(new Date(theirs.validTo))
    const spki = theirs.publicKey.export({ type: 'spki', format: 'der' })
    expect(ours.publicKey.spkiSha256).toBe(createHash('sha256').update(spki).digest('hex'))
  })

  it('gives the fields that decide verdicts', () => {
    const certificate = certificateOf(leaf.der)
    expect(certificate.version).toBe(3)
    expect(certificate.publicKey).toMatchObject({ algorithm: 'ec', bits: 256, curve: 'P-256' })
    expect(certificate.subjectAltNames?.map(({ type, value }) => `${type} ${value}`)).toEqual([
      'dns sts.contoso.com',
      'ip 192.0.2.10',
      'ip 2001:db8::1',
    ])
    expect(certificate.extendedKeyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect([...certificate.keyUsage!]).toEqual(['digitalSignature', 'keyEncipherment'])
    expect(certificate.basicConstraints).toBeNull()
    expect(certificateOf(root.der).basicConstraints).toEqual({ ca: true, pathLength: null })
    expect(certificate.caIssuers).toEqual(['http://aia.contoso.com/root.cer'])
    expect(certificate.authorityKeyIdentifier?.keyIdentifier).toBe(
      certificateOf(root.der).subjectKeyIdentifier,
    )
    expect(certificate.unreadable).toEqual([])
  })

  it('writes names as RFC 4514 and changes nothing else: formats make them safe to show', () => {
    expect(certificateOf(leaf.der).subject.text).toBe('CN=\\ sts\\+1\\ ,O=Contoso\\, Ltd.,C=DE')
    const evil = certificateOf(issue({ subject: 'a\u001b[2J\u202eb\u200bc' }).der)
    expect(evil.subject.text).toBe('CN=a\u001b[2J\u202eb\u200bc')
    expect(evil.subject.commonNames).toEqual(['a\u001b[2J\u202eb\u200bc'])
    expect(certificateOf(issue({ subject: 'a\0b' }).der).subject.text).toBe('CN=a\\00b')
  })

  it('names an extension that cannot be read and goes on', () => {
    const odd = issue({ subject: 'odd', extensions: [{ oid: '2.5.29.19', value: Buffer.from([5, 0]) }] })
    expect(certificateOf(odd.der)).toMatchObject({ basicConstraints: null, unreadable: ['2.5.29.19'] })
  })

  it.each<[string, (der: Buffer) => Buffer, string]>([
    ['nothing at all', () => Buffer.alloc(0), 'certificate'],
    ['text', () => Buffer.from('-----BEGIN CERTIFICATE-----'), 'certificate'],
    ['a certificate cut short', (der) => der.subarray(0, -1), 'certificate'],
    ['a certificate with a byte too many', (der) => Buffer.concat([der, Buffer.from([0])]), 'certificate'],
    ['more than Android reads', () => Buffer.alloc(102_401), 'certificate'],
  ])('refuses %s and says where', (_name, change, field) => {
    const result = parseCertificate(change(Buffer.from(leaf.der)))
    expect(result).toMatchObject({ ok: false, problem: { field } })
  })

  const changed = (from: string, to: string, of: Uint8Array = leaf.der): Uint8Array => {
    const hex = Buffer.from(of).toString('hex')
    expect(hex.split(from).length).toBeGreaterThan(1)
    return Buffer.from(hex.replace(from, to), 'hex')
  }
  const accented = issue({ subject: 'a\u00e9b' }).der
  it.each<[string, () => Uint8Array, string]>([
    ['a version that is no INTEGER', () => changed('a003020102', 'a003870102'), 'version'],
    ['UTF8String that is no UTF-8', () => changed('61c3a962', '61c32862', accented), 'issuer'],
    ['an INTEGER as attribute value', () => changed('0c0461c3a962', '020461c3a962', accented), 'issuer'],
    ['an attribute type with a padded arc', () => changed('0603550403', '0603808003', accented), 'issuer'],
    ['a time of 60 seconds', () => Buffer.from(withSeconds('60')), 'validity'],
    ['a time without seconds', () => Buffer.from(withSeconds('Z ')), 'validity'],
  ])('refuses %s, as native readers do', (_name, der, field) => {
    expect(parseCertificate(der())).toMatchObject({ ok: false, problem: { field } })
  })

  /** The seconds of notBefore replaced; the signature is not looked at. */
  function withSeconds(seconds: string): Uint8Array {
    const text = Buffer.from(leaf.der).toString('latin1')
    const replaced = text.replace(/(\x17\x0d\d{10})\d\d/, `$1${seconds}`)
    expect(replaced).not.toBe(text)
    return Buffer.from(replaced, 'latin1')
  }

  it.each<[string, Uint8Array]>([
    ['a universal INTEGER', tlv(0x02, Buffer.from('sts.contoso.com'))],
    ['a tag of the private class', tlv(0xc2, Buffer.from('sts.contoso.com'))],
    ['a constructed dNSName', tlv(0xa2, Buffer.from('sts.contoso.com'))],
    ['an otherName without a value', tlv(0xa0, oid('1.2.3.4'))],
    ['a registeredID that is none', tlv(0x88, Buffer.of(0x80, 1))],
  ])('has no alternative names where one entry is %s', (_name, entry) => {
    const value = sequence(tlv(0x82, Buffer.from('sts.contoso.com')), entry)
    const certificate = certificateOf(
      issue({ subject: 'odd', extensions: [{ oid: '2.5.29.17', value }] }).der,
    )
    expect(certificate).toMatchObject({ subjectAltNames: null, unreadable: ['2.5.29.17'] })
  })

  it('takes a negative path length for zero', () => {
    const value = sequence(tlv(1, Buffer.of(255)), tlv(2, Buffer.of(0x80)))
    const certificate = certificateOf(
      issue({ subject: 'odd', extensions: [{ oid: '2.5.29.19', value }] }).der,
    )
    expect(certificate.basicConstraints).toEqual({ ca: true, pathLength: 0 })
  })

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(leaf.der.length - 1), fc.nat(255)), { maxLength: 6 }),
        (changes) => {
          const der = Buffer.from(leaf.der)
          for (const [index, octet] of changes) der[index] = octet
          const result = parseCertificate(der)
          expect(typeof result.ok).toBe('boolean')
        },
      ),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        (bytes) => typeof parseCertificate(bytes).ok === 'boolean',
      ),
    )
  })

  it('does not change when the caller reuses its buffer', () => {
    const buffer = Buffer.from(leaf.der)
    const certificate = certificateOf(buffer)
    buffer.fill(0)
    expect(createHash('sha256').update(certificate.der).digest('hex')).toBe(certificate.sha256)
  })
})

describe('verifying a signature', () => {
  it.each([
    ['RSA', { key: 'rsa-2048' }],
    ['RSASSA-PSS with a plain RSA key', { key: 'rsa-2048', pss: true }],
    ['RSASSA-PSS with a key of its own kind', { key: 'rsa-pss' }],
    ['ECDSA P-256', { key: 'P-256' }],
    ['ECDSA P-384', { key: 'P-384', hash: 'sha384' }],
    ['ECDSA P-521', { key: 'P-521', hash: 'sha512' }],
    ['Ed25519', { key: 'ed25519' }],
    ['RSA with SHA-1', { key: 'rsa-2048', hash: 'sha1' }],
    ['RSA with MD5', { key: 'rsa-2048', hash: 'md5' }],
  ] as const)('accepts %s and refuses another key', (_name, options) => {
    const certificate = certificateOf(issue({ subject: 'self', ...options }).der)
    expect(verifySignature(certificate, certificate)).toBe(true)
    expect(
      verifySignature(
        certificate,
        certificateOf(issue({ subject: 'self', keyName: 'another', ...options }).der),
      ),
    ).toBe(false)
    expect(verifySignature(certificate, certificateOf(leaf.der))).toBe(false)
  })
})

describe('comparing names', () => {
  const name = (value: string, stringType: 'utf8' | 'printable' = 'utf8') =>
    certificateOf(issue({ subject: value, stringType }).der).subject
  it.each([
    ['letter case does not count', name('Contoso Root'), name('CONTOSO root'), true],
    ['runs of spaces do not count', name('Contoso  Root '), name('Contoso Root'), true],
    ['PrintableString equals UTF8String', name('Contoso', 'printable'), name('Contoso'), true],
    ['a letter more is another name', name('Contoso'), name('Contosos'), false],
    ['a comma in a value is no further attribute', name('a,CN=b'), name('a'), false],
  ])('%s', (_name, a, b, same) => {
    expect(sameName(a, b)).toBe(same)
  })
})
