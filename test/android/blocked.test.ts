import { expect, it, vi } from 'vitest'
import { judgeAll } from '../../src/android/judge.js'
import { releases } from '../../src/android/releases.js'
import { issue } from '../../src/demo/authority.js'
import { certificateOf } from '../support/certificate-of.js'

/** The lists name keys that nobody here has, so one of ours is put on them. */
const root = issue({ subject: 'Root', ca: true })
const ca = issue({ subject: 'Issuing', issuer: root, ca: true })
const leaf = issue({ subject: 'sts.contoso.test', issuer: ca, names: ['sts.contoso.test'] })
const blocked = vi.hoisted(() => ({ spkiSha256: '' }))
vi.mock('../../src/android/blocklist.js', () => ({
  blockedKey: ({ spkiSha256 }: { spkiSha256: string }) =>
    spkiSha256 === blocked.spkiSha256 ? 'on the list' : null,
}))

const rules = () =>
  new Set(
    judgeAll(
      {
        presented: [leaf, ca].map(certificateOf),
        anchors: [certificateOf(root)],
        at: new Date('2027-01-01'),
      },
      releases,
    ).map((verdict) => ('reason' in verdict ? verdict.reason.rule : verdict.kind)),
  )

it.each([
  ['an authority on the way', ca],
  ['the root', root],
])('the key of %s is on the list: every release refuses', (_what, { der }) => {
  blocked.spkiSha256 = 'nobody'
  expect(rules()).toEqual(new Set(['accepted']))
  blocked.spkiSha256 = certificateOf(der).publicKey.spkiSha256
  expect(rules()).toEqual(new Set(['blocklisted']))
})
