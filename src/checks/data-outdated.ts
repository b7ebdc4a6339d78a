import { supported } from '../android/releases.js'
import { say } from '../words/words.js'
import { defineCheck, found } from './check.js'

export interface Evidence {
  /** `YYYY-MM-DD`: when the oldest supported release was looked up. */
  readonly asOf: string
  readonly days: number
}

/** Microsoft raises the oldest supported release once or twice a year, and stores change with it. */
const maxAgeDays = 180
const dayMs = 86_400_000

export const dataOutdated = defineCheck({
  id: 'data-outdated',
  title: 'What this program knows of releases and root stores is old',
  sources: [supported.source],
  rules: [],
  run: ({ at }) => {
    const days = Math.floor((at.getTime() - Date.parse(supported.asOf)) / dayMs)
    return found<Evidence>(
      days > maxAgeDays
        ? [
            {
              facet: supported.asOf,
              subject: null,
              releases: [],
              severity: 'info',
              certificate: null,
              evidence: { asOf: supported.asOf, days },
            },
          ]
        : [],
    )
  },
  tell: ({ asOf, days }) =>
    say`That ${{ releases: [supported.from] }} and newer count, and what their root stores hold, is as of ${{ date: new Date(asOf) }}, ${{ count: [days, 'day', 'days'] }} before this check. Both change once or twice a year; a newer version of this program may say otherwise.`,
  actions: () => [],
})
