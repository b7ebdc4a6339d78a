import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { policySchema } from '../../src/farm/policy-fields.js'
import { readPolicyFile } from '../../src/farm/policy-file.js'
import { maxRepeat, maxRetries } from '../../src/run/limits.js'

const whole = `# what counts
policy:
  android: 8.0
  warn: 20%
  fail-on: critical
  trust-anchor: [root.pem, other.pem]
  timeout: 2.5
  waivers:
    - finding: certificate-expiring
      subject: sts.contoso.com@203.0.113.10:443
      reason: replaced with the farm
      owner: pki@contoso.com
      until: 2026-12-31
farms:
  - name: sts.contoso.com
    servers: [10.0.0.5, "[2001:db8::1]:444"]
    windows-server: 2016
    tls-ends-at: f5
  - name: fs.fabrikam.com:444
    warn: 40d
    offline: true
`

const mistakesIn = (text: string): string[] => {
  try {
    readPolicyFile(text, 'adfs-check.yaml')
  } catch (error) {
    return (error as Error).message.split('\n')
  }
  return []
}

describe('adfs-check.yaml', () => {
  it('holds a policy, waivers and farms', () => {
    expect(readPolicyFile(whole, 'adfs-check.yaml')).toEqual({
      policy: {
        android: '8.0',
        warn: { percent: 20, days: null },
        'fail-on': 'critical',
        'trust-anchor': ['root.pem', 'other.pem'],
        timeout: 2500,
      },
      waivers: [
        {
          finding: 'certificate-expiring',
          subject: 'sts.contoso.com@203.0.113.10:443',
          facet: null,
          reason: 'replaced with the farm',
          owner: 'pki@contoso.com',
          until: '2026-12-31',
        },
      ],
      farms: [
        {
          name: 'sts.contoso.com',
          options: {
            servers: ['10.0.0.5', '[2001:db8::1]:444'],
            'windows-server': '2016',
            'tls-ends-at': 'f5',
          },
          line: 15,
        },
        {
          name: 'fs.fabrikam.com:444',
          options: { warn: { percent: null, days: 40 }, offline: true },
          line: 19,
        },
      ],
    })
  })

  it.each<[string, string, string[]]>([
    [
      'a field that is none',
      'policy:\n  andriod: 8..\n',
      ['2:3: policy has no field "andriod"; "android" is meant?'],
    ],
    ['a release that is none', 'policy:\n  android: 99\n', ['2:12: "android": ']],
    [
      'a threshold',
      'policy:\n  warn: soon\n',
      ['2:9: "warn": Write a percentage like 20% or a number of days like 30d.'],
    ],
    ['a choice', 'policy:\n  fail-on: never\n', ['2:12: "fail-on" is one of warning, critical']],
    ['a flag', 'policy:\n  offline: maybe\n', ['2:12: "offline" is true or false']],
    [
      'a date that is none',
      'policy:\n  waivers:\n    - {finding: weak-key, reason: a, owner: b, until: 2026-02-30}\n',
      ['3:55: "until": It is a date like 2026-12-31.'],
    ],
    [
      'a waiver of nobody',
      'policy:\n  waivers:\n    - finding: weak-key\n      reason: a\n      until: 2026-12-31\n',
      ['3:7: a waiver lacks "owner"'],
    ],
    [
      'no list',
      'farms:\n  name: sts.contoso.com\n',
      ['2:3: "farms" has to be a list: each entry begins with "- "'],
    ],
    [
      'a farm twice',
      'farms:\n  - name: a.test\n  - name: a.test\n',
      ['3:5: a second farm is named "a.test"'],
    ],
    ['a name that is none', 'farms:\n  - name: "a b"\n', ['2:11: "name": ']],
    [
      'a server that is none',
      'farms:\n  - name: a.test\n    servers: [10.0.0.5, "x y"]\n',
      ['3:25: "servers": '],
    ],
    ['a key twice', 'policy:\n  warn: 20%\n  warn: 30%\n', ['3:3: ']],
    ['broken YAML', 'policy: [\n', ['2:1: ']],
    ['an alias', 'policy: &p\n  warn: 20%\nfarms: *p\n', ['3:8: "farms" has to be a list']],
    ['nothing', '', ['1:1: the file has to be a list of fields (policy, farms)']],
    [
      'two mistakes',
      'policy:\n  offline: 1\n  warm: 1\n',
      ['3:3: policy has no field "warm"; "warn" is meant?', '2:12: "offline" is true or false'],
    ],
  ])('tells line and column of %s', (_what, text, expected) => {
    const told = mistakesIn(text)
    expect(told).toHaveLength(expected.length)
    for (const [index, message] of expected.entries())
      expect(told[index]).toContain(`adfs-check.yaml:${message}`)
  })

  it('is not brought down by depth or size', () => {
    expect(mistakesIn('['.repeat(200_000))[0]).toMatch(/nested too deeply|adfs-check\.yaml:/)
    expect(mistakesIn(`#${' '.repeat(1024 * 1024)}`)[0]).toMatch(/larger than/)
  })
})

it('takes as many repeats and retries as the command line', () => {
  const policy = (repeat: number, retries: number) => `policy:\n  repeat: ${repeat}\n  retries: ${retries}\n`
  expect(mistakesIn(policy(maxRepeat, maxRetries))).toEqual([])
  expect(mistakesIn(policy(maxRepeat + 1, maxRetries + 1))).toHaveLength(2)
})

describe('the published schema', () => {
  const published = JSON.parse(
    readFileSync(new URL('../../src/farm/adfs-check.schema.json', import.meta.url), 'utf8'),
  )
  const valid = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(published)

  it('is what the reader goes by', () => {
    expect(published).toEqual(JSON.parse(JSON.stringify(policySchema())))
  })

  it('takes what the reader takes, and no field that it does not', () => {
    expect(valid(parse(whole))).toBe(true)
    expect(valid({ policy: { andriod: '8..' } })).toBe(false)
    expect(valid({ farms: [{}] })).toBe(false)
  })
})
