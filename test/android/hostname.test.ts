import { describe, expect, it } from 'vitest'
import { matchesHost, presentedNames, verifierOf } from '../../src/android/hostname.js'
import { judge } from '../../src/android/judge.js'
import { type Release, releases } from '../../src/android/releases.js'
import { issue } from '../../src/demo/authority.js'
import { certificateOf } from '../support/certificate-of.js'

const verifiers = ['V1', 'V2', 'V3', 'V4', 'V6'] as const
const dns = (...values: readonly string[]) => values.map((value) => ({ type: 'dns', value }))

describe('which names cover a host, V1 V2 V3 V4 V6', () => {
  it.each([
    ['a name equals itself, whatever the case', dns('STS.contoso.com'), [], 'sts.Contoso.com', 'yyyyy'],
    [
      'a common name counts up to V3 where there is no dNSName',
      null,
      ['sts.contoso.com'],
      'sts.contoso.com',
      'yyynn',
    ],
    ['only the last common name counts', null, ['sts.contoso.com', 'other'], 'sts.contoso.com', 'nnnnn'],
    ['a dNSName silences the common name', dns('other'), ['sts.contoso.com'], 'sts.contoso.com', 'nnnnn'],
    ['a wildcard is one label', dns('*.contoso.com'), [], 'a.sts.contoso.com', 'nnnnn'],
    ['a wildcard once matched its own parent', dns('*.contoso.com'), [], 'contoso.com', 'yynnn'],
    ['and at first whatever began with it', dns('*.contoso.com'), [], 'contoso.com.evil.net', 'ynnnn'],
    ['a wildcard within a label', dns('sts*.contoso.com'), [], 'sts1.contoso.com', 'yynnn'],
    ['a trailing dot counted at first', dns('sts.contoso.com'), [], 'sts.contoso.com.', 'nnyyy'],
    ['non-ASCII never matches at last', dns('bücher.example'), [], 'bücher.example', 'yyyyn'],
    ['an address is no dNSName', dns('192.0.2.10'), ['192.0.2.10'], '192.0.2.10', 'nnnnn'],
    ['an address is an iPAddress', [{ type: 'ip', value: '192.0.2.10' }], [], '192.0.2.10', 'yyyyy'],
    [
      'addresses compare as text',
      [{ type: 'ip', value: '2001:db8::1' }],
      [],
      '2001:db8:0:0:0:0:0:1',
      'nnnnn',
    ],
  ])('%s', (_name, subjectAltNames, commonNames, host, expected) => {
    const answers = verifiers.map((verifier) =>
      matchesHost({ subjectAltNames, commonNames }, host, verifier) ? 'y' : 'n',
    )
    expect(answers.join('')).toBe(expected)
  })
})

describe('a dNSName with bytes that do not belong there', () => {
  const certificate = certificateOf(
    issue({ subject: 'sts.contoso.com', names: ['sts.contoso.com', 'bad\0name'] }),
  )
  it('takes the whole list with it before 8.0, so that the common name counts', () => {
    expect(presentedNames(certificate, { oddNameSpoilsList: true })).toEqual({
      commonNames: ['sts.contoso.com'],
      subjectAltNames: null,
    })
  })
  it('is dropped from 8.0 on', () => {
    const { subjectAltNames } = presentedNames(certificate, { oddNameSpoilsList: false })
    expect(subjectAltNames?.map(({ value }) => value)).toEqual(['sts.contoso.com'])
  })
})

describe('the verdict on a host', () => {
  const root = issue({ subject: 'Root', ca: true })
  const anchors = [certificateOf(root)]
  const verdicts = (leaf: Parameters<typeof issue>[0], host: string) => {
    const presented = [certificateOf(issue({ issuer: root, ...leaf }))]
    return (release: Release) => judge({ presented, anchors, at: new Date(), release, host })
  }

  it('follows the security patch where it changed the rules', () => {
    const judged = verdicts({ subject: 'sts.contoso.com' }, 'sts.contoso.com')
    const kinds = (kind: string) => releases.filter((release) => judged(release).kind === kind)
    expect(kinds('accepted')).toEqual(['4.4', '5.0', '5.1', '6.0', '7.0', '7.1', '8.0'])
    expect(kinds('depends')).toEqual(['8.1'])
    expect(judged('8.1')).toMatchObject({ on: 'security-patch', reason: { rule: 'cn-only' }, needs: [] })
    expect(judged('16')).toMatchObject({ kind: 'refused', reason: { rule: 'cn-only' } })
  })

  it('lists the names that would have done', () => {
    const judged = verdicts(
      { subject: 'x', names: ['sts.contoso.com', 'adfs.contoso.com'] },
      'login.contoso.com',
    )
    expect(judged('14')).toMatchObject({
      kind: 'refused',
      reason: {
        rule: 'host-name',
        detail: '"login.contoso.com" is not among sts.contoso.com, adfs.contoso.com',
      },
    })
  })

  it.each(releases)('has a verifier as shipped and patched for %s', (release) => {
    const { shipped, patched } = verifierOf(release)
    expect(verifiers).toContain(shipped)
    expect(['8.1', '9', '10', '11'].includes(release)).toBe(shipped !== patched)
  })
})
