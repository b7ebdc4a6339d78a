import { cipherSuiteName } from '../tls/code-points.js'
import { say } from '../words/words.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { confirming } from './support/advice.js'
import { type Beside, beside, concerned, counting, mergeCases, severityFor } from './support/answers.js'
import { refusalsOf } from './support/refusals.js'

export interface Evidence extends Beside {
  readonly cipherSuite: string | null
}

const rules = ['nothing-presented'] as const

export const noCertificateSent = defineCheck({
  id: 'no-certificate-sent',
  title: 'The server sent no certificate',
  sources: ['RFC 8446 §4.4.2', 'RFC 5246 §7.4.2'],
  rules,
  run: (farm) => found(mergeCases(casesOf(farm))),
  tell: (evidence, told) =>
    say`The server answers in TLS${evidence.cipherSuite ? ` (${evidence.cipherSuite})` : ''} and sends an empty certificate list; ${concerned(evidence, told)} ends the handshake.`,
  actions: () => [{ action: { verb: 'look', at: { kind: 'bindings' } }, by: 'adfs-admin' }, confirming],
})

const casesOf = (farm: ExaminedFarm): Case<Evidence>[] =>
  refusalsOf(farm, rules).map(({ shown, releases }) => {
    const suite = shown.answer.exchanges[0]?.presented.handshake?.cipherSuite
    return {
      facet: 'empty list',
      subject: shown.seen.subject.id,
      releases: counting(farm, releases),
      severity: severityFor(farm, releases, 'critical'),
      certificate: null,
      evidence: {
        cipherSuite: suite === undefined ? null : cipherSuiteName(suite),
        ...beside(farm, releases),
      },
    }
  })
