import { Budget, LimitReached } from '../../path/limits.js'
import type { Certificate } from '../../x509/certificate.js'
import { nameKey } from '../../x509/name-match.js'
import { verifySignature } from '../../x509/signature.js'
import type { JudgedEndpoint } from '../check.js'
import { distinct, leafElsewhere, leafOf } from './certificates.js'

/** How the certificates of one server hang together, by names and verified signatures alone. */
export interface Chain {
  readonly leaf: Certificate
  /** The leaf and every certificate that issued another one in here, sent or supplied by the repair. */
  readonly related: readonly Certificate[]
  /** Ends of the chain: certificates in `related` that nothing in it issued, or self-signed ones. */
  readonly tops: readonly Certificate[]
  /** Sent under the name of the issuer of `child`, but with a key that did not sign it. */
  readonly impostors: readonly Impostor[]
}

export interface Impostor {
  readonly child: Certificate
  readonly certificate: Certificate
  /** The server sends a certificate that did sign `child` as well. */
  readonly issuerSent: boolean
}

const remembered = new WeakMap<JudgedEndpoint, Chain | null>()

/** Null: the server sent no readable leaf, or not in the first place. */
export function chainOf(endpoint: JudgedEndpoint): Chain | null {
  let chain = remembered.get(endpoint)
  if (chain === undefined) {
    const leaf = leafElsewhere(endpoint) ? null : leafOf(endpoint)
    chain = leaf === null ? null : build(leaf, endpoint)
    remembered.set(endpoint, chain)
  }
  return chain
}

export const isSelfIssued = (certificate: Certificate): boolean =>
  nameKey(certificate.subject) === nameKey(certificate.issuer)

export const isSelfSigned = (certificate: Certificate): boolean =>
  isSelfIssued(certificate) && verifySignature(certificate, certificate)

function build(leaf: Certificate, endpoint: JudgedEndpoint): Chain {
  const pool = distinct([
    ...endpoint.presented.slice(1),
    ...endpoint.missing.map(({ certificate }) => certificate),
  ])
  const bySubject = new Map<string, Certificate[]>()
  for (const certificate of pool) {
    const key = nameKey(certificate.subject)
    bySubject.set(key, [...(bySubject.get(key) ?? []), certificate])
  }
  const related = new Map([[leaf.sha256, leaf]])
  const tops: Certificate[] = []
  const impostors: Impostor[] = []
  const sent = new Set(endpoint.presented)
  const verify = pricedVerify()
  // A Map is walked in insertion order, additions included: breadth first from the leaf.
  for (const child of related.values()) {
    const named = (bySubject.get(nameKey(child.issuer)) ?? []).filter(({ sha256 }) => sha256 !== child.sha256)
    const verified = named.map((candidate) => verify(child, candidate))
    const issuers = named.filter((_, index) => verified[index])
    for (const issuer of issuers) related.set(issuer.sha256, issuer)
    const issuerSent = issuers.some((issuer) => sent.has(issuer))
    for (const [index, certificate] of named.entries()) {
      if (verified[index] === false && sent.has(certificate))
        impostors.push({ child, certificate, issuerSent })
    }
    if (issuers.length === 0 || (isSelfIssued(child) && verify(child, child))) tops.push(child)
  }
  return { leaf, related: [...related.values()], tops, impostors }
}

/**
 * `verifySignature` for one server, at the price of one verdict: 102 400 bytes hold a few hundred small certificates
 * that could all carry one name and ask for the square of that, or fifty keys that take a minute. Null: spent.
 */
function pricedVerify(): (child: Certificate, issuer: Certificate) => boolean | null {
  const budget = new Budget()
  return (child, issuer) => {
    try {
      return budget.verify(child, issuer)
    } catch (error) {
      if (error instanceof LimitReached) return null
      throw error
    }
  }
}
