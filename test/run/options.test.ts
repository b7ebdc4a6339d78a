import { describe, expect, it } from 'vitest'
import { AdfsCheckFault, check, judge, judgeAll } from '../../src/index.js'
import { type CheckOptions, validOptions } from '../../src/run/options.js'

const faultOf = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error instanceof AdfsCheckFault ? error.code : error
  }
  return 'no fault'
}

describe('options of the library', () => {
  it.each<[keyof CheckOptions, readonly unknown[]]>([
    ['concurrency', [0, -1, Number.NaN, 1.5, Number.POSITIVE_INFINITY, '8']],
    ['warn', ['', '30', '-1d', '101%', '1e3d', 'NaN%', 'soon']],
    ['crit', ['7', '%', ' 7d']],
    ['repeat', [-1, 1.5, 101, Number.NaN]],
    ['android', ['', '3', '9..8', 'newest']],
    ['timeoutMs', [Number.POSITIVE_INFINITY, Number.NaN, 0, -5, 2 ** 31]],
    ['port', [0, 65_536, 1.5, Number.NaN]],
    ['family', [5, '4']],
    ['tlsEndsAt', ['iis', '', null]],
    ['at', [new Date(Number.NaN), '2026-01-01', 0]],
    ['servers', [Array.from({ length: 4097 }, () => '127.0.0.1')]],
    ['proxy', [new URL('ftp://proxy'), new URL('http://user:p%FF@proxy'), new URL('http://us%er@proxy')]],
  ])('%s', async (name, values) => {
    for (const value of values) {
      const options = { [name]: value } as CheckOptions
      // Before anything is asked of the network: port 1 would be told as a finding.
      await expect(check('127.0.0.1:1', options), String(value)).rejects.toBeInstanceOf(AdfsCheckFault)
    }
  })

  it('leaves what makes sense alone', () => {
    const options: CheckOptions = {
      servers: Array.from({ length: 4096 }, () => '127.0.0.1'),
      port: 8443,
      timeoutMs: 0.5 + 1,
      concurrency: 64,
      family: 6,
      tlsEndsAt: 'application-gateway',
      at: new Date(0),
      warn: '0d',
      crit: '0%',
      repeat: 100,
      proxy: new URL('http://user:p%25%C3%A9@proxy:8080'),
    }
    expect(validOptions(options)).toBe(options)
  })
})

it('judge refuses a clock that is none: an expired certificate would be accepted', () => {
  for (const at of [new Date(Number.NaN), undefined, null, '2026-01-01', 1_800_000_000_000, {}]) {
    const input = { presented: [], anchors: [], at: at as Date }
    expect(faultOf(() => judge({ ...input, release: '14' }))).toBe('ADFS_CHECK_BAD_OPTION')
    expect(faultOf(() => judgeAll(input, ['14']))).toBe('ADFS_CHECK_BAD_OPTION')
  }
  expect(judge({ presented: [], anchors: [], at: new Date(0), release: '14' }).kind).toBe('refused')
})
