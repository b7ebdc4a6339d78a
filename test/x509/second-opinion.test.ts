import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import * as asn1js from 'asn1js'
import { describe, expect, it } from 'vitest'
import { releases } from '../../src/android/releases.js'
import { rootsOf } from '../../src/android/trust-store.js'
import { type IssueOptions, issue, oid, sequence, tlv } from '../../src/demo/authority.js'
import { parseCertificate } from '../../src/x509/parse.js'
import { ourFields, theirFields } from '../support/second-reader.js'

/**
 * Our reader and pkijs read every root of the trust stores and every certificate of fixtures/vectors, and must agree in
 * each field. Where one of them is stricter or knows less by design, a rule says so, and an example shows it.
 */

/** What one of the two has and the other has not: a field and both values, or who refuses and why. */
interface Difference {
  readonly der: Uint8Array
  readonly field: string
  readonly ours: unknown
  readonly theirs: unknown
  /** OIDs of extensions that ours calls unreadable. */
  readonly unreadable: readonly string[]
}

type ExtensionFields = readonly [oid: string, critical: boolean, value: string]

interface Rule {
  readonly reason: string
  readonly covers: (difference: Difference) => boolean
  readonly example: Partial<IssueOptions> | ((der: Uint8Array) => Uint8Array)
}

const extensionOf: Readonly<Record<string, string>> = {
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectAltNames: '2.5.29.17',
  subjectKeyIdentifier: '2.5.29.14',
  authorityKeyIdentifier: '2.5.29.35',
  caIssuers: '1.3.6.1.5.5.7.1.1',
}
/** Of notBefore or notAfter as encoded, in a version 3 certificate. */
function timeText(der: Uint8Array, field: string): string {
  const fields = (block: unknown) => (block as asn1js.Sequence).valueBlock.value
  const time = fields(fields(fields(asn1js.fromBER(der).result)[0])[4])[field === 'notBefore' ? 0 : 1]
  return Buffer.from((time as asn1js.UTCTime).valueBlock.valueHexView).toString('latin1')
}
const withValidity = (...times: Buffer[]): Partial<IssueOptions> => ({
  amend: (fields) => fields.splice(4, 1, sequence(...times)),
})
const utc = (text: string): Buffer => tlv(0x17, Buffer.from(text))
const later = utc('350101000000Z')

const rules: readonly Rule[] = [
  {
    reason:
      'what an extension holds must be what its type says, and nothing after it; pkijs takes what it can',
    covers: ({ field, unreadable }) => unreadable.includes(extensionOf[field] ?? ''),
    example: { extensions: [{ oid: '2.5.29.19', value: tlv(0x05) }] },
  },
  {
    reason: 'only DER is a certificate; pkijs reads BER, and bytes that follow',
    covers: ({ field, ours }) =>
      field === 'refused' && /bytes follow|not in its shortest form|not DER/.test(String(ours)),
    example: (der) => Buffer.concat([der, Buffer.of(0)]),
  },
  {
    reason: 'a validity of other than two times is none; pkijs makes something of it',
    covers: ({ field, ours }) => field === 'refused' && /^validity: /.test(String(ours)),
    example: withValidity(utc('250199000000Z'), later),
  },
  {
    reason:
      'pkijs reads times of the form of RFC 5280 only: no offset, seconds there, a year of the calendar',
    covers: ({ der, field }) =>
      /^not(Before|After)$/.test(field) && !/^(\d{2}|(?!00)\d{4})\d{10}Z$/.test(timeText(der, field)),
    example: withValidity(utc('250101000000+0100'), later),
  },
  {
    reason: 'pkijs makes 0 of a path length of four octets or more',
    covers: ({ field, ours, theirs }) =>
      field === 'basicConstraints' &&
      Number((ours as number[])?.[1]) >= 2 ** 24 &&
      (theirs as number[])[1] === 0,
    example: {
      extensions: [
        { oid: '2.5.29.19', value: sequence(tlv(0x01, Buffer.of(255)), tlv(0x02, Buffer.of(1, 0, 0, 0))) },
      ],
    },
  },
  {
    reason: 'native readers give an extension of indefinite length with definite ones, and so does ours',
    covers: ({ field, ours, theirs }) =>
      field === 'extensions' &&
      (ours as ExtensionFields[]).every((own, i) => {
        const [id, critical, value] = (theirs as ExtensionFields[])[i]!
        const same = id === own[0] && critical === own[1]
        return same && (value === own[2] || /^[2367a-f].80.*0000$/.test(value))
      }),
    example: { extensions: [{ oid: '1.2.3', value: Buffer.of(0x30, 0x80, 0, 0) }] },
  },
  {
    reason:
      'pkijs has no values for x400Address and ediPartyName, and loses the whole list over some of them',
    covers: ({ field, ours, theirs }) => {
      if (field !== 'subjectAltNames' || !Array.isArray(ours) || !Array.isArray(theirs)) return false
      if (theirs.length === 0) return ours.some(([type]) => type === 'other')
      const valued = ours.map(([type, bytes], i) => [type, theirs[i]?.[1] && bytes])
      return JSON.stringify(valued) === JSON.stringify(theirs)
    },
    example: {
      extensions: [{ oid: '2.5.29.17', value: sequence(tlv(0xa5, tlv(0xa1, tlv(0x0c, Buffer.from('x'))))) }],
    },
  },
  {
    reason: 'asn1js reads no more than 10,000 elements',
    covers: ({ der, field, theirs }) =>
      field === 'refused' && /AsnError/.test(String(theirs)) && der.length > 40_000,
    example: { names: Array.from({ length: 10_000 }, () => 'xx') },
  },
]

function differences(der: Uint8Array): Difference[] {
  const result = parseCertificate(der)
  const ours = result.ok
    ? ourFields(result.certificate)
    : `${result.problem.field}: ${result.problem.message}`
  let theirs: ReturnType<typeof theirFields> | string
  try {
    theirs = theirFields(der)
  } catch (error) {
    theirs = String(error)
  }
  const unreadable = result.ok ? result.certificate.unreadable : []
  if (typeof ours === 'string' || typeof theirs === 'string') {
    if (typeof ours === typeof theirs) return []
    return [{ der, field: 'refused', ours: textOnly(ours), theirs: textOnly(theirs), unreadable }]
  }
  return Object.keys(ours).flatMap((field) =>
    JSON.stringify(ours[field]) === JSON.stringify(theirs[field])
      ? []
      : [{ der, field, ours: ours[field], theirs: theirs[field], unreadable }],
  )
}
const textOnly = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** Those that no rule covers, with the certificate to look at. */
const unexplained = (der: Uint8Array) =>
  differences(der)
    .filter((difference) => !rules.some(({ covers }) => covers(difference)))
    .map(({ field, ours, theirs }) => ({ field, ours, theirs, der: Buffer.from(der).toString('base64') }))

const vectors = new URL('../../fixtures/vectors/', import.meta.url)
/** All of them in CI; elsewhere every 16th, since one takes more than a millisecond. */
const stride = process.env.CI ? 1 : 16

function certificatesOf(file: string): Buffer[] {
  const text = gunzipSync(readFileSync(new URL(file, vectors))).toString()
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { sent: string[]; anchors: string[] })
  const distinct = [...new Set(rows.flatMap(({ sent, anchors }) => [...sent, ...anchors]))]
  return distinct.filter((_, i) => i % stride === 0).map((base64) => Buffer.from(base64, 'base64'))
}

describe('both readers find the same', () => {
  it('in every root of the trust stores', () => {
    const roots = new Map(
      releases.flatMap((release) =>
        rootsOf(release).flatMap(({ sha256, certificate }) =>
          certificate ? [[sha256, certificate.der] as const] : [],
        ),
      ),
    )
    expect(roots.size).toBeGreaterThan(200)
    expect([...roots.values()].flatMap(unexplained)).toEqual([])
  })

  it.each(
    readdirSync(vectors).filter((name) => name.endsWith('.jsonl.gz')),
  )('in the certificates of %s', (file) => {
    const certificates = certificatesOf(file)
    expect(certificates.length).toBeGreaterThan(0)
    expect(certificates.flatMap(unexplained)).toEqual([])
  }, 120_000)

  it('in what the authority writes with every option', () => {
    const root = issue({
      subject: [
        ['C', 'DE'],
        ['DC', 'contoso'],
        ['CN', 'Root'],
      ],
      ca: { pathLength: 3 },
    })
    const all = [
      root,
      issue({ subject: 'v1', version: 1, issuer: root }),
      issue({
        subject: 'leaf',
        issuer: root,
        names: ['a.example', '192.0.2.1', '2001:db8::1'],
        keyUsage: [0, 8],
        extendedKeyUsage: ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'],
        caIssuers: ['http://a.example/b.cer'],
        notBefore: new Date('1949-12-31T00:00:00Z'),
        notAfter: new Date('2050-01-01T00:00:00Z'),
      }),
      issue({ subject: 'x', ...withValidity(utc('500101000000Z'), utc('491231235959Z')) }),
      issue({
        subject: 'FALSE written out',
        amend: (fields) => {
          const written = sequence(oid('2.5.29.19'), tlv(0x01, Buffer.of(0)), tlv(0x04, sequence()))
          fields.splice(-1, 1, tlv(0xa3, sequence(written)))
        },
      }),
      issue({
        subject: 'names',
        extensions: [
          {
            oid: '2.5.29.17',
            value: sequence(
              tlv(0xa0, oid('1.2.3'), tlv(0xa0, tlv(0x0c, Buffer.from('x')))),
              tlv(0x81, Buffer.from('a@b.example')),
              tlv(0xa4, root.subjectDer),
              tlv(0x86, Buffer.from('http://b.example/')),
              tlv(0x88, Buffer.of(0x2a, 3)),
            ),
          },
        ],
      }),
    ]
    expect(all.flatMap(({ der }) => differences(der))).toEqual([])
  })
})

describe('they differ by design:', () => {
  it.each(rules.map((rule) => [rule.reason, rule] as const))('%s', (_reason, { example, covers }) => {
    const der =
      typeof example === 'function'
        ? example(issue({ subject: 'x' }).der)
        : issue({ subject: 'x', ...example }).der
    const found = differences(der)
    expect(found).toHaveLength(1)
    expect(found.every(covers)).toBe(true)
    expect(rules.filter((rule) => found.some(rule.covers))).toHaveLength(1)
  })
})
