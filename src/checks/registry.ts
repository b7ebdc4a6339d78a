import type { Verdict } from '../android/verdict.js'
import type { SubjectId } from '../farm/subject.js'
import { anchorLeaving } from './anchor-leaving.js'
import { anchorUnknownToAndroid } from './anchor-unknown-to-android.js'
import { blocklistedKey } from './blocklisted-key.js'
import { certificateExpired } from './certificate-expired.js'
import { certificateExpiring } from './certificate-expiring.js'
import { certificateListTooLarge } from './certificate-list-too-large.js'
import { certificateNotYetValid } from './certificate-not-yet-valid.js'
import { certificateUnreadable } from './certificate-unreadable.js'
import { chainMisordered } from './chain-misordered.js'
import type { Case, Check, ExaminedFarm, Severity } from './check.js'
import { checkFailed, type FailureEvidence } from './check-failed.js'
import { clientCertificateDemanded } from './client-certificate-demanded.js'
import { commonNameOnly } from './common-name-only.js'
import { couldNotConnect } from './could-not-connect.js'
import { crossCertificateLeftOut } from './cross-certificate-left-out.js'
import { dataOutdated } from './data-outdated.js'
import { deviceCaDependent } from './device-ca-dependent.js'
import { duplicateCertificate } from './duplicate-certificate.js'
import { fallbackCertificate } from './fallback-certificate.js'
import { handshakeRefusedToRelease } from './handshake-refused-to-release.js'
import { hostnameNotCovered } from './hostname-not-covered.js'
import { intermediateMissing } from './intermediate-missing.js'
import { intermediateNamedLikeRoot } from './intermediate-named-like-root.js'
import { intermediateNoLongerNeeded } from './intermediate-no-longer-needed.js'
import { keyNotProven } from './key-not-proven.js'
import { keyStoreUnsuitable } from './key-store-unsuitable.js'
import { leafNotFirst } from './leaf-not-first.js'
import { localNetworkAddress } from './local-network-address.js'
import { lockedOutcomeChanged } from './locked-outcome-changed.js'
import { nameLost } from './name-lost.js'
import { noCertificateSent } from './no-certificate-sent.js'
import { oldCertificateStillServed } from './old-certificate-still-served.js'
import { pathConstraintViolated } from './path-constraint-violated.js'
import { pfxUnreadableByServer } from './pfx-unreadable-by-server.js'
import { privateKeyNotFitting } from './private-key-not-fitting.js'
import type { Finding, Result } from './result.js'
import { rootIncluded } from './root-included.js'
import { selfSignedCertificate } from './self-signed-certificate.js'
import { serversDiffer } from './servers-differ.js'
import { severalServersBehindAddress } from './several-servers-behind-address.js'
import { sniRequired } from './sni-required.js'
import { stapleRejected } from './staple-rejected.js'
import { supersededIntermediate } from './superseded-intermediate.js'
import { ownAnswers } from './support/vantages.js'
import { systemUpdateDependent } from './system-update-dependent.js'
import { tlsInspected } from './tls-inspected.js'
import { tellAll } from './told.js'
import { tooFewSct } from './too-few-sct.js'
import { unrelatedCertificate } from './unrelated-certificate.js'
import { unsuitableExtendedKeyUsage } from './unsuitable-extended-key-usage.js'
import { unsuitableKeyUsage } from './unsuitable-key-usage.js'
import { vantagePointsDiffer } from './vantage-points-differ.js'
import { verdictUndetermined } from './verdict-undetermined.js'
import { weakKey } from './weak-key.js'
import { weakSignature } from './weak-signature.js'
import { worksByLuck } from './works-by-luck.js'
import { wrongIntermediate } from './wrong-intermediate.js'

/** Every check, in the order in which findings of one rank are told: what to mend first comes first. */
export const checks = [
  couldNotConnect,
  severalServersBehindAddress,
  noCertificateSent,
  certificateListTooLarge,
  certificateUnreadable,
  leafNotFirst,
  vantagePointsDiffer,
  selfSignedCertificate,
  certificateExpired,
  certificateNotYetValid,
  intermediateMissing,
  intermediateNamedLikeRoot,
  wrongIntermediate,
  anchorUnknownToAndroid,
  hostnameNotCovered,
  commonNameOnly,
  weakSignature,
  weakKey,
  unsuitableExtendedKeyUsage,
  unsuitableKeyUsage,
  pathConstraintViolated,
  blocklistedKey,
  stapleRejected,
  tlsInspected,
  privateKeyNotFitting,
  pfxUnreadableByServer,
  keyStoreUnsuitable,
  keyNotProven,
  handshakeRefusedToRelease,
  oldCertificateStillServed,
  certificateExpiring,
  lockedOutcomeChanged,
  nameLost,
  crossCertificateLeftOut,
  serversDiffer,
  clientCertificateDemanded,
  systemUpdateDependent,
  supersededIntermediate,
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
  localNetworkAddress,
  anchorLeaving,
  intermediateNoLongerNeeded,
  dataOutdated,
  checkFailed,
] as const satisfies readonly Check[]

export type CheckId = (typeof checks)[number]['id']

/** Checks whose warnings say that something could not be told: the gate makes `unknown` of them. What they call critical is. */
export const couldNotCheck: ReadonlySet<string> = new Set<CheckId>([
  'could-not-connect',
  'verdict-undetermined',
  'check-failed',
])

interface Ran {
  readonly check: Check
  readonly result: Result
  readonly cases: readonly Case<unknown>[]
}

/**
 * What every check of `list` came to, in its order, and last what went wrong with them: a check that throws, and a
 * release that counts and does not accept although no finding says why. Neither keeps other checks from running.
 */
export function runChecks(farm: ExaminedFarm, list: readonly Check[] = checks): Result[] {
  const faults: Case<FailureEvidence>[] = []
  const ran = list
    .filter(({ id }) => id !== checkFailed.id)
    .map((check): Ran => {
      try {
        return runOne(check, farm)
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        faults.push(faultOf(check.id, { kind: 'threw', check: check.id, error: message }))
        const why = 'the check stopped on a fault of its own'
        return { check, result: resultOf(check, 'undetermined', why), cases: [] }
      }
    })
  faults.push(...unowned(farm, ran))
  const results = ran.map(({ result }) => result)
  if (faults.length === 0) return [...results, resultOf(checkFailed, 'pass')]
  return [...results, resultOf(checkFailed, 'found', null, tellAll(checkFailed, faults, farm))]
}

/** All findings, the cause first: critical, what could not be checked, warning, info; then the checks' order. */
export function findingsOf(results: readonly Result[]): readonly Finding[] {
  return results.flatMap(({ findings }) => findings).sort((a, b) => rankOf(a) - rankOf(b))
}

function rankOf({ id, severity }: Finding): number {
  const rank = severities.indexOf(severity) * 2
  return severity === 'warning' && couldNotCheck.has(id) ? rank - 1 : rank
}

const severities: readonly Severity[] = ['critical', 'warning', 'info']

function runOne(check: Check, farm: ExaminedFarm): Ran {
  const result = check.run(check.seesInspected ? farm : ownAnswers(farm))
  if (result.status === 'found')
    return {
      check,
      result: resultOf(check, 'found', null, tellAll(check, result.cases, farm)),
      cases: result.cases,
    }
  const why = 'why' in result ? result.why : null
  return { check, result: resultOf(check, result.status, why), cases: [] }
}

const resultOf = (
  { id, title }: Check,
  status: Result['status'],
  why: string | null = null,
  findings: readonly Finding[] = [],
): Result => ({ id, title, status, why, findings })

/** A refusal needs a critical case, something that depends at least a warning, of its subject and with its release. */
function unowned(farm: ExaminedFarm, ran: readonly Ran[]): Case<FailureEvidence>[] {
  const told = ran.flatMap(({ cases }) => cases)
  const groups = new Map<string, Case<FailureEvidence>>()
  for (const examination of farm.examinations) {
    if (examination.kind !== 'seen') continue
    const { id } = examination.subject
    for (const { release, verdict } of examination.verdicts) {
      if (!farm.releases.includes(release) || !('reason' in verdict) || isOwned(id, verdict, told)) continue
      const { rule, detail } = verdict.reason
      const known = groups.get(`${id} ${rule}`) ?? faultOf(rule, { kind: 'unowned', rule, detail }, id)
      groups.set(`${id} ${rule}`, { ...known, releases: [...known.releases, release] })
    }
  }
  return [...groups.values()]
}

function isOwned(id: SubjectId, verdict: Verdict, told: readonly Case<unknown>[]): boolean {
  return told.some(
    ({ subject, releases, severity }) =>
      (subject === id || subject === null) &&
      releases.includes(verdict.release) &&
      (severity === 'critical' || (severity === 'warning' && verdict.kind === 'depends')),
  )
}

const faultOf = (
  facet: string,
  evidence: FailureEvidence,
  subject: SubjectId | null = null,
): Case<FailureEvidence> => ({
  facet,
  subject,
  releases: [],
  severity: 'warning',
  certificate: null,
  evidence,
})
