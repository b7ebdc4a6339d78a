import { describe, expect, it } from 'vitest'
import { catalogue } from '../../src/android/catalogue.js'
import { scheduledRemoval } from '../../src/android/root-schedule.js'
import { rootsOf, storeUpdates, trustStore } from '../../src/android/trust-store.js'
import { findingsOf, runChecks } from '../../src/checks/registry.js'
import { examinedFarm, make, makeCa, makeLeaf, now, type World } from '../support/examined.js'
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

describe('the path that stays', () => {
  const until = { notAfter: new Date('2035-01-01') }
  const due = makeCa('Old Root', undefined, { notBefore: new Date('2008-06-01'), ...until })
  const young = makeCa('New Root', undefined, { notBefore: new Date('2020-06-01'), ...until })
  const issuing = makeCa('Issuing CA', young)
  const cross = makeCa('New Root', due)
  const crossOfIssuing = makeCa('Issuing CA', due)
  const leaf = makeLeaf(issuing)
  const said = (world: Omit<World, 'servers'> & { sent: readonly (typeof due)[] }) => {
    const { sent, ...rest } = world
    const farm = examinedFarm({ publicAnchors: true, releases: '10..16', ...rest, servers: [{ sent }] })
    const [finding] = findingsOf(runChecks(farm)).filter(({ id }) => id === 'anchor-leaving')
    return finding && plainWords(finding.words, farm)
  }

  it('may be sent already', () => {
    const sent = [leaf, crossOfIssuing, issuing]
    const anchors = [due, young]
    expect(said({ sent, anchors })).toMatch(
      /What is sent also leads to "New Root", which is not due before 2035-06-01: that path stays on Android/,
    )
    // Beside a cross-certificate that newer releases need not follow.
    expect(said({ sent: [leaf, issuing, cross], anchors: [due, young], releases: '10..' }) ?? '').not.toMatch(
      /No path/,
    )
    expect(said({ sent: [leaf, crossOfIssuing], anchors })).not.toMatch(/What is sent/)
  })

  it('may be at hand', () => {
    expect(said({ sent: [leaf, crossOfIssuing], anchors: [due, young], found: [issuing] })).toMatch(
      /"Issuing CA", at hand here, leads to "New Root", which is not due before 2035-06-01: sending it keeps a path on Android 10-16\./,
    )
    expect(
      said({
        sent: [leaf, crossOfIssuing],
        anchors: [due, { root: young, from: '14' }],
        found: [issuing],
      }),
    ).toMatch(/keeps a path on Android 14-16\./)
  })

  it('may be published', () => {
    const yr = catalogue.find(({ subject }) => subject.startsWith('CN=Root YR,'))!
    const subject = [
      ['2.5.4.6', 'US'],
      ['2.5.4.10', 'ISRG'],
      ['2.5.4.3', 'Root YR'],
    ] as const
    const rootYr = make({
      subject,
      ca: true,
      issuer: due,
      subjectKeyIdentifier: Buffer.from(yr.keyIdentifier!, 'hex'),
    })
    const yr1 = makeCa('Some YR CA', rootYr)
    expect(said({ sent: [makeLeaf(yr1), yr1, rootYr], anchors: [due] })).toMatch(
      /The authority publishes "Root YR" as issued by "ISRG Root X1" \(SHA-256 072639d0[0-9a-f]+, .*\), which leads to "ISRG Root X1", which is not due before 2030-06-04: sending it keeps a path on Android 10-16\./,
    )
  })

  it('may not be known', () => {
    expect(said({ sent: [leaf, issuing, cross], anchors: [due] })).toMatch(
      /No path to a root that stays is known here\./,
    )
    // A root that no release has does not help, nor one that is due itself.
    const alsoDue = makeCa('New Root', undefined, { notBefore: new Date('2008-06-01'), ...until })
    expect(said({ sent: [leaf, crossOfIssuing], anchors: [due, alsoDue], found: [issuing] })).toMatch(
      /No path/,
    )
  })
})
