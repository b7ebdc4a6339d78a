import fc from 'fast-check'
import { expect, it } from 'vitest'
import { evidenceFor, nextShapes, type Tried } from '../../src/android/connections.js'
import { helloOf } from '../../src/android/hellos.js'
import { type Release, releases } from '../../src/android/releases.js'
import { issue } from '../../src/demo/authority.js'
import { examineServed } from '../../src/examine/served.js'
import { settingsOf } from '../../src/examine/settings.js'
import { servedSubject } from '../../src/farm/subject.js'
import { askedOf } from '../../src/run/options.js'
import { endOf, isDefinite } from '../../src/tls/exchange-end.js'
import type { HelloShape, Observation, ProbeOutcome } from '../../src/tls/observation.js'
import { certificateOf } from '../support/certificate-of.js'

/**
 * Whatever comes of every single hello: nobody is said to accept but by an exchange that got through the server's
 * authentication, of his own hello or one that proves it, and never against what his own hello met.
 */
const name = 'sts.contoso.test'
const root = issue({ subject: 'Root', ca: true })
const leaf = issue({ subject: name, issuer: root, names: [name] })
const subject = servedSubject(
  { ascii: name, display: name },
  { id: '127.0.0.1', label: '127.0.0.1', address: '127.0.0.1', role: 'unknown', tlsEndsAt: null },
  443,
)
const endpoint = { address: '127.0.0.1', port: 443, serverName: name }
const asked = askedOf(name, { trustAnchors: [certificateOf(root)] })
const at = new Date()

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
        const attempts = tried.map(({ shape, outcome }, index) => ({
          offer: shape,
          nth: tried.slice(0, index).filter((other) => other.shape.id === shape.id).length,
          outcome,
        }))
        const settings = settingsOf(asked, { releases: chosen, others: [] }, at)
        const server = examineServed(subject, attempts, settings)
        if (server.kind === 'unseen') {
          expect(tried.filter(({ outcome }) => outcome.kind === 'observed')).toEqual([])
          return
        }
        for (const {
          release,
          verdict: { kind },
        } of server.verdicts) {
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
