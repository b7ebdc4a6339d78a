import { describe, expect, it } from 'vitest'
import { releasesText } from '../../src/android/releases-text.js'
import type { ExaminedFarm } from '../../src/checks/check.js'
import { findingsOf, runChecks } from '../../src/checks/registry.js'
import type { Finding } from '../../src/checks/result.js'
import { answersOf, seenOf } from '../../src/checks/support/answers.js'
import { acceptedBy } from '../../src/checks/support/refusals.js'
import { shortName } from '../../src/x509/identity.js'
import { examinedFarm, inDays, makeCa, makeLeaf } from '../support/examined.js'
import { plainWords } from '../support/plain-words.js'
import { rows } from './chain-cases.js'

const cases = Object.entries(rows).map(([sentence, row]) => {
  const farm = examinedFarm(row.world)
  return { sentence, ...row, farm, found: findingsOf(runChecks(farm)) }
})

describe('what is found about', () => {
  it.each(cases)('$sentence', ({ farm, found, finds, says, never, advises }) => {
    expect(found.map((finding) => summary(finding, farm))).toEqual(finds)
    const [first] = found
    if (says) expect(plainWords(first!.words, farm)).toMatch(says)
    if (never) expect(plainWords(first!.words, farm)).not.toMatch(never)
    if (advises) expect(first!.advice.map(({ action }) => spoken(action, farm))).toEqual(advises)
  })
})

describe('no refusal is without a finding that names the release', () => {
  it.each(cases)('$sentence', ({ farm, found }) => {
    const unexplained = seenOf(farm).flatMap(({ subject, verdicts }) =>
      verdicts.filter(
        ({ release, verdict }) =>
          farm.releases.includes(release) &&
          (verdict.kind === 'refused' || verdict.kind === 'depends') &&
          !found.some(
            (finding) =>
              finding.subjects.includes(subject.id) &&
              finding.releases.includes(release) &&
              (finding.severity === 'critical' ||
                (verdict.kind === 'depends' && finding.severity === 'warning')),
          ),
      ),
    )
    expect(unexplained).toEqual([])
  })
})

describe('nothing is taken away that a release goes by, unless it would accept without', () => {
  it.each(cases)('$sentence', ({ farm, found }) => {
    for (const { advice, subjects } of found) {
      const lists = seenOf(farm)
        .filter(({ subject }) => subjects.includes(subject.id))
        .flatMap(answersOf)
      const needed = lists.flatMap(({ verdicts, repair }) =>
        acceptedBy(
          verdicts.filter(
            ({ release }) =>
              !repair?.verdictsAfter.some((after) => after.kind === 'accepted' && after.release === release),
          ),
        ).map(({ sha256 }) => sha256),
      )
      for (const { action } of advice) {
        if (action.verb === 'remove') expect(needed).not.toContain(action.certificate)
      }
    }
  })
})

describe('findings are data and plain sentences', () => {
  it.each(cases.filter(({ found }) => found.length > 0))('$sentence', ({ farm, found }) => {
    for (const { words, cases: told, advice, severity, key } of found) {
      const text = plainWords(words, farm)
      expect(text).toMatch(/^[\x20-\x7e]+$/)
      expect(text).toMatch(/^["A-Z0-9].*\.$/)
      expect(text).not.toMatch(/undefined|null|NaN|\[object|\(\)|""|: \.|, \.| {2}|Import-|Cert:|netsh/)
      expect(JSON.parse(JSON.stringify(told))).toEqual(told)
      expect(key.split('|')[2]).not.toBe('')
      if (severity !== 'info') expect(advice.at(-1)?.action.verb).toBe('confirm')
    }
  })
})

it('a case keeps its key when the leaf is renewed', () => {
  const issuer = makeCa('Contoso Issuing CA')
  const keys = (days: number) => {
    const leaf = makeLeaf(issuer, { keyName: `leaf ${days}`, notAfter: inDays(days) })
    return findingsOf(runChecks(examinedFarm({ servers: [{ sent: [leaf] }] }))).map(({ key }) => key)
  }
  expect(keys(100)).toEqual(keys(200))
})

/** `severity id`, with the releases unless all that count are meant. */
function summary({ severity, id, releases }: Finding, farm: ExaminedFarm): string {
  if (releases.length === farm.releases.length) return `${severity} ${id}`
  return `${severity} ${id}: ${releases.length === 0 ? '-' : releasesText(releases).replace('Android ', '')}`
}

/** `import Contoso Issuing CA`: the verb and what it is done with. */
function spoken(action: Finding['advice'][number]['action'], { certificates }: ExaminedFarm): string {
  const named = (hashes: readonly (string | null)[]) =>
    hashes.flatMap((hash) => {
      const certificate = certificates.get(hash ?? '')
      return certificate ? [shortName(certificate.subject)] : []
    })
  switch (action.verb) {
    case 'import':
      return `import ${named(action.certificates).join(', ')}`
    case 'edit-bundle':
      return `edit-bundle ${named(action.chain).join(', ')}`
    case 'remove':
    case 'rebind':
    case 'renew-authority':
    case 'reissue':
      return `${action.verb} ${named([action.certificate]).join('')}`
    case 'fetch-by-hand':
      return `fetch-by-hand ${named([action.child]).join('')}`
    case 'look':
      return `look ${action.at.kind}`
    default:
      return action.verb
  }
}
