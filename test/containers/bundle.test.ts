import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import forge from 'node-forge'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { bundleLimits, readCertificates, toPem } from '../../src/containers/bundle.js'
import { readPkcs12 } from '../../src/containers/pkcs12.js'
import { toPkcs7 } from '../../src/containers/write-pkcs7.js'
import { type Issued, issue, oid, sequence, tlv } from '../../src/demo/pki.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { parseCertificate } from '../../src/x509/parse.js'

const root = issue({ subject: 'Contoso Root', ca: true })
const intermediate = issue({ subject: 'Contoso Issuing CA 2', issuer: root, ca: true, key: 'rsa-2048' })
const leaf = issue({ subject: 'sts.contoso.example', issuer: intermediate, names: ['sts.contoso.example'] })
const view = (der: Uint8Array): Certificate => {
  const result = parseCertificate(der)
  if (!result.ok) throw new Error(result.problem.message)
  return result.certificate
}
const chain = [leaf, intermediate, root].map(({ der }) => view(der))
const hashes = chain.map(({ sha256 }) => sha256)
const read = async (bytes: Uint8Array | string, password?: string) =>
  readCertificates(Buffer.from(bytes as string), password === undefined ? {} : { password })
const sha256s = async (bytes: Uint8Array | string, password?: string) =>
  (await read(bytes, password)).certificates.map(({ sha256 }) => sha256)

// Without the peer these tests are skipped, except in CI, where it has to be there.
const noOpenssl = !process.env.CI && spawnSync('openssl', ['version']).status !== 0
const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string, contents?: Uint8Array | string): string => {
  if (contents !== undefined) writeFileSync(join(folder, name), contents)
  return join(folder, name)
}
const openssl = (...args: string[]): Buffer => {
  const { status, stdout, stderr } = spawnSync('openssl', args)
  if (status !== 0) throw new Error(String(stderr))
  return stdout
}

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

describe.skipIf(noOpenssl)('PKCS #12', () => {
  const write = (name: string, ...args: string[]): Buffer => {
    const pfx = file(name)
    openssl(
      'pkcs12',
      '-export',
      '-inkey',
      file('leaf.key', leaf.keyPem),
      '-in',
      file('leaf.pem', leaf.pem),
      '-certfile',
      file('ca.pem', intermediate.pem + root.pem),
      '-out',
      pfx,
      ...args,
    )
    return readFileSync(pfx)
  }

  it.each<[string, string, string[]]>([
    ['AES-256 with PBKDF2, as OpenSSL 3 and new Windows write it', 'pässword', []],
    ['AES-128 with SHA-512', 'secret', ['-certpbe', 'AES-128-CBC', '-macalg', 'SHA512']],
    ['RC2 and Triple-DES, as old Windows writes it', 'secret', ['-legacy']],
    ['Triple-DES certificates', 'secret', ['-legacy', '-certpbe', 'PBE-SHA1-3DES']],
    ['certificates in the clear', 'secret', ['-certpbe', 'NONE']],
    ['an empty password', '', []],
    ['an empty password, old encryption', '', ['-legacy']],
  ])('opens %s', async (name, password, args) => {
    const pfx = write(`${name.length}.pfx`, ...args, '-passout', `pass:${password}`)
    const bundle = await read(pfx, password)
    expect(bundle.problems).toEqual([])
    expect(bundle.certificates.map(({ sha256 }) => sha256).sort()).toEqual([...hashes].sort())
    expect(bundle.hasPrivateKey).toBe(true)
  })

  it.each([[[]], [['-legacy']]])('says that a password is needed, or wrong (%s)', async (args) => {
    const pfx = write('locked.pfx', ...args, '-passout', 'pass:secret')
    expect((await read(pfx)).problems).toEqual([{ where: 'file', message: 'needs a password' }])
    expect((await read(pfx, 'guess')).problems[0]?.message).toMatch(
      /cannot be opened with the password given/,
    )
  })

  it('counts rounds that are done in JavaScript ten times', async () => {
    const pfx = (rounds: string) => write('old.pfx', '-legacy', '-iter', rounds, '-passout', 'pass:secret')
    // Encryption and code, ten times each.
    expect((await read(pfx('90000'), 'secret')).problems).toEqual([])
    expect((await read(pfx('110000'), 'secret')).problems[0]?.message).toMatch(/more key derivation rounds/)
  }, 20_000)

  it('says that a damaged file is damaged, not that the password is wrong', async () => {
    const pfx = write('whole.pfx', '-passout', 'pass:secret')
    const cut = await read(pfx.subarray(0, pfx.length - 40), 'secret')
    expect(cut.problems[0]?.message).toMatch(/cut off or damaged/)
    const changed = Buffer.from(pfx)
    changed[400]! ^= 1
    expect((await read(changed, 'secret')).problems[0]?.message).toMatch(
      /cannot be opened with the password given|damaged/,
    )
    expect((await read(changed, 'secret')).certificates).toEqual([])
  })

  it('tells what is in it: names, which key belongs to which certificate, how it is protected', async () => {
    const args = ['-name', 'Contoso STS 2026', '-passout', 'pass:secret']
    const modern = await readPkcs12(write('modern.pfx', ...args), 'secret')
    expect(modern).toMatchObject({ encryption: ['AES-256', null], mac: 'sha256' })
    expect(modern.certificates.map(({ friendlyName }) => friendlyName)).toEqual([
      'Contoso STS 2026',
      null,
      null,
    ])
    expect(modern.keys).toEqual([
      {
        friendlyName: 'Contoso STS 2026',
        localKeyId: modern.certificates[0]!.localKeyId,
        encrypted: true,
      },
    ])
    expect(modern.certificates[0]!.localKeyId).toHaveLength(20)
    const legacy = await readPkcs12(write('old.pfx', '-legacy', ...args), 'secret')
    expect(legacy).toMatchObject({ encryption: ['RC2-40', null], mac: 'sha1' })
  })
})

/** Files that no common tool writes, by node-forge or by hand. */
describe('PKCS #12, odd ones', () => {
  it('opens what node-forge writes', async () => {
    const own = issue({ subject: 'sts.contoso.example', key: 'rsa-2048' })
    for (const [algorithm, password] of [
      ['3des', 'pässword €'],
      ['aes128', 'pässword €'],
      // No password at all: nothing is derived from, not even an empty text.
      ['3des', null],
    ] as const) {
      const bytes = forgePfx(own, algorithm, password)
      const bundle = await read(bytes, password ?? undefined)
      expect(bundle.problems).toEqual([])
      expect(bundle.certificates.map(({ sha256 }) => sha256)).toEqual([view(own.der).sha256])
      expect((await read(bytes, 'guess')).problems[0]?.message).toMatch(/cannot be opened with the password/)
    }
  })

  it('opens one with indefinite lengths and octets in segments, as old Java libraries write it', async () => {
    const open = (tag: number, ...parts: Uint8Array[]) =>
      Buffer.concat([Buffer.of(tag, 0x80), ...parts, Buffer.of(0, 0)])
    const segments = (bytes: Uint8Array) =>
      open(0x24, tlv(0x04, bytes.subarray(0, 100)), tlv(0x04, bytes.subarray(100)))
    const bag = sequence(
      oid('1.2.840.113549.1.12.10.1.3'),
      open(0xa0, open(0x30, oid('1.2.840.113549.1.9.22.1'), open(0xa0, segments(leaf.der)))),
    )
    const data = (bytes: Uint8Array) => open(0x30, oid('1.2.840.113549.1.7.1'), open(0xa0, segments(bytes)))
    const pfx = open(0x30, Buffer.of(2, 1, 3), data(open(0x30, data(open(0x30, bag)))))
    expect(await sha256s(pfx)).toEqual([hashes[0]])
  })

  it('opens bags in a bag', async () => {
    expect(await sha256s(pfxOf([plainSafe(nestedBag(certificateBag(leaf.der)))]))).toEqual([hashes[0]])
  })

  it('believes no content that the code does not cover', async () => {
    const own = issue({ subject: 'sts.contoso.example', key: 'rsa-2048' })
    const pfx = Buffer.from(forgePfx(own, '3des', 'secret'))
    const code = pfx.lastIndexOf(Buffer.from('300906052b0e03021a', 'hex')) + 20
    pfx[code]! ^= 1
    expect(await read(pfx, 'secret')).toMatchObject({
      certificates: [],
      problems: [{ message: 'cannot be opened with the password given' }],
    })
  })

  it('adds up the rounds of all parts before the first is done', async () => {
    const started = performance.now()
    for (const [count, rounds] of [
      [460, 1_000_000],
      [2, 1_000_001],
      [1, 2_000_001],
    ] as const) {
      const { problems } = await read(bomb(count, rounds))
      expect(problems[0]?.message).toMatch(/asks for more key derivation rounds than the 2000000 allowed/)
    }
    // A count below zero would make room for others.
    for (const octets of ['80000000', '00', '7fffffffff']) {
      const { problems } = await read(bomb(460, 1_000_000, tlv(0x02, Buffer.from(octets, 'hex'))))
      expect(problems[0]?.message).toMatch(/a count of rounds below one/)
    }
    expect((await read(bomb(2, 1_000))).problems[0]?.message).toBe('needs a password')
    // The first alone would take minutes.
    expect(performance.now() - started).toBeLessThan(8_000)
  })

  it('is not opened when a stranger sends it', async () => {
    const pem = `-----BEGIN PKCS12-----\n${bomb(460, 1_000_000).toString('base64')}\n-----END PKCS12-----\n`
    for (const bytes of [bomb(1, 1), Buffer.from(pem)]) {
      const { certificates, problems } = await readCertificates(bytes, { from: 'stranger' })
      expect(certificates).toEqual([])
      expect(problems[0]?.message).toMatch(/PKCS #12 file, which is not opened/)
    }
  })

  it.each([
    [
      'a safe encrypted for a certificate',
      pfxOf([sequence(oid('1.2.840.113549.1.7.3'), tlv(0xa0, sequence(tlv(4, Buffer.alloc(128)))))]),
      /encrypted for a certificate/,
    ],
    [
      'an unknown cipher',
      pfxOf([encrypted(sequence(oid('1.2.3.4'), sequence()))]),
      /encrypted with 1\.2\.3\.4/,
    ],
    [
      'a file that is signed instead of protected by a password',
      sequence(
        Buffer.of(2, 1, 3),
        sequence(
          oid('1.2.840.113549.1.7.2'),
          tlv(0xa0, tlv(0x04, sequence(Buffer.alloc(200, '0500', 'hex')))),
        ),
      ),
      /protected with a public key/,
    ],
    [
      'bags in bags without end',
      pfxOf([plainSafe([0, 1, 2, 3].reduce((bag) => nestedBag(bag), certificateBag(leaf.der)))]),
      /nested too deeply/,
    ],
    [
      'another kind of certificate',
      pfxOf([plainSafe(certificateBag(leaf.der, '1.2.840.113549.1.9.22.2'))]),
      /holds no certificate/,
    ],
    ['a safe that is no ContentInfo', pfxOf([sequence(tlv(4, Buffer.alloc(128)))]), /damaged/],
  ])('says what is wrong with %s', async (_what, bytes, message) => {
    expect((await read(bytes)).problems[0]?.message).toMatch(message)
  })
})

function forgePfx(own: Issued, algorithm: '3des' | 'aes128', password: string | null, count = 2_000): Buffer {
  const asn1 = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(own.keyPem),
    forge.pki.certificateFromPem(own.pem),
    password as string,
    { algorithm, count },
  )
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1')
}

/** Version 3, these safes; an authentication code that fits nothing if its rounds are given. */
function pfxOf(safes: readonly Uint8Array[], codeRounds?: Uint8Array): Buffer {
  const authenticated = tlv(0xa0, tlv(0x04, sequence(...safes)))
  const digest = sequence(sequence(oid('1.3.14.3.2.26')), tlv(0x04, Buffer.alloc(20)))
  return sequence(
    Buffer.of(2, 1, 3),
    sequence(oid('1.2.840.113549.1.7.1'), authenticated),
    ...(codeRounds ? [sequence(digest, tlv(0x04, Buffer.alloc(8)), codeRounds)] : []),
  )
}

const certificateBag = (der: Uint8Array, type = '1.2.840.113549.1.9.22.1') =>
  sequence(oid('1.2.840.113549.1.12.10.1.3'), tlv(0xa0, sequence(oid(type), tlv(0xa0, tlv(0x04, der)))))
const nestedBag = (bag: Uint8Array) => sequence(oid('1.2.840.113549.1.12.10.1.6'), tlv(0xa0, sequence(bag)))
const plainSafe = (...bags: readonly Uint8Array[]) =>
  sequence(oid('1.2.840.113549.1.7.1'), tlv(0xa0, tlv(0x04, sequence(...bags))))

function encrypted(algorithm: Uint8Array): Buffer {
  const content = sequence(oid('1.2.840.113549.1.7.1'), algorithm, tlv(0x80, Buffer.alloc(160)))
  return sequence(oid('1.2.840.113549.1.7.6'), tlv(0xa0, sequence(Buffer.of(2, 1, 0), content)))
}

/** A small file that asks for `count` times `rounds` rounds of PBKDF2 with SHA-512. */
function bomb(count: number, rounds: number, codeRounds?: Uint8Array): Buffer {
  const hex = rounds.toString(16)
  const number = Buffer.from(hex.padStart(hex.length + (hex.length & 1), '0'), 'hex')
  const kdf = sequence(
    oid('1.2.840.113549.1.5.12'),
    sequence(tlv(0x04, Buffer.from('saltsalt')), tlv(0x02, number), sequence(oid('1.2.840.113549.2.11'))),
  )
  const aes = sequence(oid('2.16.840.1.101.3.4.1.42'), tlv(0x04, Buffer.alloc(16)))
  const safe = encrypted(sequence(oid('1.2.840.113549.1.5.13'), sequence(kdf, aes)))
  return pfxOf(
    Array.from({ length: count }, () => safe),
    codeRounds,
  )
}

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
