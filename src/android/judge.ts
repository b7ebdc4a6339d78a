import { Budget, LimitReached } from '../path/limits.js'
import { serverPurposeProblem, validityProblem } from '../path/problem.js'
import type { Certificate } from '../x509/certificate.js'
import { firstValue } from '../x509/der.js'
import { parseOcspResponse } from '../x509/ocsp.js'
import { parseCertificate } from '../x509/parse.js'
import { searchGreedily } from './builder-greedy.js'
import { searchRecursively } from './builder-recursive.js'
import { hostVerdict } from './host-verdict.js'
import { likeness } from './likeness.js'
import { type Attempt, entries, type Search, type SearchResult } from './path-search.js'
import { type ReleaseRules, releaseRules } from './release-rules.js'
import type { Release } from './releases.js'
import { strengthProblem } from './strength.js'
import { type Handshake, tlsKeyUsageProblem } from './tls-key-usage.js'
import { keyStoreAnchors, nameKeyOf, type TrustAnchors } from './trust-anchors.js'
import type { Problem, Verdict } from './verdict.js'

export { matchesHost, verifierOf } from './hostname.js'
export type { Handshake } from './tls-key-usage.js'

export interface JudgeInput {
  /** What the server sent, leaf first, in its order. A certificate given as bytes is parsed each time. */
  readonly presented: readonly (Uint8Array | Certificate)[]
  /** A list stands for a key store in memory, found by parsed name. */
  readonly anchors: TrustAnchors | readonly (Uint8Array | Certificate)[]
  /** The phone's clock. */
  readonly at: Date
  readonly release: Release
  /** Name or address in the URL, no brackets; missing: names are not looked at. */
  readonly host?: string
  /** Intermediates that the app's process may have met on other sites. */
  readonly remembered?: readonly Certificate[]
  /** Stapled OCSP response, DER; null or missing: none. */
  readonly stapledOcsp?: Uint8Array | null
  /** Missing: the keyUsage checks of the TLS layer are not made. */
  readonly handshake?: Handshake
  /** Tell all paths that the release would accept, not the first alone. */
  readonly allPaths?: boolean
  /** Verdicts on this very input by the likeness of the release, to be used and added to by further calls. */
  readonly decided?: Map<string, Verdict>
}

/** BoringSSL's SSL_MAX_CERT_LIST_DEFAULT, and OpenSSL's before it. */
const maxMessageBytes = 102_400

/**
 * What one Android release makes of what one server sent: the decision of the platform stack that apps get by default.
 * Pure and total: any bytes give a verdict, and what cannot be decided within fixed limits is `undetermined`.
 */
export function judge(input: JudgeInput): Verdict {
  return judgeAll(input, [input.release])[0]!
}

/**
 * `judge` for several releases at once; certificates are parsed once, and releases that decide alike search once. `input.anchors` may differ by release. `within`:
 * a budget for many verdicts that these are a part of.
 */
export function judgeAll(
  input: Omit<JudgeInput, 'release' | 'anchors'> & {
    readonly anchors: JudgeInput['anchors'] | ((release: Release) => JudgeInput['anchors'])
  },
  releases: readonly Release[],
  within?: Budget,
): readonly Verdict[] {
  const [strict, lenient] = readPresented(input.presented)
  const staple = input.stapledOcsp ? parseOcspResponse(input.stapledOcsp) : null
  const decided = input.decided ?? new Map<string, Verdict>()
  return releases.map((release) => {
    const presented = releaseRules[release].toleratesTrailingBytes ? lenient : strict
    if ('rule' in presented) return { kind: 'refused', release, reason: presented, attempted: [] }
    const anchors = typeof input.anchors === 'function' ? input.anchors(release) : input.anchors
    const search: Search = {
      presented,
      anchors: withPresentedRoots(anchorsOf(anchors, releaseRules[release]), presented),
      remembered: input.remembered ?? [],
      at: input.at,
      rules: releaseRules[release],
      staple,
      budget: new Budget({ within }),
      allPaths: input.allPaths ?? false,
    }
    const key = likeness(search)
    const verdict = decided.get(key) ?? judgeRelease(input, release, search)
    decided.set(key, verdict)
    return { ...verdict, release }
  })
}

type Read = readonly Certificate[] | Problem

/**
 * All presented certificates, or why the handshake ends on reading them: the TLS layer must parse every one. Twice: as
 * releases read them that take no byte too many, and as those do that pass over bytes after an intermediate.
 */
function readPresented(presented: JudgeInput['presented']): readonly [strict: Read, lenient: Read] {
  const unusable = unusableMessage(presented)
  if (unusable) return [unusable, unusable]
  const strict = readCertificates(presented)
  if (!('rule' in strict)) return [strict, strict]
  return [
    strict,
    readCertificates(presented.map((item, i) => (i > 0 && !('der' in item) ? firstValue(item) : item))),
  ]
}

function unusableMessage(presented: JudgeInput['presented']): Problem | null {
  if (presented.length === 0) return { rule: 'nothing-presented', certificate: null, detail: '' }
  const bytes = presented.reduce((sum, item) => sum + ('der' in item ? item.der : item).length, 0)
  if (bytes > maxMessageBytes) {
    return {
      rule: 'message-too-large',
      certificate: null,
      detail: `${bytes} bytes, at most ${maxMessageBytes} are read`,
    }
  }
  return null
}

function readCertificates(presented: JudgeInput['presented']): Read {
  const certificates: Certificate[] = []
  for (const [i, item] of presented.entries()) {
    const result = 'der' in item ? ({ ok: true, certificate: item } as const) : parseCertificate(item)
    if (!result.ok) {
      const { field, offset, message } = result.problem
      return {
        rule: 'unreadable',
        certificate: null,
        detail: `presented[${i}], ${field} at offset ${offset}: ${message}`,
      }
    }
    certificates.push(result.certificate)
  }
  return certificates
}

/** A key store holds what conscrypt can read, whatever the validator makes of it: an anchor is never validated. */
function anchorsOf(anchors: JudgeInput['anchors'], rules: ReleaseRules): TrustAnchors {
  if ('named' in anchors) return anchors
  return keyStoreAnchors(
    anchors.flatMap((item) => {
      const result = 'der' in item ? ({ ok: true, certificate: item } as const) : parseCertificate(item)
      return result.ok ? [result.certificate] : []
    }),
    nameKeyOf(rules),
  )
}

/** A root that the release lists by hash and that the server happens to send is known after all. */
function withPresentedRoots(anchors: TrustAnchors, presented: readonly Certificate[]): TrustAnchors {
  const roots = presented.filter((certificate) =>
    anchors.unknownRoots(certificate.subject).some(({ sha256 }) => sha256 === certificate.sha256),
  )
  if (roots.length === 0) return anchors
  return {
    named: (name) => [
      ...anchors.named(name),
      ...roots.filter((root) => Buffer.compare(root.subject.der, name.der) === 0),
    ],
    unknownRoots: (name) =>
      anchors.unknownRoots(name).filter(({ sha256 }) => !roots.some((root) => root.sha256 === sha256)),
  }
}

function judgeRelease(
  { host, handshake }: Pick<JudgeInput, 'host' | 'handshake'>,
  release: Release,
  search: Search,
): Verdict {
  const { presented, remembered, rules, at } = search
  const leaf = presented[0]!
  const undetermined = (because: string): Verdict => ({ kind: 'undetermined', release, because })
  const tls = handshake ? tlsKeyUsageProblem(leaf, handshake, rules) : null
  if (tls) return { kind: 'refused', release, reason: tls, attempted: [] }
  try {
    const alone = findPath({ ...search, remembered: [] })
    if (alone.accepted)
      return hostVerdict(
        { kind: 'accepted', release, path: alone.accepted, others: alone.others ?? [] },
        leaf,
        host,
        rules,
      )
    const reason = bestReason(alone.attempts, search)
    const helped = remembered.length > 0 ? findPath(search).accepted : null
    if (helped) {
      const needs = helped.certificates.filter(({ origin }) => origin === 'remembered')
      const verdict: Verdict = {
        kind: 'depends',
        release,
        on: 'remembered-intermediate',
        reason: {
          ...reason,
          detail: `${reason.detail}; accepted only by an app that has met it on another site${unpatchedNote(rules)}`,
        },
        path: helped,
        needs: needs.map(({ certificate }) => certificate.sha256),
      }
      return hostVerdict(verdict, leaf, host, rules)
    }
    const doubt = unknownRootDoubt(alone.attempts, search) ?? crlDoubt(reason, leaf, rules)
    if (doubt) return undetermined(doubt)
    return {
      kind: 'refused',
      release,
      reason,
      attempted: alone.attempts.map(({ certificates, problems }) => ({ certificates, problems })),
    }
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error
    const certain = leafProblem(leaf, at, rules)
    if (!certain)
      return undetermined(
        `the certificates ask for more work than this program does for one verdict: ${error.limit}`,
      )
    const attempted = [{ certificates: entries([leaf], 'presented'), problems: [certain] }]
    return { kind: 'refused', release, reason: certain, attempted }
  }
}

const findPath = (search: Search): SearchResult =>
  search.rules.builder === 'greedy' ? searchGreedily(search) : searchRecursively(search)

/** What the leaf alone is refused for, whatever stands above it; null: nothing. It must not be an anchor itself. */
const leafProblem = (leaf: Certificate, at: Date, rules: ReleaseRules): Problem | null =>
  validityProblem(leaf, at) ??
  strengthProblem(leaf, rules.strength, rules.keyForms) ??
  serverPurposeProblem(leaf)

/** Up to 5.1.1_r34 and 6.0.1_r16 such certificates counted as trust anchors (conscrypt 198aca1f). */
const unpatchedNote = ({ builder }: ReleaseRules): string =>
  builder === 'greedy' ? '; before the security patch of 2016-03 it then even counts as a root' : ''

/**
 * The problem that helps most: of a path that reached an anchor before one that did not, of a candidate passed over
 * before a missing one, and a wrong key last, because another certificate of that name usually is the matter.
 */
function bestReason(attempts: readonly Attempt[], search: Search): Problem {
  const ranked = attempts.map((attempt) => ({ problem: attempt.problems[0]!, rank: rankOf(attempt, search) }))
  return ranked.reduce((best, next) => (next.rank < best.rank ? next : best)).problem
}

function rankOf({ problems, isComplete, certificates }: Attempt, search: Search): number {
  const { rule } = problems[0]!
  if (rule === 'wrong-key' || rule === 'name-chaining') return 60
  if (isComplete) return 10
  const [child, last] = certificates.slice(-2).map(({ certificate }) => certificate)
  const isPassedOver = rule !== 'anchor-unknown' && rule !== 'no-path-missing-issuer'
  if (isPassedOver) return child && last && signs(last, child, search) ? 20 : 70
  const isForged = certificates.some(
    ({ certificate }, i) => i > 0 && !signs(certificate, certificates[i - 1]!.certificate, search),
  )
  return isForged ? 80 : rule === 'anchor-unknown' ? 40 : 45
}

/** Only ranks what is refused already, so that a spent budget is no reason to know less. */
function signs(issuer: Certificate, child: Certificate, { budget }: Search): boolean {
  try {
    return budget.verify(child, issuer)
  } catch (error) {
    if (error instanceof LimitReached) return true
    throw error
  }
}

/** A dead end below a root that the release lists and this program lacks might be none. */
function unknownRootDoubt(attempts: readonly Attempt[], search: Search): string | null {
  if (leafProblem(search.presented[0]!, search.at, search.rules)) return null
  for (const { certificates, isComplete } of attempts) {
    const last = certificates.at(-1)!.certificate
    const [root] = isComplete ? [] : search.anchors.unknownRoots(last.issuer)
    if (root) return `this release has a root "${root.subject}" whose certificate this program does not have`
  }
  return null
}

/** 8.0 to 13 ask the certificate's revocation lists when a staple is no good; this program asks nobody. */
function crlDoubt({ rule }: Problem, leaf: Certificate, { staple }: ReleaseRules): string | null {
  const hasLists = leaf.extensions.some(({ oid }) => oid === '2.5.29.31')
  if (staple !== 'checked-or-crl' || !rule.startsWith('staple-') || rule === 'staple-revoked' || !hasLists)
    return null
  return 'the stapled OCSP response is no good, and what the revocation lists of the certificate say is not known'
}
