import type { Certificate } from '../x509/certificate.js'
import { hexOf, onlyElement } from '../x509/der.js'
import { sameName } from '../x509/name-match.js'
import { algorithmOf } from '../x509/parse.js'
import { criticalOids } from './extensions.js'
import type { Budget } from './limits.js'
import { BcNameConstraints } from './name-constraints-bc.js'
import { BcPolicies } from './policy-bc.js'
import { type PathProblem, problem, serverPurposeProblem, validityProblem } from './problem.js'

export interface BcPath {
  /** Leaf first, the anchor not included; at least one. */
  readonly certificates: readonly Certificate[]
  readonly anchor: Certificate
  readonly at: Date
  readonly budget: Budget
}

/** Extensions that PKIXCertPathValidatorSpi handles itself, so that they may be critical anywhere. */
const handled = new Set([
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.27',
  '2.5.29.28',
  '2.5.29.30',
  '2.5.29.32',
  '2.5.29.33',
  '2.5.29.36',
  '2.5.29.54',
])

/** On the leaf CRL distribution points and extendedKeyUsage as well; on an intermediate a critical EKU is refused. */
const handledOnLeaf = new Set(['2.5.29.31', '2.5.29.37'])

/**
 * The first thing BouncyCastle's PKIXCertPathValidatorSpi (Android 4.4 to 6.0) finds wrong with a path; null: nothing.
 * Throws `LimitReached`.
 */
export function validateAsBc({ certificates, anchor, at, budget }: BcPath): PathProblem | null {
  const constraints = new BcNameConstraints(budget)
  const policies = new BcPolicies(certificates.length, budget)
  let maxPathLength = certificates.length
  for (let i = certificates.length - 1; i >= 0; i--) {
    const certificate = certificates[i]!
    const issuer = certificates[i + 1] ?? anchor
    const isSelfIssued = sameName(certificate.issuer, certificate.subject)
    const name = `"${certificate.subject.text}"`
    const undecodable = undecodableAsBc(certificate)
    if (undecodable) return problem('unreadable', certificate, undecodable)
    if (!algorithmsAgree(certificate) || !budget.verify(certificate, issuer)) {
      return problem(
        'wrong-key',
        certificate,
        `${name} was not signed by the key of "${issuer.subject.text}" at hand`,
      )
    }
    const invalid = validityProblem(certificate, at)
    if (invalid) return invalid
    if (!sameName(certificate.issuer, issuer.subject)) {
      return problem(
        'name-chaining',
        certificate,
        `issuer "${certificate.issuer.text}", subject above "${issuer.subject.text}"`,
      )
    }
    if (i === 0 || !isSelfIssued) {
      const violation = constraints.violation(certificate)
      if (violation) return problem('name-constraints', certificate, `${violation} in ${name}`)
    }
    const policy = policies.check(certificate)
    if (policy) return problem('policy', certificate, policy)
    if (i > 0) {
      if (certificate.version === 1)
        return problem('not-a-ca', certificate, `${name} is a version 1 certificate`)
      const added = constraints.add(certificate)
      if (added) return problem('name-constraints', certificate, added)
      if (!certificate.basicConstraints?.ca)
        return problem('not-a-ca', certificate, `${name} is no authority`)
      if (!isSelfIssued && maxPathLength-- <= 0) {
        return problem(
          'path-length',
          certificate,
          `no further authority may stand below the issuer of ${name}`,
        )
      }
      maxPathLength = Math.min(maxPathLength, certificate.basicConstraints.pathLength ?? maxPathLength)
      if (certificate.keyUsage && !certificate.keyUsage.has('keyCertSign')) {
        return problem('key-usage', certificate, `keyCertSign is missing in ${name}`)
      }
    } else {
      const purpose = serverPurposeProblem(certificate)
      if (purpose) return purpose
    }
    const unknown = criticalOids(certificate).find(
      (oid) => !handled.has(oid) && (i > 0 || !handledOnLeaf.has(oid)),
    )
    if (unknown) return problem('critical-extension', certificate, `extension ${unknown} of ${name}`)
  }
  return null
}

/** X509CertificateImpl#checkSignature: both algorithm identifiers must agree before the key is tried. */
export function algorithmsAgree(certificate: Certificate): boolean {
  const inner = algorithmOf(onlyElement(certificate.signedAlgorithm))
  const outer = { oid: certificate.signatureAlgorithm, parameters: certificate.signatureParameters }
  return keyOf(inner) === keyOf(outer)
}

/** Unlike to the JDK, absent parameters and NULL are not the same. */
const keyOf = ({ oid, parameters }: { oid: string; parameters: Uint8Array | null }): string =>
  `${oid} ${parameters ? hexOf(parameters) : ''}`

/** What org.bouncycastle.asn1.x509.Certificate refuses to read; null: nothing. */
export function undecodableAsBc({ extensions, unreadable }: Certificate): string | null {
  const repeated = extensions.find(({ oid }, i) => extensions.findIndex((other) => other.oid === oid) !== i)
  if (repeated) return `extension ${repeated.oid} occurs twice`
  const broken = unreadable.find((oid) => oid === '2.5.29.15' || oid === '2.5.29.19')
  return broken ? `extension ${broken} cannot be read` : null
}
