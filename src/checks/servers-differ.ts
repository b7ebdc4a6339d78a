import type { SubjectId } from '../farm/subject.js'
import { listed, say, type Words } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import { type Advice, type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { confirming } from './support/advice.js'
import { answersOf, distinct, seenOf } from './support/answers.js'
import { isSelfSigned } from './support/chain.js'

interface Group {
  readonly subjects: readonly SubjectId[]
  /** First certificates, one for each kind of key. */
  readonly leaves: readonly {
    readonly sha256: Sha256
    readonly serialNumber: string
    readonly notAfter: string
  }[]
  readonly intermediates: readonly Sha256[]
}

export interface Evidence {
  readonly differs: 'leaf' | 'intermediates'
  readonly groups: readonly Group[]
}

export const serversDiffer = defineCheck({
  id: 'servers-differ',
  title: 'The servers of the farm do not send the same certificates',
  sources: ['Microsoft: AD FS requirements, AD FS FAQ (ExtendedProtectionTokenCheck)'],
  rules: [],
  run: (farm) =>
    farm.farm.subjects.filter(({ kind }) => kind === 'served').length < 2
      ? { status: 'not-applicable', why: 'there is one server' }
      : found(casesOf(farm)),
  tell({ differs, groups }) {
    const lines = groups.map(({ subjects, leaves, intermediates }): Words => {
      const who = listed(subjects.map((subject) => [{ subject }]))
      const own = listed(
        leaves.map(
          ({ sha256, serialNumber, notAfter }) =>
            say`${{ certificate: sha256 }}, serial number ${{ code: serialNumber }}, until ${{ date: new Date(notAfter) }}`,
        ),
      )
      const chain: Words =
        intermediates.length > 0
          ? listed(intermediates.map((sha256) => [{ certificate: sha256 }]))
          : ['no intermediate']
      return differs === 'leaf' ? say`${who}: ${own}` : say`${who}: ${chain}`
    })
    const consequence =
      differs === 'leaf'
        ? 'Every phone accepts each of them; but where extended protection or Windows authentication through the proxy is used, AD FS and its proxies must have the same certificate.'
        : 'Every phone accepts each of them, so nothing breaks today.'
    return [
      'The servers send different certificates. ',
      ...lines.flatMap((line, index) => (index === 0 ? line : ['; ', ...line])),
      `. ${consequence}`,
    ]
  },
  actions({ differs, groups }) {
    const all = groups.flatMap(({ leaves }) => leaves)
    const newest = [...all].sort((a, b) => b.notAfter.localeCompare(a.notAfter))[0]
    if (differs === 'intermediates' || !newest) return [confirming]
    const behind = groups.filter(({ leaves }) => !leaves.some(({ sha256 }) => sha256 === newest.sha256))
    const bind: Advice = {
      action: { verb: 'bind', certificate: newest.sha256 },
      on: behind.flatMap(({ subjects }) => subjects),
    }
    return [{ action: { verb: 'look', at: { kind: 'bindings' } } }, bind, confirming]
  },
})

/**
 * Compared are servers of one name and port, seen from one place, that every counting release accepts: what a server lacks or has expired is
 * told where it is found, and differs only in consequence.
 */
function casesOf(farm: ExaminedFarm): readonly Case<Evidence>[] {
  const byName = new Map<string, Map<string, Group>>()
  for (const seen of seenOf(farm)) {
    const { subject } = seen
    const isSound = seen.verdicts.every(
      ({ release, verdict }) => verdict.kind === 'accepted' || !farm.releases.includes(release),
    )
    if (subject.kind !== 'served' || !isSound || seen.varying.length > 0) continue
    const lists = answersOf(seen)
    const leaves = distinct(lists.flatMap(({ leaf }) => (leaf ? [leaf] : [])))
    // Order, copies and roots change nothing for a phone and have findings of their own.
    const intermediates = distinct(lists.flatMap(({ certificates }) => certificates.slice(1)))
      .filter((certificate) => !leaves.includes(certificate) && !isSelfSigned(certificate))
      .map(({ sha256 }) => sha256)
    const from = subject.vantage === undefined ? '' : `${subject.vantage}/`
    const name = `${from}${subject.name?.ascii ?? ''}:${subject.port}`
    const groups = byName.get(name) ?? new Map<string, Group>()
    const key = [...leaves.map(({ sha256 }) => sha256).sort(), '', ...[...intermediates].sort()].join()
    groups.set(key, {
      subjects: [...(groups.get(key)?.subjects ?? []), subject.id],
      leaves: leaves.map(({ sha256, serialNumber, notAfter }) => ({
        sha256,
        serialNumber,
        notAfter: notAfter.toISOString(),
      })),
      intermediates,
    })
    byName.set(name, groups)
  }
  const nodes = new Map(
    farm.farm.subjects.map((one) => [one.id, one.kind === 'served' ? one.node.id : one.id]),
  )
  // The same machines with the same certificates under another name or on another port are told in the same words.
  const told = new Map<string, readonly Group[]>()
  return [...byName].flatMap(([name, found]): Case<Evidence>[] => {
    if (found.size < 2) return []
    const likeness = JSON.stringify(
      [...found.values()].map((group) => ({ ...group, subjects: group.subjects.map((id) => nodes.get(id)) })),
    )
    const groups = told.get(likeness) ?? [...found.values()]
    told.set(likeness, groups)
    const ownOf = ({ leaves }: Group) =>
      leaves
        .map(({ sha256 }) => sha256)
        .sort()
        .join()
    const differs = new Set(groups.map(ownOf)).size > 1 ? 'leaf' : 'intermediates'
    return [
      {
        facet: `${name} ${differs}`,
        subject: null,
        releases: [],
        severity: differs === 'leaf' ? 'warning' : 'info',
        certificate: null,
        evidence: { differs, groups },
      },
    ]
  })
}
