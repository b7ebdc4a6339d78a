import { type PathProblem, validityProblem } from '../path/problem.js'
import type { Certificate } from '../x509/certificate.js'
import { nameKey, sameName } from '../x509/name-match.js'
import { anchorFor, issuingAnchors, type Search } from './path-search.js'
import { strengthProblem } from './strength.js'

/** Who could have issued whom, and what each candidate alone is refused for. */
export class Graph {
  readonly #search: Search
  readonly #bySubject = new Map<string, Certificate[]>()
  readonly #anchored = new Map<Certificate, boolean>()
  readonly #refused = new Map<Certificate, PathProblem | null>()

  constructor(search: Search) {
    this.#search = search
    for (const certificate of search.presented.slice(1)) {
      const key = nameKey(certificate.subject)
      const others = this.#bySubject.get(key)
      if (others) others.push(certificate)
      else this.#bySubject.set(key, [certificate])
    }
  }

  /** Presented certificates after the leaf that have the issuer's name, in the order presented. */
  candidates = (certificate: Certificate): readonly Certificate[] =>
    this.#bySubject.get(nameKey(certificate.issuer)) ?? []

  /** What an issuer candidate is passed over for: it must be valid now and strong enough. */
  refusal(certificate: Certificate): PathProblem | null {
    let refusal = this.#refused.get(certificate)
    if (refusal === undefined) {
      const { at, rules } = this.#search
      refusal =
        validityProblem(certificate, at) ?? strengthProblem(certificate, rules.strength, rules.keyForms)
      this.#refused.set(certificate, refusal)
    }
    return refusal
  }

  /** Whether going up by names alone ever meets an anchor; where not, no order of trying can succeed. */
  leadsToAnchor(certificate: Certificate): boolean {
    const known = this.#anchored.get(certificate)
    if (known !== undefined) return known
    const reached = [certificate]
    const seen = new Set(reached)
    for (const current of reached) {
      if (current !== certificate && this.#anchored.get(current)) return this.#know(certificate, true)
      if (anchorFor(this.#search, current) || issuingAnchors(this.#search, current).length > 0)
        return this.#know(certificate, true)
      for (const next of [...this.candidates(current), ...this.#search.remembered]) {
        if (seen.has(next) || !sameName(current.issuer, next.subject) || this.refusal(next)) continue
        seen.add(next)
        reached.push(next)
      }
    }
    return this.#know(certificate, false)
  }

  #know(certificate: Certificate, leads: boolean): boolean {
    this.#anchored.set(certificate, leads)
    return leads
  }
}
