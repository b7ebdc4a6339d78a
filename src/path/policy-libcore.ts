import type { Certificate } from '../x509/certificate.js'
import { sameName } from '../x509/name-match.js'
import { anyPolicy, type Budget, LimitReached, maxPolicyNodes } from './limits.js'
import { libcoreView } from './view-libcore.js'

/** A node of the valid policy tree (RFC 5280 §6.1.2 (a)). */
interface Node {
  readonly parent: Node | null
  readonly depth: number
  readonly policy: string
  readonly children: Set<Node>
  readonly expected: Set<string>
  /** Whether the expected set is still the node's own, not one made by a policy mapping. */
  isOriginal: boolean
}

/**
 * Policy processing of one path as OpenJDK's PolicyChecker does it with its defaults: every initial policy acceptable,
 * nothing required, critical policies with qualifiers refused.
 */
export class LibcorePolicies {
  #root: Node | null
  #nodeCount = 0
  #depth = 0
  #explicitPolicy: number
  #policyMapping: number
  #inhibitAnyPolicy: number
  readonly #length: number
  readonly #budget: Budget

  /** `length`: number of certificates in the path, the anchor not counted. */
  constructor(length: number, budget: Budget) {
    this.#length = length
    this.#budget = budget
    this.#explicitPolicy = length + 1
    this.#policyMapping = length + 1
    this.#inhibitAnyPolicy = length + 1
    this.#root = this.#node(null, anyPolicy, [anyPolicy])
  }

  /**
   * To be called for each certificate from the one below the anchor to the leaf; says what is wrong, or null.
   * Throws `LimitReached`.
   */
  check(certificate: Certificate): string | null {
    const isLast = ++this.#depth === this.#length
    const isSelfIssued = sameName(certificate.issuer, certificate.subject)
    const view = libcoreView(certificate)
    const qualified = this.#grow(certificate, isLast, isSelfIssued)
    if (qualified) return qualified
    if (this.#root && !isLast) {
      const mapped = this.#map(view.policyMappings ?? [])
      if (mapped) return mapped
    }
    // The last certificate counts itself before the test, the others after.
    if (isLast) {
      this.#explicitPolicy = step(this.#explicitPolicy, isSelfIssued)
      if (view.requireExplicitPolicy === 0) this.#explicitPolicy = 0
    }
    if (this.#explicitPolicy === 0 && !this.#root) return 'an explicit policy is required and none is valid'
    if (!isLast) {
      this.#explicitPolicy = lower(step(this.#explicitPolicy, isSelfIssued), view.requireExplicitPolicy)
      this.#policyMapping = lower(step(this.#policyMapping, isSelfIssued), view.inhibitPolicyMapping)
      this.#inhibitAnyPolicy = lower(step(this.#inhibitAnyPolicy, isSelfIssued), view.inhibitAnyPolicy)
    }
    return null
  }

  /** RFC 5280 §6.1.3 (d), (e): the certificate's policies become the next level of the tree. */
  #grow(certificate: Certificate, isLast: boolean, isSelfIssued: boolean): string | null {
    const { policies } = libcoreView(certificate)
    if (!policies || !this.#root) {
      this.#root = null
      return null
    }
    const isCritical = certificate.extensions.some(({ oid, critical }) => critical && oid === '2.5.29.32')
    const above = this.#level(this.#depth - 1)
    this.#budget.compare(policies.length * above.length)
    for (const { oid, hasQualifiers } of policies) {
      if (oid === anyPolicy) continue
      if (hasQualifiers && isCritical) return `policy ${oid} has qualifiers and is critical`
      const expecting = above.filter(({ expected }) => expected.has(oid))
      const parents =
        expecting.length > 0 ? expecting : above.filter(({ expected }) => expected.has(anyPolicy))
      for (const parent of parents) this.#node(parent, oid, [oid])
    }
    const anyCounts = this.#inhibitAnyPolicy > 0 || (!isLast && isSelfIssued)
    if (anyCounts && policies.some(({ oid }) => oid === anyPolicy)) {
      for (const parent of above) {
        const taken = new Set(Array.from(parent.children, ({ policy }) => policy))
        for (const policy of parent.expected) if (!taken.has(policy)) this.#node(parent, policy, [policy])
      }
    }
    this.#prune()
    return null
  }

  /** RFC 5280 §6.1.4 (a), (b). */
  #map(mappings: readonly (readonly [string, string])[]): string | null {
    let deleted = false
    for (const [issuerDomain, subjectDomain] of mappings) {
      if (issuerDomain === anyPolicy || subjectDomain === anyPolicy) return 'anyPolicy is mapped'
      const level = this.#level(this.#depth)
      this.#budget.compare(this.#nodeCount)
      const valid = level.filter(({ policy }) => policy === issuerDomain)
      for (const node of valid) {
        if (this.#policyMapping === 0) {
          node.parent!.children.delete(node)
          deleted = true
          continue
        }
        if (node.isOriginal) node.expected.clear()
        node.isOriginal = false
        node.expected.add(subjectDomain)
      }
      if (valid.length > 0 || this.#policyMapping === 0) continue
      for (const { parent } of level.filter(({ policy }) => policy === anyPolicy)) {
        this.#node(parent, issuerDomain, [subjectDomain]).isOriginal = false
      }
    }
    if (deleted) this.#prune()
    return null
  }

  #node(parent: Node | null, policy: string, expected: Iterable<string>): Node {
    if (++this.#nodeCount > maxPolicyNodes)
      throw new LimitReached(`a valid policy tree of ${maxPolicyNodes} nodes`)
    const depth = parent ? parent.depth + 1 : 0
    const node: Node = {
      parent,
      depth,
      policy,
      children: new Set(),
      expected: new Set(expected),
      isOriginal: true,
    }
    parent?.children.add(node)
    return node
  }

  #level(depth: number): Node[] {
    let level = this.#root ? [this.#root] : []
    for (let i = 0; i < depth; i++) level = level.flatMap(({ children }) => [...children])
    return level
  }

  /** Drops branches that do not reach the present depth. */
  #prune(): void {
    for (let depth = this.#depth - 1; depth > 0; depth--) {
      for (const node of this.#level(depth)) if (node.children.size === 0) node.parent!.children.delete(node)
    }
    if (this.#root?.children.size === 0) this.#root = null
  }
}

const step = (count: number, isSelfIssued: boolean): number =>
  count > 0 && !isSelfIssued ? count - 1 : count

/** A negative value in the certificate means "absent" to the JDK. */
const lower = (count: number, limit: number | null): number =>
  limit !== null && limit >= 0 && limit < count ? limit : count
