import type { Release } from '../android/releases.js'
import { Budget } from '../path/limits.js'
import type { Certificate } from '../x509/certificate.js'
import { isSelfIssued } from '../x509/identity.js'
import { nameKey } from '../x509/name-match.js'
import type { RemovedCertificate, RepairCertificate, WithdrawnCertificate } from './examination.js'
import type { FetchedIssuer } from './issuers.js'
import { type Candidate, IssuerPool, issuersWithin } from './pool.js'
import { type RevocationAsked, Standing } from './standing.js'

export interface RepairPlan {
  /** Leaf to root. Empty: nothing was found that helps, or nothing is missing. */
  readonly missing: readonly RepairCertificate[]
  /** What the server should send: leaf first, in order, without a root. */
  readonly chain: readonly Certificate[]
  readonly remove: readonly RemovedCertificate[]
  /** What would have fitted and was not considered, because its authority withdrew it. */
  readonly withdrawn: readonly WithdrawnCertificate[]
  /** Wanted releases that the scores say accept what was sent, and the chain proposed. */
  readonly accepts: ReadonlySet<Release>
  readonly acceptsAfter: ReadonlySet<Release>
  /** The last certificate of the chain, where no release accepts it and its issuer was found nowhere; null otherwise. */
  readonly unresolved: { readonly child: Certificate; readonly urls: readonly string[] } | null
  /** The certificates asked for more work than one plan may cost: a better chain may exist. */
  readonly isCutShort: boolean
}

export interface RepairInput {
  /** As the server sent it, end-entity first, not empty. */
  readonly presented: readonly Certificate[]
  /** Operator's files and what other servers of the farm sent. Not changed. */
  readonly pool: IssuerPool
  /** Asks the caIssuers URLs of one certificate; omitted: offline. */
  readonly fetch?: (urls: readonly string[]) => Promise<readonly FetchedIssuer[]>
  /** Omitted: nobody is asked. */
  readonly revocation?: RevocationAsked
  /**
   * Releases that accept a server sending exactly this list: the judge, handed in. Called at most `maxScored` times for
   * each of two searches; gives way to other work, and ends where the run is to end, by being awaited. Spends `within`.
   */
  readonly score: (
    presented: readonly Certificate[],
    within: Budget,
  ) => ReadonlySet<Release> | Promise<ReadonlySet<Release>>
  /** Releases worth widening the chain for. */
  readonly wanted: ReadonlySet<Release>
  /** Whether a root that some wanted release or the operator trusts issued the certificate. */
  readonly anchored: (certificate: Certificate) => boolean
  readonly at: Date
}

/** Intermediates on one path. Public paths have one to three; Android's own builder stops nowhere near. */
const maxDepth = 8

/**
 * Chains given to the judge. Cross-signed authorities multiply: three variants on each of three levels are 39 chains.
 * The judge takes about a millisecond per release and chain.
 */
const maxScored = 128

/**
 * Work of one whole plan, in verdicts at their dearest: seconds. Sound certificates spend a hundredth of it, so that all
 * chains allowed above are scored.
 */
const maxVerdicts = 8

/** Searches for a chain after one whose certificates turned out to be revoked. */
const maxSearches = 8

/**
 * The smallest change to what a server sends that makes the most releases accept it. Looks in what was sent and in the
 * pool first, and asks the network only when that is not enough; then in all three together, because a fetched or an
 * operator's variant of an authority (renewed, cross-signed) may reach further than the one sent. Only certificates
 * whose key made the signature on their child are considered, and never a self-issued one.
 */
export async function planRepair(input: RepairInput): Promise<RepairPlan> {
  const { presented, wanted } = input
  const budget = new Budget({ verdicts: maxVerdicts })
  // What the server sent comes first, so that among equals it is kept.
  const known = new IssuerPool(input.pool)
  for (const certificate of presented) known.add({ certificate, origin: 'sent', from: 'the server' })
  const accepts = intersection(await input.score(presented, budget), wanted)
  const standing = new Standing(input.revocation, known, budget)

  let chosen = await chooseSound(input, known, budget, accepts, standing)
  if (input.fetch && (chosen?.accepts ?? accepts).size < wanted.size && !budget.isSpent) {
    await addFetched(known, presented[0]!, input, budget)
    chosen = await chooseSound(input, known, budget, accepts, standing)
  }
  const withdrawn = standing.withdrawn()
  if (!chosen) {
    const isCutShort = budget.isSpent || standing.gaveUp
    return {
      missing: [],
      chain: presented,
      remove: [],
      withdrawn,
      accepts,
      acceptsAfter: accepts,
      unresolved: null,
      isCutShort,
    }
  }
  const { links, chain, accepts: acceptsAfter } = chosen
  const top = chain.at(-1)!
  const isOpen =
    acceptsAfter.size === 0 &&
    !isSelfIssued(top) &&
    !input.anchored(top) &&
    !issuersWithin(budget, known, top).some(
      (issuer) => issuer.certificate.notAfter >= input.at && standing.allows(issuer),
    )
  return {
    missing: links.flatMap(({ certificate, origin, from }, index) =>
      origin === 'sent'
        ? []
        : [{ certificate, origin, from, issued: chain[index]!, revocation: standing.of(certificate) }],
    ),
    chain,
    remove: superfluous(presented, chain, input.at),
    withdrawn,
    accepts,
    acceptsAfter,
    unresolved: isOpen && !budget.isSpent ? { child: top, urls: top.caIssuers } : null,
    isCutShort: budget.isSpent,
  }
}

interface Chain {
  readonly links: readonly Candidate[]
  readonly chain: readonly Certificate[]
  readonly accepts: ReadonlySet<Release>
}

/** The best chain none of whose new certificates was withdrawn; of those that are asked about, as many as are proposed. */
async function chooseSound(
  input: RepairInput,
  pool: IssuerPool,
  budget: Budget,
  accepting: ReadonlySet<Release>,
  standing: Standing,
): Promise<Chain | null> {
  for (let searches = 0; searches < maxSearches; searches++) {
    const chosen = await chooseChain(input, pool, budget, accepting, standing)
    if (!chosen || (await standing.areSound(chosen.links))) return chosen
  }
  standing.gaveUp = true
  return null
}

/**
 * Every proven chain scored until the budget ends, the best one returned of those that lose no release of `accepting`;
 * null: every one would.
 */
async function chooseChain(
  input: RepairInput,
  pool: IssuerPool,
  budget: Budget,
  accepting: ReadonlySet<Release>,
  standing: Standing,
): Promise<Chain | null> {
  const { presented, score, wanted } = input
  let best: Chain | null = null
  let scored = 0

  const visit = async (links: readonly Candidate[]): Promise<void> => {
    if (scored >= maxScored || (scored > 0 && budget.isSpent)) return
    scored++
    const chain = [presented[0]!, ...links.map(({ certificate }) => certificate)]
    const candidate = { links, chain, accepts: intersection(await score(chain, budget), wanted) }
    const losesNone = [...accepting].every((release) => candidate.accepts.has(release))
    if (losesNone && (!best || isBetter(candidate, best, input))) best = candidate
    if (links.length >= maxDepth) return
    for (const issuer of issuersWithin(budget, pool, chain.at(-1)!)) {
      if (canFollow(chain, issuer.certificate) && standing.allows(issuer)) await visit([...links, issuer])
    }
  }
  await visit([])
  return best
}

/**
 * Most releases first. Where some release accepts: fewest certificates to add, then the shorter chain. Where none does,
 * for a reason no intermediate can mend, completing the chain still is right: one that a known root issued, then the
 * longest. The later expiry and at last the hash decide, so that equal input gives an equal answer.
 */
function isBetter(a: Chain, b: Chain, { at, anchored }: RepairInput): boolean {
  const more = (measure: (chain: Chain) => number) => measure(b) - measure(a)
  const fewer = (measure: (chain: Chain) => number) => measure(a) - measure(b)
  const added = ({ links }: Chain) => links.filter(({ origin }) => origin !== 'sent').length
  const length = ({ links }: Chain) => links.length
  const expired = ({ chain }: Chain) => chain.slice(1).filter(({ notAfter }) => notAfter < at).length
  const isAnchored = ({ chain }: Chain) => Number(anchored(chain.at(-1)!))
  const issuedAt = ({ chain }: Chain) => chain.reduce((sum, { notBefore }) => sum + notBefore.getTime(), 0)
  const hashes = ({ chain }: Chain) => chain.map(({ sha256 }) => sha256).join()
  const order =
    more(({ accepts }) => accepts.size) ||
    (a.accepts.size > 0
      ? fewer(expired) || fewer(added) || fewer(length)
      : more(isAnchored) ||
        fewer(expired) ||
        (isAnchored(a) ? fewer(added) || fewer(length) : more(length))) ||
    laterExpiry(a, b) ||
    // Of twins that end on one day the later issued replaces the other.
    more(issuedAt) ||
    (hashes(a) < hashes(b) ? -1 : 1)
  return order < 0
}

/** Negative: `a` is the one to take. The first expiry on the chain ends its use, so that one is compared first. */
function laterExpiry(a: Chain, b: Chain): number {
  const ends = ({ chain }: Chain) => chain.map(({ notAfter }) => notAfter.getTime()).sort((x, y) => x - y)
  const endsB = ends(b)
  const differs = ends(a).map((end, index) => (endsB[index] ?? end) - end)
  return differs.find((difference) => difference !== 0) ?? 0
}

/** Asks for issuers of the leaf, of those issuers, and so on; each certificate once. Adds what comes to the pool. */
async function addFetched(
  pool: IssuerPool,
  leaf: Certificate,
  { fetch, revocation }: RepairInput,
  budget: Budget,
): Promise<void> {
  const asked = new Set<string>()
  let level: readonly Certificate[] = [leaf]
  for (let depth = 0; depth < maxDepth; depth++) {
    const next: Certificate[] = []
    for (const child of level) {
      if (asked.has(child.sha256) || isSelfIssued(child)) continue
      asked.add(child.sha256)
      for (const { certificate, url } of await fetch!(child.caIssuers)) {
        if (!pool.has(certificate)) pool.add({ certificate, origin: 'aia', from: url })
      }
      for (const { certificate, origin } of issuersWithin(budget, pool, child)) {
        next.push(certificate)
        // While its own issuer is asked for: most of these are proposed.
        if (origin === 'aia' && !isSelfIssued(certificate)) revocation?.begin(certificate)
      }
    }
    level = next
  }
}

/**
 * Only a CA certificate that is not self-issued, and whose name and key are not on the path yet: cross-signed pairs
 * would otherwise be walked in circles (RFC 4158 §2.4.2).
 */
function canFollow(chain: readonly Certificate[], issuer: Certificate): boolean {
  return (
    issuer.basicConstraints?.ca === true &&
    !isSelfIssued(issuer) &&
    !chain.some(
      ({ subject, publicKey }) =>
        publicKey.spkiSha256 === issuer.publicKey.spkiSha256 && nameKey(subject) === nameKey(issuer.subject),
    )
  )
}

function superfluous(
  presented: readonly Certificate[],
  chain: readonly Certificate[],
  at: Date,
): RemovedCertificate[] {
  const belongs = new Set(chain.map(({ sha256 }) => sha256))
  const subjects = new Set(chain.map(({ subject }) => nameKey(subject)))
  const seen = new Set<string>()
  const remove: RemovedCertificate[] = []
  for (const certificate of presented) {
    const isDuplicate = seen.has(certificate.sha256)
    seen.add(certificate.sha256)
    if (isDuplicate) remove.push({ certificate, reason: 'duplicate' })
    else if (belongs.has(certificate.sha256)) continue
    else if (isSelfIssued(certificate)) remove.push({ certificate, reason: 'root' })
    else if (certificate.notAfter < at) remove.push({ certificate, reason: 'expired' })
    else
      remove.push({ certificate, reason: subjects.has(nameKey(certificate.subject)) ? 'stale' : 'unrelated' })
  }
  return remove
}

const intersection = (accepts: ReadonlySet<Release>, wanted: ReadonlySet<Release>): ReadonlySet<Release> =>
  new Set([...wanted].filter((release) => accepts.has(release)))
