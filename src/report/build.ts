import { describeProblem, rules } from '../android/rules.js'
import type { Verdict } from '../android/verdict.js'
import type { Observation, ProbeOutcome } from '../tls/observation.js'
import { outcomeText } from '../tls/wording.js'
import type { Certificate } from '../x509/certificate.js'
import { certificateReport } from './certificate-report.js'
import type { HandshakeReport, OutcomeReport, Report, VerdictReport } from './report.js'

/** Collects every certificate the report will speak of, each once, with where it was met. */
export class CertificateIndex {
  readonly #known = new Map<string, { certificate: Certificate; origins: string[] }>()

  add(certificate: Certificate, origin: string): void {
    const entry = this.#known.get(certificate.sha256) ?? { certificate, origins: [] }
    entry.origins.push(origin)
    this.#known.set(certificate.sha256, entry)
  }

  addVerdicts(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      if (verdict.kind !== 'accepted') continue
      const anchor = verdict.path.certificates.findLast(({ origin }) => origin === 'anchor')
      if (anchor) this.add(anchor.certificate, 'trust-store')
    }
  }

  report(): Report['certificates'] {
    return Object.fromEntries(
      [...this.#known].map(([sha256, { certificate, origins }]) => [
        sha256,
        certificateReport(certificate, origins),
      ]),
    )
  }
}

export function verdictReport(verdict: Verdict, acceptedIfRemembered: readonly string[]): VerdictReport {
  const common = { release: verdict.release, verdict: verdict.kind, path: [], acceptedIfRemembered }
  switch (verdict.kind) {
    case 'accepted':
      return {
        ...common,
        reason: 'Every rule of this release is met.',
        rule: null,
        source: null,
        certificate: null,
        path: verdict.path.certificates.map(({ certificate }) => certificate.sha256),
      }
    case 'refused':
    case 'depends':
      return {
        ...common,
        reason: describeProblem(verdict.reason),
        rule: verdict.reason.rule,
        source: rules[verdict.reason.rule].citation,
        certificate: verdict.reason.certificate,
      }
    case 'undetermined':
      return { ...common, reason: verdict.because, rule: null, source: null, certificate: null }
  }
}

export function handshakeReport(observation: Observation): HandshakeReport {
  return {
    protocol: observation.protocol,
    cipherSuite: observation.cipherSuite.name,
    group: observation.group?.name ?? null,
    alpn: observation.alpn,
    keyProof: observation.keyProof.kind,
    clientCertificateRequested: observation.clientCertificateRequested,
    stapledOcsp: observation.stapledOcsp !== null,
    signedCertificateTimestamps: observation.signedCertificateTimestamps !== null,
    connectMs: round(observation.connectMs),
    handshakeMs: round(observation.handshakeMs),
  }
}

const round = (ms: number) => Math.round(ms * 10) / 10

export function outcomeReport(outcome: ProbeOutcome): OutcomeReport {
  return {
    kind: outcome.kind,
    phase: 'phase' in outcome ? outcome.phase : null,
    detail: outcomeText(outcome),
  }
}
