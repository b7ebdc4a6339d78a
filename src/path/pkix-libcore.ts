import type { Certificate, PublicKey } from '../x509/certificate.js'
import { sameName } from '../x509/name-match.js'
import { criticalOids } from './extensions.js'
import { PlatformCrash } from './general-names-libcore.js'
import { isKnownKey, type OddForm } from './key-forms.js'
import type { Budget } from './limits.js'
import { LibcoreNameConstraints } from './name-constraints-libcore.js'
import { LibcorePolicies } from './policy-libcore.js'
import { type PathProblem, problem, serverPurposeProblem, validityProblem } from './problem.js'
import { integerText, isPadded, type LibcoreView, libcoreView } from './view-libcore.js'

/** Where the validator differs from release to release. */
export interface LibcoreRules {
  /** A version 1 or 2 anchor must be valid at both ends of the period of the certificate below it. */
  readonly needsOldAnchorValid: boolean
  /** A keyUsage without a usable bit is nothing to mind; otherwise refused by AlgorithmChecker. */
  readonly ignoresIdleKeyUsage: boolean
  /** DerInputBuffer#getBigInteger refuses redundant leading zero octets. */
  readonly refusesPaddedIntegers: boolean
  /** Parameters NULL and absent parameters differ (conscrypt X509_verify, later BoringSSL itself). */
  readonly comparesAlgorithmBytes: boolean
}

export interface LibcorePath<Other> {
  /** Leaf first, the anchor not included; at least one. */
  readonly certificates: readonly Certificate[]
  readonly anchor: Certificate
  readonly at: Date
  readonly budget: Budget
  readonly rules: LibcoreRules
  /** Odd ways of writing a key that the release reads. */
  readonly keyForms: ReadonlySet<OddForm>
  /** Judges the stapled OCSP response of the leaf, given the certificate above it. */
  readonly staple: (leaf: Certificate, issuer: Certificate) => Other | null
}

/** Extensions that the checkers of PKIXCertPathValidator resolve, so that they may be critical. */
const resolved = new Set([
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.30',
  '2.5.29.32',
  '2.5.29.33',
  '2.5.29.36',
  '2.5.29.37',
  '2.5.29.54',
])

/** `jdk.certpath.disabledAlgorithms` in libcore's security.properties: MD2, MD4, RSA < 1024, DSA < 1024, EC < 160. */
const disabledSignatures: Record<string, string> = {
  '1.2.840.113549.1.1.2': 'MD2 with RSA',
  '1.2.840.113549.1.1.3': 'MD4 with RSA',
}

/**
 * The first thing libcore's PKIXCertPathValidator (Android 7.0 and later; OpenJDK 8u121) finds wrong with a path; null: nothing.
 * Checkers run in its order, from the certificate below the anchor down to the leaf. Throws `LimitReached`.
 */
export function validateAsLibcore<Other>({
  certificates,
  anchor,
  at,
  budget,
  rules,
  keyForms,
  staple,
}: LibcorePath<Other>): PathProblem | Other | null {
  const top = certificates.at(-1)!
  const mismatch = anchorMismatch(top, anchor, rules)
  if (mismatch) return mismatch
  const policies = new LibcorePolicies(certificates.length, budget)
  const constraints = new LibcoreNameConstraints(budget)
  let maxPathLength = certificates.length
  for (let i = certificates.length - 1; i >= 0; i--) {
    const certificate = certificates[i]!
    const issuer = certificates[i + 1] ?? anchor
    const fail = algorithmProblem(certificate, issuer, rules)
    if (fail) return fail

    if (i > 0) {
      if (certificate.keyUsage && !certificate.keyUsage.has('keyCertSign')) {
        return problem('key-usage', certificate, `keyCertSign is missing in "${certificate.subject.text}"`)
      }
      const isSelfIssued = sameName(certificate.issuer, certificate.subject)
      const isOldAuthority = certificate.version < 3 && issuer === anchor && isSelfIssued
      const pathLength = isOldAuthority ? Number.POSITIVE_INFINITY : libcoreView(certificate).pathLength
      if (pathLength === -1)
        return problem('not-a-ca', certificate, `"${certificate.subject.text}" is no authority`)
      if (!isSelfIssued && maxPathLength-- <= 0) {
        return problem(
          'path-length',
          certificate,
          `no further authority may stand below the issuer of "${certificate.subject.text}"`,
        )
      }
      maxPathLength = Math.min(maxPathLength, pathLength)
    }

    const forbidden = nameConstraintProblem(constraints, certificate, i === 0)
    if (forbidden) return forbidden

    const policy = policies.check(certificate)
    if (policy) return problem('policy', certificate, policy)

    const basic = validityProblem(certificate, at) ?? chainingProblem(certificate, issuer)
    if (basic) return basic
    if (!isKnownKey(issuer.publicKey, keyForms) || !budget.verify(certificate, issuer)) {
      return problem(
        'wrong-key',
        certificate,
        `"${certificate.subject.text}" was not signed by the key of "${issuer.subject.text}" at hand`,
      )
    }

    if (i === 0) {
      const leaf =
        (libcoreView(certificate).pathLength === -1 ? staple(certificate, issuer) : null) ??
        serverPurposeProblem(certificate)
      if (leaf) return leaf
    }
    const unknown = criticalOids(certificate).find((oid) => !resolved.has(oid))
    if (unknown)
      return problem(
        'critical-extension',
        certificate,
        `extension ${unknown} of "${certificate.subject.text}"`,
      )
  }
  return null
}

/** AdaptableX509CertSelector: what the top certificate says of its issuer must fit the anchor. */
function anchorMismatch(top: Certificate, anchor: Certificate, rules: LibcoreRules): PathProblem | null {
  const wanted = authorityKeyIdentifierOf(top, rules)
  // An identifier that cannot be read is compared as it stands, and differs.
  const keyIdentifier = anchor.unreadable.includes('2.5.29.14') ? 'unreadable' : anchor.subjectKeyIdentifier
  const wantedKey = wanted?.keyIdentifier ?? null
  if (wantedKey !== null && keyIdentifier !== null && wantedKey !== keyIdentifier) {
    return problem(
      'aki-mismatch',
      top,
      `"${top.subject.text}" asks for key ${wantedKey || '(empty)'}, "${anchor.subject.text}" has ${keyIdentifier}`,
    )
  }
  const serialNumber = integerText(anchor.serialNumber)
  if (wanted?.serialNumber && anchor.version > 2 && integerText(wanted.serialNumber) !== serialNumber) {
    return problem(
      'aki-mismatch',
      top,
      `"${top.subject.text}" asks for an issuer with serial number ${wanted.serialNumber}, "${anchor.subject.text}" has ${serialNumber}`,
    )
  }
  if (rules.needsOldAnchorValid && anchor.version < 3) {
    const outside = validityProblem(anchor, top.notBefore) ?? validityProblem(anchor, top.notAfter)
    if (outside) {
      const detail = `"${anchor.subject.text}" is a version ${anchor.version} root and not valid over the whole period of "${top.subject.text}"`
      return { ...outside, detail: `${detail}: ${outside.detail}` }
    }
  }
  return sameName(top.issuer, anchor.subject) ? null : chainingProblem(top, anchor)
}

/** As the release reads it: with an integer that it refuses the extension does not exist. */
function authorityKeyIdentifierOf(
  certificate: Certificate,
  { refusesPaddedIntegers }: LibcoreRules,
): LibcoreView['authorityKeyIdentifier'] {
  const { authorityKeyIdentifier } = libcoreView(certificate)
  const serialNumber = authorityKeyIdentifier?.serialNumber
  return serialNumber && refusesPaddedIntegers && isPadded(serialNumber) ? null : authorityKeyIdentifier
}

function algorithmProblem(
  certificate: Certificate,
  issuer: Certificate,
  { ignoresIdleKeyUsage, refusesPaddedIntegers, comparesAlgorithmBytes }: LibcoreRules,
): PathProblem | null {
  const { undecodable, paddedInteger, algorithmsDifferInNull } = libcoreView(certificate)
  const unreadable =
    undecodable ??
    (refusesPaddedIntegers ? paddedInteger : null) ??
    (comparesAlgorithmBytes ? algorithmsDifferInNull : null)
  if (unreadable) return problem('unreadable', certificate, unreadable)
  const disabled = disabledSignatures[certificate.signatureAlgorithm]
  if (disabled) return problem('weak-signature', certificate, `${disabled} on "${certificate.subject.text}"`)
  const { keyUsage } = certificate
  // AlgorithmChecker looks at the first seven bits; encipherOnly and decipherOnly alone are as good as none.
  const means =
    ignoresIdleKeyUsage ||
    !keyUsage ||
    [...keyUsage].some((usage) => usage !== 'encipherOnly' && usage !== 'decipherOnly')
  if (!means) return problem('key-usage', certificate, 'the keyUsage extension allows nothing')
  for (const { publicKey, subject } of [certificate, issuer]) {
    if (isDisabledKey(publicKey)) {
      return problem(
        'weak-key',
        certificate,
        `${publicKey.algorithm} key of ${publicKey.bits} bits of "${subject.text}"`,
      )
    }
  }
  return null
}

const isDisabledKey = ({ algorithm, bits }: PublicKey): boolean =>
  bits !== null &&
  (((algorithm === 'rsa' || algorithm === 'dsa') && bits < 1024) || (algorithm === 'ec' && bits < 160))

/** Checks the certificate against what is demanded above it and adds what it demands itself. */
function nameConstraintProblem(
  constraints: LibcoreNameConstraints,
  certificate: Certificate,
  isLeaf: boolean,
): PathProblem | null {
  try {
    const isExempt = !isLeaf && sameName(certificate.issuer, certificate.subject)
    const violation = isExempt ? null : constraints.violation(certificate)
    const detail =
      violation === null ? constraints.add(certificate) : `${violation} of "${certificate.subject.text}"`
    return detail === null ? null : problem('name-constraints', certificate, detail)
  } catch (error) {
    if (!(error instanceof PlatformCrash)) throw error
    return { ...problem('name-constraints', certificate, error.message), endsSearch: true }
  }
}

function chainingProblem(certificate: Certificate, issuer: Certificate): PathProblem | null {
  if (sameName(certificate.issuer, issuer.subject)) return null
  return problem(
    'name-chaining',
    certificate,
    `issuer "${certificate.issuer.text}", subject above "${issuer.subject.text}"`,
  )
}
