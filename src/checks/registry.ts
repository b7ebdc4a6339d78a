import type { FindingReport, Severity } from '../report/report.js'
import { anchorUnknownToAndroid } from './anchor-unknown-to-android.js'
import { blocklistedKey } from './blocklisted-key.js'
import { certificateExpired } from './certificate-expired.js'
import { certificateExpiring } from './certificate-expiring.js'
import { certificateListTooLarge } from './certificate-list-too-large.js'
import { certificateNotYetValid } from './certificate-not-yet-valid.js'
import { certificateUnreadable } from './certificate-unreadable.js'
import { chainMisordered } from './chain-misordered.js'
import type { Check, CheckContext, Finding } from './check.js'
import { checkFailed } from './check-failed.js'
import { commonNameOnly } from './common-name-only.js'
import { couldNotConnect } from './could-not-connect.js'
import { deviceCaDependent } from './device-ca-dependent.js'
import { duplicateCertificate } from './duplicate-certificate.js'
import { fallbackCertificate } from './fallback-certificate.js'
import { handshakeRefusedToRelease } from './handshake-refused-to-release.js'
import { hostnameNotCovered } from './hostname-not-covered.js'
import { intermediateMissing } from './intermediate-missing.js'
import { keyNotProven } from './key-not-proven.js'
import { leafNotFirst } from './leaf-not-first.js'
import { noCertificateSent } from './no-certificate-sent.js'
import { pathConstraintViolated } from './path-constraint-violated.js'
import { rootIncluded } from './root-included.js'
import { serversDiffer } from './servers-differ.js'
import { sniRequired } from './sni-required.js'
import { stapleRejected } from './staple-rejected.js'
import { safe } from './support/wording.js'
import { tooFewSct } from './too-few-sct.js'
import { unrelatedCertificate } from './unrelated-certificate.js'
import { unsuitableExtendedKeyUsage } from './unsuitable-extended-key-usage.js'
import { unsuitableKeyUsage } from './unsuitable-key-usage.js'
import { verdictUndetermined } from './verdict-undetermined.js'
import { weakKey } from './weak-key.js'
import { weakSignature } from './weak-signature.js'
import { worksByLuck } from './works-by-luck.js'
import { wrongIntermediate } from './wrong-intermediate.js'

/** Every check, in the order in which findings of one severity are told: what to mend first comes first. */
export const checks: readonly Check[] = [
  couldNotConnect,
  noCertificateSent,
  certificateListTooLarge,
  certificateUnreadable,
  leafNotFirst,
  intermediateMissing,
  wrongIntermediate,
  anchorUnknownToAndroid,
  certificateExpired,
  certificateNotYetValid,
  hostnameNotCovered,
  commonNameOnly,
  weakSignature,
  weakKey,
  unsuitableExtendedKeyUsage,
  unsuitableKeyUsage,
  pathConstraintViolated,
  blocklistedKey,
  stapleRejected,
  keyNotProven,
  handshakeRefusedToRelease,
  certificateExpiring,
  serversDiffer,
  worksByLuck,
  deviceCaDependent,
  tooFewSct,
  verdictUndetermined,
  chainMisordered,
  duplicateCertificate,
  unrelatedCertificate,
  rootIncluded,
  fallbackCertificate,
  sniRequired,
  checkFailed,
]

const severities: readonly Severity[] = ['error', 'warning', 'info']

/**
 * Everything the checks find, most severe first, then in the order of `list`. A check that throws becomes one finding
 * that says so, and the others still run.
 */
export function runChecks(context: CheckContext, list: readonly Check[] = checks): FindingReport[] {
  const found = list.flatMap((check) => {
    try {
      return check.run(context).map((finding) => reportOf(check, finding, context))
    } catch (error) {
      const evidence = {
        check: check.id,
        error: safe(error instanceof Error ? error.message : String(error)),
      }
      return [reportOf(checkFailed, { endpoint: null, releases: [], evidence }, context)]
    }
  })
  return found.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
}

function reportOf(
  check: Check,
  finding: Finding<Record<string, unknown>>,
  context: CheckContext,
): FindingReport {
  const { endpoint, releases, evidence } = finding
  const severity = finding.severity ?? check.severity
  // Sentences may ask for the severity, so they see the one that holds.
  const settled = { ...finding, severity }
  return {
    id: check.id,
    severity,
    endpoint,
    title: check.title,
    message: check.message(evidence, settled, context),
    steps: check.steps(evidence, settled, context),
    releases,
    evidence,
  }
}
