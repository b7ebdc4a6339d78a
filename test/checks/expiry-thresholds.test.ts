import { describe, expect, it } from 'vitest'
import { findingsOf, runChecks } from '../../src/checks/registry.js'
import { exitCodes } from '../../src/gate/gate.js'
import { thresholdOf } from '../../src/gate/thresholds.js'
import { examinedFarm, inDays, makeCa, makeLeaf, soundPki, type World } from '../support/examined.js'

const { root, intermediate } = soundPki()
const anchors = [root]

/** The exit code that a leaf of `days` days with `percent` of them left brings about, all else being sound. */
function exitOf(days: number, percent: number, options: Partial<World> = {}): number {
  const left = (days * percent) / 100
  const leaf = makeLeaf(intermediate, { notBefore: inDays(left - days), notAfter: inDays(left) })
  return exitCode({ servers: [{ sent: [leaf, intermediate] }], anchors, ...options })
}

function exitCode(world: World): number {
  const [first] = findingsOf(runChecks(examinedFarm(world)))
  if (first) expect(first.id).toBe('certificate-expiring')
  return first ? exitCodes[first.severity === 'info' ? 'ok' : first.severity] : exitCodes.ok
}

describe('a leaf is judged by its own lifetime', () => {
  it.each([
    // Lifetime in days; exit code when fresh, at half its life, with 20 % left, with 5 % left.
    [6, 0, 0, 1, 2],
    [45, 0, 0, 1, 2],
    [47, 0, 0, 1, 2],
    [64, 0, 0, 1, 2],
    [90, 0, 0, 1, 2],
    [200, 0, 0, 0, 1],
    [398, 0, 0, 0, 1],
  ])('%i days', (days, fresh, half, fifth, twentieth) => {
    expect([100, 50, 20, 5].map((percent) => exitOf(days, percent))).toEqual([fresh, half, fifth, twentieth])
  })

  it('with what --warn and --crit say instead', () => {
    const policy = (warn: string, crit: string) => ({ warn: thresholdOf(warn), crit: thresholdOf(crit) })
    expect(exitOf(398, 20, policy('20.5%', '5%'))).toBe(1)
    expect(exitOf(398, 20, policy('90d', '80d'))).toBe(2)
    expect(exitOf(90, 20, policy('10d', '1d'))).toBe(0)
    expect(exitOf(90, 5, policy('3%', '1%'))).toBe(0)
  })
})

describe('an intermediate has its own rule', () => {
  const sending = (left: number, days: number) => {
    const old = makeCa('Short Issuing CA', root, { notBefore: inDays(left - days), notAfter: inDays(left) })
    return exitCode({ servers: [{ sent: [makeLeaf(old), old] }], anchors })
  }
  it('days, not percents: a ten-year one in its last year is sound', () => {
    expect(sending(364, 3650)).toBe(0)
    expect(sending(29, 3650)).toBe(1)
  })
})
