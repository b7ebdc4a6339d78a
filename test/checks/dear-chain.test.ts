import { expect, it, vi } from 'vitest'
import { answersOf, seenOf } from '../../src/checks/support/answers.js'
import { chainOf } from '../../src/checks/support/chain.js'
import { examinedFarm, inDays, makeCa, makeLeaf } from '../support/examined.js'

const verified = vi.hoisted(() => ({ count: 0 }))
vi.mock('../../src/x509/signature.js', async (original) => {
  const real = await original<typeof import('../../src/x509/signature.js')>()
  const verifySignature: typeof real.verifySignature = (...pair) => {
    verified.count++
    return real.verifySignature(...pair)
  }
  return { ...real, verifySignature }
})

it('certificates that all signed each other cost a bounded number of signatures', () => {
  const first = makeCa('Twin')
  const twins = Array.from({ length: 60 }, (_, n) =>
    makeCa('Twin', first, { key: first.key, notAfter: inDays(300 + n) }),
  )
  // Keys of their own: each is asked of every twin.
  const namesakes = Array.from({ length: 60 }, (_, n) => makeCa('Twin', first, { keyName: `Twin ${n}` }))
  const farm = examinedFarm({
    servers: [{ sent: [makeLeaf(first), ...twins, ...namesakes] }],
    releases: '17',
  })
  const [shown] = seenOf(farm).flatMap(answersOf)
  verified.count = 0
  expect(chainOf(shown!)!.related.length).toBeGreaterThan(30)
  // Sixty by sixty would be 3,600; whether one signed itself is asked once for each besides.
  expect(verified.count).toBeGreaterThan(1_000)
  expect(verified.count).toBeLessThan(2_700)
})
