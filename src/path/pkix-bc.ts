import { withDefiniteLengths } from '../x509/ber.js'
import type { Certificate } from '../x509/certificate.js'
import { childrenOf, DerError, oidOf, onlyElement, tags } from '../x509/der.js'
import { extensionOids } from '../x509/extensions.js'
import { criticalOids } from './extensions.js'
import { basicConstraintsAsBc } from './extensions-bc.js'
import type { BcVersion } from './general-names-bc.js'
import type { OddForm } from './key-forms.js'
import type { Budget } from './limits.js'
import { BcNameConstraints } from './name-constraints-bc.js'
import { sameBcName, sameHarmonyName } from './name-harmony.js'
import { BcPolicies } from './policy-bc.js'
import { type PathProblem, problem, serverPurposeProblem, validityProblem } from './problem.js'
import { isSignedAsConscrypt } from './signature-conscrypt.js'

export interface BcPath {
  /** Leaf first, the anchor not included; at least one. */
  readonly certificates: readonly Certificate[]
  readonly anchor: Certificate
  readonly at: Date
  readonly version: BcVersion
  /** Odd keys that the release reads. */
  readonly keyForms: ReadonlySet<OddForm>
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

/** On the leaf CRL distribution points as well. */
const handledOnLeaf = '2.5.29.31'

/**
 * The first thing that Android 4.4 to 6.0 finds wrong with a path: BouncyCastle's PKIXCertPathValidatorSpi
 * (bouncycastle@4.4_r1, @5.1.1_r1, @6.0.0_r1) over certificates that Conscrypt read; null: nothing. Nobody decodes a
 * certificate as a whole, nor compares its two algorithm identifiers: what no step below asks for may be anything.
 * Throws `LimitReached`.
 */
export function validateAsBc(path: BcPath): PathProblem | null {
  const { certificates, anchor, at, version, budget } = path
  const constraints = new BcNameConstraints(budget, version)
  const policies = new BcPolicies(certificates.length, budget)
  let maxPathLength = certificates.length
  for (let i = certificates.length - 1; i >= 0; i--) {
    const certificate = certificates[i]!
    const issuer = certificates[i + 1] ?? anchor
    const isSelfIssued = sameHarmonyName(certificate.issuer, certificate.subject)
    const name = `"${certificate.subject.text}"`
    if (!isSignedAsConscrypt(certificate, issuer, path)) {
      return problem(
        'wrong-key',
        certificate,
        `${name} was not signed by the key of "${issuer.subject.text}" at hand`,
      )
    }
    const invalid = validityProblem(certificate, at)
    if (invalid) return invalid
    if (
      !sameHarmonyName(certificate.issuer, issuer.subject) ||
      (version === '1.52' && !sameBcName(certificate.issuer, issuer.subject))
    ) {
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
      const basic = readBasicConstraints(certificate)
      if (!basic?.ca) return problem('not-a-ca', certificate, `${name} is no authority`)
      if (!isSelfIssued && maxPathLength-- <= 0) {
        return problem(
          'path-length',
          certificate,
          `no further authority may stand below the issuer of ${name}`,
        )
      }
      maxPathLength = Math.min(maxPathLength, basic.pathLength ?? maxPathLength)
      const keyUsage = onlyExtension(certificate, extensionOids.keyUsage) && certificate.keyUsage
      if (keyUsage && !keyUsage.has('keyCertSign')) {
        return problem('key-usage', certificate, `keyCertSign is missing in ${name}`)
      }
    }
    const purposes = i === 0 ? purposesOf(certificate) : null
    const purpose = purposes && serverPurposeProblem(certificate, purposes)
    if (purpose) return purpose
    const unknown = criticalOids(certificate).find(
      (oid) =>
        !handled.has(oid) &&
        !(i === 0 && oid === handledOnLeaf) &&
        !(purposes && oid === extensionOids.extendedKeyUsage),
    )
    if (unknown) return problem('critical-extension', certificate, `extension ${unknown} of ${name}`)
  }
  return null
}

/** BouncyCastle reads basicConstraints itself; what it cannot read makes no authority. */
function readBasicConstraints(certificate: Certificate): ReturnType<typeof basicConstraintsAsBc> {
  try {
    return basicConstraintsAsBc(certificate)
  } catch (error) {
    if (error instanceof DerError) return null
    throw error
  }
}

/**
 * keyUsage and extendedKeyUsage come from native code (X509_get_ext_d2i), which gives none where the extension is there
 * twice or cannot be read (conscrypt@5.0.0_r1 NativeCrypto#get_X509_ex_kusage, #get_X509_ex_xkusage).
 */
const onlyExtension = ({ extensions }: Certificate, wanted: string): Uint8Array | null => {
  const [found, ...more] = extensions.filter(({ oid }) => oid === wanted)
  return found && more.length === 0 ? found.value : null
}

/** Null: none that the platform sees. Native code takes an indefinite length too. */
function purposesOf(leaf: Certificate): readonly string[] | null {
  const value = onlyExtension(leaf, extensionOids.extendedKeyUsage)
  if (!value) return null
  if (value[1] !== 0x80) return leaf.extendedKeyUsage
  try {
    return childrenOf(onlyElement(withDefiniteLengths(value), tags.sequence)).map(oidOf)
  } catch (error) {
    if (error instanceof DerError) return null
    throw error
  }
}
