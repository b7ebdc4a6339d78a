import { describe, expect, it } from 'vitest'
import { scheduledRemoval } from '../../src/android/root-schedule.js'
import { rootsOf, storeUpdates, trustStore } from '../../src/android/trust-store.js'
import { findingsOf, runChecks } from '../../src/checks/registry.js'
import { examinedFarm, makeCa, makeLeaf, now } from '../support/examined.js'
import { plainWords } from '../support/plain-words.js'

const day = (date: Date) => date.toISOString().slice(0, 10)

describe('the schedule', () => {
  it.each([
    // Roots and the day Mozilla itself gives for them.
    ['AAA Certificate Services', '2025-04-15'],
    ['DigiCert Global Root CA', '2026-04-15'],
    ['OU=GlobalSign Root CA - R3', '2027-04-15'],
    ['USERTrust RSA Certification Authority', '2028-04-15'],
    ['DigiCert Global Root G2', '2029-04-15'],
    ['ISRG Root X1', '2030-06-04'],
  ])('%s leaves on %s', (subject, expected) => {
    expect(day(scheduledRemoval(rootsOf('16', subject)[0]!.certificate!))).toBe(expected)
  })

  it('forecast Android right: of the roots due in 2025 one is in the store of 2025-12, for which a delay was asked', () => {
    const due = rootsOf('15').filter(
      ({ certificate }) => day(scheduledRemoval(certificate!)) === '2025-04-15',
    )
    const left = due.filter(
      ({ certificate }) => trustStore('15', storeUpdates[0]).named(certificate!.subject).length > 0,
    )
    expect(due.length).toBeGreaterThan(5)
    expect(left.map(({ subject }) => subject)).toEqual([
      expect.stringContaining('ePKI Root Certification Authority'),
    ])
  })
})

const finding = (notBefore: string, publicAnchors = true) => {
  const root = makeCa('Old Root', undefined, {
    notBefore: new Date(notBefore),
    notAfter: new Date('2035-01-01'),
  })
  const ca = makeCa('Old Issuing CA', root)
  const farm = examinedFarm({
    servers: [{ sent: [makeLeaf(ca), ca] }],
    anchors: [root],
    publicAnchors,
    at: now,
    releases: '10..16',
  })
  const all = findingsOf(runChecks(farm)).filter(({ id }) => id === 'anchor-leaving')
  return all.map(({ severity, words }) => `${severity}: ${plainWords(words, farm)}`)
}

describe('an anchor that is due', () => {
  it('is a note', () => {
    expect(finding('2008-06-01')).toEqual([
      expect.stringMatching(/^info: Mozilla's schedule takes "Old Root" out on 2027-04-15\. /),
    ])
    expect(finding('2006-06-01')).toEqual([
      expect.stringMatching(
        /^info: Mozilla's schedule took "Old Root" out on 2026-04-15, and Android still has it\. /,
      ),
    ])
  })

  it('not when it is far, nor when the root is private', () => {
    expect(finding('2011-06-01')).toEqual([])
    expect(finding('2006-06-01', false)).toEqual([])
  })
})
