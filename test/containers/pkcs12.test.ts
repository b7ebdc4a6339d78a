import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCertificates } from '../../src/containers/bundle.js'
import { readPkcs12 } from '../../src/containers/pkcs12.js'
import { issue, oid, sequence, tlv } from '../../src/demo/authority.js'
import {
  bomb,
  certificateBag,
  encrypted,
  file,
  forgePfx,
  hashes,
  intermediate,
  leaf,
  nestedBag,
  noOpenssl,
  openssl,
  pfxOf,
  plainSafe,
  read,
  root,
  sha256s,
  view,
} from './files.js'

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
        provider: null,
        der: expect.any(Uint8Array),
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
