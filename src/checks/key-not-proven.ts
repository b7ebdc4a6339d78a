import type { Seen } from '../examine/examination.js'
import { endOf, observationOf } from '../tls/exchange-end.js'
import { say } from '../words/words.js'
import { type Sha256, sha256Of } from '../x509/identity.js'
import { type Advice, type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { answersOf, leafElsewhere, seenOf } from './support/answers.js'
import { namedExchanges } from './support/handshake.js'

export type Evidence =
  | { readonly kind: 'failed'; readonly detail: string }
  /** Key exchange without a signature. */
  | { readonly kind: 'not-provable' }

const rules = ['key-not-proven'] as const

export const keyNotProven = defineCheck({
  id: 'key-not-proven',
  title: 'The server did not prove that it holds the key of its certificate',
  sources: ['RFC 8446 §4.4.3', 'RFC 5246 §7.4.3', 'RFC 8422 §5.4'],
  rules,
  run: (farm) => found(seenOf(farm).flatMap((seen) => [...failed(seen, farm), ...unsigned(seen)])),
  tell: (evidence, { releases }) =>
    evidence.kind === 'failed'
      ? say`The server signs the handshake with a key that is not that of the certificate it sends first; ${{ releases }} ends the handshake. Certificate and private key do not belong together.`
      : say`The server chose a key exchange without a signature (RSA). Phones may use it; this check only cannot show that the key is there, and the exchange has no forward secrecy.`,
  actions: ({ kind }, { cases }) =>
    kind === 'failed'
      ? [
          ...cases.flatMap(({ certificate, subject }): Advice[] =>
            certificate === null || subject === null
              ? []
              : [
                  { action: { verb: 'repair-key', certificate }, on: [subject] },
                  { action: { verb: 'rebind', certificate }, on: [subject] },
                ],
          ),
          { action: { verb: 'confirm' } },
        ]
      : [{ action: { verb: 'look', at: { kind: 'tls-settings' } }, by: 'adfs-admin' }],
})

function failed(seen: Seen, { releases }: ExaminedFarm): Case<Evidence>[] {
  // An authority in the leaf's place: the key belongs to another entry, and the order is the whole trouble.
  if (answersOf(seen).some(leafElsewhere)) return []
  const { subject, verdicts } = seen
  const refused = verdicts.flatMap(({ verdict }) =>
    verdict.kind === 'refused' && verdict.reason.rule === rules[0] && releases.includes(verdict.release)
      ? [verdict]
      : [],
  )
  if (refused.length === 0) return []
  const evidence = { kind: 'failed', detail: refused[0]!.reason.detail } as const
  const whose = refused.map(({ release }) => release)
  return [
    {
      facet: 'failed',
      subject: subject.id,
      releases: whose,
      severity: 'critical',
      certificate: shownFirst(seen),
      evidence,
    },
  ]
}

/** What the proof was to be for. */
const shownFirst = ({ attempts }: Seen): Sha256 | null => {
  const der = attempts
    .flatMap(({ outcome }) => (typeof endOf(outcome) === 'string' ? [] : (observationOf(outcome) ?? [])))
    .flatMap(({ certificates }) => certificates)[0]
  return der ? sha256Of(der) : null
}

function unsigned(seen: Seen): Case<Evidence>[] {
  const isUnsigned = seen.answers.some((answer) =>
    namedExchanges(seen, answer).some(({ ended }) => ended === 'not-provable'),
  )
  const evidence = { kind: 'not-provable' } as const
  return isUnsigned
    ? [
        {
          facet: 'not-provable',
          subject: seen.subject.id,
          releases: [],
          severity: 'info',
          certificate: null,
          evidence,
        },
      ]
    : []
}
