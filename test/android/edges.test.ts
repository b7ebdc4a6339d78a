import { expect, it } from 'vitest'
import { type JudgeInput, judgeAll } from '../../src/android/judge.js'
import { releases } from '../../src/android/releases.js'
import { type IssueOptions, issue } from '../../src/demo/authority.js'
import { certificateOf } from '../support/certificate-of.js'

/** Each rule at its very edge, where a neighbour of it would say the same of everything else. */
const root = issue({ subject: 'Root', ca: true })
const end = new Date('2030-06-01T12:00:00Z')
const at = new Date('2027-01-01T00:00:00Z')
const below = (issuer: typeof root, options: Partial<IssueOptions> = {}) =>
  issue({ subject: 'sts.contoso.test', issuer, names: ['sts.contoso.test'], ...options })
const kinds = (presented: readonly { der: Uint8Array }[], more: Partial<JudgeInput> = {}): Set<string> =>
  new Set(
    judgeAll(
      { presented: presented.map(({ der }) => der), anchors: [certificateOf(root)], at, ...more },
      releases,
    ).map((verdict) => ('reason' in verdict ? `${verdict.kind} ${verdict.reason.rule}` : verdict.kind)),
  )

it('a certificate is valid in its very last second and not after it', () => {
  const list = [below(root, { notAfter: end })]
  expect(kinds(list, { at: end })).toEqual(new Set(['accepted']))
  expect(kinds(list, { at: new Date(end.getTime() + 1_000) })).toEqual(new Set(['refused expired']))
})

it('an intermediate that a process has met and that has expired helps nobody', () => {
  const expired = issue({
    subject: 'Issuing',
    issuer: root,
    ca: true,
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2026-01-01'),
  })
  // A namesake leads to the root by name, so that the way through the expired one is tried at all.
  const namesake = issue({ subject: 'Issuing', keyName: 'another', issuer: root, ca: true })
  for (const presented of [[below(expired)], [below(expired), namesake]])
    for (const kind of kinds(presented, { remembered: [certificateOf(expired)] }))
      expect(kind).toMatch(/^refused/)
  expect(
    kinds([below(expired)], { remembered: [certificateOf(expired)], at: new Date('2025-06-01') }),
  ).toEqual(new Set(['depends no-path-missing-issuer']))
})

it('an authority that writes out that it is none is none', () => {
  const none = issue({
    subject: 'Issuing',
    issuer: root,
    keyUsage: [5, 6],
    extendedKeyUsage: null,
    extensions: [{ oid: '2.5.29.19', critical: true, value: Uint8Array.of(0x30, 3, 1, 1, 0) }],
  })
  expect([...kinds([below(none), none])].every((kind) => kind.startsWith('refused'))).toBe(true)
})

it('an authority of version 1 is none to 4.4 to 6.0, whatever extensions it carries', () => {
  const first = issue({ subject: 'Issuing', issuer: root, ca: true, amend: (fields) => void fields.shift() })
  const verdicts = judgeAll(
    { presented: [below(first), first].map(({ der }) => der), anchors: [certificateOf(root)], at },
    ['4.4', '5.0', '5.1', '6.0'],
  )
  for (const verdict of verdicts)
    expect(verdict).toMatchObject({ kind: 'refused', reason: { rule: 'not-a-ca' } })
})
