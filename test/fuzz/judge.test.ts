import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeAll } from '../../src/android/judge.js'
import { type Release, releases } from '../../src/android/releases.js'
import type { Verdict } from '../../src/android/verdict.js'
import { issue } from '../../src/demo/authority.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { onlyElement } from '../../src/x509/der.js'
import { algorithmOf, parseCertificate } from '../../src/x509/parse.js'
import { certificateOf } from '../support/certificate-of.js'

/**
 * What holds of every chain, tried on random selections of a small PKI:
 *
 *     Root ── A ── B ── leaf        Old (trusted too) ── cross: name and key of A
 *     wrong twins of A and B (same name, other key), an expired copy of B, strangers
 */
const at = new Date()
const name = 'sts.contoso.test'
const day = 86_400_000
const root = issue({ subject: 'Root', ca: true })
const old = issue({ subject: 'Old', ca: true })
const a = issue({ subject: 'A', issuer: root, ca: true })
const cross = issue({ subject: 'A', issuer: old, ca: true, key: a.key })
const b = issue({ subject: 'B', issuer: a, ca: true })
const leaf = issue({ subject: name, issuer: b, names: [name] })
const twinOfA = issue({ subject: 'A', keyName: 'twin of A', issuer: root, ca: true })
const twinOfB = issue({ subject: 'B', keyName: 'twin of B', issuer: a, ca: true })
const expiredB = issue({
  subject: 'B',
  issuer: a,
  ca: true,
  key: b.key,
  notBefore: new Date(+at - 9 * day),
  notAfter: new Date(+at - day),
})
const strangers = [1, 2, 3].map((index) => issue({ subject: `Stranger ${index}`, ca: true }))

const pool = [a, cross, b, twinOfA, twinOfB, expiredB, ...strangers, root, old].map(certificateOf)
const strange = strangers.map(certificateOf)
const first = certificateOf(leaf)
const anchorSets = [[root], [old], [root, old], []].map((set) => set.map(certificateOf))

const recursive = releases.slice(releases.indexOf('7.0'))
const kinds = (
  presented: readonly (Certificate | Uint8Array)[],
  anchors: readonly Certificate[],
  chosen: readonly Release[] = releases,
) => judgeAll({ presented, anchors, at, host: name }, chosen).map(({ kind }) => kind)

const rest = fc.subarray(pool).chain((chosen) => fc.shuffledSubarray(chosen, { minLength: chosen.length }))
const anchors = fc.constantFrom(...anchorSets)
const runs = { numRuns: 300 }

describe('from Android 7 on', () => {
  it('the order after the leaf changes nothing', () => {
    fc.assert(
      fc.property(rest, anchors, fc.infiniteStream(fc.nat()), (sent, trusted, random) => {
        const shuffled = sent
          .map((item) => [random.next().value as number, item] as const)
          .sort(([x], [y]) => x - y)
          .map(([, item]) => item)
        expect(kinds([first, ...shuffled], trusted, recursive)).toEqual(
          kinds([first, ...sent], trusted, recursive),
        )
      }),
      runs,
    )
  })

  it('copies change nothing', () => {
    fc.assert(
      fc.property(rest, anchors, (sent, trusted) => {
        expect(kinds([first, ...sent, ...sent], trusted, recursive)).toEqual(
          kinds([first, ...sent], trusted, recursive),
        )
      }),
      runs,
    )
  })
})

describe('on every release', () => {
  // The greedy builder swaps certificates into place, so where two have one name a stranger can change which comes first.
  it('strangers change nothing, up to 6.0 as long as no two certificates have one name', () => {
    fc.assert(
      fc.property(rest, anchors, fc.nat(9), (sent, trusted, position) => {
        const own = sent.filter((item) => !strange.includes(item))
        const mixed = [...own.slice(0, position), ...strange, ...own.slice(position)]
        const isAmbiguous = new Set(own.map(({ subject }) => subject.text)).size < own.length
        const chosen = isAmbiguous ? recursive : releases
        expect(kinds([first, ...mixed], trusted, chosen)).toEqual(kinds([first, ...own], trusted, chosen))
      }),
      runs,
    )
  })

  it('a path that is accepted begins at the leaf, links by signature and ends at an anchor', () => {
    fc.assert(
      fc.property(rest, anchors, (sent, trusted) => {
        for (const verdict of judgeAll(
          { presented: [first, ...sent], anchors: trusted, at, host: name },
          releases,
        )) {
          if (verdict.kind !== 'accepted') continue
          const path = verdict.path.certificates
          expect(path[0]!.certificate.sha256).toBe(first.sha256)
          expect(
            trusted.some(
              ({ publicKey }) => publicKey.spkiSha256 === path.at(-1)!.certificate.publicKey.spkiSha256,
            ),
          ).toBe(true)
          expect(verdict.path.problems).toEqual([])
        }
      }),
      runs,
    )
  })

  it('without a certificate that the accepted path needs, refused never becomes accepted', () => {
    fc.assert(
      fc.property(rest, anchors, fc.nat(), (sent, trusted, pick) => {
        if (sent.length === 0) return
        const fewer = sent.filter((_, index) => index !== pick % sent.length)
        const before = judgeAll({ presented: [first, ...sent], anchors: trusted, at }, recursive)
        const after = judgeAll({ presented: [first, ...fewer], anchors: trusted, at }, recursive)
        before.forEach((verdict: Verdict, index) => {
          if (verdict.kind === 'refused') expect(after[index]!.kind).not.toBe('accepted')
        })
      }),
      runs,
    )
  })
})

/** Whether both algorithm identifiers of a certificate agree; true also where it cannot be read. */
function isUnderItsAlgorithm(der: Uint8Array): boolean {
  const result = parseCertificate(der)
  if (!result.ok) return true
  const { signedAlgorithm, signatureAlgorithm } = result.certificate
  return algorithmOf(onlyElement(signedAlgorithm)).oid === signatureAlgorithm
}

describe('whatever the bytes, there is a verdict', () => {
  it('for random bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }), (sent) => {
        expect(kinds(sent, [certificateOf(root)])).not.toContain('accepted')
      }),
      runs,
    )
  })

  it('for certificates with bits flipped', () => {
    const chain = [leaf, b, a].map(({ der }) => der)
    fc.assert(
      fc.property(
        fc.nat(2),
        fc.array(fc.tuple(fc.nat(2_000), fc.nat(7)), { minLength: 1, maxLength: 4 }),
        (which, flips) => {
          const bytes = Buffer.from(chain[which]!)
          for (const [offset, bit] of flips) bytes[offset % bytes.length]! ^= 1 << bit
          const sent = chain.map((der, index) => (index === which ? bytes : der))
          const verdicts = kinds(sent, [certificateOf(root)])
          expect(verdicts).toHaveLength(releases.length)
          // An even number of flips may cancel out; any other change breaks a signature or the reading. Before 7.0 the
          // algorithm outside the signed part may differ from the one inside (path/signature-conscrypt.ts).
          if (bytes.equals(chain[which]!)) return
          expect(kinds(sent, [certificateOf(root)], recursive)).not.toContain('accepted')
          if (isUnderItsAlgorithm(bytes)) expect(verdicts).not.toContain('accepted')
        },
      ),
      { numRuns: 500 },
    )
  })
})
