import { expect, it } from 'vitest'
import { chainOf } from '../../src/checks/support/chain.js'
import { contextOf, makeCa, makeLeaf, parsed } from './context.js'

it('signatures are paid by their price, so that dear keys end the search and not the patience', () => {
  const dear = makeCa('Dear CA', undefined, { key: 'rsa-4096' })
  const [endpoint] = contextOf({ servers: [{ sent: [makeLeaf(dear)] }] }).endpoints
  // 128 µs each: 30 ms allow 234 of these.
  const twins = Array.from({ length: 600 }, (_, n) => {
    const sha256 = n.toString(16).padStart(64, '0')
    const certificate = parsed(dear)
    return { ...certificate, sha256, publicKey: { ...certificate.publicKey, spkiSha256: sha256 } }
  })
  const chain = chainOf({ ...endpoint!, presented: [...endpoint!.presented, ...twins] })!
  expect(chain.related.length).toBeGreaterThan(100)
  expect(chain.related.length).toBeLessThan(300)
})
