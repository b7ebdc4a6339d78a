import { listed, say, type Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { confirming } from './support/advice.js'
import {
  answersOf,
  type Beside,
  beside,
  counting,
  type Shown,
  seenOf,
  severityFor,
} from './support/answers.js'

interface Group {
  /** Connections that got this list. */
  readonly connections: number
  readonly sent: number
  readonly leaf: Sha256 | null
  /** Whether some release refuses by this list. */
  readonly isRefused: boolean
}

export interface Evidence extends Beside {
  readonly groups: readonly Group[]
  readonly connections: number
}

export const severalServersBehindAddress = defineCheck({
  id: 'several-servers-behind-address',
  title: 'One address answers with different certificates from one connection to the next',
  sources: ['RFC 8446 §4.4.2', 'Microsoft: AD FS requirements (the same certificate on every server)'],
  rules: [],
  run: (farm) => found(seenOf(farm).flatMap((seen) => (seen.varying.length > 1 ? caseOf(farm, seen) : []))),
  tell(evidence, told) {
    const { groups, connections } = evidence
    const isOneLeaf = new Set(groups.map(({ leaf }) => leaf)).size === 1
    const each = groups.map(({ connections: count, sent, leaf, isRefused }, index): Words => {
      const own = isOneLeaf ? (sent === 1 ? 'leaf only' : `leaf + ${sent - 1}`) : ''
      const list: Words = isOneLeaf || !leaf ? [own] : say`${{ certificate: leaf }} + ${String(sent - 1)}`
      return say`${String(count)}${index === 0 ? ` of ${connections}` : ''} got ${list}${isRefused ? ', which is refused' : ''}`
    })
    const isSerious = groups.some(({ isRefused }) => isRefused)
    const consequence = isSerious
      ? say`several servers stand behind it, and not every one is in order. Which one a phone meets is chance, so sign-in fails now and then, on any phone.`
      : say`several servers stand behind it. Each list met is in order, but there may be servers that were not met.`
    return say`This address answers with different certificates from one connection to the next (${listed(each)}): ${consequence}${told.subjects.length > 1 ? ' Name each server behind each address.' : ' Name each server behind it.'}`
  },
  short: ({ groups, connections }, told) =>
    say`${groups.some(({ isRefused }) => isRefused) ? `Only some of ${connections} connections got a list that is accepted` : `${connections} connections got different certificates`}: several servers stand behind ${told.subjects.length > 1 ? 'each address' : 'this address'}, and which one a phone meets is chance.`,
  brief: ({ connections }) => [`differs over ${connections} connections: several servers`],
  actions: () => [{ action: { verb: 'name-nodes' } }, confirming],
})

/**
 * Critical where a release that counts refuses one of the lists: nobody can say that it is accepted here. A farm whose
 * servers differ and are all in order breaks no phone.
 */
function caseOf(farm: ExaminedFarm, seen: ReturnType<typeof seenOf>[number]): readonly Case<Evidence>[] {
  const lists = answersOf(seen).filter(({ answer }) => seen.varying.includes(answer.id))
  const groups = lists.map(({ answer, leaf, verdicts }) => ({
    connections: answer.exchanges.length,
    sent: answer.entries.length,
    leaf: leaf?.sha256 ?? null,
    isRefused: verdicts.some(({ kind }) => kind === 'refused'),
  }))
  if (groups.length < 2) return []
  const refused = lists.find(({ verdicts }) => verdicts.some(({ kind }) => kind === 'refused'))
  const concernedBy = (one: Shown) =>
    refused
      ? one.verdicts.filter(({ kind }) => kind !== 'accepted').map(({ release }) => release)
      : one.releases
  const releases = [...new Set(lists.flatMap(concernedBy))]
  const reason = refused?.verdicts.find((verdict) => verdict.kind === 'refused')
  return [
    {
      facet: 'address',
      subject: seen.subject.id,
      releases: counting(farm, releases),
      severity: severityFor(farm, releases, refused ? 'critical' : 'warning'),
      certificate:
        refused?.repair?.add[0]?.certificate.sha256 ??
        (reason?.kind === 'refused' ? reason.reason.certificate : null),
      evidence: {
        groups: [...groups].sort((a, b) => Number(a.isRefused) - Number(b.isRefused)),
        connections: groups.reduce((sum, group) => sum + group.connections, 0),
        ...beside(farm, releases),
      },
    },
  ]
}
