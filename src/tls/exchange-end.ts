import type { Observation, ProbeOutcome } from './observation.js'

/**
 * How one exchange ended, as far as a phone that says the same hello is concerned.
 *
 * `authenticated`: the server proved its key and got to the end of its part: TLS 1.3 CertificateVerify and Finished,
 * before that the signature of ServerKeyExchange and ServerHelloDone. `not-provable`: a key exchange without signature
 * that came to ServerHelloDone. Anything else is a `Failure`, however many certificates had been sent by then.
 *
 * Our own Finished is never sent. What a server makes of the client's part (a certificate demanded of it, a wrong key
 * behind RSA key exchange, a policy on the session) is therefore not seen.
 */
export type ExchangeEnd = 'authenticated' | 'not-provable' | Failure

/** Why an exchange did not get through the server's authentication. */
export type Failure =
  | Exclude<ProbeOutcome, { readonly kind: 'observed' }>
  /** The proof was made and is wrong. */
  | { readonly kind: 'key-not-proven'; readonly detail: string; readonly observation: Observation }
  /** The proof was made, and the first certificate holds no key to check it with. */
  | { readonly kind: 'key-unreadable'; readonly detail: string; readonly observation: Observation }

export function endOf(outcome: ProbeOutcome): ExchangeEnd {
  const observation = observationOf(outcome)
  if (observation?.keyProof.kind === 'failed')
    return { kind: 'key-not-proven', detail: observation.keyProof.detail, observation }
  if (outcome.kind !== 'observed') return outcome
  const { keyProof, keyExchange } = outcome.observation
  if (keyProof.kind === 'proven') return 'authenticated'
  if (keyExchange === 'rsa' || keyExchange === 'other') return 'not-provable'
  return { kind: 'key-unreadable', detail: keyProof.detail, observation: outcome.observation }
}

/**
 * Whether the failure is the server's word and not the network's: an alert that ends the handshake, a proof that is
 * wrong, a list longer than any phone reads. A phone meets the same. A reset, a close, silence or something unreadable proves nothing.
 */
export const isDefinite = (failure: Failure): boolean =>
  failure.kind === 'key-not-proven' ||
  isTooLarge(failure) ||
  (failure.kind === 'alert' && !goodbyes.includes(failure.alert.code))

/** A certificate list beyond what phones read, which is where this program stops reading too. */
export const isTooLarge = (failure: Failure): boolean =>
  failure.kind === 'limit-exceeded' && failure.limit === 'maxCertificateBytes'

/** close_notify and user_canceled (RFC 8446 §6.1) close and say nothing of why. */
const goodbyes = [0, 90]

/** What a probe saw, also where the handshake failed afterwards. */
export const observationOf = (outcome: ProbeOutcome | Failure): Observation | null =>
  'observation' in outcome ? outcome.observation : null
