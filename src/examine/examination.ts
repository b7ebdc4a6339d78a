import type { HandshakeEvidence } from '../android/connections.js'
import type { Release } from '../android/releases.js'
import type { Verdict } from '../android/verdict.js'
import type { Subject } from '../farm/subject.js'
import type { FetchOutcome } from '../network/network.js'
import type { HelloShape, ProbeOutcome } from '../tls/observation.js'
import type { Certificate } from '../x509/certificate.js'
import type { Sha256 } from '../x509/identity.js'
import type { Answer, AnswerId, Entry } from './presented.js'
import type { Revocation } from './revocation.js'

/** One connection, whatever came of it. */
export interface Attempt {
  readonly offer: HelloShape
  readonly nth: number
  readonly outcome: ProbeOutcome
}

/** Which answers a release gets, and how that is known. Several: it is accepted only if it accepts each of them. */
export interface Reach {
  readonly release: Release
  readonly evidence: HandshakeEvidence
  /** Empty where nothing was learnt, or no handshake is possible. */
  readonly answers: readonly AnswerId[]
}

/** What a release makes of a subject, and of which answer that is said; null: of none (no handshake, not asked). */
export interface ReleaseVerdict {
  readonly release: Release
  readonly answer: AnswerId | null
  readonly verdict: Verdict
}

/** Where a certificate that a server should send was found. */
export type RepairOrigin = 'aia' | 'operator' | 'other-server'

/** A certificate the server should send and does not. */
export interface RepairCertificate {
  readonly certificate: Certificate
  readonly origin: RepairOrigin
  /** URL, file as the operator named it, or subject id. */
  readonly from: string
  /** The certificate whose signature it verifies: the proof that it belongs here. */
  readonly issued: Certificate
  /** What its authority's list of revoked certificates says; null or missing: it names none, or nobody asked. */
  readonly revocation?: Revocation | null
}

/** A certificate that would have fitted and is not proposed, because its authority withdrew it. */
export interface WithdrawnCertificate {
  readonly certificate: Certificate
  readonly origin: RepairOrigin
  readonly from: string
  readonly state: 'revoked' | 'superseded'
  /** Null: the day is not known. */
  readonly since: Date | null
  /** Address of the list, or where the catalogue's row was read. */
  readonly source: string
}

/** A certificate the server should stop sending. */
export interface RemovedCertificate {
  readonly certificate: Certificate
  readonly reason: 'root' | 'duplicate' | 'expired' | 'stale' | 'unrelated'
}

/** What must hold on the Windows server for an import to show; it cannot be seen from outside. */
export type Condition =
  /** `LocalMachine\Root` must not hold (or must disable) this self-signed twin of a cross-signed certificate. */
  | { readonly kind: 'root-disabled'; readonly root: Sha256 | null; readonly twinOf: Sha256 }
  /** This certificate must be removed from the server's stores. */
  | { readonly kind: 'removed'; readonly certificate: Sha256 }
  /** Windows ends TLS here; a balancer sends what its own bundle holds. */
  | { readonly kind: 'windows-ends-tls' }

/** The smallest change to one answer that makes the most releases accept it, judged by the same rules. */
export interface Repair {
  /** Leaf side first; empty: nothing was found that helps. */
  readonly add: readonly RepairCertificate[]
  /** Missing where nothing was. */
  readonly withdrawn?: readonly WithdrawnCertificate[]
  readonly drop: readonly RemovedCertificate[]
  /** What the server should send: leaf first, in order, no root. */
  readonly chain: readonly Certificate[]
  /** How each release takes the answer once `chain` is sent. */
  readonly verdictsAfter: readonly Verdict[]
  /** What Windows' chain engine would send once `add` is imported and `drop` removed; a device sends what it is given. */
  readonly takesEffect: { readonly predicted: boolean; readonly unless: readonly Condition[] }
  /** The issuer that nobody could supply; null: none is missing. */
  readonly open: {
    readonly child: Certificate
    readonly urls: readonly string[]
    /** What came of asking them. */
    readonly asked: readonly { readonly url: string; readonly outcome: FetchOutcome }[]
  } | null
  /** Releases for which an app process accepts the answer after it has met `add` elsewhere: works by luck. */
  readonly byLuck: readonly Release[]
  /** True where the search for a chain was cut short by its budget. */
  readonly cutShort: boolean
}

/** One subject observed, judged, repaired and predicted. */
export type Examination = Seen | Unseen

export interface Seen {
  readonly kind: 'seen'
  readonly subject: Subject
  /** Every connection, in order. Empty for a file. */
  readonly attempts: readonly Attempt[]
  readonly answers: readonly Answer[]
  readonly reach: readonly Reach[]
  /** What came back without a server name: reveals fallback bindings. Null: not asked. */
  readonly withoutName: { readonly outcome: ProbeOutcome; readonly answer: AnswerId | null } | null
  /** What came back for a name that nobody has; missing: not asked. No release is ever shown it. */
  readonly strangeName?: { readonly outcome: ProbeOutcome; readonly entries: readonly Entry[] }
  /**
   * Connections that should have got one list and did not: several servers stand behind the address. Empty: none seen.
   * Each group is the answers that equal hellos got.
   */
  readonly varying: readonly AnswerId[]
  readonly verdicts: readonly ReleaseVerdict[]
  /** Of a file only. */
  readonly prediction?: Prediction
  readonly repairs: readonly { readonly answer: AnswerId; readonly repair: Repair }[]
}

/** On what the list of a file rests: a server's stores cannot be seen from here. */
export interface Prediction {
  /** What must hold for Windows to send it. */
  readonly unless: readonly Condition[]
  /** What it sends where that does not hold, and what releases make of it; null: nothing must hold. */
  readonly otherwise: { readonly chain: readonly Certificate[]; readonly verdicts: readonly Verdict[] } | null
  /** Whether the operator said what the server holds. */
  readonly storesKnown: boolean
}

export interface Unseen {
  readonly kind: 'unseen'
  readonly subject: Subject
  readonly attempts: readonly Attempt[]
  /** What the first connection came to. */
  readonly outcome: ProbeOutcome
}
