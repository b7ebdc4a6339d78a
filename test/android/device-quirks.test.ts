import { describe, expect, it } from 'vitest'
import { type JudgeInput, judgeAll } from '../../src/android/judge.js'
import { type Release, releases } from '../../src/android/releases.js'
import { type Issued, type IssueOptions, issue } from '../../src/demo/authority.js'
import { certificateOf } from '../support/certificate-of.js'

/** Details in which one release differs from the next; each was seen on the release's own classes. */
const at = new Date()
const day = 86_400_000
const root = issue({ subject: 'Root', ca: true })
const intermediate = issue({ subject: 'Int', issuer: root, ca: true })
const leafOf = (options: Partial<IssueOptions> = {}, issuer: Issued = intermediate): Issued =>
  issue({ subject: 'sts.contoso.com', issuer, names: ['sts.contoso.com'], ...options })

function accepting(presented: JudgeInput['presented'], more: Partial<JudgeInput> = {}): string {
  const input = { presented, anchors: [certificateOf(root)], at, ...more }
  const accepted = judgeAll(input, releases).filter(({ kind }) => kind === 'accepted')
  return accepted.length === 0
    ? 'none'
    : `${accepted[0]!.release}-${accepted.at(-1)!.release}: ${accepted.length}`
}

const count = (from: Release, to: Release = '17'): number => releases.indexOf(to) - releases.indexOf(from) + 1

describe('bytes after a certificate', () => {
  const trailing = (issued: Issued) => Buffer.concat([issued.der, Buffer.of(0)])
  it('are passed over from 9 on, not after the leaf', () => {
    expect(accepting([certificateOf(leafOf()), trailing(intermediate)])).toBe(`9-17: ${count('9')}`)
    expect(accepting([trailing(leafOf()), certificateOf(intermediate)])).toBe('none')
  })
})

describe('a root of version 1 or 2', () => {
  it('must be valid over the period of what is below, on 7.x only', () => {
    const old = issue({
      subject: 'Root',
      key: root.key,
      version: 1,
      notBefore: new Date(at.getTime() - day),
      notAfter: new Date(at.getTime() + day),
    })
    expect(certificateOf(old).version).toBe(1)
    const accepted = judgeAll(
      { presented: [leafOf(), intermediate].map(certificateOf), anchors: [certificateOf(old)], at },
      releases,
    ).filter(({ kind }) => kind === 'accepted')
    expect(releases.filter((release) => !accepted.some((verdict) => verdict.release === release))).toEqual([
      '7.0',
      '7.1',
    ])
  })
})
