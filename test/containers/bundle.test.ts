import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { bundleLimits, readCertificates, toPem } from '../../src/containers/bundle.js'
import { toPkcs7 } from '../../src/containers/write-pkcs7.js'
import { issue, oid, sequence, tlv } from '../../src/demo/authority.js'
import {
  bomb,
  chain,
  file,
  forgePfx,
  hashes,
  intermediate,
  leaf,
  noOpenssl,
  openssl,
  read,
  root,
  sha256s,
  view,
} from './files.js'

describe('reading PEM', () => {
  const pem = chain.map(toPem).join('')
  it.each<[string, Uint8Array | string]>([
    ['several blocks', pem],
    ['Windows line ends', pem.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${pem}`],
    ['UTF-16 as PowerShell 5.1 redirection writes it', Buffer.from(`\ufeff${pem}`, 'utf16le')],
    ['UTF-16 without a byte order mark', Buffer.from(pem, 'utf16le')],
    ['big-endian UTF-16', Buffer.from(`\ufeff${pem}`, 'utf16le').swap16()],
    [
      'text around the blocks, as openssl s_client prints',
      pem.replaceAll('-----BEGIN', ' 0 s:CN = x\n   i:CN = y\n-----BEGIN'),
    ],
    ['old label X509 CERTIFICATE', pem.replaceAll(' CERTIFICATE', ' X509 CERTIFICATE')],
    ['blocks repeated', pem + pem],
  ])('takes %s', async (_, text) => {
    expect(await sha256s(text)).toEqual(hashes)
    expect((await read(text)).problems).toEqual([])
  })

  it('takes Base64 without BEGIN and END lines', async () => {
    expect(await sha256s(Buffer.from(leaf.der).toString('base64'))).toEqual([hashes[0]])
  })

  it('says that a private key was there and keeps nothing of it', async () => {
    const bundle = await read(leaf.keyPem + pem)
    expect(bundle.hasPrivateKey).toBe(true)
    expect(JSON.stringify(bundle)).not.toContain(leaf.keyPem.split('\n')[1])
  })

  it('names the line of a block that is cut off and still reads the others', async () => {
    const cut = `${pem.slice(0, 200)}\n${toPem(chain[1]!)}`
    const bundle = await read(cut)
    expect(bundle.problems).toEqual([{ where: 'line 1', message: expect.stringContaining('cut off') }])
    expect(bundle.certificates.map(({ sha256 }) => sha256)).toEqual([hashes[1]])
  })

  it('says where a block is not a certificate', async () => {
    const bad = '\n\n-----BEGIN CERTIFICATE-----\nMAIwAA==\n-----END CERTIFICATE-----\n'
    expect((await read(bad + pem)).problems[0]?.where).toBe('line 3')
  })
})

describe('reading DER', () => {
  it('takes one certificate, and several one after the other', async () => {
    expect(await sha256s(leaf.der)).toEqual([hashes[0]])
    expect(await sha256s(Buffer.concat(chain.map(({ der }) => der)))).toEqual(hashes)
  })

  it.each<[string, Uint8Array | string, RegExp]>([
    ['an empty file', '', /neither PEM/],
    ['a text file', 'hello\n', /neither PEM/],
    [
      'a private key in DER',
      leaf.key.export({ type: 'pkcs8', format: 'der' }),
      /private key but no certificate/,
    ],
    ['a file larger than the limit', Buffer.alloc(bundleLimits.maxBytes + 1), /larger than/],
  ])('says what is wrong with %s', async (_, bytes, message) => {
    const bundle = await read(bytes)
    expect(bundle.certificates).toEqual([])
    expect(bundle.problems[0]?.message).toMatch(message)
  })
})

describe('PKCS #7', () => {
  const p7b = toPkcs7(chain)

  it('comes back in the order written, and writes the same bytes twice', async () => {
    expect(await sha256s(p7b)).toEqual(hashes)
    expect(Buffer.from(toPkcs7(chain))).toEqual(Buffer.from(p7b))
  })

  it.skipIf(noOpenssl)('is read by openssl', () => {
    const printed = openssl(
      'pkcs7',
      '-inform',
      'DER',
      '-in',
      file('chain.p7b', p7b),
      '-print_certs',
    ).toString()
    expect(printed.match(/subject=.*/g)).toEqual([
      'subject=CN = sts.contoso.example',
      'subject=CN = Contoso Issuing CA 2',
      'subject=CN = Contoso Root',
    ])
  })

  it.skipIf(noOpenssl)('is read as openssl writes it, DER and PEM', async () => {
    const args = ['crl2pkcs7', '-nocrl', '-certfile', file('chain.pem', chain.map(toPem).join(''))]
    expect(await sha256s(openssl(...args, '-outform', 'DER'))).toEqual(hashes)
    expect(await sha256s(openssl(...args))).toEqual(hashes)
  })

  it('is read with indefinite lengths, as Java and old Netscape tools write it', async () => {
    const end = Buffer.of(0, 0)
    const open = (tag: number, ...parts: Uint8Array[]) => Buffer.concat([Buffer.of(tag, 0x80), ...parts, end])
    const type = Buffer.from('06092a864886f70d010702', 'hex')
    const data = open(0x30, Buffer.from('06092a864886f70d010701', 'hex'))
    const certificates = open(0xa0, ...chain.map(({ der }) => der))
    const signed = open(0x30, Buffer.from('020101', 'hex'), open(0x31), data, certificates, open(0x31))
    expect(await sha256s(open(0x30, type, open(0xa0, signed)))).toEqual(hashes)
  })

  it('takes plain certificates only, and says when the content is something else', async () => {
    const odd = tlv(0xa1, Buffer.from(leaf.der))
    const signed = (...certificates: Uint8Array[]) =>
      sequence(
        Buffer.of(2, 1, 1),
        tlv(0x31),
        sequence(oid('1.2.840.113549.1.7.1')),
        tlv(0xa0, ...certificates),
        tlv(0x31),
      )
    const file = sequence(oid('1.2.840.113549.1.7.2'), tlv(0xa0, signed(odd, intermediate.der)))
    expect(await read(file)).toMatchObject({ certificates: [{ sha256: hashes[1] }], problems: [] })
    const enveloped = sequence(oid('1.2.840.113549.1.7.3'), tlv(0xa0, signed(leaf.der)))
    expect(await read(enveloped)).toMatchObject({
      certificates: [],
      problems: [{ message: expect.stringMatching(/content is not SignedData/) }],
    })
  })

  it('ends with a problem when lengths nest without end', async () => {
    const bundle = await read(
      Buffer.concat([Buffer.from('308006092a864886f70d010702', 'hex'), Buffer.alloc(2e5, 'a080', 'hex')]),
    )
    expect(bundle.problems[0]?.message).toMatch(/nested deeper/)
  })
})

describe('limits', () => {
  it('on the number of elements hold before a tree is built', async () => {
    const many = sequence(oid('1.2.840.113549.1.7.2'), tlv(0xa0, Buffer.alloc(2 * 100_001, '0500', 'hex')))
    expect((await read(many)).problems[0]?.message).toMatch(/more than 100000 elements/)
  })

  it('let a file with hundreds of certificates pass', async () => {
    const certificates = Array.from({ length: 700 }, (_, index) =>
      view(issue({ subject: `CA ${index}`, issuer: root, ca: true, key: root.key }).der),
    )
    expect((await read(toPkcs7(certificates))).certificates).toHaveLength(700)
  })

  it('a large file of BEGIN without line ends costs as long as it is', async () => {
    const started = performance.now()
    await read('-----BEGIN '.repeat(800_000))
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

it('PEM and DER load no library', async () => {
  const loaded: string[] = []
  const watched = ['pkijs', 'asn1js', 'node-forge']
  for (const name of watched) vi.doMock(name, () => ({ loaded: loaded.push(name) }))
  vi.resetModules()
  const fresh = await import('../../src/containers/bundle.js')
  for (const bytes of [Buffer.from(chain.map(toPem).join('')), leaf.der, Buffer.from('nothing')]) {
    await fresh.readCertificates(bytes)
  }
  expect(loaded).toEqual([])
  await fresh.readCertificates(toPkcs7(chain))
  expect(loaded).toContain('pkijs')
  for (const name of watched) vi.doUnmock(name)
})

it('never throws on damaged files', async () => {
  const seeds = [
    leaf.der,
    Buffer.from(toPkcs7(chain)),
    Buffer.from(toPem(chain[0]!)),
    bomb(2, 10),
    forgePfx(issue({ subject: 'x', key: 'rsa-2048' }), 'aes128', '', 1),
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...seeds),
      fc.nat(),
      fc.nat(255),
      fc.nat(),
      async (seed, at, byte, cut) => {
        const damaged = Buffer.from(seed)
        damaged[at % damaged.length] = byte
        const bundle = await readCertificates(damaged.subarray(0, damaged.length - (cut % 16)))
        expect(
          bundle.certificates.length + bundle.problems.length + Number(bundle.hasPrivateKey),
        ).toBeGreaterThan(0)
      },
    ),
    { numRuns: 300 },
  )
})
