import type { Attempt, Seen } from '../examine/examination.js'
import { say } from '../words/words.js'
import { type Case, defineCheck, found } from './check.js'
import { seenOf } from './support/answers.js'

export interface Evidence {
  readonly ended: 'reset' | 'closed' | 'alert'
  readonly alert: string | null
}

/** A hello without server name ended without certificates, and the same with the name did not. */
export const sniRequired = defineCheck({
  id: 'sni-required',
  title: 'The server answers only to its name',
  sources: ['RFC 6066 §3', 'Microsoft Application Proxy blog, 2014-06-19 (SNI)'],
  rules: [],
  run: (farm) => found(seenOf(farm).flatMap(caseOf)),
  tell: ({ ended, alert }) =>
    say`Without a server name the connection ends (${alert ? `alert ${alert}` : ended}), with it the server answers. That is normal for AD FS and its proxies from 2012 R2 on; every Android release sends the name.`,
  actions: () => [],
})

function caseOf(seen: Seen): Case<Evidence>[] {
  const outcome = seen.withoutName?.outcome
  if (outcome?.kind !== 'reset' && outcome?.kind !== 'closed' && outcome?.kind !== 'alert') return []
  const nameless = seen.attempts.find(({ offer }) => !offer.sni)
  if (outcome.observation || !nameless || !isAnsweredByName(nameless, seen)) return []
  const alert = outcome.kind === 'alert' ? outcome.alert.name : null
  const evidence = { ended: outcome.kind, alert }
  return [
    {
      facet: 'no-name',
      subject: seen.subject.id,
      releases: [],
      severity: 'info',
      certificate: null,
      evidence,
    },
  ]
}

/** The hello is refused for its lack of a name only where the same one with a name was not. */
function isAnsweredByName({ offer }: Attempt, { attempts }: Seen): boolean {
  const same = attempts.filter(
    (other) =>
      other.offer.sni &&
      JSON.stringify(other.offer) === JSON.stringify({ ...offer, id: other.offer.id, sni: true }),
  )
  return same.length > 0 && same.every(({ outcome }) => outcome.kind === 'observed')
}
