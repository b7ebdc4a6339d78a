import { isKnownKey } from '../path/key-forms.js'
import { Budget, LimitReached } from '../path/limits.js'
import { validateAsLibcore } from '../path/pkix-libcore.js'
import type { PathProblem } from '../path/problem.js'
import type { Certificate } from '../x509/certificate.js'
import { sameName } from '../x509/name-match.js'
import { byPriority } from './anchor-priority.js'
import { blockedKey } from './blocklist.js'
import { Graph } from './issuer-graph.js'
import {
  Attempts,
  anchorFor,
  deadEnd,
  entries,
  issuingAnchors,
  type Search,
  type SearchResult,
} from './path-search.js'
import { type StapleProblem, stapleProblem } from './staple.js'
import { strengthProblem } from './strength.js'
import type { CandidatePath, Problem } from './verdict.js'

/** Thrown where the platform dies of an error that its search does not catch. */
class SearchEnded extends Error {}

/** Steps spent on finding a good reason where it is certain that no path exists. */
const stepsForReason = 200

/**
 * Builder B, Android 7.0 and later (conscrypt TrustManagerImpl@7.0.0_r1 to @16.0.0_r2, #checkTrustedRecursive): tries
 * every way through the certificates until one is valid. Throws `LimitReached` where that is more than we try.
 */
export function searchRecursively(search: Search): SearchResult {
  const attempts = new Attempts()
  const graph = new Graph(search)
  const leaf = search.presented[0]!
  const found = (accepted: CandidatePath | null): SearchResult => ({
    accepted,
    attempts: attempts.list,
    others: accepted && search.allPaths ? otherPaths(search, graph, accepted) : [],
  })
  try {
    if (!graph.leadsToAnchor(leaf)) {
      new Walk(search, graph, attempts, { maxSteps: stepsForReason, signed: false }).run()
      if (attempts.list.length === 0) attempts.add(entries([leaf], 'presented'), noWayUp(leaf), false)
      return found(null)
    }
    try {
      return found(
        new Walk(search, graph, attempts, { maxSteps: Number.POSITIVE_INFINITY, signed: false }).run(),
      )
    } catch (error) {
      // No release limits its search, so only the outcome counts, not the order of trying.
      if (!(error instanceof LimitReached)) throw error
      search.budget.renewSteps()
      return found(
        new Walk(search, graph, attempts, { maxSteps: Number.POSITIVE_INFINITY, signed: true }).run(),
      )
    }
  } catch (error) {
    if (error instanceof SearchEnded) return found(null)
    throw error
  }
}

/** Paths beside the one accepted that are told, and steps spent on finding them: for reading, not for the verdict. */
const maxOthers = 8
const stepsForOthers = 500

/** The search goes on where the platform's ends, for a tenth of what a verdict may cost; what is beyond is left out. */
function otherPaths(search: Search, graph: Graph, accepted: CandidatePath): readonly CandidatePath[] {
  const all: CandidatePath[] = []
  const budget = new Budget({ verdicts: 0.1, within: search.budget })
  try {
    new Walk({ ...search, budget }, graph, new Attempts(), {
      maxSteps: stepsForOthers,
      signed: true,
      all,
    }).run()
  } catch (error) {
    if (!(error instanceof LimitReached || error instanceof SearchEnded)) throw error
  }
  const keyOf = ({ certificates }: CandidatePath) =>
    certificates.map(({ certificate }) => certificate.sha256).join()
  return all.filter((path) => keyOf(path) !== keyOf(accepted)).slice(0, maxOthers)
}

/** Where even the dead ends are too far up to be met. */
const noWayUp = ({ sha256, subject }: Certificate): Problem => ({
  rule: 'anchor-unknown',
  certificate: sha256,
  detail: `no way up from "${subject.text}" through the certificates presented meets a root of this release`,
})

/** One run of the recursion. */
class Walk {
  readonly #search: Search
  readonly #graph: Graph
  readonly #attempts: Attempts
  readonly #maxSteps: number
  /** Follow only links whose signature holds and that can reach an anchor: same outcome, far fewer ways. */
  readonly #signedOnly: boolean
  /** Where accepted paths are kept in place of ending the search. */
  readonly #all: CandidatePath[] | null
  #steps = 0
  readonly #untrusted: Certificate[] = []
  readonly #trusted: Certificate[] = []
  readonly #used = new Set<string>()

  constructor(
    search: Search,
    graph: Graph,
    attempts: Attempts,
    options: { maxSteps: number; signed: boolean; all?: CandidatePath[] },
  ) {
    this.#search = search
    this.#graph = graph
    this.#attempts = attempts
    this.#maxSteps = options.maxSteps
    this.#signedOnly = options.signed
    this.#all = options.all ?? null
  }

  run(): CandidatePath | null {
    const leaf = this.#search.presented[0]!
    const anchor = anchorFor(this.#search, leaf)
    if (anchor) this.#used.add(anchor.sha256)
    this.#used.add(leaf.sha256)
    if (anchor) this.#trusted.push(anchor)
    else this.#untrusted.push(leaf)
    return this.#extend()
  }

  #extend(): CandidatePath | null {
    const current = this.#trusted.at(-1) ?? this.#untrusted.at(-1)!
    if (!this.#countStep()) return null
    if (this.#isBlocked(current)) return null
    if (sameName(current.issuer, current.subject)) return this.#finish()

    const issuers = issuingAnchors(this.#search, current).filter(({ sha256 }) => !this.#used.has(sha256))
    for (const anchor of issuers.sort(byPriority)) {
      const path = this.#with(this.#trusted, anchor)
      if (path) return path
    }
    if (this.#trusted.length > 0) return issuers.length === 0 ? this.#finish() : null

    let tried = issuers.length > 0
    for (const candidate of this.#graph.candidates(current)) {
      if (this.#used.has(candidate.sha256)) continue
      const refusal = this.#graph.refusal(candidate)
      if (refusal) {
        tried = true
        this.#fail([...this.#entries(), ...entries([candidate], 'presented')], refusal, false)
        continue
      }
      if (this.#signedOnly && !this.#isUseful(current, candidate)) continue
      tried = true
      const path = this.#with(this.#untrusted, candidate)
      if (path) return path
    }
    for (const candidate of this.#rememberedIssuers(current)) {
      tried = true
      const path = this.#with(this.#untrusted, candidate)
      if (path) return path
    }
    if (!tried) this.#fail(this.#entries(), deadEnd(this.#search, current), false)
    return null
  }

  #with(part: Certificate[], certificate: Certificate): CandidatePath | null {
    this.#used.add(certificate.sha256)
    part.push(certificate)
    const path = this.#extend()
    part.pop()
    this.#used.delete(certificate.sha256)
    return path
  }

  #rememberedIssuers(current: Certificate): Certificate[] {
    const { remembered, budget } = this.#search
    return remembered
      .filter(
        (c) => !this.#used.has(c.sha256) && sameName(current.issuer, c.subject) && budget.verify(current, c),
      )
      .sort(byPriority)
  }

  #isUseful = (child: Certificate, issuer: Certificate): boolean =>
    this.#graph.leadsToAnchor(issuer) &&
    isKnownKey(issuer.publicKey, this.#search.rules.keyForms) &&
    this.#search.budget.verify(child, issuer)

  /** TrustManagerImpl#verifyChain. */
  #finish(): CandidatePath | null {
    const [anchor] = this.#trusted
    if (!anchor) {
      this.#fail(this.#entries(), deadEnd(this.#search, this.#untrusted.at(-1)!), false)
      return null
    }
    const path = this.#entries()
    if (this.#untrusted.length === 0) return this.#accept(path)
    this.#search.budget.step(this.#untrusted.length)
    const problem = this.#weakness() ?? this.#validate(anchor)
    if (!problem) return this.#accept(path)
    this.#fail(path, problem, true)
    if ('endsSearch' in problem) throw new SearchEnded()
    return null
  }

  #accept(certificates: CandidatePath['certificates']): CandidatePath | null {
    const path = { certificates, problems: [] }
    if (!this.#all) return path
    if (this.#all.length <= maxOthers) this.#all.push(path)
    return null
  }

  #weakness(): PathProblem | null {
    const { strength, keyForms } = this.#search.rules
    for (const certificate of this.#untrusted) {
      const weak = strengthProblem(certificate, strength, keyForms)
      if (weak) return weak
    }
    return null
  }

  #validate(anchor: Certificate): PathProblem | Problem | null {
    const { at, budget, staple, rules } = this.#search
    const judgeStaple = (leaf: Certificate, issuer: Certificate): Problem | null => {
      if (!staple || rules.staple === 'ignored') return null
      const problem: StapleProblem | null = stapleProblem(staple, leaf, issuer, at)
      return problem && { ...problem, certificate: leaf.sha256 }
    }
    return validateAsLibcore({
      certificates: [...this.#untrusted],
      anchor,
      at,
      budget,
      staple: judgeStaple,
      rules: rules.libcore,
      keyForms: rules.keyForms,
    })
  }

  #isBlocked({ publicKey, sha256, subject }: Certificate): boolean {
    const owner = blockedKey(publicKey, this.#search.rules)
    if (!owner) return false
    const detail = `the key of "${subject.text}" is ${owner}`
    this.#fail(
      this.#entries(),
      { rule: 'blocklisted', certificate: sha256, detail },
      this.#trusted.length > 0,
    )
    return true
  }

  #countStep(): boolean {
    this.#search.budget.step()
    return ++this.#steps <= this.#maxSteps
  }

  #entries(): CandidatePath['certificates'] {
    const { remembered, presented } = this.#search
    const origin = (c: Certificate) =>
      remembered.includes(c) && !presented.includes(c) ? 'remembered' : 'presented'
    return [...entries(this.#untrusted, origin), ...entries(this.#trusted, 'anchor')]
  }

  #fail(
    path: CandidatePath['certificates'],
    { rule, certificate, detail }: Problem,
    isComplete: boolean,
  ): void {
    this.#attempts.add(path, { rule, certificate, detail }, isComplete)
  }
}
