import fc from 'fast-check'
import { expect, it } from 'vitest'
import { evidenceFor, nextShapes, type Tried } from '../../src/android/connections.js'
import { helloOf } from '../../src/android/hellos.js'
import { type Release, releases } from '../../src/android/releases.js'
import { issue } from '../../src/demo/authority.js'
import { judgeServer, settingsOf } from '../../src/judge-server.js'
import { observationsOf } from '../../src/observe.js'
import { parseTarget } from '../../src/target/target.js'
import { endOf, isDefinite } from '../../src/tls/exchange-end.js'
import type { HelloShape, Observation, ProbeOutcome } from '../../src/tls/observation.js'
import { parseCertificate } from '../../src/x509/parse.js'

/**
 * Whatever comes of every single hello: nobody is said to accept but by an exchange that got through the server's
 * authentication, of his own hello or one that proves it, and never against what his own hello met.
 */
const name = 'sts.contoso.test'
const root = issue({ subject: 'Root', ca: true })
const leaf = issue({ subject: name, issuer: root, names: [name] })
const target = parseTarget(name)
const endpoint = { address: '127.0.0.1', port: 443, serverName: name }
const anchor = parseCertificate(root.der)
if (!anchor.ok) throw new Error(anchor.problem.message)
const settings = settingsOf(target, releases, {
  at: new Date(),
  timeoutMs: 1,
  trustAnchors: [anchor.certificate],
})

const ends = [
  'good',
  'good',
  'good',
  'failed',
  'unreadable',
  'alert',
  'closed',
  'reset',
  'timed-out',
] as const
type End = (typeof ends)[number]
interface Say {
  readonly end: End
  /** The end came after the Certificate message. */
  readonly late: boolean
  readonly version: number
  readonly code: number
}
const say: fc.Arbitrary<Say> = fc.record({
  end: fc.constantFrom(...ends),
  late: fc.boolean(),
  version: fc.nat(3),
  code: fc.constantFrom(0, 40, 70, 80, 112, 120),
})

function outcomeOf(shape: HelloShape, { end, late, version: wish, code }: Say): ProbeOutcome {
  const version = shape.versions[wish % shape.versions.length]!
  const isTls13 = version === 0x0304
  const cipherSuite = shape.cipherSuites.find((suite) => (isTls13 ? suite === 0x1301 : suite >> 8 === 0xc0))!
  const proof = {
    failed: { kind: 'failed', detail: '' },
    unreadable: { kind: 'not-provable', detail: '' },
  } as const
  const observation: Observation = {
    endpoint,
    shape: shape.id,
    sni: shape.sni,
    protocol: '',
    protocolVersion: version,
    cipherSuite: { code: cipherSuite, name: '' },
    group: { code: shape.groups.includes(23) ? 23 : shape.groups[0]!, name: '' },
    keyExchange: isTls13 ? 'tls13' : 'ecdhe',
    alpn: null,
    certificates: [leaf.der],
    stapledOcsp: null,
    signedCertificateTimestamps: null,
    keyProof:
      end === 'failed' || end === 'unreadable'
        ? proof[end]
        : { kind: 'proven', signatureScheme: 'ecdsa_secp256r1_sha256' },
    clientCertificateRequested: false,
    helloRetried: false,
    connectMs: 0,
    handshakeMs: 0,
    bytesReceived: 0,
  }
  const rest = { phase: late ? 'key-proof' : 'server-hello', observation: late ? observation : null } as const
  switch (end) {
    case 'alert':
      return { kind: 'alert', alert: { code, name: String(code) }, ...rest }
    case 'timed-out':
      return { kind: 'timed-out', timeoutMs: 1, ...rest }
    case 'closed':
    case 'reset':
      return { kind: end, ...rest }
    default:
      return { kind: 'observed', observation }
  }
}

it('accepted is only who got through', () => {
  fc.assert(
    fc.property(
      fc.subarray([...releases] as Release[], { minLength: 1 }),
      fc.array(say, { minLength: 16, maxLength: 16 }),
      (chosen, says) => {
        const tried: Tried[] = []
        for (let next = nextShapes(tried, chosen); next.length > 0; next = nextShapes(tried, chosen))
          for (const shape of next) tried.push({ shape, outcome: outcomeOf(shape, says[tried.length]!) })
        const server = judgeServer(endpoint, observationsOf(tried, chosen), { ...settings, releases: chosen })
        for (const { kind, release } of server.verdicts) {
          const own = tried.filter(({ shape }) => shape.id === helloOf(release).shape.id)
          const ownEnds = own.map(({ outcome }) => endOf(outcome))
          const known = evidenceFor(release, tried)
          if (ownEnds.some((end) => typeof end !== 'string' && isDefinite(end))) expect(kind).toBe('refused')
          if (kind !== 'accepted') continue
          expect(known.kind).toBe('shown')
          if (known.kind !== 'shown') continue
          expect(own.length === 0 || ownEnds.some((end) => typeof end === 'string')).toBe(true)
          for (const answer of known.answers) {
            const source = tried.find(
              ({ shape, outcome }) =>
                shape.id === answer.shape.id &&
                outcome.kind === 'observed' &&
                outcome.observation.keyProof === answer.observation.keyProof,
            )!
            expect(endOf(source.outcome)).toMatch(/authenticated|not-provable/)
          }
        }
      },
    ),
    { numRuns: 1_000 },
  )
})
