import { describe, expect, it, vi } from 'vitest'
import { catalogue } from '../../src/android/catalogue.js'
import { releases } from '../../src/android/releases.js'
import { findingsOf, runChecks } from '../../src/checks/registry.js'
import { IssuerPool } from '../../src/examine/pool.js'
import { planRepair } from '../../src/examine/repair.js'
import { examinedFarm, inDays, make, makeCa, makeLeaf, now, parsed } from '../support/examined.js'
import { plainWords } from '../support/plain-words.js'

const against = vi.hoisted(() => new Map<string, 'revoked' | 'superseded'>())
vi.mock('../../src/android/catalogue.js', async (original) => {
  const real = await original<typeof import('../../src/android/catalogue.js')>()
  return {
    ...real,
    knownAgainst: (sha256: string) => {
      const state = against.get(sha256)
      return state ? { ...real.catalogue.find((row) => row.state === 'revoked')!, state } : null
    },
  }
})

const keyIdentifier = catalogue.find(({ subject }) => subject.startsWith('CN=Root YR,'))!.keyIdentifier!
const root = makeCa('ISRG Root X1')
const yr = (notBefore: Date) =>
  make({
    subject: [
      ['2.5.4.6', 'US'],
      ['2.5.4.10', 'ISRG'],
      ['2.5.4.3', 'Root YR'],
    ],
    ca: true,
    issuer: root,
    notBefore,
    subjectKeyIdentifier: Buffer.from(keyIdentifier, 'hex'),
  })
const [old, fresh] = [yr(inDays(-400)), yr(inDays(-50))]
const leaf = makeLeaf(old)

describe('a certificate that its authority withdrew', () => {
  it.each([
    ['revoked', 'warning'],
    ['superseded', 'info'],
  ] as const)('%s is a finding of weight %s', (state, severity) => {
    against.set(parsed(old).sha256, state)
    const farm = examinedFarm({ servers: [{ sent: [leaf, old] }], anchors: [root] })
    const [finding] = findingsOf(runChecks(farm))
    expect(finding).toMatchObject({ id: 'superseded-intermediate', severity })
    expect(plainWords(finding!.words, farm)).toMatch(
      /"Root YR" \(presented\[1\]\) was (revoked|replaced) by its authority on 2026-05-13\. Android does not ask .* publishes "Root YR" as issued by "ISRG Root X1" \(SHA-256 072639d0/,
    )
  })

  const plan = (...candidates: (typeof old)[]) => {
    const pool = new IssuerPool()
    for (const one of candidates) pool.add({ certificate: parsed(one), origin: 'operator', from: 'file' })
    return planRepair({
      presented: [parsed(leaf)],
      pool,
      score: (list) => new Set(list.length > 1 ? releases : []),
      wanted: new Set(releases),
      anchored: () => true,
      at: now,
    })
  }

  it('is never proposed', async () => {
    against.set(parsed(old).sha256, 'revoked')
    expect((await plan(old)).missing).toEqual([])
    expect((await plan(old, fresh)).missing.map(({ certificate }) => certificate.sha256)).toEqual([
      parsed(fresh).sha256,
    ])
  })

  it.each([
    0, 1,
  ])('and of two that nothing is known against the later issued is taken, order %i', async (turn) => {
    against.clear()
    const { missing } = await plan(...(turn === 0 ? [old, fresh] : [fresh, old]))
    expect(missing.map(({ certificate }) => certificate.sha256)).toEqual([parsed(fresh).sha256])
  })
})
