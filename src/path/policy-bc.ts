import type { Certificate } from '../x509/certificate.js'
import { DerError } from '../x509/der.js'
import { extensionOids } from '../x509/extensions.js'
import {
  type BcPolicy,
  checkQualifiers,
  demandsPolicyAtOnce,
  inhibitAnyPolicyAsBc,
  policyAsBc,
  policyConstraintAsBc,
  policyMappingsAsBc,
  sequenceAsBc,
} from './extensions-bc.js'
import { anyPolicy, type Budget, LimitReached, maxPolicyNodes } from './limits.js'
import { sameHarmonyName } from './name-harmony.js'

interface Node {
  readonly parent: Node | null
  readonly depth: number
  readonly policy: string
  readonly children: Set<Node>
  expected: Set<string>
}

/**
 * Policy processing of one path as BouncyCastle's RFC3280CertPathUtilities does it with its defaults. It keeps the
 * nodes of each level in a list and gives a policy to the first parent that expects it only.
 */
export class BcPolicies {
  #levels: Node[][]
  #tree: boolean
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
    this.#levels = Array.from({ length: length + 1 }, () => [])
    this.#node(null, anyPolicy, new Set([anyPolicy]))
    this.#tree = true
  }

  /**
   * To be called for each certificate from the one below the anchor to the leaf; says what is wrong, or null.
   * Throws `LimitReached`.
   */
  check(certificate: Certificate): string | null {
    try {
      return this.#check(certificate)
    } catch (error) {
      if (!(error instanceof DerError)) throw error
      return `an extension about policies cannot be read (${error.message})`
    }
  }

  /** Of the leaf, mappings and inhibitAnyPolicy are never read; of any, policies only while the tree stands. */
  #check(certificate: Certificate): string | null {
    const isLast = ++this.#depth === this.#length
    const isSelfIssued = sameHarmonyName(certificate.issuer, certificate.subject)
    const policies = sequenceAsBc(certificate, extensionOids.certificatePolicies)
    if (!policies) this.#tree = false
    else if (this.#tree) this.#grow(policies.map(policyAsBc), isLast, isSelfIssued)
    if (this.#explicitPolicy <= 0 && !this.#tree) return 'an explicit policy is required and none is valid'
    if (isLast) {
      const left = demandsPolicyAtOnce(certificate) ? 0 : step(this.#explicitPolicy, isSelfIssued)
      return left > 0 || this.#tree ? null : 'an explicit policy is required and none is valid'
    }
    const mappings = policyMappingsAsBc(certificate)
    if (mappings?.some((mapping) => mapping.includes(anyPolicy))) return 'anyPolicy is mapped'
    if (mappings) this.#map(mappings)
    const requireExplicit = policyConstraintAsBc(certificate, 0)
    const inhibitMapping = policyConstraintAsBc(certificate, 1)
    this.#explicitPolicy = lower(step(this.#explicitPolicy, isSelfIssued), requireExplicit)
    this.#policyMapping = lower(step(this.#policyMapping, isSelfIssued), inhibitMapping)
    this.#inhibitAnyPolicy = lower(
      step(this.#inhibitAnyPolicy, isSelfIssued),
      inhibitAnyPolicyAsBc(certificate),
    )
    return null
  }

  /** processCertD. */
  #grow(policies: readonly BcPolicy[], isLast: boolean, isSelfIssued: boolean): void {
    const above = this.#levels[this.#depth - 1]!
    this.#budget.compare(policies.length * above.length)
    for (const named of policies) {
      const policy = named.oid
      if (policy === anyPolicy) continue
      checkQualifiers(named)
      const parent =
        above.find(({ expected }) => expected.has(policy)) ?? above.find((node) => node.policy === anyPolicy)
      if (parent) this.#node(parent, policy, new Set([policy]))
    }
    const any = policies.find(({ oid }) => oid === anyPolicy)
    if (any && (this.#inhibitAnyPolicy > 0 || (!isLast && isSelfIssued))) {
      checkQualifiers(any)
      for (const parent of above) {
        for (const policy of inHashOrder(parent.expected)) {
          const taken = [...parent.children].some((child) => child.policy === policy)
          if (!taken) this.#node(parent, policy, new Set([policy]))
        }
      }
    }
    this.#prune()
  }

  /** prepareCertB. */
  #map(mappings: readonly (readonly [string, string])[]): void {
    const targets = new Map<string, Set<string>>()
    for (const [issuerDomain, subjectDomain] of mappings) {
      targets.set(issuerDomain, (targets.get(issuerDomain) ?? new Set()).add(subjectDomain))
    }
    const level = this.#levels[this.#depth]!
    this.#budget.compare(targets.size * level.length)
    for (const issuerDomain of inHashOrder(targets.keys())) {
      const expected = targets.get(issuerDomain)!
      if (this.#policyMapping <= 0) {
        for (const node of level.filter(({ policy }) => policy === issuerDomain)) {
          node.parent!.children.delete(node)
          level.splice(level.indexOf(node), 1)
          this.#prune()
        }
        continue
      }
      const found = level.find(({ policy }) => policy === issuerDomain)
      if (found) {
        found.expected = expected
        continue
      }
      const parent = level.find(({ policy }) => policy === anyPolicy)?.parent
      if (parent?.policy === anyPolicy) this.#node(parent, issuerDomain, expected)
    }
  }

  #node(parent: Node | null, policy: string, expected: Set<string>): void {
    if (++this.#nodeCount > maxPolicyNodes)
      throw new LimitReached(`a valid policy tree of ${maxPolicyNodes} nodes`)
    const node: Node = { parent, depth: parent ? parent.depth + 1 : 0, policy, children: new Set(), expected }
    parent?.children.add(node)
    this.#levels[node.depth]!.push(node)
  }

  /**
   * Drops childless nodes above the present level; without its root the tree is gone. Faithfully wrong: the original
   * counts on while the list shrinks, so that the neighbour of a dropped node is never looked at.
   */
  #prune(): void {
    for (let depth = this.#depth - 1; depth >= 0; depth--) {
      const level = this.#levels[depth]!
      for (let k = 0; k < level.length; k++) {
        const node = level[k]!
        if (node.children.size > 0) continue
        if (!node.parent) {
          this.#tree = false
          this.#levels = this.#levels.map(() => [])
          return
        }
        node.parent.children.delete(node)
        level.splice(k, 1)
      }
    }
  }
}

const step = (count: number, isSelfIssued: boolean): number =>
  count !== 0 && !isSelfIssued ? count - 1 : count

const lower = (count: number, limit: number | null): number =>
  limit !== null && limit < count ? limit : count

/** The order in which a java.util.HashSet of these strings is walked; with the skipping above it decides verdicts. */
function inHashOrder(strings: Iterable<string>): string[] {
  const list = [...strings]
  let buckets = 16
  while (list.length > buckets * 0.75) buckets *= 2
  const bucketOf = (text: string): number => {
    let hash = 0
    for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
    return (hash ^ (hash >>> 16)) & (buckets - 1)
  }
  return list.sort((a, b) => bucketOf(a) - bucketOf(b))
}
