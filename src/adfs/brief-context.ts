import type { Role } from '../farm/subject.js'
import { listed, type Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import type { Action, Step } from './actions.js'
import type { SpeechContext } from './speech.js'

/** A step in few words. An aside is for some readers only and has no number. */
export interface Brief {
  readonly text: Words
  readonly lines: readonly string[]
  readonly isAside: boolean
}

export interface BriefContext extends SpeechContext {
  /** How many servers were looked at: one alone is "that server". */
  readonly servers: number
}

/** Whatever changes a server; beside it, looking around is for when it did not help. */
export const changes: readonly Action['verb'][] = [
  'fetch-by-hand',
  'renew-authority',
  'repair-key',
  'bind',
  'reissue',
  'import',
  'remove',
  'disable-root',
  'edit-bundle',
]

/** Nothing else can be done for whom it concerns. */
export const isAlone = (plan: readonly Step[]): boolean =>
  plan.some(({ action }) => action.verb === 'edit-bundle') &&
  !plan.some(({ action }) => action.verb !== 'edit-bundle' && changes.includes(action.verb))

export const isByHand = ({ plan }: BriefContext): boolean =>
  plan.some(({ action }) => action.verb === 'fetch-by-hand') &&
  !plan.some(({ action }) => action.verb === 'import')

export const thumbprint = (sha256: Sha256, { certificate }: SpeechContext): string =>
  certificate(sha256)?.thumbprint ?? sha256

export const rolesOf = ({ on }: Step, { subject }: SpeechContext): ReadonlySet<Role> =>
  new Set(on.length === 0 ? ['unknown'] : on.map((id) => subject(id)?.role ?? 'unknown'))

/** What is seen of the servers of a step that Windows does not do; empty: nothing. */
export const rootNote = ({ on }: Step, { subject }: SpeechContext): Words =>
  on.some((id) => subject(id)?.sendsRoot) ? ['Windows leaves the root out, which is sent here. '] : []

export function at({ on: all }: Step, { servers, plan, subject }: BriefContext): Words {
  // Each machine once, however many names and ports lead to it.
  const on = [...new Map(all.map((id) => [subject(id)?.node ?? id, id])).values()]
  if (on.length > 0 && on.every((id) => subject(id)?.kind === 'file'))
    return ['each server that gets the file']
  if (plan.some(({ action }) => action.verb === 'name-nodes')) return ['each server behind it']
  if (servers === 1) return ['that server']
  if (on.length === 0 || on.length === servers) return ['every server']
  return on.length > 4
    ? [{ count: [on.length, 'server', 'servers'] }]
    : listed(on.map((id): Words => [{ subject: id }]))
}
