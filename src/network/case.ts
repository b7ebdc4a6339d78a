import { createHash } from 'node:crypto'
import type { Asked, GivenFile } from '../farm/asked.js'
import { printableTarget } from '../farm/target.js'
import type { Endpoint, HelloShape, ProbeOutcome } from '../tls/observation.js'
import type { FetchAsk, FetchOutcome, Network, Resolution } from './network.js'

/**
 * Everything that one run was told from outside, as JSON: bytes and outcomes, what was asked, and the content of every
 * file that the answer depended on. Nothing rendered, nothing judged, no timing, no secret. A newer program judges it
 * anew; what it asks and the case lacks is `not-recorded`.
 */
export interface Case {
  readonly caseVersion: 1
  /** The program that recorded it. */
  readonly tool: { readonly name: string; readonly version: string }
  /** The clock that validity was judged by. */
  readonly at: string
  readonly asked: SavedAsked
  readonly resolutions: readonly {
    readonly host: string
    readonly family: 4 | 6 | null
    readonly answer: Resolution
  }[]
  readonly probes: readonly SavedProbe[]
  readonly fetches: readonly (FetchAsk & { readonly outcome: FetchOutcome })[]
}

interface SavedProbe {
  readonly endpoint: string
  readonly offer: string
  /** First 16 hex digits of the SHA-256 of the hello's shape: another shape under the same id is another question. */
  readonly shape: string
  readonly nth: number
  readonly outcome: ProbeOutcome
}

type SavedAsked = Omit<Asked, 'at' | FileOption> & {
  readonly at: string | null
} & {
  readonly [K in FileOption]: readonly {
    readonly path: string
    readonly certificates: readonly SavedCertificate[]
  }[]
}
type FileOption = (typeof fileOptions)[number]
interface SavedCertificate {
  readonly from: string
  readonly der: string
}
const fileOptions = ['trustAnchors', 'deviceCas', 'remembered', 'intermediates'] as const

/** Bytes become `{ "base64": "…" }`; timings, and names that the code points say, are left out. */
const encode = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return value.map(encode)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (unsaved.has(key) ? [] : [[key, encode(item)]])),
  )
}

const unsaved: ReadonlySet<string> = new Set(['connectMs', 'handshakeMs', 'bytesReceived', 'protocol'])

/** Network that asks another one and keeps what it said. */
export function recording(network: Network): {
  readonly network: Network
  readonly case: (asked: Asked, at: Date, tool: Case['tool']) => Case
} {
  const resolutions = new Map<string, Case['resolutions'][number]>()
  const probes = new Map<string, SavedProbe>()
  const fetches = new Map<string, Case['fetches'][number]>()
  return {
    network: {
      resolve: async (host, family, more) => {
        const answer = await network.resolve(host, family, more)
        resolutions.set(resolutionKey(host, family), { host, family, answer })
        return answer
      },
      probe: async (at, offer, nth) => {
        const outcome = await network.probe(at, offer, nth)
        probes.set(probeKey(at, offer, nth), { ...probeId(at, offer, nth), outcome })
        return outcome
      },
      fetch: async (ask) => {
        const outcome = await network.fetch(ask)
        fetches.set(fetchKey(ask), { ...ask, outcome })
        return outcome
      },
    },
    case: (asked, at, tool) => ({
      caseVersion: 1,
      tool,
      at: at.toISOString(),
      asked: saveAsked(asked),
      resolutions: sorted(resolutions),
      probes: sorted(probes),
      fetches: sorted(fetches),
    }),
  }
}

/** Network of a saved case: needs no other, and invents nothing. */
export function replaying(saved: Case): Network {
  const resolutions = new Map(
    saved.resolutions.map(({ host, family, answer }) => [resolutionKey(host, family), answer]),
  )
  const probes = new Map(saved.probes.map(({ outcome, ...id }) => [keyOf(id), outcome]))
  const fetches = new Map(saved.fetches.map(({ outcome, ...ask }) => [fetchKey(ask), outcome]))
  return {
    resolve: async (host, family) =>
      resolutions.get(resolutionKey(host, family)) ?? {
        kind: 'failed',
        reason: 'not-recorded',
        detail: 'not in the recorded case',
      },
    probe: async (at, offer, nth) => probes.get(probeKey(at, offer, nth)) ?? { kind: 'not-recorded' },
    fetch: async (ask) => fetches.get(fetchKey(ask)) ?? { kind: 'not-recorded', redirects: [] },
  }
}

/** As text: two recordings of the same give the same bytes. */
export const caseText = (saved: Case): string => `${JSON.stringify(encode(saved), null, 1)}\n`

const resolutionKey = (host: string, family: 4 | 6 | null) => `${host} ${family ?? ''}`
const fetchKey = ({ url, purpose, via }: FetchAsk) =>
  `${purpose} ${url}${via ? ` ${via.address} ${via.port}` : ''}`
const keyOf = ({ endpoint, offer, shape, nth }: Omit<SavedProbe, 'outcome'>) =>
  `${endpoint} ${offer} ${shape} ${nth}`
const probeKey = (at: Endpoint, offer: HelloShape, nth: number) => keyOf(probeId(at, offer, nth))

function probeId(at: Endpoint, offer: HelloShape, nth: number): Omit<SavedProbe, 'outcome'> {
  const { address, port, serverName } = at
  return {
    endpoint: `${serverName ?? ''}@${address.includes(':') ? `[${address}]` : address}:${port}`,
    offer: offer.id,
    shape: createHash('sha256').update(JSON.stringify(offer)).digest('hex').slice(0, 16),
    nth,
  }
}

const sorted = <T>(items: ReadonlyMap<string, T>): readonly T[] =>
  [...items].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item)

export function saveAsked(asked: Asked): SavedAsked {
  const files = (given: readonly GivenFile[]) =>
    given.map(({ path, certificates }) => ({
      path,
      certificates: certificates.map(({ certificate, from }) => ({
        from,
        der: Buffer.from(certificate.der).toString('base64'),
      })),
    }))
  return {
    ...asked,
    target: printableTarget(asked.target),
    at: asked.at?.toISOString() ?? null,
    trustAnchors: files(asked.trustAnchors),
    deviceCas: files(asked.deviceCas),
    remembered: files(asked.remembered),
    intermediates: files(asked.intermediates),
  }
}
