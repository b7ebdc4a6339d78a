import { describe, expect, it } from 'vitest'
import type { Release } from '../../src/android/releases.js'
import { type Issued, type IssueOptions, issue } from '../../src/demo/authority.js'
import { IssuerPool } from '../../src/examine/pool.js'
import { planRepair, type RepairInput } from '../../src/examine/repair.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { sameName } from '../../src/x509/name-match.js'
import { verifySignature } from '../../src/x509/signature.js'
import { certificateOf } from '../support/certificate-of.js'

const day = 86_400_000
const at = new Date()
const ca = (subject: string, issuer?: Issued, options: Partial<IssueOptions> = {}) =>
  issue({ subject, ca: true, ...(issuer ? { issuer } : {}), ...options })

//   Old Root ── Cross(New Root's name and key) ─┐
//   New Root ───────────────────────────────────┴─ Policy CA ─ Issuing CA ─ sts.contoso.example
const oldRoot = ca('Old Root')
const newRoot = ca('New Root')
const cross = ca('New Root', oldRoot, { key: newRoot.key })
const policy = ca('Policy CA', newRoot, { caIssuers: ['http://pki.example/new-root.p7c'] })
const issuing = ca('Issuing CA', policy, { caIssuers: ['http://pki.example/policy.cer'] })
const leaf = issue({
  subject: 'sts.contoso.example',
  issuer: issuing,
  caIssuers: ['http://pki.example/issuing.cer'],
})
const web: Record<string, Issued[]> = {
  'http://pki.example/issuing.cer': [issuing],
  'http://pki.example/policy.cer': [policy],
  'http://pki.example/new-root.p7c': [newRoot, cross],
}

/** Stands in for the judge: an unordered bag, every certificate valid, an anchor of the release at the end. */
const stores: Record<string, Issued[]> = { '9': [oldRoot], '15': [oldRoot, newRoot] }
const reaches = (child: Certificate, bag: readonly Certificate[], anchors: readonly Certificate[]): boolean =>
  [...anchors, ...bag].some(
    (issuer) =>
      issuer !== child &&
      sameName(child.issuer, issuer.subject) &&
      verifySignature(child, issuer) &&
      issuer.notAfter > at &&
      (anchors.includes(issuer) ||
        reaches(
          issuer,
          bag.filter((other) => other !== issuer),
          anchors,
        )),
  )
const score = (presented: readonly Certificate[]): ReadonlySet<Release> => {
  const [first, ...bag] = presented
  return new Set(
    Object.entries(stores).flatMap(([release, anchors]) =>
      reaches(first!, bag, anchors.map(certificateOf)) ? [release as Release] : [],
    ),
  )
}
const anchored = (certificate: Certificate): boolean =>
  reaches(certificate, [], [oldRoot, newRoot].map(certificateOf))

const plan = async (
  presented: Issued[],
  { files = [], online = false, ...rest }: { files?: Issued[]; online?: boolean } & Partial<RepairInput> = {},
) => {
  const pool = new IssuerPool()
  for (const file of files)
    pool.add({ certificate: certificateOf(file), origin: 'operator', from: 'extra.pem' })
  const asked: string[] = []
  const result = await planRepair({
    presented: presented.map(certificateOf),
    pool,
    score,
    anchored,
    at,
    wanted: new Set<Release>(['9', '15']),
    ...(online
      ? {
          fetch: async (urls: readonly string[]) => {
            asked.push(...urls)
            return urls.flatMap((url) =>
              (web[url] ?? []).map((found) => ({ certificate: certificateOf(found), url })),
            )
          },
        }
      : {}),
    ...rest,
  })
  return { ...result, asked }
}
const same = (certificates: readonly Certificate[], expected: Issued[]): void =>
  expect(certificates.map(({ sha256 }) => sha256)).toEqual(expected.map((one) => certificateOf(one).sha256))
const certificatesOf = (list: readonly { certificate: Certificate }[]) =>
  list.map(({ certificate }) => certificate)

describe('several missing', () => {
  it('are fetched one after the other, up to the cross-certificate that reaches the old root', async () => {
    const { missing, chain, accepts, acceptsAfter, unresolved, remove } = await plan([leaf], { online: true })
    same(chain, [leaf, issuing, policy, cross])
    same(certificatesOf(missing), [issuing, policy, cross])
    same(
      missing.map(({ issued }) => issued),
      [leaf, issuing, policy],
    )
    expect(missing.map(({ origin, from }) => `${origin} ${from}`)).toEqual([
      'aia http://pki.example/issuing.cer',
      'aia http://pki.example/policy.cer',
      'aia http://pki.example/new-root.p7c',
    ])
    expect([...accepts]).toEqual([])
    expect([...acceptsAfter]).toEqual(['9', '15'])
    expect({ unresolved, remove }).toEqual({ unresolved: null, remove: [] })
  })

  it("come from the operator's files without a fetch when these are enough", async () => {
    const { chain, asked } = await plan([leaf], { online: true, files: [cross, policy, issuing, newRoot] })
    same(chain, [leaf, issuing, policy, cross])
    expect(asked).toEqual([])
  })

  it('what some releases accept is added even if others stay out of reach', async () => {
    const { missing, acceptsAfter, unresolved } = await plan([leaf], { files: [policy, issuing] })
    same(certificatesOf(missing), [issuing, policy])
    expect([...acceptsAfter]).toEqual(['15'])
    expect(unresolved).toBeNull()
  })

  it('what could not be had is named by the certificate whose issuer it is', async () => {
    const { chain, missing, unresolved } = await plan([leaf], { files: [issuing] })
    same(chain, [leaf, issuing])
    same(certificatesOf(missing), [issuing])
    same([unresolved!.child], [issuing])
    expect(unresolved!.urls).toEqual(['http://pki.example/policy.cer'])
  })
})

describe('what was sent', () => {
  it('is kept and nothing proposed when every release accepts it', async () => {
    const { missing, remove, asked, accepts } = await plan([leaf, issuing, policy, cross], { online: true })
    expect({ missing, remove, asked }).toEqual({ missing: [], remove: [], asked: [] })
    expect([...accepts]).toEqual(['9', '15'])
  })

  it('is put in order, without root, duplicate and stranger', async () => {
    const stranger = ca('Stranger CA', oldRoot)
    const { chain, remove } = await plan([leaf, cross, policy, newRoot, policy, stranger, issuing])
    same(chain, [leaf, issuing, policy, cross])
    expect(remove.map(({ reason }) => reason)).toEqual(['root', 'duplicate', 'unrelated'])
    same(certificatesOf(remove), [newRoot, policy, stranger])
  })

  it('an intermediate of the right name and the wrong key is replaced', async () => {
    const impostor = ca('Issuing CA', policy, { keyName: 'impostor' })
    const { chain, missing, remove } = await plan([leaf, impostor, policy], { online: true })
    same(chain, [leaf, issuing, policy, cross])
    same(certificatesOf(missing), [issuing, cross])
    expect(remove).toEqual([{ certificate: certificateOf(impostor), reason: 'stale' }])
  })

  it('an expired intermediate is replaced by its renewed twin', async () => {
    const expired = ca('Issuing CA', policy, {
      key: issuing.key,
      notAfter: new Date(at.getTime() - day),
      notBefore: new Date(at.getTime() - 9 * day),
    })
    const { chain, remove } = await plan([leaf, expired, policy, cross], { online: true })
    same(chain, [leaf, issuing, policy, cross])
    expect(remove).toEqual([{ certificate: certificateOf(expired), reason: 'expired' }])
  })

  it('of two renewals the one that lives longer is chosen', async () => {
    const longer = ca('Issuing CA', policy, {
      key: issuing.key,
      notAfter: new Date('2041-01-01T00:00:00Z'),
    })
    same((await plan([leaf], { files: [issuing, longer, policy, cross] })).chain, [
      leaf,
      longer,
      policy,
      cross,
    ])
    same((await plan([leaf], { files: [longer, issuing, policy, cross] })).chain, [
      leaf,
      longer,
      policy,
      cross,
    ])
  })
})

describe('limits', () => {
  it('a private root: the chain is completed though no release accepts it', async () => {
    const own = ca('Contoso Private Root')
    const middle = ca('Contoso Private Issuing', own)
    const server = issue({ subject: 'sts', issuer: middle })
    const { chain, acceptsAfter, unresolved } = await plan([server], { files: [own, middle] })
    same(chain, [server, middle])
    expect(acceptsAfter.size).toBe(0)
    expect(unresolved).toBeNull()
  })

  it('a refusal for another reason does not make the issuer of a complete chain unknown', async () => {
    const none = () => new Set<Release>()
    const { chain, missing, unresolved } = await plan([leaf, issuing, policy], { score: none })
    same(chain, [leaf, issuing, policy])
    expect({ missing, unresolved }).toEqual({ missing: [], unresolved: null })
  })

  it('a self-signed server certificate has nothing to complete', async () => {
    const { chain, unresolved } = await plan([issue({ subject: 'sts' })], { online: true })
    expect(chain).toHaveLength(1)
    expect(unresolved).toBeNull()
  })

  it('authorities that certify each other end the search', async () => {
    const a = ca('A')
    const b = ca('B', a)
    const aByB = ca('A', b, { key: a.key })
    const server = issue({ subject: 'sts', issuer: a })
    const { chain } = await plan([server], { files: [aByB, b] })
    same(chain, [server, aByB, b])
  })

  it('many variants of many authorities are scored a bounded number of times', async () => {
    const levels = Array.from({ length: 6 }, (_, level) => `Level ${level}`)
    const keys = levels.map((name) => ca(name))
    const files = levels.slice(1).flatMap((_, index) =>
      [1, 2, 3, 4].map((variant) =>
        ca(levels[index]!, keys[index + 1]!, {
          key: keys[index]!.key,
          notAfter: new Date(at.getTime() + variant * day),
        }),
      ),
    )
    let calls = 0
    await plan([issue({ subject: 'sts', issuer: keys[0]! })], {
      files,
      score: () => {
        calls++
        return new Set()
      },
    })
    expect(calls).toBeGreaterThan(100)
    expect(calls).toBeLessThanOrEqual(129)
  })

  it('a certificate of the right name and no right is never proposed', async () => {
    // Same name, other key: it signed nothing here. Same name and key, but no authority: it may sign nothing.
    const impostor = ca('Issuing CA', policy, { keyName: 'impostor' })
    const notCa = issue({ subject: 'Issuing CA', key: issuing.key, issuer: policy })
    const noExtension = issue({ subject: 'Issuing CA', key: issuing.key, issuer: policy, version: 1 })
    for (const files of [[impostor], [notCa], [noExtension], [impostor, notCa, noExtension]]) {
      const always = () => new Set<Release>(['9', '15'])
      for (const judged of [score, always]) {
        const { missing, chain } = await plan([leaf], { files, score: judged })
        same(certificatesOf(missing), [])
        same(chain, [leaf])
      }
      same((await plan([leaf], { files: [...files, issuing, policy, cross] })).chain, [
        leaf,
        issuing,
        policy,
        cross,
      ])
    }
  })

  it('what the operator has is not called fetched when AIA has it too', async () => {
    const { missing } = await plan([leaf], { files: [issuing], online: true })
    expect(missing.map(({ origin }) => origin)).toEqual(['operator', 'aia', 'aia'])
  })

  it('the whole plan has one budget, and says when it is spent', async () => {
    const variants = Array.from({ length: 20 }, (_, n) =>
      ca('Issuing CA', policy, { key: issuing.key, notAfter: new Date(at.getTime() + (n + 2) * day) }),
    )
    const files = [...variants, policy, cross]
    const scoredWith = async (price: number) => {
      let calls = 0
      const { isCutShort, chain } = await plan([leaf], {
        files,
        score: (presented, within) => {
          calls++
          try {
            within.compare(price)
            return score(presented)
          } catch {
            return new Set()
          }
        },
      })
      return { calls, isCutShort, length: chain.length }
    }
    expect(await scoredWith(1)).toEqual({ calls: 62, isCutShort: false, length: 4 })
    // 64 million comparisons are allowed: the eleventh chain is the first that is not paid for.
    expect(await scoredWith(6_000_000)).toEqual({ calls: 11, isCutShort: true, length: 4 })
    // Nothing was judged: the leaf as it is.
    expect(await scoredWith(70_000_000)).toMatchObject({ calls: 2, isCutShort: true, length: 1 })
  })

  it('signatures are paid from it as well', async () => {
    const dear = issue({ subject: 'Dear CA', ca: true, key: 'rsa-4096' })
    const server = issue({ subject: 'sts', issuer: dear })
    // 128 µs each: 240 ms allow some 1,900 of these.
    const twins = Array.from({ length: 2_000 }, (_, n) => {
      const certificate = certificateOf(dear)
      const sha256 = n.toString(16).padStart(64, '0')
      return { ...certificate, sha256, publicKey: { ...certificate.publicKey, spkiSha256: sha256 } }
    })
    const pool = new IssuerPool()
    for (const certificate of twins) pool.add({ certificate, origin: 'other-server', from: 'x' })
    const { isCutShort } = await plan([server], { pool })
    expect(isCutShort).toBe(true)
  })
})
