import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import forge from 'node-forge'
import { afterAll } from 'vitest'
import { readCertificates } from '../../src/containers/bundle.js'
import { type Issued, issue, oid, sequence, tlv } from '../../src/demo/authority.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { parseCertificate } from '../../src/x509/parse.js'

/** What the tests of containers share: one chain, a folder for openssl, and writers of odd PKCS #12 files. */
export const root = issue({ subject: 'Contoso Root', ca: true })
export const intermediate = issue({
  subject: 'Contoso Issuing CA 2',
  issuer: root,
  ca: true,
  key: 'rsa-2048',
})
export const leaf = issue({
  subject: 'sts.contoso.example',
  issuer: intermediate,
  names: ['sts.contoso.example'],
})
export const view = (der: Uint8Array): Certificate => {
  const result = parseCertificate(der)
  if (!result.ok) throw new Error(result.problem.message)
  return result.certificate
}
export const chain = [leaf, intermediate, root].map(({ der }) => view(der))
export const hashes = chain.map(({ sha256 }) => sha256)
export const read = async (bytes: Uint8Array | string, password?: string) =>
  readCertificates(Buffer.from(bytes as string), password === undefined ? {} : { password })
export const sha256s = async (bytes: Uint8Array | string, password?: string) =>
  (await read(bytes, password)).certificates.map(({ sha256 }) => sha256)

// Without the peer these tests are skipped, except in CI, where it has to be there.
export const noOpenssl = !process.env.CI && spawnSync('openssl', ['version']).status !== 0
const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
afterAll(() => rmSync(folder, { recursive: true }))
export const file = (name: string, contents?: Uint8Array | string): string => {
  if (contents !== undefined) writeFileSync(join(folder, name), contents)
  return join(folder, name)
}
export const openssl = (...args: string[]): Buffer => {
  const { status, stdout, stderr } = spawnSync('openssl', args)
  if (status !== 0) throw new Error(String(stderr))
  return stdout
}

export function forgePfx(
  own: Issued,
  algorithm: '3des' | 'aes128',
  password: string | null,
  count = 2_000,
): Buffer {
  const asn1 = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(own.keyPem),
    forge.pki.certificateFromPem(own.pem),
    password as string,
    { algorithm, count },
  )
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1')
}

/** Version 3, these safes; an authentication code that fits nothing if its rounds are given. */
export function pfxOf(safes: readonly Uint8Array[], codeRounds?: Uint8Array): Buffer {
  const authenticated = tlv(0xa0, tlv(0x04, sequence(...safes)))
  const digest = sequence(sequence(oid('1.3.14.3.2.26')), tlv(0x04, Buffer.alloc(20)))
  return sequence(
    Buffer.of(2, 1, 3),
    sequence(oid('1.2.840.113549.1.7.1'), authenticated),
    ...(codeRounds ? [sequence(digest, tlv(0x04, Buffer.alloc(8)), codeRounds)] : []),
  )
}

export const certificateBag = (der: Uint8Array, type = '1.2.840.113549.1.9.22.1') =>
  sequence(oid('1.2.840.113549.1.12.10.1.3'), tlv(0xa0, sequence(oid(type), tlv(0xa0, tlv(0x04, der)))))
export const nestedBag = (bag: Uint8Array) =>
  sequence(oid('1.2.840.113549.1.12.10.1.6'), tlv(0xa0, sequence(bag)))
export const plainSafe = (...bags: readonly Uint8Array[]) =>
  sequence(oid('1.2.840.113549.1.7.1'), tlv(0xa0, tlv(0x04, sequence(...bags))))

export function encrypted(algorithm: Uint8Array): Buffer {
  const content = sequence(oid('1.2.840.113549.1.7.1'), algorithm, tlv(0x80, Buffer.alloc(160)))
  return sequence(oid('1.2.840.113549.1.7.6'), tlv(0xa0, sequence(Buffer.of(2, 1, 0), content)))
}

/** A small file that asks for `count` times `rounds` rounds of PBKDF2 with SHA-512. */
export function bomb(count: number, rounds: number, codeRounds?: Uint8Array): Buffer {
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
