import fc from 'fast-check'
import { expect, it } from 'vitest'
import { evidenceFor, nextShapes, type Tried } from '../../src/android/connections.js'
import { helloOf } from '../../src/android/hellos.js'
import { type Release, releases } from '../../src/android/releases.js'
import { issue } from '../../src/demo/authority.js'
import {
  cipherSuiteName,
  keyExchangeOf,
  signatureSchemes,
  suiteFitsVersion,
} from '../../src/tls/code-points.js'
import { endOf } from '../../src/tls/exchange-end.js'
import type { HelloShape, Observation, ProbeOutcome } from '../../src/tls/observation.js'
import { generalShape } from '../../src/tls/shapes.js'

/**
 * A model of servers of any taste: what is inferred or refused without asking is what the server would have said, and a
 * release is told the same alone and among all others.
 */
type Key = 'rsa' | 23 | 24 | 25
const certificates = new Map<Key, Uint8Array>([
  ['rsa', issue({ subject: 'rsa', key: 'rsa-2048' }).der],
  [23, issue({ subject: 'p256', key: 'P-256' }).der],
  [24, issue({ subject: 'p384', key: 'P-384' }).der],
  [25, issue({ subject: 'p521', key: 'P-521' }).der],
])

interface Model {
  readonly versions: readonly number[]
  readonly suites: readonly number[]
  readonly groups: readonly number[]
  readonly schemes: readonly number[]
  /** Of its certificates, the one it likes best first. */
  readonly keys: readonly Key[]
  readonly ownOrder: boolean
  readonly wantsSecret: boolean
  readonly byAlpn: boolean
  /** Compares the curve of its key with the client's groups, as RFC 8422 wants. */
  readonly mindsCurve: boolean
  readonly versionAlert: 40 | 70
}

const some = <T>(list: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...list], { minLength: 1 }) as fc.Arbitrary<T[]>
const model: fc.Arbitrary<Model> = fc.record({
  versions: some([0x0301, 0x0302, 0x0303, 0x0304]),
  suites: fc.oneof(fc.constant([...generalShape.cipherSuites]), some(generalShape.cipherSuites)),
  groups: some([29, 23, 24, 25]),
  schemes: fc.oneof(fc.constant([...generalShape.signatureSchemes]), some(generalShape.signatureSchemes)),
  keys: some<Key>(['rsa', 23, 24, 25]),
  ownOrder: fc.boolean(),
  wantsSecret: fc.boolean(),
  byAlpn: fc.boolean(),
  mindsCurve: fc.boolean(),
  versionAlert: fc.constantFrom(40, 70),
})

const alert = (code: number): ProbeOutcome => ({
  kind: 'alert',
  phase: 'server-hello',
  alert: { code, name: String(code) },
  observation: null,
})

/** The scheme is one that the key can sign with in this version. */
function fits(scheme: number, key: Key, version: number): boolean {
  if (key === 'rsa') return (scheme >= 0x0804 && scheme <= 0x0806) || (version < 0x0304 && scheme % 256 === 1)
  if (version === 0x0304) return scheme === { 23: 0x0403, 24: 0x0503, 25: 0x0603 }[key]
  return scheme % 256 === 3 && scheme < 0x0700
}

function answerTo(server: Model, shape: HelloShape): ProbeOutcome {
  const preferred = (own: readonly number[], theirs: readonly number[]) =>
    server.ownOrder ? own.filter((one) => theirs.includes(one)) : theirs.filter((one) => own.includes(one))
  const version = Math.max(...shape.versions.filter((one) => server.versions.includes(one)))
  if (version < 0) return alert(server.versionAlert)
  const isTls13 = version === 0x0304
  if (server.wantsSecret && !isTls13 && !shape.extensions.includes(23)) return alert(40)
  const held = server.byAlpn && shape.alpn.length > 0 ? server.keys.slice(0, 1) : server.keys
  const group = preferred(server.groups, shape.groups)[0]
  const schemes = preferred(server.schemes, shape.signatureSchemes)
  for (const suite of preferred(server.suites, shape.cipherSuites)) {
    if (!suiteFitsVersion(suite, version)) continue
    const exchange = keyExchangeOf(suite)
    if ((exchange === 'tls13' || exchange === 'ecdhe') && group === undefined) continue
    const candidates = held.filter((key) => {
      if (exchange === 'tls13') return true
      if (!/_(RSA|ECDSA)_/.test(cipherSuiteName(suite))) return false
      if (!/ECDSA/.test(cipherSuiteName(suite))) return key === 'rsa'
      return key !== 'rsa' && (!server.mindsCurve || shape.groups.includes(key))
    })
    const signs = exchange !== 'rsa'
    const chosen =
      signs && version >= 0x0303
        ? schemes
            .flatMap((scheme) =>
              candidates.filter((one) => fits(scheme, one, version)).map((one) => ({ one, scheme })),
            )
            // Up to TLS 1.2 the suite has chosen the certificate; a server takes the first that can sign at all.
            .sort((a, b) => (isTls13 ? 0 : candidates.indexOf(a.one) - candidates.indexOf(b.one)))[0]
        : candidates[0] && { one: candidates[0], scheme: 0 }
    if (!chosen) continue
    const observation = {
      protocolVersion: version,
      cipherSuite: { code: suite, name: '' },
      group: signs && exchange !== 'dhe' ? { code: group!, name: '' } : null,
      keyExchange: exchange,
      certificates: [certificates.get(chosen.one)!],
      stapledOcsp: null,
      signedCertificateTimestamps: null,
      keyProof: signs
        ? { kind: 'proven', signatureScheme: signatureSchemes[chosen.scheme] ?? '' }
        : { kind: 'not-provable', detail: '' },
    }
    return { kind: 'observed', observation: observation as unknown as Observation }
  }
  return alert(40)
}

function planFor(server: Model, chosen: readonly Release[]): Tried[] {
  const tried: Tried[] = []
  for (let next = nextShapes(tried, chosen); next.length > 0; next = nextShapes(tried, chosen))
    tried.push(...next.map((shape) => ({ shape, outcome: answerTo(server, shape) })))
  return tried
}

it('what is inferred is what would be said', () => {
  fc.assert(
    fc.property(model, fc.subarray([...releases] as Release[], { minLength: 1 }), (server, chosen) => {
      const tried = planFor(server, chosen)
      for (const release of releases) {
        const { shape } = helloOf(release)
        const outcome = answerTo(server, shape)
        const known = evidenceFor(release, tried)
        const alone = evidenceFor(release, [{ shape, outcome }])
        if (chosen.includes(release)) expect([release, known.kind]).toEqual([release, alone.kind])
        else expect([alone.kind, 'not-asked']).toContain(known.kind)
        if (known.kind !== 'shown' || outcome.kind !== 'observed') continue
        expect(endOf(outcome)).toMatch(/authenticated|not-provable/)
        for (const { observation } of known.answers)
          expect(observation.certificates[0]).toBe(outcome.observation.certificates[0])
      }
    }),
    { numRuns: 3_000 },
  )
})
