import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { chainOf } from '../../src/checks/support/chain.js'
import { contextOf, makeCa, makeLeaf, now } from './context.js'

it('verifies two thousand signatures for one server and then sees no more impostors', () => {
  const upper = makeCa('CA')
  const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  // Thirty that signed each other, having one key, and sixty of the same name with keys that signed nothing.
  const twins = Array.from({ length: 30 }, (_, i) =>
    makeCa('CA', upper, { key: upper.key, notAfter: new Date(now.getTime() + (i + 1) * 86_400_000) }),
  )
  const impostors = Array.from({ length: 60 }, () => makeCa('CA', upper, { key: newKey() }))
  const { endpoints } = contextOf({ servers: [{ sent: [makeLeaf(upper), ...twins, ...impostors] }] })
  const chain = chainOf(endpoints[0]!)!
  expect(chain.related.length).toBe(31)
  // The leaf tries 90, each twin 89; the last nine of 31 come too late.
  expect(chain.impostors.length).toBeGreaterThan(1_000)
  expect(chain.impostors.length).toBeLessThan(1_500)
})
