import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { judgeAll } from '../../src/android/judge.js'
import { releases } from '../../src/android/releases.js'
import type { RuleId } from '../../src/android/rule-id.js'
import { type Issued, type IssueOptions, issue, tlv } from '../../src/demo/authority.js'
import { type Answer, type ResponseOptions, refuseOcsp, respondOcsp } from '../../src/demo/revocation.js'
import { certificateOf } from '../support/certificate-of.js'

/**
 * What 8.0 and later make of a stapled OCSP response to Root ── Issuing ── leaf, a rule a row. What each release's own
 * classes say of responses like these is recorded in fixtures/vectors (`staple-…`).
 */
const at = new Date('2026-11-24T12:00:00Z')
const minutes = (count: number): Date => new Date(at.getTime() + count * 60_000)
const days = (count: number): Date => minutes(count * 24 * 60)

const ocspSigning = '1.3.6.1.5.5.7.3.9'
const root = issue({ subject: 'Root', ca: true })
const issuing = issue({ subject: 'Issuing', issuer: root, ca: true, key: 'rsa-2048' })
const leafOf = (options: Partial<IssueOptions> = {}): Issued =>
  issue({ subject: 'sts.contoso.com', issuer: issuing, names: ['sts.contoso.com'], ...options })
const leaf = leafOf()
const neighbour = leafOf({ subject: 'neighbour' })
const responderOf = (options: Partial<IssueOptions> = {}): Issued =>
  issue({ subject: 'Responder', issuer: issuing, extendedKeyUsage: [ocspSigning], ...options })
const responder = responderOf()
const stranger = issue({ subject: 'Stranger', ca: true })

const answer = (options: Partial<Answer> = {}): Answer => ({
  about: leaf,
  status: 'good',
  thisUpdate: days(-1),
  nextUpdate: days(6),
  ...options,
})
const respond = (options: Partial<ResponseOptions> = {}): Buffer =>
  respondOcsp({ issuer: issuing, answers: [answer()], ...options })
const answering = (...answers: Partial<Answer>[]): Buffer => respond({ answers: answers.map(answer) })
const by = (signer: Issued, options: Partial<ResponseOptions> = {}): Buffer =>
  respond({ signer, certificates: [signer], ...options })

const stapled = (stapledOcsp: Uint8Array, own = leaf) =>
  judgeAll(
    { presented: [own, issuing].map(certificateOf), anchors: [certificateOf(root)], at, stapledOcsp },
    releases,
  )
const refusedFrom = (response: Uint8Array, own = leaf) =>
  stapled(response, own).flatMap((verdict) =>
    verdict.kind === 'accepted'
      ? []
      : [`${verdict.release} ${verdict.kind === 'refused' ? verdict.reason.rule : verdict.kind}`],
  )
const from8 = releases.slice(releases.indexOf('8.0'))
const before14 = releases.slice(releases.indexOf('8.0'), releases.indexOf('14'))

function damaged(response: Buffer, offsetFromEnd: number): Buffer {
  const copy = Buffer.from(response)
  copy[copy.length - offsetFromEnd]! ^= 1
  return copy
}
const critical = { oid: '1.3.6.1.4.1.55555.1', critical: true, value: tlv(0x05) }

const rows: readonly (readonly [what: string, response: Buffer, rule: RuleId | 'ok'])[] = [
  ['good, by the issuer', respond(), 'ok'],
  ['good, the issuer named by its key', respond({ responder: 'key' }), 'ok'],
  ['good, signed with SHA-512', respond({ hash: 'sha512' }), 'ok'],
  ['signed with RSASSA-PSS', respond({ pss: true }), 'staple-unverified'],
  ['with an extension of its own', respond({ extensions: [{ ...critical, critical: false }] }), 'ok'],
  ['with a critical extension', respond({ extensions: [critical] }), 'staple-unusable'],
  ['with a critical extension inside the answer', answering({ extensions: [critical] }), 'ok'],

  ['revoked', answering({ status: { revokedAt: days(-3) } }), 'staple-revoked'],
  ['revoked for a reason', answering({ status: { revokedAt: days(-3), reason: 1 } }), 'staple-revoked'],
  ['revoked from tomorrow on', answering({ status: { revokedAt: days(1) } }), 'ok'],
  ['unknown', answering({ status: 'unknown' }), 'staple-unknown'],

  ['out of date for an hour', answering({ nextUpdate: minutes(-60) }), 'staple-stale'],
  ['out of date for 16 minutes', answering({ nextUpdate: minutes(-16) }), 'staple-stale'],
  ['out of date for 14 minutes', answering({ nextUpdate: minutes(-14) }), 'ok'],
  ['of in an hour', answering({ thisUpdate: minutes(60) }), 'staple-stale'],
  ['of in 16 minutes', answering({ thisUpdate: minutes(16) }), 'staple-stale'],
  ['of in 14 minutes', answering({ thisUpdate: minutes(14) }), 'ok'],
  ['without an end, 14 minutes old', withoutEnd(-14), 'ok'],
  ['without an end, 16 minutes old', withoutEnd(-16), 'staple-stale'],
  [
    'revoked and out of date',
    answering({ status: { revokedAt: days(-3) }, nextUpdate: days(-2) }),
    'staple-stale',
  ],

  ['about a neighbour', answering({ about: neighbour }), 'staple-unusable'],
  ['about a namesake of another issuer', answering({ issuer: root }), 'staple-unusable'],
  [
    'about a certificate of an issuer with this key and another name',
    answering({ issuer: { spki: issuing.spki, subjectDer: root.subjectDer } }),
    'staple-unusable',
  ],
  ['about the leaf by SHA-256', answering({ idHash: 'sha256' }), 'staple-unusable'],
  ['about the leaf by SHA-1 called SHA-256', answering({ idHashNamed: 'sha256' }), 'staple-unusable'],
  [
    'about a certificate of an issuer with this name and another key',
    answering({ issuer: { spki: root.spki, subjectDer: issuing.subjectDer } }),
    'staple-unusable',
  ],
  ['by SHA-256, then by SHA-1', answering({ idHash: 'sha256' }, {}), 'ok'],
  ['without an answer', respond({ answers: [], producedAt: days(-1) }), 'staple-unusable'],
  ['about a neighbour and the leaf', answering({ about: neighbour }, {}), 'ok'],
  [
    'about a revoked neighbour and the leaf',
    answering({ about: neighbour, status: { revokedAt: days(-3) } }, {}),
    'ok',
  ],
  [
    'about the leaf, and a neighbour out of date',
    answering({}, { about: neighbour, nextUpdate: days(-1) }),
    'staple-stale',
  ],
  ['good, then revoked', answering({}, { status: { revokedAt: days(-3) } }), 'staple-revoked'],
  ['revoked, then good', answering({ status: { revokedAt: days(-3) } }, {}), 'ok'],
  ['out of date, then good', answering({ nextUpdate: days(-1) }, {}), 'ok'],
  ['good, then out of date', answering({}, { nextUpdate: days(-1) }), 'staple-stale'],

  ['by a responder of the issuer', by(responder), 'ok'],
  ['by that responder, named by its key', by(responder, { responder: 'key' }), 'ok'],
  ['by that responder, which is not sent', by(responder, { certificates: [] }), 'staple-unverified'],
  [
    'by that responder after another certificate',
    by(responder, { certificates: [neighbour, responder] }),
    'ok',
  ],
  [
    'by a responder for other purposes',
    by(responderOf({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })),
    'staple-unverified',
  ],
  [
    'by a responder for every purpose',
    by(responderOf({ extendedKeyUsage: ['2.5.29.37.0'] })),
    'staple-unverified',
  ],
  ['by a responder without purposes', by(responderOf({ extendedKeyUsage: null })), 'staple-unverified'],
  ['by an expired responder', by(responderOf({ notAfter: days(-1) })), 'staple-unverified'],
  ['by a responder of tomorrow', by(responderOf({ notBefore: days(1) })), 'staple-unverified'],
  ['by a responder of the root', by(responderOf({ issuer: root })), 'staple-unverified'],
  [
    'by a responder whose certificate a namesake of the issuer signed',
    by(responderOf({ issuer: { ...stranger, subjectDer: issuing.subjectDer } })),
    'staple-unverified',
  ],
  [
    'by that responder, named by its key, after another certificate',
    by(responder, { responder: 'key', certificates: [neighbour, responder] }),
    'ok',
  ],
  [
    'by a responder named by its own kind of key identifier',
    by(responderOf({ subjectKeyIdentifier: Buffer.from('mine') }), { responder: Buffer.from('mine') }),
    'ok',
  ],
  [
    'by that responder, named by its key all the same',
    by(responderOf({ subjectKeyIdentifier: Buffer.from('mine') }), { responder: 'key' }),
    'ok',
  ],
  [
    "by a responder whose certificate the issuer's key signed in another name",
    by(responderOf({ issuer: { ...issuing, subjectDer: stranger.subjectDer } })),
    'staple-unverified',
  ],
  [
    "by another authority with the issuer's key",
    by(issue({ subject: 'Twin', key: issuing.key, issuer: root, ca: true })),
    'staple-unverified',
  ],
  ['by a stranger', by(stranger), 'staple-unverified'],
  [
    'by the issuer, named as another',
    respond({ signer: { ...issuing, subjectDer: stranger.subjectDer } }),
    'staple-unverified',
  ],
  ["by a stranger of the issuer's name", respond({ signer: namesake() }), 'staple-unverified'],
  ["by a stranger of the issuer's name, sent along", by(namesake()), 'staple-unverified'],
  ['damaged in the signature', damaged(respond(), 1), 'staple-unverified'],

  ['tryLater', refuseOcsp('tryLater'), 'staple-unusable'],
  ['unauthorized', refuseOcsp('unauthorized'), 'staple-unusable'],
  ['internalError', refuseOcsp('internalError'), 'staple-unusable'],
  ['unauthorized, with a good answer all the same', withStatus(respond(), 6), 'staple-unusable'],
  ['a status that nobody defined', refuseOcsp(9), 'staple-unusable'],
  ['successful without a response', refuseOcsp('successful'), 'staple-unusable'],
  ['cut short', respond().subarray(0, -1), 'staple-unusable'],
  ['no response at all', Buffer.from('no response'), 'staple-unusable'],
]

/** The status is the first thing in a response, after two octets of tag and four of lengths. */
function withStatus(response: Buffer, status: number): Buffer {
  const copy = Buffer.from(response)
  copy[6] = status
  return copy
}
function withoutEnd(age: number): Buffer {
  return respond({ answers: [{ about: leaf, status: 'good', thisUpdate: minutes(age) }] })
}
function namesake(): Issued {
  return issue({ subject: 'Issuing', keyName: 'namesake', ca: true })
}

describe('a stapled response', () => {
  it.each(rows)('%s', (_what, response, rule) => {
    expect(refusedFrom(response)).toEqual(rule === 'ok' ? [] : from8.map((release) => `${release} ${rule}`))
  })

  it('every rule has its row', () => {
    const covered = new Set(rows.map(([, , rule]) => rule))
    for (const rule of ['unusable', 'unverified', 'stale', 'unknown', 'revoked'] as const)
      expect(covered).toContain(`staple-${rule}`)
  })

  it('is asked of the anchor where that issued the leaf', () => {
    const direct = leafOf({ issuer: root })
    const status = { revokedAt: days(-3) }
    const response = respond({ issuer: root, answers: [answer({ about: direct, status })] })
    expect(refusedFrom(response, direct)).toEqual(from8.map((release) => `${release} staple-revoked`))
    expect(refusedFrom(respond({ issuer: root, answers: [answer({ about: direct })] }), direct)).toEqual([])
  })

  it('is not read where the leaf is an authority', () => {
    const authority = leafOf({ ca: true, keyUsage: [0, 5], extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })
    expect(refusedFrom(answering({ about: authority, status: { revokedAt: days(-3) } }), authority)).toEqual(
      [],
    )
  })
})

describe('where the certificate names revocation lists', () => {
  const listed = leafOf({ extensions: [{ oid: '2.5.29.31', value: tlv(0x30) }] })
  const about = (options: Partial<Answer> = {}) => answering({ about: listed, ...options })
  it.each<[string, Buffer]>([
    ['unknown', about({ status: 'unknown' })],
    ['stale', about({ nextUpdate: days(-1) })],
    ['unverified', damaged(about(), 1)],
    ['unusable', refuseOcsp('tryLater')],
  ])('8.0 to 13 ask those, which nobody does here: %s', (rule, response) => {
    expect(refusedFrom(response, listed)).toEqual(
      from8.map((release) => `${release} ${before14.includes(release) ? 'undetermined' : `staple-${rule}`}`),
    )
  })

  it('revoked is revoked', () => {
    const response = about({ status: { revokedAt: days(-3) } })
    expect(refusedFrom(response, listed)).toEqual(from8.map((release) => `${release} staple-revoked`))
  })
})

it('the rows are told apart by their bytes', () => {
  const digests = rows.map(([, response]) => createHash('sha256').update(response).digest('hex'))
  expect(new Set(digests).size).toBe(rows.length)
})
