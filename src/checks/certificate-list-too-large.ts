import type { Examination } from '../examine/examination.js'
import { say } from '../words/words.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { confirming } from './support/advice.js'
import { type Beside, beside, concerned, counting, severityFor } from './support/answers.js'
import { refusalsOf } from './support/refusals.js'

export interface Evidence extends Beside {
  readonly maximumBytes: number
  /** As the server announced; null: it did not get so far. */
  readonly bytes: number | null
}

const rules = ['message-too-large'] as const

/** SSL_MAX_CERT_LIST_DEFAULT of BoringSSL and of OpenSSL before it. */
const androidMaximum = 102_400

export const certificateListTooLarge = defineCheck({
  id: 'certificate-list-too-large',
  title: 'The server sends more certificate bytes than Android reads',
  sources: ['boringssl ssl/internal.h@android-14.0.0_r1 SSL_MAX_CERT_LIST_DEFAULT'],
  rules,
  run: (farm) => found([...judged(farm), ...farm.examinations.flatMap((one) => stopped(one, farm))]),
  tell: (evidence, told) =>
    say`The certificate list has ${evidence.bytes === null ? 'too many' : `${evidence.bytes}`} bytes; ${concerned(evidence, told)} reads at most ${`${evidence.maximumBytes}`} and ends the handshake. Windows sends a handful of certificates, so another device ends TLS here: its bundle must hold the server's chain and no more.`,
  actions: (_evidence, { subjects, farm }) => [
    ...shortened(farm, subjects),
    { action: { verb: 'look', at: { kind: 'device-at-address' } }, by: 'network-admin' },
    confirming,
  ],
})

/** Where the list was so long that we stopped reading, as every phone does: no list was seen. */
function stopped(examination: Examination, farm: ExaminedFarm): Case<Evidence>[] {
  if (examination.kind === 'unseen') return []
  const refused = examination.reach.flatMap(({ release, evidence }) =>
    evidence.kind === 'refused' && evidence.failure?.kind === 'limit-exceeded'
      ? [{ release, stop: evidence.failure }]
      : [],
  )
  const stop = refused[0]?.stop
  if (!stop) return []
  const releases = refused.map(({ release }) => release)
  const evidence = { maximumBytes: stop.maximum, bytes: stop.actual, ...beside(farm, releases) }
  return [caseOf(examination.subject.id, releases, evidence, farm)]
}

const judged = (farm: ExaminedFarm): Case<Evidence>[] =>
  refusalsOf(farm, rules).map(({ shown, releases }) => {
    const bytes = shown.answer.entries.reduce((sum, { der }) => sum + der.length, 0)
    const evidence = { maximumBytes: androidMaximum, bytes, ...beside(farm, releases) }
    return caseOf(shown.seen.subject.id, releases, evidence, farm)
  })

const caseOf = (
  subject: string,
  releases: ExaminedFarm['releases'],
  evidence: Evidence,
  farm: ExaminedFarm,
): Case<Evidence> => ({
  facet: 'list',
  subject,
  releases: counting(farm, releases),
  severity: severityFor(farm, releases, 'critical'),
  certificate: null,
  evidence,
})

/** Windows sends a handful of certificates: who sends so many has a bundle, and the repair says what it should hold. */
const shortened = ({ examinations }: ExaminedFarm, subjects: readonly string[]) =>
  examinations.flatMap((one) =>
    one.kind === 'seen' && subjects.includes(one.subject.id)
      ? one.repairs.flatMap(({ repair: { chain } }) =>
          chain.length > 0
            ? [{ action: { verb: 'edit-bundle', chain: chain.map(({ sha256 }) => sha256) } } as const]
            : [],
        )
      : [],
  )
