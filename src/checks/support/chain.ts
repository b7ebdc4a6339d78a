import { Budget, LimitReached } from '../../path/limits.js'
import type { Certificate } from '../../x509/certificate.js'
import { isSelfIssued } from '../../x509/identity.js'
import { nameKey } from '../../x509/name-match.js'
import { verifySignature } from '../../x509/signature.js'
import { distinct, leafElsewhere, type Shown } from './answers.js'

/** How the certificates of one list hang together, by names and verified signatures alone. */
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
  /** The list holds a certificate that did sign `child` as well. */
  readonly issuerSent: boolean
}

/**
 * What the signatures of one list may cost, in verdicts at their dearest. An ordinary chain needs under ten of them;
 * 102 400 bytes hold a few hundred certificates that could all carry one name and ask for the square of that, or dozens
 * with keys that take a second each.
 */
const maxVerdicts = 8

const remembered = new WeakMap<Shown, Chain | null>()

/** Null: the list has no readable leaf, or not in the first place. */
export function chainOf(shown: Shown): Chain | null {
  let chain = remembered.get(shown)
  if (chain === undefined) {
    const leaf = leafElsewhere(shown) ? null : shown.leaf
    chain = leaf === null ? null : build(leaf, shown)
    remembered.set(shown, chain)
  }
  return chain
}

export const isSelfSigned = (certificate: Certificate): boolean =>
  isSelfIssued(certificate) && verifySignature(certificate, certificate)

/** One authority under two issuers: same name, same key, another certificate. */
export const isTwin = (a: Certificate, b: Certificate): boolean =>
  a.sha256 !== b.sha256 &&
  a.publicKey.spkiSha256 === b.publicKey.spkiSha256 &&
  nameKey(a.subject) === nameKey(b.subject)

/** Null: the list asks for more than it may cost. */
function verifiedWithin(budget: Budget, child: Certificate, issuer: Certificate): boolean | null {
  try {
    return budget.verify(child, issuer)
  } catch (error) {
    if (error instanceof LimitReached) return null
    throw error
  }
}

function build(leaf: Certificate, { certificates, repair }: Shown): Chain {
  const added = repair?.add.map(({ certificate }) => certificate) ?? []
  const pool = distinct([...certificates.slice(1), ...added])
  const bySubject = new Map<string, Certificate[]>()
  for (const certificate of pool) {
    const key = nameKey(certificate.subject)
    bySubject.set(key, [...(bySubject.get(key) ?? []), certificate])
  }
  const related = new Map([[leaf.sha256, leaf]])
  const tops: Certificate[] = []
  const impostors: Impostor[] = []
  const sent = new Set(certificates.map(({ sha256 }) => sha256))
  const budget = new Budget({ verdicts: maxVerdicts })
  // A Map is walked in insertion order, additions included: breadth first from the leaf.
  for (const child of related.values()) {
    const named = (bySubject.get(nameKey(child.issuer)) ?? []).filter(({ sha256 }) => sha256 !== child.sha256)
    const verified = named.map((candidate) => verifiedWithin(budget, child, candidate))
    const issuers = named.filter((_, index) => verified[index])
    for (const issuer of issuers) related.set(issuer.sha256, issuer)
    const issuerSent = issuers.some(({ sha256 }) => sent.has(sha256))
    for (const [index, certificate] of named.entries()) {
      if (verified[index] === false && sent.has(certificate.sha256))
        impostors.push({ child, certificate, issuerSent })
    }
    if (issuers.length === 0 || isSelfSigned(child)) tops.push(child)
  }
  return { leaf, related: [...related.values()], tops, impostors }
}
