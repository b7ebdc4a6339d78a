import { listed, say, type Words } from '../words/words.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { confirming, reissuing, tidying } from './support/advice.js'
import { type Beside, beside, concerned, counting, mergeCases, severityFor } from './support/answers.js'
import { refusalsOf } from './support/refusals.js'

export interface Evidence extends Beside {
  readonly entries: readonly { readonly index: number; readonly field: string; readonly message: string }[]
  /** What single releases cannot read although this program can. */
  readonly details: readonly string[]
}

const rules = ['unreadable'] as const

export const certificateUnreadable = defineCheck({
  id: 'certificate-unreadable',
  title: 'A certificate cannot be read',
  sources: [
    'RFC 5280 §4.1',
    'conscrypt OpenSSLX509Certificate.java@android-16.0.0_r2',
    'sun.security.x509.X509CertImpl (7.0 and later)',
  ],
  rules,
  run: (farm) => found(mergeCases(casesOf(farm))),
  tell: (evidence, told) => {
    const what = evidence.entries.map(
      ({ index, field, message }): Words =>
        say`presented[${`${index}`}] (${{ untrusted: field }}: ${{ untrusted: message }})`,
    )
    const phones = concerned(evidence, told)
    return what.length > 0
      ? say`The list holds bytes that are no readable certificate: ${listed(what)}. A phone reads every entry of the list and ends the handshake on the first that it cannot: ${phones} refuses the server. Windows sends only certificates that it can read, so another device ends TLS here, with a damaged bundle.`
      : say`${listed(evidence.details.map((detail) => [{ untrusted: detail }]))}: ${phones} cannot read it and refuses the server.`
  },
  actions: ({ entries }, told) =>
    entries.length > 0
      ? tidying(told)
      : [reissuing(told.cases[0]!.certificate, { kind: 'other' }), confirming],
})

const casesOf = (farm: ExaminedFarm): Case<Evidence>[] =>
  refusalsOf(farm, rules).map(({ shown, releases, certificate, details }) => {
    const entries = shown.answer.entries.flatMap((entry) =>
      'problem' in entry
        ? [{ index: entry.index, field: entry.problem.field, message: entry.problem.message }]
        : [],
    )
    return {
      facet: entries.length > 0 ? 'entries' : 'encoding',
      subject: shown.seen.subject.id,
      releases: counting(farm, releases),
      severity: severityFor(farm, releases, 'critical'),
      certificate,
      evidence: { entries, details: entries.length > 0 ? [] : details, ...beside(farm, releases) },
    }
  })
