import type { Release } from '../android/releases.js'
import type { Seen } from '../examine/examination.js'
import { listed, say, type Words } from '../words/words.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { seenOf } from './support/answers.js'
import { type End, endAdvice, endOfFailure, endWords } from './support/ends.js'
import { handshakeOf } from './support/handshake.js'

type Reason =
  | { readonly kind: 'not-asked' }
  /** The release's own hello was said and came to no end that decides. */
  | { readonly kind: 'ended'; readonly end: End }
  /** The judge's own words. */
  | { readonly kind: 'other'; readonly because: string }

export interface Evidence {
  readonly open: readonly { readonly reason: Reason; readonly releases: readonly Release[] }[]
}

export const verdictUndetermined = defineCheck({
  id: 'verdict-undetermined',
  title: 'Whether Android accepts the server could not be determined',
  sources: ['RFC 8446 §6', 'src/path/limits.ts: work allowed for one verdict'],
  rules: [],
  run: (farm) => found(seenOf(farm).flatMap((seen) => open(seen, farm))),
  tell: (evidence: Evidence) =>
    say`Not known for ${listed(evidence.open.map((one) => say`${{ releases: one.releases }} (${reasonWords(one.reason)})`))}.`,
  actions: (evidence) => [
    { action: { verb: 'run-again', where: 'here' }, by: 'whoever-checks' },
    ...evidence.open.flatMap(({ reason }) => (reason.kind === 'ended' ? endAdvice(reason.end) : [])),
  ],
})

function reasonWords(reason: Reason): Words {
  switch (reason.kind) {
    case 'not-asked':
      return ['its hello was not sent, and no other answer proves what it would be told']
    case 'ended':
      return say`when its hello was sent: ${asClause(endWords(reason.end))}`
    case 'other':
      return [{ untrusted: reason.because }]
  }
}

/** Inside a sentence. */
const asClause = ([first, ...more]: Words): Words =>
  typeof first === 'string' ? [first.charAt(0).toLowerCase() + first.slice(1), ...more] : [first!, ...more]

function open(seen: Seen, farm: ExaminedFarm): Case<Evidence>[] {
  const reasons = new Map<string, { reason: Reason; releases: Release[] }>()
  for (const { verdict } of seen.verdicts) {
    if (verdict.kind !== 'undetermined' || !farm.releases.includes(verdict.release)) continue
    const reason = reasonOf(seen, verdict.release, verdict.because)
    const key = JSON.stringify(reason)
    const known = reasons.get(key) ?? { reason, releases: [] }
    reasons.set(key, { reason, releases: [...known.releases, verdict.release] })
  }
  if (reasons.size === 0) return []
  const evidence = { open: [...reasons.values()] }
  const releases = evidence.open.flatMap((one) => one.releases)
  return [
    {
      facet: 'verdict',
      subject: seen.subject.id,
      releases,
      severity: 'warning',
      certificate: null,
      evidence,
    },
  ]
}

function reasonOf(seen: Seen, release: Release, because: string): Reason {
  const known = handshakeOf(seen, release)
  if (known?.kind === 'not-asked') return { kind: 'not-asked' }
  if (known?.kind === 'undetermined') return { kind: 'ended', end: endOfFailure(known.failure) }
  return { kind: 'other', because }
}
