import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { bundleLimits, readCertificates, toPem, toPkcs7 } from '../../src/x509/bundle.js'
import { certificateOf } from '../support/certificate-of.js'

const root = issue({ subject: 'Contoso Root', ca: true })
const intermediate = issue({ subject: 'Contoso Issuing CA 2', issuer: root, ca: true, key: 'rsa-2048' })
const leaf = issue({ subject: 'sts.contoso.example', issuer: intermediate, names: ['sts.contoso.example'] })
const chain = [leaf, intermediate, root].map(({ der }) => certificateOf(der))
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

  it('refuses a file that asks for too many derivation rounds', async () => {
    const pfx = write('slow.pfx', '-iter', '1000001', '-nomaciter', '-passout', 'pass:secret')
    expect((await read(pfx, 'secret')).problems[0]?.message).toMatch(/1000001 key derivation rounds/)
  })
})

it('never throws on damaged files', async () => {
  const seeds = [leaf.der, Buffer.from(toPkcs7(chain)), Buffer.from(toPem(chain[0]!))]
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
