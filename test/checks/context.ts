import { judgeAllWithDeviceCas } from '../../src/android/device-ca.js'
import { releases as allReleases, type Release } from '../../src/android/releases.js'
import { keyStoreAnchors } from '../../src/android/trust-anchors.js'
import type { Verdict } from '../../src/android/verdict.js'
import type { CheckContext, JudgedEndpoint } from '../../src/checks/check.js'
import { runChecks } from '../../src/checks/registry.js'
import { type Issued, type IssueOptions, issue } from '../../src/demo/authority.js'
import type { FindingReport } from '../../src/report/report.js'
import type { Observation, ProbeOutcome } from '../../src/tls/observation.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { parseCertificate } from '../../src/x509/parse.js'
import { certificateOf } from '../support/certificate-of.js'

export const host = 'sts.contoso.com'
export const now = new Date('2026-11-23T12:00:00Z')
const dayMs = 86_400_000
export const inDays = (days: number): Date => new Date(now.getTime() + days * dayMs)
const validity = { notBefore: inDays(-100), notAfter: inDays(265) }

/** Issues with a fixed clock; everything is sound unless said otherwise. */
export const make = (options: IssueOptions): Issued => issue({ ...validity, ...options })
export const makeCa = (subject: string, issuer?: Issued, options: Partial<IssueOptions> = {}): Issued =>
  make({ subject, ca: true, ...(issuer ? { issuer } : {}), ...options })
export const makeLeaf = (issuer: Issued, options: Partial<IssueOptions> = {}): Issued =>
  make({ subject: host, names: [host], issuer, ...options })

/** root -> intermediate -> leaf, all in order. */
export function soundPki() {
  const root = makeCa('Contoso Root')
  const intermediate = makeCa('Contoso Issuing CA', root, { caIssuers: ['http://pki.contoso.com/root.cer'] })
  const leaf = makeLeaf(intermediate, { caIssuers: ['http://pki.contoso.com/issuing.cer'] })
  return { root, intermediate, leaf }
}

/** One server: what it sends, and what was found out about it. */
export interface Server {
  readonly sent?: readonly (Issued | Uint8Array)[]
  readonly address?: string
  readonly missing?: readonly {
    readonly certificate: Issued
    readonly issued: Issued
    readonly from?: string
  }[]
  readonly unresolved?: { readonly child: Issued; readonly tried?: readonly string[] }
  readonly outcome?: ProbeOutcome
  readonly observation?: Partial<Observation>
  readonly withoutServerName?: ProbeOutcome
  readonly hellos?: JudgedEndpoint['hellos']
  /** For verdicts that no certificate made here can bring about. */
  readonly judged?: (verdict: Verdict) => Verdict
}

export interface World {
  readonly servers: readonly Server[]
  /** Roots of every release, or of the releases said. */
  readonly anchors?: readonly (Issued | { readonly root: Issued; readonly from: Release })[]
  readonly target?: Partial<CheckContext['target']>
  readonly releases?: readonly Release[]
  readonly remembered?: readonly Issued[]
  readonly deviceCas?: readonly Issued[]
  readonly warnDays?: number
  readonly critDays?: number
  /** Whether the anchors count as those of public authorities. */
  readonly publicAnchors?: boolean
  readonly unresolvedNames?: CheckContext['unresolvedNames']
}

/** Facts as the composer would hand them to the checks, with the real judge's verdicts. */
export function contextOf(world: World): CheckContext {
  const releases = world.releases ?? allReleases
  const target = { name: host, displayName: host, port: 443, isAddress: false, ...world.target }
  const anchors = (world.anchors ?? []).map((anchor) =>
    'root' in anchor
      ? { certificate: certificateOf(anchor.root), from: anchor.from }
      : { certificate: certificateOf(anchor), from: allReleases[0] },
  )
  const anchorsOf = (release: Release): Certificate[] =>
    anchors
      .filter(({ from }) => allReleases.indexOf(from) <= allReleases.indexOf(release))
      .map(({ certificate }) => certificate)
  const endpoints = world.servers.map((server, index): JudgedEndpoint => {
    const bytes = (server.sent ?? []).map((item) => ('der' in item ? item.der : item))
    const entries = bytes.map(parseCertificate)
    const observation = observationOf(bytes, server.observation)
    const verdictsFor = (presented: readonly Uint8Array[]) =>
      judgeAllWithDeviceCas(
        {
          presented,
          anchors: (release) => keyStoreAnchors(anchorsOf(release)),
          at: now,
          host: target.name,
          remembered: (world.remembered ?? []).map(certificateOf),
          stapledOcsp: observation.stapledOcsp,
          handshake: { protocolVersion: observation.protocolVersion, keyExchange: observation.keyExchange },
        },
        releases,
        (world.deviceCas ?? []).map(certificateOf),
      )
    const missing = (server.missing ?? []).map(({ certificate, issued, from }) => ({
      certificate: certificateOf(certificate),
      issued: certificateOf(issued),
      from: from ?? 'http://pki.contoso.com/issuing.cer',
    }))
    const afterRepair =
      missing.length > 0 ? verdictsFor([...bytes, ...missing.map(({ certificate }) => certificate.der)]) : []
    const { unresolved } = server
    const outcome: ProbeOutcome = server.outcome ?? { kind: 'observed', observation }
    return {
      id: `${server.address ?? `203.0.113.${10 + index}`}:443`,
      endpoint: { address: server.address ?? `203.0.113.${10 + index}`, port: 443, serverName: target.name },
      outcome,
      presented: entries.flatMap((entry) => (entry.ok ? [entry.certificate] : [])),
      unreadable: entries.flatMap((entry, at) => (entry.ok ? [] : [{ index: at, problem: entry.problem }])),
      verdicts: bytes.length > 0 ? verdictsFor(bytes).map(server.judged ?? ((verdict) => verdict)) : [],
      withoutServerName: server.withoutServerName ?? null,
      hellos: server.hellos ?? [{ id: 'android-17', releases, outcome }],
      missing,
      unresolved: unresolved
        ? {
            child: certificateOf(unresolved.child),
            urls: certificateOf(unresolved.child).caIssuers,
            tried: unresolved.tried ?? [],
          }
        : null,
      afterRepair,
      acceptedAfterRepair: afterRepair.flatMap(({ kind, release }) => (kind === 'accepted' ? [release] : [])),
    }
  })
  return {
    target,
    at: now,
    releases,
    warnDays: world.warnDays ?? 30,
    critDays: world.critDays ?? 7,
    endpoints,
    unresolvedNames: world.unresolvedNames ?? [],
    isPublicAnchor: () => world.publicAnchors ?? false,
    releasesTrusting: (certificate) =>
      allReleases.filter((release) =>
        anchorsOf(release).some(
          ({ publicKey, subject }) =>
            publicKey.spkiSha256 === certificate.publicKey.spkiSha256 &&
            subject.text === certificate.subject.text,
        ),
      ),
  }
}

export function observationOf(
  certificates: readonly Uint8Array[],
  changes: Partial<Observation> = {},
): Observation {
  return {
    endpoint: { address: '203.0.113.10', port: 443, serverName: host },
    shape: 'general',
    sni: true,
    protocol: 'TLS 1.2',
    protocolVersion: 0x0303,
    cipherSuite: { code: 0xc02f, name: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' },
    group: { code: 29, name: 'X25519' },
    keyExchange: 'ecdhe',
    alpn: null,
    certificates,
    stapledOcsp: null,
    signedCertificateTimestamps: null,
    keyProof: { kind: 'proven', signatureScheme: 'ecdsa_secp256r1_sha256' },
    clientCertificateRequested: false,
    helloRetried: false,
    connectMs: 1,
    handshakeMs: 2,
    bytesReceived: 3_000,
    ...changes,
  }
}

export const observed = (...certificates: readonly Issued[]): ProbeOutcome => ({
  kind: 'observed',
  observation: observationOf(certificates.map(({ der }) => der)),
})

export const findings = (world: World): readonly FindingReport[] => runChecks(contextOf(world))
