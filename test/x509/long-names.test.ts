import { expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { shortName } from '../../src/x509/identity.js'
import { nameKey } from '../../src/x509/name-match.js'
import { certificateOf } from '../support/certificate-of.js'

const at = new Date('2026-06-01')

it('what is shown of a name is limited and says so; what is compared is not', () => {
  const long = '\u202e'.repeat(15_000)
  const [one, other] = ['a', 'b'].map((last) =>
    certificateOf(issue({ at, subject: `${long}${last}`, ca: true })),
  )
  expect(one!.subject.text.length).toBeLessThan(2_200)
  expect(one!.subject.text).toContain('more characters')
  expect(one!.subject.commonNames[0]!.length).toBeLessThan(2_400)
  expect(shortName(one!.subject).length).toBeLessThan(2_400)
  expect(nameKey(one!.subject)).not.toBe(nameKey(other!.subject))
})

it('a name of many parts too', () => {
  const parts = Array.from({ length: 900 }, (_, n) => ['OU', `part ${n}`] as const)
  expect(certificateOf(issue({ at, subject: parts, ca: true })).subject.text.length).toBeLessThan(2_200)
})

it('an ordinary name is shown whole', () => {
  const subject = certificateOf(issue({ at, subject: 'x'.repeat(200), ca: true })).subject
  expect(subject.text).toBe(`CN=${'x'.repeat(200)}`)
})
