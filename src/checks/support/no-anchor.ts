import type { Release } from '../../android/releases.js'
import type { RuleId } from '../../android/rules.js'
import type { Verdict } from '../../android/verdict.js'
import type { Certificate } from '../../x509/certificate.js'
import { sameName } from '../../x509/name-match.js'
import { verifySignature } from '../../x509/signature.js'
import type { CheckContext, JudgedEndpoint } from '../check.js'
import { type Chain, chainOf, isSelfSigned } from './chain.js'

/** Rules by which a release says that it found no way to an anchor. Three checks share them. */
const noAnchorRules: readonly RuleId[] = ['no-path-missing-issuer', 'anchor-unknown', 'wrong-key']

export const findsNoAnchor = (verdict: Verdict): boolean =>
  'reason' in verdict && noAnchorRules.includes(verdict.reason.rule)

/**
 * Android says one sentence ("Trust anchor for certification path not found.") of three different troubles. This is
 * where they are told apart, once for all three checks: every release that refuses for want of an anchor is in exactly
 * one of `wrong`, `missing` and `unknown`; those that still refuse after the repair are in `unknown` as well.
 */
export interface NoAnchor {
  readonly endpoint: JudgedEndpoint
  readonly chain: Chain
  /** Follow a certificate that bears the issuer's name and is not the issuer, or not the way to an anchor. */
  readonly wrong: readonly Release[]
  /** Lack an intermediate. */
  readonly missing: readonly Release[]
  /** Reach the end of the chain and do not have its root. */
  readonly unknown: readonly Release[]
  /** The root the chain leads to, where one was sent or some release has it. */
  readonly root: Root | null
}

export const noAnchor = (context: CheckContext): readonly NoAnchor[] =>
  context.endpoints.flatMap((endpoint) => {
    const stuck = endpoint.verdicts.filter(refusesForAnchor)
    const chain = chainOf(endpoint)
    return stuck.length > 0 && chain ? [tellApart(context, endpoint, chain, stuck)] : []
  })

type Refused = Extract<Verdict, { kind: 'refused' }>
const refusesForAnchor = (verdict: Verdict): verdict is Refused =>
  verdict.kind === 'refused' && findsNoAnchor(verdict)

function tellApart(
  context: CheckContext,
  endpoint: JudgedEndpoint,
  chain: Chain,
  stuck: readonly Refused[],
): NoAnchor {
  const { missing, unresolved } = endpoint
  const root = rootOf(endpoint, chain)
  const having = root ? context.releasesTrusting(root.certificate) : []
  const kindOf = ({ release, reason }: Refused): 'wrong' | 'missing' | 'unknown' => {
    const hasRoot = having.includes(release)
    // Complete for other releases: what is "missing" then could only widen its reach.
    if (root?.acceptedNow && !hasRoot) return 'unknown'
    if (reason.rule === 'wrong-key' || chain.impostors.some(({ issuerSent }) => !issuerSent)) return 'wrong'
    if (missing.length > 0) return 'missing'
    // It has the root and does not get there: of two ways it took the wrong one.
    if (hasRoot && !root?.spelledDifferently) return 'wrong'
    return unresolved !== null && !unresolved.child.basicConstraints?.ca ? 'missing' : 'unknown'
  }
  const of = (kind: string) =>
    stuck.filter((verdict) => kindOf(verdict) === kind).map(({ release }) => release)
  const still = endpoint.afterRepair
    .filter(refusesForAnchor)
    .map(({ release }) => release)
    .filter((release) => !having.includes(release) || root?.spelledDifferently)
  const unknown = [...of('unknown'), ...still]
  return {
    endpoint,
    chain,
    wrong: of('wrong'),
    missing: of('missing'),
    unknown: context.releases.filter((release) => unknown.includes(release)),
    root,
  }
}

export interface Root {
  readonly certificate: Certificate
  /** Some release accepts by it what the server sends now. */
  readonly acceptedNow: boolean
  /**
   * A certificate of the chain writes the root's name with other string types. A phone looks anchors up by a hash of
   * the encoded name and so does not find it.
   */
  readonly spelledDifferently: boolean
}

function rootOf(endpoint: JudgedEndpoint, { tops, related }: Chain): Root | null {
  // Of several roots the one by which the oldest release accepts: it reaches furthest.
  const now = anchorOf(endpoint.verdicts)
  const certificate = now ?? anchorOf(endpoint.afterRepair) ?? tops.find(isSelfSigned)
  if (!certificate) return null
  const spelledDifferently = related.some(
    (child) =>
      sameName(child.issuer, certificate.subject) &&
      !Buffer.from(child.issuer.der).equals(certificate.subject.der) &&
      verifySignature(child, certificate),
  )
  return { certificate, acceptedNow: now !== undefined, spelledDifferently }
}

const anchorOf = (verdicts: readonly Verdict[]): Certificate | undefined =>
  verdicts.find((verdict) => verdict.kind === 'accepted')?.path.certificates.at(-1)?.certificate
