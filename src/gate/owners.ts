import type { OverallVerdict } from '../report/schema.js'
import { type Gate, worstFirst } from './gate.js'

/** What the farms of one owner come to. */
export interface OwnerSummary {
  /** As the policy names it; null: farms of a run with owners that have none. */
  readonly owner: string | null
  readonly farms: number
  readonly verdicts: Readonly<Record<OverallVerdict, number>>
  /** Farms that are not ok, the worst first, at most `maxWorst`. */
  readonly worst: readonly { readonly farm: string; readonly verdict: OverallVerdict }[]
}

/** What a run amounts to, and for whom. */
export interface Summary extends Gate {
  /** The worst first; missing: no farm has an owner. */
  readonly owners?: readonly OwnerSummary[]
}

/** A summary is not the list: that is above it. */
const maxWorst = 5

/** Counts farms as they come; what it keeps does not grow with their number. */
export class Owners {
  readonly #known = new Map<string | null, OwnerSummary>()

  /** `farm`: as the operator named it. */
  add(owner: string | null, farm: string, verdict: OverallVerdict): void {
    const { farms, verdicts, worst } = this.#known.get(owner) ?? none
    const worse = [...worst, ...(verdict === 'ok' ? [] : [{ farm, verdict }])]
    this.#known.set(owner, {
      owner,
      farms: farms + 1,
      verdicts: { ...verdicts, [verdict]: verdicts[verdict] + 1 },
      worst: worse.sort((a, b) => worstFirst(a.verdict, b.verdict)).slice(0, maxWorst),
    })
  }

  /** Nothing where no farm has an owner. */
  summary(): Pick<Summary, 'owners'> {
    const all = [...this.#known.values()]
    if (all.every(({ owner }) => owner === null)) return {}
    const ranks = ['critical', 'unknown', 'warning'] as const
    const owners = all.sort((a, b) => {
      const rank = ranks.find((verdict) => a.verdicts[verdict] !== b.verdicts[verdict])
      if (rank !== undefined) return b.verdicts[rank] - a.verdicts[rank]
      // Farms that nobody answers for come last of their like.
      if (a.owner === null || b.owner === null) return a.owner === null ? 1 : -1
      return a.owner < b.owner ? -1 : 1
    })
    return { owners }
  }
}

const none: OwnerSummary = {
  owner: null,
  farms: 0,
  verdicts: { ok: 0, warning: 0, critical: 0, unknown: 0 },
  worst: [],
}
