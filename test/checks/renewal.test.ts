import { expect, it } from 'vitest'
import type { ExaminedFarm } from '../../src/checks/check.js'
import { oldCertificateStillServed } from '../../src/checks/old-certificate-still-served.js'
import { examinedFarm, inDays, makeLeaf, parsed, type Server, soundPki } from '../support/examined.js'

const { root, intermediate, leaf } = soundPki()
const other = makeLeaf(intermediate, { keyName: 'old', notAfter: inDays(30) })
const ec = makeLeaf(intermediate, { key: 'P-384', keyName: 'of another kind', notAfter: inDays(30) })
const rsa = makeLeaf(intermediate, { key: 'rsa-2048', keyName: 'rsa', notAfter: inDays(30) })

function casesAt(server: Server) {
  const farm: ExaminedFarm = {
    ...examinedFarm({ servers: [server], anchors: [root], releases: '15..' }),
    renewal: { path: 'NEW.pfx', leaf: parsed(leaf), before: [] },
  }
  const result = oldCertificateStillServed.run(farm)
  return result.status === 'found' ? result.cases.map(({ evidence }) => evidence) : result.status
}
const list = (one: typeof leaf, to?: string) => ({ sent: [one, intermediate], ...(to ? { to } : {}) })

it('a server that sends the new certificate to everybody is done', () => {
  expect(casesAt(list(leaf))).toBe('pass')
})

it('one that sends the old one to anybody is not', () => {
  expect(casesAt(list(other))).toMatchObject([{ served: parsed(other).sha256, isPartial: false }])
  expect(casesAt({ lists: [list(leaf, '15'), list(other, '16..')] })).toMatchObject([
    { served: parsed(other).sha256, isPartial: true, isNewer: false },
  ])
  expect(casesAt({ lists: [list(leaf), list(other)], varies: true })).toMatchObject([{ isPartial: true }])
})

it('a second certificate of another kind of key is no old one; of the same kind it is', () => {
  expect(parsed(leaf).publicKey.algorithm).toBe('ec')
  expect(casesAt({ lists: [list(leaf, '15'), list(rsa, '16..')] })).toBe('pass')
  expect(casesAt({ lists: [list(leaf, '15'), list(ec, '16..')] })).toMatchObject([{ isPartial: true }])
})
