import type { Examination } from '../examine/examination.js'
import { observationOf } from '../tls/exchange-end.js'
import { say } from '../words/words.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { confirming } from './support/advice.js'
import { type Beside, beside, concerned, counting, severityFor } from './support/answers.js'

export interface Evidence extends Beside {
  readonly cipherSuite: string | null
}

const rules = ['nothing-presented'] as const

export const noCertificateSent = defineCheck({
  id: 'no-certificate-sent',
  title: 'The server sent no certificate',
  sources: ['RFC 8446 §4.4.2', 'RFC 5246 §7.4.2'],
  rules,
  run: (farm) => found(farm.examinations.flatMap((examination) => caseOf(examination, farm))),
  tell: (evidence, told) =>
    say`The server answers in TLS${evidence.cipherSuite ? ` (${evidence.cipherSuite})` : ''} and sends an empty certificate list; ${concerned(evidence, told)} ends the handshake.`,
  actions: () => [{ action: { verb: 'look', at: { kind: 'bindings' } }, by: 'adfs-admin' }, confirming],
})

function caseOf(examination: Examination, farm: ExaminedFarm): Case<Evidence>[] {
  const empty = examination.attempts
    .map(({ outcome }) => observationOf(outcome))
    .find((observation) => observation?.certificates.length === 0)
  const refusing =
    examination.kind === 'unseen'
      ? empty && observationOf(examination.outcome)
        ? [...farm.releases, ...farm.others]
        : []
      : examination.verdicts.flatMap(({ release, verdict }) =>
          verdict.kind === 'refused' && verdict.reason.rule === rules[0] ? [release] : [],
        )
  if (refusing.length === 0) return []
  return [
    {
      facet: 'empty list',
      subject: examination.subject.id,
      releases: counting(farm, refusing),
      severity: severityFor(farm, refusing, 'critical'),
      certificate: null,
      evidence: { cipherSuite: empty?.cipherSuite.name ?? null, ...beside(farm, refusing) },
    },
  ]
}
