import { describe, expect, it } from 'vitest'
import { prediction, windowsSends } from '../../src/adfs/chain-engine.js'
import type { Repair } from '../../src/examine/examination.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { added, at, mint, read } from './farm.js'

const make = (options: Parameters<typeof mint>[0]) => mint(options)
const oldRoot = make({ subject: 'Old Root', ca: true })
const newRoot = make({ subject: 'New Root', ca: true })
const crossed = make({ subject: 'New Root', issuer: oldRoot, key: newRoot.key, ca: true })
const expiredCross = make({
  subject: 'New Root',
  issuer: oldRoot,
  key: newRoot.key,
  ca: true,
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('2026-01-01T00:00:00Z'),
})
const issuing = make({ subject: 'New Issuing CA', issuer: newRoot, ca: { pathLength: 0 } })
const expiredIssuing = make({
  subject: 'New Issuing CA',
  issuer: newRoot,
  key: issuing.key,
  ca: true,
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('2026-01-01T00:00:00Z'),
})
const end = make({ subject: 'sts.contoso.test', issuer: issuing, names: ['sts.contoso.test'] })
const [root0, root, cross, oldCross, int, oldInt, leaf] = [
  oldRoot,
  newRoot,
  crossed,
  expiredCross,
  issuing,
  expiredIssuing,
  end,
].map(read) as [Certificate, Certificate, Certificate, Certificate, Certificate, Certificate, Certificate]
const stranger = read(make({ subject: 'New Issuing CA', ca: true, issuer: oldRoot, key: 'P-384' }))

const none = { CA: [], My: [], Root: [], Disallowed: [] }
const names = new Map([
  [root0, 'root0'],
  [root, 'root'],
  [cross, 'cross'],
  [oldCross, 'oldCross'],
  [int, 'int'],
  [oldInt, 'oldInt'],
  [leaf, 'leaf'],
  [stranger, 'stranger'],
])
const called = (list: readonly Certificate[]) =>
  list.map((one) => [...names].find(([known]) => known.sha256 === one.sha256)?.[1]).join(' ')

describe('what Windows sends', () => {
  it.each([
    ['nothing but the leaf without intermediates', none, 'leaf'],
    ['as far as it gets without a root', { ...none, CA: [int] }, 'leaf int'],
    ['the chain without the root', { ...none, CA: [int], Root: [root] }, 'leaf int'],
    ['from Personal as well', { ...none, My: [leaf, int], Root: [root] }, 'leaf int'],
    [
      'the longer path where only its root is trusted',
      { ...none, CA: [int, cross], Root: [root0] },
      'leaf int cross',
    ],
    ['the shorter of two', { ...none, CA: [int, cross], Root: [root, root0] }, 'leaf int'],
    [
      'the longer where the short one is distrusted',
      { ...none, CA: [int, cross], Root: [root, root0], Disallowed: [root] },
      'leaf int cross',
    ],
    ['a valid copy before an expired one', { ...none, CA: [oldInt, int], Root: [root] }, 'leaf int'],
    ['an expired one where there is no other', { ...none, CA: [oldInt], Root: [root] }, 'leaf oldInt'],
    [
      'the short path rather than an expired cross-certificate',
      { ...none, CA: [int, oldCross], Root: [root, root0] },
      'leaf int',
    ],
    ['never what only bears the name', { ...none, CA: [stranger], Root: [root, root0] }, 'leaf'],
    ['no trust in what is not self-signed in Root', { ...none, CA: [int], Root: [cross] }, 'leaf int cross'],
  ])('%s', (_what, stores, sent) => {
    expect(called(windowsSends({ leaf, stores, at }))).toBe(sent)
  })

  it('a self-signed leaf is sent as it is', () => {
    const own = read(make({ subject: 'sts.contoso.test' }))
    expect(windowsSends({ leaf: own, stores: { ...none, Root: [own] }, at })).toEqual([own])
  })

  it('ends where authorities have certified each other', () => {
    const a = make({ subject: 'A', ca: true })
    const b = make({ subject: 'B', issuer: a, ca: true })
    const back = make({ subject: 'A', issuer: b, key: a.key, ca: true })
    const last = read(make({ subject: 'x', issuer: a }))
    expect(windowsSends({ leaf: last, stores: { ...none, CA: [read(b), read(back)] }, at })).toHaveLength(3)
  })
})

const repair = (
  add: readonly [Certificate, Certificate][],
  chain: readonly Certificate[],
): Pick<Repair, 'add' | 'drop' | 'chain'> => ({
  add: add.map(([certificate, issued]) => added(certificate, issued)),
  drop: [],
  chain,
})
const disabled = (twin: Certificate | null) => ({
  kind: 'root-disabled',
  root: twin?.sha256 ?? null,
  twinOf: cross.sha256,
})

const policyIssued = make({ subject: 'Policy CA', issuer: oldRoot, ca: true })
const underIssued = make({ subject: 'Under Policy', issuer: policyIssued, ca: true })
const [policyCa, underPolicy, policyLeaf] = [
  read(policyIssued),
  read(underIssued),
  read(make({ subject: 'sts', issuer: underIssued })),
]

describe('whether an import shows', () => {
  it.each([
    ['a plain missing intermediate', [leaf], repair([[int, leaf]], [leaf, int]), [root], []],
    // D9: new-root-cross-aia, the answer to the AIA request has both forms of the root.
    [
      'the cross-certificate by AIA, beside its twin',
      [leaf, int],
      repair([[cross, int]], [leaf, int, cross]),
      [root0, root],
      [disabled(root)],
    ],
    // new-root-cross-file and -farm: nobody shows the twin, and the server stops just below it.
    [
      'the cross-certificate from a file or neighbour',
      [leaf, int],
      repair([[cross, int]], [leaf, int, cross]),
      [root0],
      [disabled(null)],
    ],
    // new-root-leaf-only-cross-aia.
    [
      'leaf only, both by AIA',
      [leaf],
      repair(
        [
          [int, leaf],
          [cross, int],
        ],
        [leaf, int, cross],
      ),
      [root0, root],
      [disabled(root)],
    ],
    [
      'leaf only, by name a root',
      [leaf],
      repair(
        [
          [int, leaf],
          [cross, int],
        ],
        [leaf, int, cross],
      ),
      [root0],
      [disabled(null)],
    ],
    // new-root-sent-cross-file: the twin itself is sent, which Windows does not do.
    [
      'the twin sent',
      [leaf, int, root],
      repair([[cross, int]], [leaf, int, cross]),
      [root0],
      [disabled(root), { kind: 'windows-ends-tls' }],
    ],
    [
      'a cross-certificate that was sent before an expired one',
      [leaf, int, oldCross],
      repair([[cross, int]], [leaf, int, cross]),
      [root0],
      [disabled(null)],
    ],
    [
      'two cross-certificates sent, of which one is to go',
      [leaf, int, oldCross, cross],
      {
        ...repair([], [leaf, int, cross]),
        drop: [{ certificate: oldCross, reason: 'expired' as const }],
      },
      [root0],
      [disabled(null)],
    ],
    [
      'a policy authority was hardly ever a root',
      [policyLeaf, underPolicy],
      repair([[policyCa, underPolicy]], [policyLeaf, underPolicy, policyCa]),
      [root0],
      [],
    ],
    ['a renewed intermediate wins by itself', [leaf, oldInt], repair([[int, leaf]], [leaf, int]), [root], []],
  ])('%s', (_what, presented, wanted, rootsKnown, unless) => {
    expect(prediction({ presented, repair: wanted, rootsKnown, at })).toEqual({ predicted: true, unless })
  })

  it('a stale intermediate that would win must go', () => {
    // Same name and key, both valid: it was issued by another root, and is the shorter way.
    const policy = make({ subject: 'Policy CA', issuer: newRoot, ca: true })
    const long = read(make({ subject: 'Issuing', issuer: policy, key: issuing.key, ca: true }))
    const short = read(make({ subject: 'Issuing', issuer: oldRoot, key: issuing.key, ca: true }))
    const served = read(
      make({ subject: 'sts', issuer: { ...issuing, subjectDer: mint({ subject: 'Issuing' }).subjectDer } }),
    )
    const wanted = repair(
      [
        [long, served],
        [read(policy), long],
      ],
      [served, long, read(policy)],
    )
    const result = prediction({ presented: [served, short], repair: wanted, rootsKnown: [root0, root], at })
    expect(result).toEqual({ predicted: true, unless: [{ kind: 'removed', certificate: short.sha256 }] })
  })

  it('promises nothing where Windows prefers another path whatever is done', () => {
    // The wanted chain leads on to a cross-certificate although its own last authority is trusted as it is, under a
    // root that bears another key: nothing in the stores can be disabled to bring the longer one about.
    const wanted = repair([], [leaf, int, stranger])
    expect(prediction({ presented: [leaf, int], repair: wanted, rootsKnown: [root], at }).predicted).toBe(
      false,
    )
  })
})
