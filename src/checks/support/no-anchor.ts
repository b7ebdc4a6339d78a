import type { Release } from '../../android/releases.js'
import type { RuleId } from '../../android/rule-id.js'
import type { Verdict } from '../../android/verdict.js'
import { validityProblem } from '../../path/problem.js'
import type { Certificate } from '../../x509/certificate.js'
import { isSelfIssued } from '../../x509/identity.js'
import { sameName } from '../../x509/name-match.js'
import { verifySignature } from '../../x509/signature.js'
import type { ExaminedFarm } from '../check.js'
import { type Shown, shownIn } from './answers.js'
import { type Chain, chainOf, isSelfSigned } from './chain.js'
import { acceptedBy } from './refusals.js'

/** Rules by which a release says that it found no way to an anchor. Six checks share them. */
const noAnchorRules: readonly RuleId[] = ['no-path-missing-issuer', 'anchor-unknown', 'wrong-key']

export const findsNoAnchor = (verdict: Verdict): boolean =>
  'reason' in verdict && noAnchorRules.includes(verdict.reason.rule)

type Refused = Extract<Verdict, { kind: 'refused' }>
const refusesForAnchor = (verdict: Verdict): verdict is Refused =>
  verdict.kind === 'refused' && findsNoAnchor(verdict)

/**
 * Android says one sentence ("Trust anchor for certification path not found.") of six different troubles. This is
 * where they are told apart, once for all their checks: every release that refuses one list for want of an anchor is
 * in exactly one of `selfSigned`, `namedLikeRoot`, `outdated`, `wrong`, `missing` and `unknown`; those that would still refuse
 * for their root after a repair that helps others are in `unknown` only.
 */
export interface NoAnchor {
  readonly shown: Shown
  readonly chain: Chain
  /** The server's certificate issued itself. */
  readonly selfSigned: readonly Release[]
  /** Take the intermediate for a root, because it bears its issuer's name. */
  readonly namedLikeRoot: readonly Release[]
  /**
   * Follow a certificate that is out of date in place of its successor. Up to 6.0 they look for an anchor before they
   * look at dates, and so say that an issuer is missing.
   */
  readonly outdated: readonly { readonly release: Release; readonly certificate: Certificate }[]
  /** Follow a certificate that is not the issuer, or not the way to an anchor. */
  readonly wrong: readonly Refused[]
  /** Lack an intermediate. */
  readonly missing: readonly Release[]
  /** Reach the end of the chain and do not have its root. */
  readonly unknown: readonly Release[]
  /** The intermediate that `namedLikeRoot` stop at. */
  readonly likeRoot: Certificate | null
  /** The root the chain leads to, where it was met anywhere or some release has it. */
  readonly root: Root | null
  /** The certificate whose issuer nobody could supply, so that nobody knows whether that is a root; null: none. */
  readonly open: Certificate | null
}

export interface Root {
  readonly certificate: Certificate
  /** Releases that have it. */
  readonly having: readonly Release[]
  /** Some release accepts by it what the server sends now. */
  readonly acceptedNow: boolean
  /**
   * A certificate of the chain writes the root's name with other string types. A phone looks anchors up by a hash of
   * the encoded name and so does not find it.
   */
  readonly spelledDifferently: boolean
}

const remembered = new WeakMap<ExaminedFarm, readonly NoAnchor[]>()

export function noAnchor(farm: ExaminedFarm): readonly NoAnchor[] {
  let troubles = remembered.get(farm)
  if (!troubles) {
    troubles = shownIn(farm).flatMap((shown) => {
      const stuck = shown.verdicts.filter(refusesForAnchor)
      const chain = chainOf(shown)
      return stuck.length > 0 && chain ? [tellApart(farm, shown, chain, stuck)] : []
    })
    remembered.set(farm, troubles)
  }
  return troubles
}

function tellApart(farm: ExaminedFarm, shown: Shown, chain: Chain, stuck: readonly Refused[]): NoAnchor {
  const { repair } = shown
  const root = rootOf(farm, shown, chain)
  const isSearched = repair !== null && !repair.cutShort
  const open = repair?.open?.child ?? (isSearched || root ? null : (chain.tops.at(-1) ?? null))
  const likeRoot =
    chain.related.find((one) => one !== chain.leaf && isSelfIssued(one) && !isSelfSigned(one)) ?? null
  const helpsSome = repair?.verdictsAfter.some((after) => !refusesForAnchor(after)) ?? false
  const isUnansweredFor = chain.impostors.some(({ issuerSent }) => !issuerSent)

  const outdatedOn = (verdict: Refused) =>
    passedBy(verdict, shown).find((one) => validityProblem(one, farm.at))

  const kindOf = (
    verdict: Refused,
  ): 'self-signed' | 'named-like-root' | 'outdated' | 'wrong' | 'missing' | 'unknown' => {
    const after = repair?.verdictsAfter.find(({ release }) => release === verdict.release)
    const adds = (repair?.add.length ?? 0) > 0
    const hasRoot = root?.having.includes(verdict.release) ?? false
    // What does not count is not judged again: it fares like those that have the same root.
    const isHelped = after ? !refusesForAnchor(after) : helpsSome && hasRoot
    if (isSelfSigned(chain.leaf)) return 'self-signed'
    if (likeRoot && !isHelped && touches(verdict, likeRoot)) return 'named-like-root'
    // Complete for other releases: what is "missing" then could only widen its reach.
    if (root?.acceptedNow && !hasRoot && !root.spelledDifferently && (adds || !isHelped)) return 'unknown'
    if (isHelped && outdatedOn(verdict)) return 'outdated'
    if (isHelped) return !adds || verdict.reason.rule === 'wrong-key' || isUnansweredFor ? 'wrong' : 'missing'
    if (adds) return open === null ? 'unknown' : isUnansweredFor ? 'wrong' : 'missing'
    if (isUnansweredFor && !isPrivate(root)) return 'wrong'
    if (open && !open.basicConstraints?.ca) return 'missing'
    // It has the root and does not get there: of two ways it took the wrong one.
    return hasRoot && !root?.spelledDifferently ? 'wrong' : 'unknown'
  }
  const of = (kind: ReturnType<typeof kindOf>) => stuck.filter((verdict) => kindOf(verdict) === kind)
  const releasesOf = (verdicts: readonly Refused[]) => verdicts.map(({ release }) => release)
  return {
    shown,
    chain,
    selfSigned: releasesOf(of('self-signed')),
    namedLikeRoot: releasesOf(of('named-like-root')),
    outdated: of('outdated').map(({ release, ...verdict }) => ({
      release,
      certificate: outdatedOn({ release, ...verdict })!,
    })),
    wrong: of('wrong'),
    missing: releasesOf(of('missing')),
    unknown: releasesOf(of('unknown')),
    likeRoot,
    root,
    open,
  }
}

/** No release has it. */
export const isPrivate = (root: Root | null): boolean => root !== null && root.having.length === 0

const touches = ({ attempted }: Refused, { sha256 }: Certificate): boolean =>
  attempted.some(({ certificates }) => certificates.some(({ certificate }) => certificate.sha256 === sha256))

function rootOf(farm: ExaminedFarm, { verdicts, repair }: Shown, { tops, related }: Chain): Root | null {
  // Of several roots the one by which the oldest release accepts: it reaches furthest.
  const now = anchorOf(verdicts)
  const certificate =
    now ?? anchorOf(repair?.verdictsAfter ?? []) ?? tops.find(isSelfSigned) ?? rootMet(farm, tops)
  if (!certificate) return null
  const spelledDifferently = related.some(
    (child) =>
      sameName(child.issuer, certificate.subject) &&
      !Buffer.from(child.issuer.der).equals(certificate.subject.der) &&
      verifySignature(child, certificate),
  )
  return {
    certificate,
    having: farm.releasesTrusting(certificate),
    acceptedNow: now !== undefined,
    spelledDifferently,
  }
}

/** A root above the chain that was met elsewhere: behind an AIA address, in a file, on another server. */
const rootMet = (farm: ExaminedFarm, tops: readonly Certificate[]): Certificate | undefined =>
  [...farm.certificates.values()].find(
    (candidate) =>
      tops.some((top) => sameName(top.issuer, candidate.subject) && verifySignature(top, candidate)) &&
      isSelfSigned(candidate),
  )

const anchorOf = (verdicts: readonly Verdict[]): Certificate | undefined =>
  verdicts.find((verdict) => verdict.kind === 'accepted')?.path.certificates.at(-1)?.certificate

/** Of the certificates sent that a release met, those that nobody who accepts goes by, or would after the repair. */
function passedBy({ attempted }: Refused, shown: Shown): readonly Certificate[] {
  const needed = new Set(neededIn(shown).map(({ sha256 }) => sha256))
  return attempted
    .flatMap(({ certificates }) => certificates.slice(1))
    .flatMap(({ certificate, origin }) =>
      origin === 'presented' && !needed.has(certificate.sha256) ? [certificate] : [],
    )
}

/**
 * What a release that took the wrong way met on it and nobody who accepts goes by: of the certificates sent, none that
 * is on an accepted path or in the chain proposed. Null: everything it met is needed by somebody.
 */
export function culpritOf(verdict: Refused, shown: Shown, { impostors }: Chain): Certificate | null {
  const needed = new Set(neededIn(shown).map(({ sha256 }) => sha256))
  const suspects = [
    ...impostors.filter(({ issuerSent }) => !issuerSent).map(({ certificate }) => certificate),
    ...passedBy(verdict, shown),
    ...impostors.map(({ certificate }) => certificate),
  ]
  return suspects.find(({ sha256 }) => !needed.has(sha256)) ?? null
}

/**
 * What may not be taken away: certificates by which a release would accept the list after its repair, or accepts it now
 * and nobody judged it after a repair; all of a list that no verdict speaks of, because the same releases get a worse one.
 */
export function neededIn({ verdicts, repair, leaf, certificates }: Shown): readonly Certificate[] {
  const after = (repair?.verdictsAfter ?? []).filter(({ kind }) => kind === 'accepted')
  const before = verdicts.filter(({ release }) => !after.some((one) => one.release === release))
  return [
    ...(leaf ? [leaf] : []),
    ...(verdicts.length === 0 ? certificates : acceptedBy(before)),
    ...acceptedBy(after),
    ...(repair?.chain ?? []),
  ]
}
