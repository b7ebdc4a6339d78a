import { helloOf } from '../../src/android/hellos.js'
import { judgeAllStores } from '../../src/android/judge-stores.js'
import { releases as allReleases, parseReleaseRange, type Release } from '../../src/android/releases.js'
import { deviceAnchors, nameHash } from '../../src/android/trust-anchors.js'
import type { Verdict } from '../../src/android/verdict.js'
import type { ExaminedFarm } from '../../src/checks/check.js'
import { distinct } from '../../src/checks/support/answers.js'
import { type Issued, type IssueOptions, issue } from '../../src/demo/authority.js'
import type {
  Condition,
  Examination,
  ReleaseVerdict,
  Repair,
  RepairOrigin,
  Seen,
} from '../../src/examine/examination.js'
import type { Answer, Entry, Exchange, Handshake, Presented } from '../../src/examine/presented.js'
import { certificatesOf } from '../../src/examine/presented.js'
import { servedSubject } from '../../src/farm/subject.js'
import { defaultThresholds } from '../../src/gate/thresholds.js'
import type { Observation, ProbeOutcome } from '../../src/tls/observation.js'
import type { Certificate } from '../../src/x509/certificate.js'
import { isSelfIssued, sha256Of } from '../../src/x509/identity.js'
import { sameName } from '../../src/x509/name-match.js'
import { parseCertificate } from '../../src/x509/parse.js'
import { verifySignature } from '../../src/x509/signature.js'

/**
 * Farms as `examine/` would hand them to the checks, without a network: lists that servers send, the real judge's
 * verdicts on them, and the best chain that the certificates at hand allow.
 */

export const host = 'sts.contoso.com'
export const now = new Date('2026-11-23T12:00:00Z')
const dayMs = 86_400_000
export const inDays = (days: number): Date => new Date(now.getTime() + days * dayMs)

/** Issues with a fixed clock; everything is sound unless said otherwise. */
export const make = (options: IssueOptions): Issued =>
  issue({ notBefore: inDays(-100), notAfter: inDays(265), ...options })
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

const known = new WeakMap<Issued, Certificate>()
export function parsed(issued: Issued): Certificate {
  let certificate = known.get(issued)
  if (!certificate) {
    const result = parseCertificate(issued.der)
    if (!result.ok) throw new Error(result.problem.message)
    certificate = result.certificate
    known.set(issued, certificate)
  }
  return certificate
}

export interface List {
  readonly sent: readonly (Issued | Uint8Array)[]
  /** Releases that get it, as a range; all unless said. A release may get several. */
  readonly to?: string
  readonly handshake?: Partial<Handshake>
  readonly staple?: Uint8Array
  /** Connections that it came over. */
  readonly connections?: number
}

/** One server: what it sends, or how it failed. */
export interface Server extends Partial<List> {
  /** In place of one list. */
  readonly lists?: readonly List[]
  /** Equal connections got different lists of `lists`. */
  readonly varies?: boolean
  readonly address?: string
  readonly outcome?: ProbeOutcome
  /** For verdicts that no certificate made here can bring about. */
  readonly judged?: (verdict: Verdict) => Verdict
  /** What Windows is said to depend on. */
  readonly unless?: readonly Condition[]
}

export interface World {
  readonly servers: readonly Server[]
  /** Roots of every release, or of the releases said. */
  readonly anchors?: readonly (
    | Issued
    | { readonly root: Issued; readonly from: Release; readonly until?: Release }
  )[]
  /** Those that 14 to 16 lose by the Play system update of 2025-12. */
  readonly updatedAway?: readonly Issued[]
  /** Issuers that can be had: over AIA unless said. */
  readonly found?: readonly (Issued | { readonly certificate: Issued; readonly origin: RepairOrigin })[]
  /** Ranges. */
  readonly releases?: string
  readonly others?: string
  readonly name?: string
  readonly remembered?: readonly Issued[]
  readonly deviceCas?: readonly Issued[]
  /** Whether the anchors count as those of public authorities. */
  readonly publicAnchors?: boolean
  readonly warn?: ExaminedFarm['warn']
  readonly crit?: ExaminedFarm['crit']
  /** The clock of the checks that look at no certificate. */
  readonly at?: Date
}

/** Facts as `examine/` would hand them to the checks, with the real judge's verdicts. */
export function examinedFarm(world: World): ExaminedFarm {
  const releases = world.releases ? parseReleaseRange(world.releases) : allReleases
  const others = world.others ? parseReleaseRange(world.others) : []
  const anchors = (world.anchors ?? []).map((anchor) =>
    'root' in anchor
      ? { certificate: parsed(anchor.root), from: anchor.from, until: anchor.until ?? allReleases.at(-1)! }
      : { certificate: parsed(anchor), from: allReleases[0], until: allReleases.at(-1)! },
  )
  const anchorsOf = (release: Release): Certificate[] =>
    anchors
      .filter(
        ({ from, until }) =>
          allReleases.indexOf(from) <= allReleases.indexOf(release) &&
          allReleases.indexOf(release) <= allReleases.indexOf(until),
      )
      .map(({ certificate }) => certificate)
  const name = { ascii: world.name ?? host, display: world.name ?? host }
  const storeOf = (list: readonly Certificate[]) =>
    deviceAnchors({
      sortsNames: false,
      byNameHash: (hash) => list.filter(({ subject }) => nameHash(subject) === hash),
    })
  const away = (world.updatedAway ?? []).map((issued) => parsed(issued).sha256)
  const judge = (presented: Presented, chosen: readonly Release[]) =>
    judgeAllStores(
      {
        presented: presented.entries.map((entry) => ('certificate' in entry ? entry.certificate : entry.der)),
        anchors: (release) => storeOf(anchorsOf(release)),
        updated: (release) =>
          ['14', '15', '16'].includes(release)
            ? [
                {
                  update: '2025-12',
                  anchors: storeOf(anchorsOf(release).filter(({ sha256 }) => !away.includes(sha256))),
                },
              ]
            : [],
        at: now,
        host: name.ascii,
        remembered: (world.remembered ?? []).map(parsed),
        stapledOcsp: presented.staple,
        ...(presented.handshake && { handshake: presented.handshake }),
      },
      chosen,
      (world.deviceCas ?? []).map(parsed),
    )
  const subjects = world.servers.map(({ address }, index) => {
    const at = address ?? `203.0.113.${10 + index}`
    return servedSubject(name, { id: at, label: at, address: at, role: 'unknown', tlsEndsAt: null }, 443)
  })
  const sentByAll = world.servers.flatMap(listsOf).flatMap(({ sent }) => sent.slice(1))
  const pool = [
    ...(world.found ?? []).map((one) =>
      'origin' in one
        ? { certificate: parsed(one.certificate), origin: one.origin, from: 'issuers.pem' }
        : { certificate: parsed(one), origin: 'aia' as const, from: 'http://pki.contoso.com/issuing.cer' },
    ),
    ...sentByAll.flatMap((one) =>
      'der' in one
        ? [{ certificate: parsed(one), origin: 'other-server' as const, from: subjects[0]!.id }]
        : [],
    ),
  ]
  const examinations = world.servers.map((server, index): Examination => {
    const subject = subjects[index]!
    if (server.outcome) return { kind: 'unseen', subject, attempts: [], outcome: server.outcome }
    const lists = listsOf(server)
    const answers = lists.map(answerOf)
    const chosen = [...others, ...releases]
    const reach = chosen.map((release) => ({
      release,
      evidence: { kind: 'not-asked', shape: helloOf(release).shape } as const,
      answers: answers.flatMap(({ id }, at) => (gets(lists[at]!, release) ? [id] : [])),
    }))
    const verdicts = reach.map(({ release, answers: ids }): ReleaseVerdict => {
      const said = ids.map((id): ReleaseVerdict => {
        const [verdict] = judge(answers.find((one) => one.id === id)!.exchanges[0]!.presented, [release])
        return { release, answer: id, verdict: (server.judged ?? ((same) => same))(verdict!) }
      })
      const none: Verdict = { kind: 'undetermined', release, because: 'not asked' }
      return said.sort((a, b) => rank(a) - rank(b))[0] ?? { release, answer: null, verdict: none }
    })
    const repairs = answers.flatMap((answer, at) => {
      const wanted = releases.filter((release) => gets(lists[at]!, release))
      const isUnhappy = verdicts.some(
        (one) => one.answer === answer.id && wanted.includes(one.release) && one.verdict.kind !== 'accepted',
      )
      if (!isUnhappy || !('certificate' in (answer.entries[0] ?? {}))) return []
      const judgeList = (list: readonly Certificate[]) =>
        judge({ ...answer.exchanges[0]!.presented, entries: entriesOf(list.map(({ der }) => der)) }, wanted)
      const anchored = (one: Certificate) =>
        wanted.some((release) =>
          anchorsOf(release).some((root) => sameName(root.subject, one.issuer) && verifySignature(one, root)),
        )
      const repair = repairOf(certificatesOf(answer.entries), pool, judgeList, anchored)
      return [{ answer: answer.id, repair: { ...repair, ...effectOf(server) } }]
    })
    return {
      kind: 'seen',
      subject,
      attempts: [],
      answers,
      reach,
      withoutName: null,
      varying: server.varies ? answers.map(({ id }) => id) : [],
      verdicts,
      repairs,
    }
  })
  const seen = examinations.filter((one): one is Seen => one.kind === 'seen')
  const met = [
    ...seen.flatMap(({ answers }) => answers.flatMap(({ entries }) => certificatesOf(entries))),
    ...pool.map(({ certificate }) => certificate),
    ...anchors.map(({ certificate }) => certificate),
    ...[...(world.remembered ?? []), ...(world.deviceCas ?? [])].map(parsed),
  ]
  return {
    farm: {
      id: name.ascii,
      name,
      names: [name],
      address: null,
      port: 443,
      ports: [443],
      subjects,
      unresolved: [],
      leftOut: [],
    },
    examinations,
    at: world.at ?? now,
    releases,
    others,
    warn: world.warn ?? defaultThresholds.warn,
    crit: world.crit ?? defaultThresholds.crit,
    isPublicAnchor: () => world.publicAnchors ?? false,
    releasesTrusting: ({ publicKey, subject }) =>
      allReleases.filter((release) =>
        anchorsOf(release).some(
          (root) => root.publicKey.spkiSha256 === publicKey.spkiSha256 && root.subject.text === subject.text,
        ),
      ),
    certificates: new Map(met.map((certificate) => [certificate.sha256, certificate])),
  }
}

const listsOf = (server: Server): readonly List[] =>
  server.lists ?? (server.sent ? [{ ...server, sent: server.sent }] : [])
const gets = ({ to }: List, release: Release) => to === undefined || parseReleaseRange(to).includes(release)
const rank = ({ verdict }: ReleaseVerdict) =>
  ['refused', 'undetermined', 'depends', 'accepted'].indexOf(verdict.kind)
const effectOf = ({ unless }: Server) => ({ takesEffect: { predicted: true, unless: unless ?? [] } })

export const entriesOf = (list: readonly Uint8Array[]): readonly Entry[] =>
  list.map((der, index) => {
    const result = parseCertificate(der)
    const at = { index, der, sha256: sha256Of(der) }
    return result.ok ? { ...at, certificate: result.certificate } : { ...at, problem: result.problem }
  })

const handshake: Handshake = {
  protocolVersion: 0x0303,
  cipherSuite: 0xc02f,
  group: 29,
  keyExchange: 'ecdhe',
  signatureScheme: null,
  alpn: null,
  clientCertificateRequested: false,
}

function answerOf(list: List, index: number): Answer {
  const entries = entriesOf(list.sent.map((one) => ('der' in one ? one.der : one)))
  const presented: Presented = {
    entries,
    staple: list.staple ?? null,
    timestamps: null,
    handshake: { ...handshake, ...list.handshake },
  }
  const exchanges = Array.from(
    { length: list.connections ?? 1 },
    (_, nth): Exchange => ({ offer: 'android-17', nth, sni: true, ended: 'authenticated', presented }),
  )
  return { id: `a${index + 1}`, entries, exchanges }
}

type Candidate = Pick<Repair['add'][number], 'certificate' | 'origin' | 'from'>

/** Every chain that signatures allow; the one that most releases accept, then the fewest certificates added. */
function repairOf(
  sent: readonly Certificate[],
  pool: readonly Candidate[],
  judge: (list: readonly Certificate[]) => readonly Verdict[],
  anchored: (certificate: Certificate) => boolean,
): Omit<Repair, 'takesEffect'> {
  const accepts = (verdicts: readonly Verdict[]) => verdicts.filter(({ kind }) => kind === 'accepted').length
  const isSent = ({ sha256 }: Certificate) => sent.some((one) => one.sha256 === sha256)
  const issuers = distinct([...sent, ...pool.map(({ certificate }) => certificate)])
  const chains: Certificate[][] = []
  const visit = (chain: Certificate[]): void => {
    chains.push(chain)
    const child = chain.at(-1)!
    for (const issuer of issuers) {
      const follows =
        issuer.basicConstraints?.ca &&
        !isSelfIssued(issuer) &&
        sameName(child.issuer, issuer.subject) &&
        verifySignature(child, issuer) &&
        !chain.some(({ publicKey }) => publicKey.spkiSha256 === issuer.publicKey.spkiSha256)
      if (follows) visit([...chain, issuer])
    }
  }
  visit([sent[0]!])
  const scored = chains.map((chain) => ({
    chain,
    accepted: accepts(judge(chain)),
    expired: chain.filter(({ notAfter }) => notAfter < now).length,
    added: chain.filter((one) => !isSent(one)).length,
  }))
  const [best] = scored.sort(
    (a, b) =>
      b.accepted - a.accepted ||
      a.expired - b.expired ||
      (a.accepted > 0
        ? a.added - b.added || a.chain.length - b.chain.length
        : b.chain.length - a.chain.length || a.added - b.added),
  )
  const { chain, accepted } = best!
  const top = chain.at(-1)!
  const add = chain.flatMap((certificate, index) => {
    const found = pool.find((one) => one.certificate.sha256 === certificate.sha256)
    return found && !isSent(certificate) ? [{ ...found, issued: chain[index - 1]! }] : []
  })
  const drop = sent
    .filter((certificate) => !chain.some(({ sha256 }) => sha256 === certificate.sha256))
    .map((certificate) => ({ certificate, reason: 'stale' as const }))
  const isOpen =
    accepted === 0 &&
    !isSelfIssued(top) &&
    !anchored(top) &&
    !issuers.some((one) => sameName(top.issuer, one.subject) && verifySignature(top, one))
  return {
    add,
    drop,
    chain,
    verdictsAfter: add.length > 0 || drop.length > 0 ? judge(chain) : [],
    open: isOpen ? { child: top, urls: top.caIssuers, asked: [] } : null,
    byLuck: [],
    cutShort: false,
  }
}

/** A connection's observation, for tests of what came of it. */
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
