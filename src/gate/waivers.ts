import type { Report } from '../report/schema.js'

type Composed = Omit<Report, 'verdict'>

/** One thing that somebody accepts until a day. */
export interface Waiver {
  readonly finding: string
  /** Subject id; null: what concerns the whole farm. */
  readonly subject: string | null
  /** Third part of a case key; null: every case of the finding at this subject. */
  readonly facet: string | null
  readonly reason: string
  readonly owner: string
  /** `2026-12-31`, that day included, UTC. */
  readonly until: string
}

/** Marks the cases that are waived and says of each waiver that concerns this farm what became of it. */
export function withWaivers(composed: Composed, waivers: readonly Waiver[]): Composed {
  const today = composed.at.slice(0, 10)
  const used = new Set<Waiver>()
  const findings = composed.findings.map((finding) => ({
    ...finding,
    cases: finding.cases.map((one) => {
      const waiver = waivers.find((other) => other.until >= today && binds(other, finding.id, one.key))
      if (!waiver) return one
      used.add(waiver)
      const { reason, owner, until } = waiver
      return { ...one, waived: { reason, owner, until } }
    }),
  }))
  const here = new Set(composed.subjects.map(({ id }) => id))
  const concerning = waivers.filter(
    ({ subject }) => subject === null || [...here].some((id) => isOf(subject, id)),
  )
  return {
    ...composed,
    findings,
    waivers: concerning.map((waiver) => ({
      ...waiver,
      state: used.has(waiver) ? 'used' : waiver.until < today ? 'expired' : 'unused',
    })),
  }
}

/**
 * A case key is finding, subject and facet, joined by `|`; a facet may hold that sign itself. A file's subject has its
 * digest in it, so `sts.contoso.com@file` is any file of that name.
 */
function binds({ finding, subject, facet }: Waiver, id: string, key: string): boolean {
  const [, of, ...rest] = key.split('|')
  return finding === id && isOf(subject, of!) && (facet === null || facet === rest.join('|'))
}

const isOf = (subject: string | null, id: string): boolean =>
  (subject ?? '') === id || (subject?.endsWith('@file') === true && id.startsWith(`${subject}:`))
