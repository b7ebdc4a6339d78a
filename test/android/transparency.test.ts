import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  judgeTransparency,
  logList,
  readTimestampList,
  timestampsOfStaple,
} from '../../src/android/transparency.js'
import data from '../../src/android/transparency-data.json' with { type: 'json' }
import { issue, tlv } from '../../src/demo/authority.js'
import { respondOcsp } from '../../src/demo/revocation.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { certificateOf } from '../support/certificate-of.js'

const at = new Date('2026-11-01T00:00:00Z')
const issuedAt = new Date('2026-10-01T00:00:00Z')

/** The log with this name, or an unheard-of one. */
const idOf = (name: string): string => {
  const log = data.operators.flatMap(({ logs }) => logs).find((other) => other.name === name)
  return log?.id ?? Buffer.from(name.padEnd(32, '.').slice(0, 32)).toString('base64')
}

const argon = 'Google Argon2027h1'
const xenon = 'Google Xenon2027h1'
const nimbus = 'Cloudflare Nimbus2027'
const wyvern = 'DigiCert Wyvern2027h1'
/** Retired on 2026-02-28. */
const oak = "Let's Encrypt Oak2026h2"

const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff])
const vector16 = (bytes: Buffer): Buffer => Buffer.concat([uint16(bytes.length), bytes])

function timestampList(logs: readonly string[], when = issuedAt, version = 0): Buffer {
  const entries = logs.map((name) => {
    const time = Buffer.alloc(8)
    time.writeBigUInt64BE(BigInt(when.getTime()))
    const signature = Buffer.concat([Buffer.from([4, 3]), vector16(Buffer.alloc(70, 1))])
    return vector16(
      Buffer.concat([Buffer.from([version]), Buffer.from(idOf(name), 'base64'), time, uint16(0), signature]),
    )
  })
  return vector16(Buffer.concat(entries))
}

function leafWith(list: Buffer | null, days = 90): Certificate {
  const issued = issue({
    subject: 'sts.contoso.test',
    notBefore: issuedAt,
    notAfter: new Date(issuedAt.getTime() + days * 86_400_000),
    extensions: list ? [{ oid: '1.3.6.1.4.1.11129.2.4.2', value: tlv(0x04, list) }] : [],
  })
  return certificateOf(issued)
}

const authority = issue({ subject: 'Issuing', ca: true })

/** An OCSP response with one answer about the certificate with this serial number. */
const stapleWith = (serialNumber: string, list: Buffer): Buffer =>
  respondOcsp({
    issuer: authority,
    answers: [
      {
        about: { serialNumber: Buffer.from(serialNumber, 'hex') },
        status: 'good',
        thisUpdate: issuedAt,
        nextUpdate: issuedAt,
        extensions: [{ oid: '1.3.6.1.4.1.11129.2.4.5', value: tlv(0x04, list) }],
      },
    ],
  })

const judge = (leaf: Certificate, handshake: Buffer | null = null, staple: Buffer | null = null) =>
  judgeTransparency({ leaf, signedCertificateTimestamps: handshake, stapledOcsp: staple, at })

describe('timestamps in the certificate', () => {
  it.each<[string, readonly string[], number, 'enough' | 'too-few' | 'cannot-tell']>([
    ['two logs of two operators, 90 days', [argon, nimbus], 90, 'enough'],
    ['two logs of two operators, exactly 180 days', [argon, nimbus], 180, 'enough'],
    ['two logs of two operators, 181 days', [argon, nimbus], 181, 'too-few'],
    ['three logs of two operators, 200 days', [argon, xenon, nimbus], 200, 'enough'],
    ['three logs of three operators, 397 days', [argon, nimbus, wyvern], 397, 'enough'],
    ['two logs of one operator', [argon, xenon], 90, 'too-few'],
    ['one log twice', [argon, argon], 90, 'too-few'],
    ['one log', [argon], 90, 'too-few'],
    ['none', [], 90, 'too-few'],
    ['one known and one unknown log', [argon, 'unheard of'], 90, 'cannot-tell'],
    ['two unknown logs', ['unheard of', 'unheard of too'], 90, 'cannot-tell'],
    ['one unknown log', ['unheard of'], 90, 'too-few'],
    ['enough without the unknown one', [argon, nimbus, 'unheard of'], 90, 'enough'],
    ['a log retired before the timestamp', [argon, oak], 90, 'too-few'],
  ])('%s', (_, logs, days, expected) => {
    expect(judge(leafWith(timestampList(logs), days)).kind).toBe(expected)
  })

  it('counts a log that retired after the timestamp, beside one still accepted', () => {
    const list = timestampList([argon, oak], new Date('2026-01-15T00:00:00Z'))
    expect(judge(leafWith(list)).kind).toBe('enough')
  })

  it('needs one log that is still accepted', () => {
    expect(judge(leafWith(timestampList([oak], new Date('2026-01-15T00:00:00Z')))).kind).toBe('too-few')
  })

  it('does not count a timestamp from the future', () => {
    expect(judge(leafWith(timestampList([argon, nimbus], new Date('2027-01-01T00:00:00Z')))).kind).toBe(
      'too-few',
    )
  })

  it('says how many were counted and needed', () => {
    const { counts } = judge(leafWith(timestampList([argon, xenon, 'unheard of']), 397))
    expect(counts[0]).toEqual({
      delivery: 'embedded',
      logs: 2,
      operators: ['Google'],
      unknownLogs: 1,
      logsNeeded: 3,
      operatorsNeeded: 2,
    })
  })

  it('finds none in a certificate without them', () => {
    expect(judge(leafWith(null)).kind).toBe('too-few')
  })
})

describe('timestamps beside the certificate', () => {
  const bare = leafWith(null, 397)
  const staple = (logs: readonly string[], serialNumber = bare.serialNumber) =>
    stapleWith(serialNumber, timestampList(logs))

  it.each<[string, readonly string[], readonly string[], string]>([
    ['in the handshake', [argon, nimbus], [], 'enough'],
    ['in the staple', [], [argon, nimbus], 'enough'],
    ['some here, some there', [argon], [nimbus], 'enough'],
    ['one operator', [argon, xenon], [argon], 'too-few'],
    ['a retired log', [argon, oak], [], 'too-few'],
  ])('%s', (_, inHandshake, inStaple, expected) => {
    expect(judge(bare, timestampList(inHandshake), staple(inStaple)).kind).toBe(expected)
  })

  it('do not add up with those in the certificate', () => {
    expect(judge(leafWith(timestampList([argon])), timestampList([nimbus])).kind).toBe('too-few')
  })

  it('do not count in a staple about another certificate', () => {
    expect(timestampsOfStaple(staple([argon], '7f'), bare)).toEqual([])
    expect(timestampsOfStaple(staple([argon]), bare)).toHaveLength(1)
  })
})

describe('bytes that cannot be read', () => {
  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.alloc(1)],
    ['a length that is too long', Buffer.from([0, 9, 1])],
    ['an entry that runs past the end', Buffer.from([0, 3, 0, 9, 1])],
    ['half a length', Buffer.from([0, 1, 0])],
    ['bytes after the list', Buffer.concat([timestampList([argon]), Buffer.from([0])])],
    ['an entry of another version', timestampList([argon], issuedAt, 1)],
    ['an empty entry', Buffer.from([0, 2, 0, 0])],
    ['a time beyond all calendars', timestampList([argon]).fill(0xff, 37, 45)],
  ])('%s gives no timestamps', (_, bytes) => {
    expect(readTimestampList(bytes)).toEqual([])
  })

  it('skips an entry it does not understand and reads the next', () => {
    const [strange, fine] = [timestampList([nimbus], issuedAt, 7), timestampList([argon])]
    const list = vector16(Buffer.concat([strange.subarray(2), fine.subarray(2)]))
    expect(readTimestampList(list)).toEqual([{ logId: idOf(argon), timestamp: issuedAt }])
  })

  it('never throws, whatever the bytes', () => {
    const leaf = leafWith(null)
    const staple = stapleWith(leaf.serialNumber, timestampList([argon]))
    const damaged = fc
      .tuple(fc.nat(staple.length - 1), fc.nat(255))
      .map(([index, value]) => Buffer.from(staple).fill(value, index, index + 1))
    const anything = fc.oneof(
      damaged,
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    )
    fc.assert(
      fc.property(anything, anything, (handshake, stapled) => {
        expect(['enough', 'too-few', 'cannot-tell']).toContain(judge(leaf, handshake, stapled).kind)
      }),
      { numRuns: 2000 },
    )
  })
})

it('says where the list of logs was read', () => {
  expect(logList.source).toContain('firefox')
  expect(logList.newestChange).toMatch(/^\d{4}-\d{2}-\d{2}$/)
})
