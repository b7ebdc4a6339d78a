import { describe, expect, it } from 'vitest'
import { factsOf, parseReleaseRange, type Release, releases } from '../../src/android/releases.js'
import { AdfsCheckFault } from '../../src/fault.js'

describe('a range of releases', () => {
  it.each<[string, readonly Release[]]>([
    ['10', ['10']],
    ['12', ['12']],
    ['12l', ['12L']],
    ['15..', ['15', '16', '17']],
    ['..5.1', ['4.4', '5.0', '5.1']],
    ['7.0..8.0', ['7.0', '7.1', '8.0']],
    ['8.1,10..12L', ['8.1', '10', '11', '12', '12L']],
    ['8', ['8.0', '8.1']],
    ['16..,8..9', ['8.0', '8.1', '9', '16', '17']],
    ['..5', ['4.4', '5.0', '5.1']],
    ['4..5.0', ['4.4', '5.0']],
    [' 9 , 9 ', ['9']],
  ])('"%s" is %j', (text, expected) => {
    expect(parseReleaseRange(text)).toEqual(expected)
  })

  it('"4.4..17" is every release', () => {
    expect(parseReleaseRange('4.4..17')).toEqual(releases)
  })

  it.each([
    ['', 'is not a range'],
    ['..', '".." is not a range'],
    ['3.0', '"3.0" is not an Android release known here'],
    ['18', '"18" is not'],
    ['9..8', '9 is newer than 8'],
    ['8..9..10', '"8..9..10" is not a range'],
    ['8-9', '"8-9" is not'],
    ['8,,9', 'is not a range'],
    ['latest', '"latest" is not'],
    ['1', '"1" is not'],
  ])('"%s" is refused: %s', (text, why) => {
    const fault = faultOf(() => parseReleaseRange(text))
    expect(fault.code).toBe('ADFS_CHECK_BAD_OPTION')
    expect(fault.message).toContain(why)
    expect(fault.hint).toContain('4.4, 5.0, 5.1')
  })
})

describe('the table of releases', () => {
  it('has a row for every release, in order of API level and date', () => {
    const rows = releases.map(factsOf)
    expect(rows.map(({ release }) => release)).toEqual(releases)
    for (const key of ['apiLevel', 'released'] as const) {
      const values = rows.map((row) => row[key])
      expect(values).toEqual([...values].sort((a, b) => (a < b ? -1 : 1)))
    }
  })
})

function faultOf(run: () => unknown): AdfsCheckFault {
  try {
    run()
  } catch (error) {
    if (error instanceof AdfsCheckFault) return error
  }
  throw new Error('no fault')
}
