import { expect, it } from 'vitest'
import { issue } from '../../src/demo/authority.js'
import { readAsBc } from '../../src/path/asn1-bc.js'
import { Budget, LimitReached } from '../../src/path/limits.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { certificateOf } from '../support/certificate-of.js'

/** What one verdict may cost; each limit must end the work by itself. */
it('compares up to eight million names', () => {
  const budget = new Budget()
  budget.compare(8_000_000)
  expect(() => budget.compare(1)).toThrow(LimitReached)
})

it('makes up to eight thousand steps, and as many again when they are renewed', () => {
  const budget = new Budget()
  budget.step(8_000)
  expect(() => budget.step()).toThrow(LimitReached)
  budget.renewSteps()
  expect(() => budget.step(8_000)).not.toThrow()
})

it('verifies few signatures of slow keys, and pays for a pair once', () => {
  const child = certificateOf(issue({ subject: 'child' }))
  /** As slow as a key of 16384 bits with an ordinary exponent: 8 · 16² of 30,000 microseconds. */
  const slow = (i: number): Certificate => ({
    ...child,
    publicKey: { ...child.publicKey, algorithm: 'rsa', bits: 16_384, spkiSha256: String(i) },
  })
  const budget = new Budget()
  for (let i = 0; i < 14; i++) expect(budget.verify(child, slow(i))).toBe(false)
  expect(() => budget.verify(child, slow(14))).toThrow(LimitReached)
  expect(budget.verify(child, slow(0))).toBe(false)
})

it('does not follow values without end (BouncyCastle)', () => {
  const nested = (depth: number): Uint8Array =>
    Buffer.concat([Buffer.alloc(2 * depth, Buffer.of(0x30, 0x80)), Buffer.alloc(2 * depth)])
  expect(readAsBc(nested(60))).not.toBeNull()
  expect(() => readAsBc(nested(70))).toThrow('nested deeper than 64 levels')
})
