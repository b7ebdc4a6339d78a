import { spawnSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey, verify, X509Certificate } from 'node:crypto'
import { afterAll, describe, expect, it } from 'vitest'
import primes from '../../fixtures/keys.json' with { type: 'json' }
import { type Issued, type IssueOptions, issue, type KeyKind, tlv } from '../../src/demo/authority.js'
import { curves, primeDistances, type RsaKind } from '../../src/demo/keys.js'
import { respondOcsp, revocationList } from '../../src/demo/revocation.js'
import { ecdsa } from '../../src/demo/sign.js'
import { certificateOf } from '../support/certificate-of.js'
import { has, Workspace } from '../support/peers.js'

const rsaKinds = ['rsa-1024', 'rsa-2048', 'rsa-3072', 'rsa-4096', 'rsa-pss'] as const
const kinds: readonly KeyKind[] = [
  ...rsaKinds,
  ...(Object.keys(curves) as (keyof typeof curves)[]),
  'ed25519',
  'ed448',
]
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const day = (text: string): Date => new Date(`${text}T00:00:00Z`)

/** Root ── Issuing ── leaf, what the issuer says of the leaf, and its list. */
function farm(kind: KeyKind, options: Partial<IssueOptions> = {}): readonly Uint8Array[] {
  const own = { key: kind, keyName: 'Golden', ...options }
  const root = issue({ ...own, subject: 'Golden Root', ca: true })
  const issuer = issue({
    ...own,
    subject: [
      ['O', 'Contoso'],
      ['CN', 'Issuing'],
    ],
    issuer: root,
    ca: true,
  })
  const leaf = issue({
    subject: 'sts.contoso.com',
    issuer,
    names: ['sts.contoso.com', '192.0.2.1'],
    caIssuers: ['http://pki.contoso.com/issuing.cer'],
    ...(options.pss ? { pss: true } : {}),
  })
  const thisUpdate = day('2026-11-01')
  const answers = [{ about: leaf, status: 'good', thisUpdate } as const]
  const list = { issuer, revoked: [{ certificate: leaf, at: thisUpdate, reason: 1 }], thisUpdate }
  return [root.der, issuer.der, leaf.der, respondOcsp({ issuer, answers }), revocationList(list)]
}

describe('the same request', () => {
  it.each(kinds)('gives the same bytes again, %s', (kind) => {
    expect(farm(kind).map(digest)).toEqual(farm(kind).map(digest))
  })

  it('gives the bytes it gave when this was written', () => {
    const all = [...kinds.map((kind) => farm(kind)), farm('rsa-2048', { pss: true })]
    expect(digest(Buffer.concat(all.flat()))).toBe(
      '98222b5d5cefdbafa044686702a1541e68c641bc5876c66eecb22c384b75f1aa',
    )
  })

  it('in one word different gives another key or another serial number', () => {
    const one = issue({ subject: 'one' })
    expect(issue({ subject: 'two' }).spki).not.toEqual(one.spki)
    expect(issue({ subject: 'one', keyName: 'two' }).spki).not.toEqual(one.spki)
    const longer = issue({ subject: 'one', notAfter: day('2041-01-01') })
    expect(longer.spki).toEqual(one.spki)
    expect(longer.serialNumber).not.toEqual(one.serialNumber)
  })
})

describe('what is signed', () => {
  it.each(kinds)('is found good by Node.js, %s', (kind) => {
    const [root, issuer, leaf] = farm(kind)
      .slice(0, 3)
      .map((der) => new X509Certificate(der))
    expect(root!.verify(root!.publicKey)).toBe(true)
    expect(issuer!.verify(root!.publicKey)).toBe(true)
    expect(leaf!.verify(issuer!.publicKey)).toBe(true)
  })

  it.each([
    [
      'P-256',
      'sha256',
      'sample',
      'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716',
      'F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8',
    ],
    [
      'P-256',
      'sha1',
      'sample',
      '61340C88C3AAEBEB4F6D667F672CA9759A6CCAA9FA8811313039EE4A35471D32',
      '6D7F147DAC089441BB2E2FE8F7A3FA264B9C475098FDCF6E00D7C996E1B8B7EB',
    ],
    [
      'P-256',
      'sha512',
      'test',
      '461D93F31B6540894788FD206C07CFA0CC35F46FA3C91816FFF1040AD1581A04',
      '39AF9F15DE0DB8D97E72719C74820D304CE5226E32DEDAE67519E840D1194E55',
    ],
  ] as const)('by ECDSA has the nonce of RFC 6979 A.2.5, %s %s %s', (_curve, hash, message, r, s) => {
    const key = createPrivateKey({
      format: 'jwk',
      key: {
        kty: 'EC',
        crv: 'P-256',
        d: base64url('C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721'),
        x: base64url('60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6'),
        y: base64url('7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299'),
      },
    })
    const signature = ecdsa(hash, Buffer.from(message), key)
    expect(signature.toString('hex').toUpperCase()).toContain(r)
    expect(signature.toString('hex').toUpperCase().endsWith(s)).toBe(true)
    expect(verify(hash, Buffer.from(message), createPublicKey(key), signature)).toBe(true)
  })
})

const base64url = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')

it('the primes that are kept are those that a search finds', () => {
  const quick = Object.entries(primes).filter(([seed]) => !/^rsa-[34]/.test(seed))
  for (const [seed, kept] of process.env.CI ? Object.entries(primes) : quick.slice(0, 4)) {
    const [kind, ...name] = seed.split(' ')
    expect(primeDistances(kind as RsaKind, name.join(' ')), seed).toEqual(kept)
  }
})

it('fields can be amended before they are signed', () => {
  const odd = issue({
    subject: 'odd',
    amend: (fields) => fields.splice(1, 1, tlv(0x02, Buffer.of(0, 0, 7))),
    outerAlgorithm: tlv(0x30, tlv(0x06, Buffer.of(0x2a, 3))),
  })
  expect(certificateOf(odd)).toMatchObject({ serialNumber: '000007', signatureAlgorithm: '1.2.3' })
})

describe.runIf(has('openssl'))('by openssl', () => {
  const files = new Workspace()
  afterAll(() => files.remove())
  const root = issue({ subject: 'Root', ca: true })
  const leaf = issue({ subject: 'sts.contoso.com', issuer: root })
  const rootFile = files.write('root.pem', root.pem)
  /** What it prints; it says of some failures only in words. */
  const openssl = (...args: string[]): string => {
    const { stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
    return stdout + stderr
  }

  it.each<[string, Issued | undefined, string]>([
    ['the issuer', undefined, 'good'],
    [
      'a responder that it appointed',
      issue({ subject: 'Responder', issuer: root, extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'] }),
      'good',
    ],
  ])('an OCSP response of %s is read and verified', (_who, signer, status) => {
    const thisUpdate = new Date(Date.now() - 1000)
    const nextUpdate = new Date(Date.now() + 60_000)
    const response = respondOcsp({
      issuer: root,
      ...(signer ? { signer, certificates: [signer], responder: 'key' } : {}),
      answers: [{ about: leaf, status: 'good', thisUpdate, nextUpdate }],
    })
    const leafFile = files.write('leaf.pem', leaf.pem)
    const output = openssl(
      ...['ocsp', '-respin', files.write('response.der', response), '-CAfile', rootFile],
      ...['-issuer', rootFile, '-cert', leafFile],
    )
    expect(output).toContain('Response verify OK')
    expect(output).toContain(`${leafFile}: ${status}`)
  })

  it('a CRL is read and verified', () => {
    const revoked = [{ certificate: leaf, at: day('2026-10-01'), reason: 4 }]
    const list = revocationList({
      issuer: root,
      revoked,
      thisUpdate: day('2026-11-01'),
      nextUpdate: day('2051-01-01'),
    })
    const file = files.write('list.crl', list)
    const text = openssl('crl', '-inform', 'DER', '-in', file, '-noout', '-text', '-CAfile', rootFile)
    expect(text).toContain('verify OK')
    expect(text).toMatch(/Superseded/)
    expect(text).toContain(Buffer.from(leaf.serialNumber).toString('hex').toUpperCase())
  })
})
