import { endOf, observationOf } from '../tls/exchange-end.js'
import type { ProbeOutcome } from '../tls/observation.js'
import { sha256Of } from '../x509/identity.js'

/** Equal for what no verdict could tell apart. Times, randoms and words of the system are left out. */
export interface AnswerKey {
  /** How the connection ended, and the list it brought; what a repair is about. */
  readonly list: string
  readonly hasList: boolean
  /** With how the list was come by and what was stapled, in which servers of one farm may differ. */
  readonly whole: string
}

export function answerKey(outcome: ProbeOutcome): AnswerKey {
  const end = endOf(outcome)
  const seen = observationOf(outcome)
  const list = [
    typeof end === 'string' ? end : failureKey(end),
    ...(seen?.certificates.map(sha256Of) ?? []),
  ].join(' ')
  const rest = seen && [
    seen.protocolVersion,
    seen.keyExchange,
    seen.clientCertificateRequested,
    seen.stapledOcsp ? sha256Of(seen.stapledOcsp) : '',
    seen.signedCertificateTimestamps ? sha256Of(seen.signedCertificateTimestamps) : '',
  ]
  return {
    list: sha256Of(Buffer.from(list)),
    hasList: seen !== null,
    whole: sha256Of(Buffer.from([list, ...(rest ?? [])].join(' '))),
  }
}

const failureKey = (end: Exclude<ReturnType<typeof endOf>, string>): string =>
  [
    end.kind,
    'phase' in end ? end.phase : '',
    'reason' in end ? end.reason : '',
    end.kind === 'alert' ? end.alert.code : '',
    end.kind === 'limit-exceeded' ? end.limit : '',
  ].join(' ')
