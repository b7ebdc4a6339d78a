/** The library: the checks of the command line as functions and plain values. */
import * as android from './android/judge.js'
import type { Release } from './android/releases.js'
import type { Verdict } from './android/verdict.js'
import { validClock } from './run/options.js'

/**
 * What one Android release makes of what one server sent; `judgeAll` for several releases at once. No input or output.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION where `at` is not a valid Date
 */
export const judge: typeof android.judge = (input) => {
  validClock(input.at)
  return android.judge(input)
}
export const judgeAll = (
  input: Parameters<typeof android.judgeAll>[0],
  releases: readonly Release[],
): readonly Verdict[] => {
  validClock(input.at)
  return android.judgeAll(input, releases)
}

export type { JudgeInput } from './android/judge.js'
export { matchesHost, verifierOf } from './android/judge.js'
export type { Release } from './android/releases.js'
export { releases } from './android/releases.js'
export type { TrustAnchors } from './android/trust-anchors.js'
export { trustStore } from './android/trust-store.js'
export type { CandidatePath, Problem, Verdict } from './android/verdict.js'
export { readCertificates } from './containers/bundle.js'
export type { FaultCode } from './fault.js'
export { AdfsCheckFault } from './fault.js'
export { formats, render } from './formats/registry.js'
export type { Report, ReportDocument } from './report/schema.js'
export { check } from './run/library.js'
export type { CheckOptions, Progress } from './run/options.js'
export type { Certificate } from './x509/certificate.js'
export { parseCertificate } from './x509/parse.js'
