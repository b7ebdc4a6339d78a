import type { Advice, ExaminedFarm } from '../checks/check.js'
import type { Finding } from '../checks/result.js'
import type { Seen } from '../examine/examination.js'
import { leafOf } from '../examine/presented.js'
import { type CaseKey, mendedAs, type Role, type Subject } from '../farm/subject.js'
import type { Sha256 } from '../x509/identity.js'
import type { Action, Person } from './actions.js'

/** One thing that a finding asks for at one place. */
export interface Wish {
  readonly action: Action
  readonly by: Person
  readonly because: readonly CaseKey[]
}

/** One machine, however many names and ports lead to it; a file; or nothing that was found. */
export interface Place {
  readonly role: Role | 'file'
  readonly subjects: readonly Subject[]
  readonly seen: readonly Seen[]
  wishes: Wish[]
}

export function placesOf({ examinations }: ExaminedFarm): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const examination of examinations) {
    const { subject } = examination
    const id = placeId(subject)
    const place = places.get(id)
    places.set(id, {
      role: subject.kind === 'file' ? 'file' : mendedAs(subject.node),
      subjects: [...(place?.subjects ?? []), subject],
      seen: [...(place?.seen ?? []), ...(examination.kind === 'seen' ? [examination] : [])],
      wishes: [],
    })
  }
  return places
}

/** Proxies first: phones meet them first. */
const ranks = { wap: 0, unknown: 1, balancer: 1, file: 1, adfs: 2 } as const

/** In the order in which a farm is changed. */
export const inTurn = (places: readonly Place[]): readonly Place[] =>
  [...places].sort((a, b) => ranks[a.role] - ranks[b.role])

const placeId = (subject: Subject): string => (subject.kind === 'file' ? subject.id : subject.node.id)

/** Where no server is concerned (a name without one) the advice stands at a place of its own. */
export function placesFor(advice: Advice, finding: Finding, places: Map<string, Place>): readonly Place[] {
  const on = new Set(advice.on ?? finding.subjects)
  const named = [...places.values()].filter(
    ({ subjects }) => on.size === 0 || subjects.some(({ id }) => on.has(id)),
  )
  if (named.length > 0) return named
  const nowhere = places.get('') ?? { role: 'unknown' as const, subjects: [], seen: [], wishes: [] }
  places.set('', nowhere)
  return [nowhere]
}

export const repairsAt = (seen: readonly Seen[]) =>
  seen.flatMap(({ repairs }) => repairs.map(({ repair }) => repair))

export const addedAt = ({ seen }: Place): readonly Sha256[] =>
  repairsAt(seen).flatMap(({ add }) => add.map(({ certificate }) => certificate.sha256))
export const chainsAt = ({ seen }: Place): readonly (readonly Sha256[])[] =>
  repairsAt(seen).map(({ chain }) => chain.map(({ sha256 }) => sha256))
export const presentedAt = ({ seen }: Place): readonly Sha256[] =>
  seen.flatMap(({ answers }) => answers.flatMap(({ entries }) => entries.map(({ sha256 }) => sha256)))
export const leavesAt = ({ seen }: Place): readonly Sha256[] =>
  seen.flatMap(({ answers }) => answers.flatMap(({ entries }) => leafOf(entries)?.sha256 ?? []))

/** The first host name in the certificates shown that can be asked for. */
export const nameAt = ({ seen }: Place): string | undefined =>
  seen
    .flatMap(({ answers }) => answers.flatMap(({ entries }) => leafOf(entries)?.subjectAltNames ?? []))
    .find(({ type, value }) => type === 'dns' && !value.includes('*') && Number.isNaN(Number(value.at(-1))))
    ?.value

/** Certificates that a list of this machine needs: of the repaired chains, and of the paths that releases accept today. */
export function neededAt(seen: readonly Seen[]): readonly Sha256[] {
  return seen.flatMap(({ answers, verdicts, repairs }) =>
    answers.flatMap(({ id }) => {
      const repair = repairs.find(({ answer }) => answer === id)?.repair
      const accepting = verdicts
        .filter(({ answer }) => answer === id)
        .flatMap(({ verdict }) =>
          (verdict.kind === 'accepted' || verdict.kind === 'depends') && verdict.path
            ? [{ release: verdict.release, path: verdict.path.certificates }]
            : [],
        )
      const after = new Set(
        repair?.verdictsAfter.filter(({ kind }) => kind === 'accepted').map(({ release }) => release),
      )
      const lost = accepting.filter(({ release }) => !after.has(release))
      return [
        ...(repair?.chain.map(({ sha256 }) => sha256) ?? []),
        ...lost.flatMap(({ path }) => path.map(({ certificate }) => certificate.sha256)),
      ]
    }),
  )
}
