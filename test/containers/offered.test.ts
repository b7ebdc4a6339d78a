import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readOffered } from '../../src/containers/bundle.js'
import { issue } from '../../src/demo/authority.js'
import { file, forgePfx, intermediate, leaf, noOpenssl, openssl, root, view } from './files.js'

const other = issue({ subject: 'other.contoso.example', key: 'rsa-2048' })
const rsaLeaf = issue({ subject: 'rsa.contoso.example', key: 'rsa-2048', keyName: 'rsa leaf' })
const sha256 = (one: { readonly der: Uint8Array }) => view(one.der).sha256

function pfxOf(name: string, own: typeof leaf, key: string, ...args: string[]): Buffer {
  const out = file(name)
  openssl(
    ...['pkcs12', '-export', '-inkey', file('own.key', key), '-in', file('own.pem', own.pem)],
    ...['-certfile', file('chain.pem', intermediate.pem), '-out', out, '-passout', 'pass:gehéim', ...args],
  )
  return readFileSync(out)
}

describe.skipIf(noOpenssl)('a PKCS #12 file to be served', () => {
  it.each([
    ['OpenSSL 3', [], ['AES-256', null], 'sha256', 'AES-256'],
    ['old Windows', ['-legacy'], ['RC2-40', null], 'sha1', 'Triple-DES'],
    ['AES with an old code', ['-macalg', 'SHA1'], ['AES-256', null], 'sha1', 'AES-256'],
    ['no code', ['-nomac', '-certpbe', 'AES-256-CBC'], ['AES-256', null], null, 'AES-256'],
    ['no encryption of keys', ['-keypbe', 'NONE'], ['AES-256', null], 'sha256', null],
  ] as const)('by %s: safes, code and key are told, the key fits', async (name, args, safes, mac, cipher) => {
    for (const own of [leaf, rsaLeaf]) {
      const offered = await readOffered(pfxOf(`${name.length}.pfx`, own, own.keyPem, ...args), {
        password: 'gehéim',
      })
      expect(offered.problems).toEqual([])
      expect(offered).toMatchObject({ container: 'PKCS #12', protection: { safes, mac } })
      expect(offered.keys).toMatchObject([{ cipher, fits: [sha256(own)], problem: null }])
    }
  })

  it('names the provider that a key was kept by', async () => {
    const provider = 'Microsoft Software Key Storage Provider'
    const pfx = pfxOf('csp.pfx', rsaLeaf, rsaLeaf.keyPem, '-CSP', provider)
    expect((await readOffered(pfx, { password: 'gehéim' })).keys).toMatchObject([{ kind: 'rsa', provider }])
  })

  it('by node-forge', async () => {
    for (const algorithm of ['3des', 'aes128'] as const) {
      const offered = await readOffered(forgePfx(rsaLeaf, algorithm, 'secret'), { password: 'secret' })
      expect(offered.keys).toMatchObject([{ kind: 'rsa', fits: [sha256(rsaLeaf)] }])
    }
  })

  it('opens no key at more cost than one file may have', async () => {
    const pfx = pfxOf('slow.pfx', leaf, leaf.keyPem, '-keypbe', 'PBE-SHA1-3DES', '-iter', '90000')
    const [key] = (await readOffered(pfx, { password: 'gehéim' })).keys
    expect(key).toMatchObject({ fits: [sha256(leaf)] })
    const bomb = pfxOf('bomb.pfx', leaf, leaf.keyPem, '-iter', '3000000')
    const { certificates, problems } = await readOffered(bomb, { password: 'gehéim' })
    expect(certificates).toEqual([])
    expect(problems[0]?.message).toMatch(/more key derivation rounds/)
  }, 30_000)
})

const noKeytool = !process.env.CI && spawnSync('keytool', ['-help']).status !== 0
it.skipIf(noKeytool)(
  'a file by Java keytool',
  async () => {
    const store = file('java.p12')
    execFileSync('keytool', [
      ...['-genkeypair', '-alias', 'sts', '-keyalg', 'RSA', '-dname', 'CN=sts.contoso.example'],
      ...['-storetype', 'PKCS12', '-keystore', store, '-storepass', 'changeit', '-validity', '30'],
    ])
    const offered = await readOffered(readFileSync(store), { password: 'changeit' })
    expect(offered.problems).toEqual([])
    expect(offered.keys).toMatchObject([
      { kind: 'rsa', fits: [offered.certificates[0]!.sha256], problem: null },
    ])
  },
  30_000,
)

describe('a PEM file to be served', () => {
  const read = (text: string, password?: string) =>
    readOffered(Buffer.from(text), password === undefined ? {} : { password })

  it('says which certificate each key belongs to', async () => {
    const { keys, container, protection } = await read(
      rsaLeaf.keyPem + leaf.pem + other.pem + rsaLeaf.pem + leaf.keyPem,
    )
    expect({ container, protection }).toEqual({ container: 'PEM', protection: null })
    expect(keys.map(({ kind, fits }) => [kind, fits])).toEqual([
      ['rsa', [sha256(rsaLeaf)]],
      ['ec', [sha256(leaf)]],
    ])
  })

  it('reads keys in the forms of OpenSSL, and an encrypted one with its password', async () => {
    const pkcs1 = rsaLeaf.key.export({ type: 'pkcs1', format: 'pem' }).toString()
    const sec1 = leaf.key.export({ type: 'sec1', format: 'pem' }).toString()
    const locked = leaf.key
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
      .toString()
    const { keys } = await read(leaf.pem + rsaLeaf.pem + pkcs1 + sec1 + locked, 'secret')
    expect(keys.map(({ fits }) => fits)).toEqual([[sha256(rsaLeaf)], [sha256(leaf)], [sha256(leaf)]])
    expect((await read(leaf.pem + locked)).keys[0]?.problem).toBe('needs a password')
    expect((await read(leaf.pem + locked, 'guess')).keys[0]?.problem).toMatch(/cannot be opened/)
  })

  it('fits no certificate with the key of another', async () => {
    expect((await read(leaf.pem + other.keyPem)).keys).toMatchObject([{ fits: [], problem: null }])
  })

  it('keeps no byte of a key', async () => {
    const offered = await read(leaf.pem + leaf.keyPem + root.pem)
    const bytes = JSON.stringify(offered, (_name, value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    )
    const secret = leaf.key.export({ format: 'jwk' }).d!
    expect(bytes).not.toContain(Buffer.from(secret, 'base64url').toString('hex'))
    expect(bytes).not.toContain(secret)
  })
})
