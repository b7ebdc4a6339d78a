import { rootSchedule, scheduledRemoval } from '../android/root-schedule.js'
import type { Verdict } from '../android/verdict.js'
import { say } from '../words/words.js'
import type { Certificate } from '../x509/certificate.js'
import type { Sha256 } from '../x509/identity.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { type Beside, facetOf, mergeCases, type Shown, shownIn } from './support/answers.js'
import { type Staying, stayingPath, stayingWords } from './support/staying.js'

type Accepted = Extract<Verdict, { kind: 'accepted' }>

export interface Evidence extends Beside {
  readonly root: Sha256
  /** ISO 8601: when Mozilla's schedule takes it out. */
  readonly removal: string
  readonly isPast: boolean
  /** Null: none is known. */
  readonly stays: Staying | null
}

/** About as far as a certificate bought today lasts. */
const horizonMs = 400 * 86_400_000

/** A forecast: it names no release that refuses, and weighs nothing. */
export const anchorLeaving = defineCheck({
  id: 'anchor-leaving',
  title: 'The root of the chain is scheduled to leave root stores',
  sources: ['Mozilla Root Store Policy §7.4', rootSchedule.source],
  rules: [],
  run: (farm) => found(mergeCases(shownIn(farm).flatMap((shown) => casesOf(farm, shown)))),
  tell: ({ root, removal, isPast, stays }) => {
    const when = { date: new Date(removal) }
    const what = isPast
      ? say`Mozilla's schedule took ${{ certificate: root }} out on ${when}, and Android still has it`
      : say`Mozilla's schedule takes ${{ certificate: root }} out on ${when}`
    return say`${what}. The store of Android 14 and newer followed earlier removals within about ${`${rootSchedule.delayMonths}`} months.${stayingWords(stays)} Order the next certificate with a chain to a newer root, and keep this one until then.`
  },
  actions: () => [],
})

function casesOf(farm: ExaminedFarm, shown: Shown): readonly Case<Evidence>[] {
  const anchors = new Map<Sha256, { root: Certificate; accepted: Accepted[] }>()
  for (const verdict of shown.verdicts) {
    if (verdict.kind !== 'accepted' || !farm.releases.includes(verdict.release)) continue
    const root = verdict.path.certificates.at(-1)!.certificate
    const known = anchors.get(root.sha256) ?? { root, accepted: [] }
    known.accepted.push(verdict)
    anchors.set(root.sha256, known)
  }
  return [...anchors.values()].flatMap(({ root, accepted }): Case<Evidence>[] => {
    const removal = scheduledRemoval(root)
    const horizon = new Date(farm.at.getTime() + horizonMs)
    if (!farm.isPublicAnchor(root) || removal > horizon) return []
    return [
      {
        facet: facetOf(root, false),
        subject: shown.seen.subject.id,
        releases: [],
        severity: 'info',
        certificate: root.sha256,
        evidence: {
          root: root.sha256,
          removal: removal.toISOString(),
          isPast: removal.getTime() <= farm.at.getTime(),
          stays: stayingPath(farm, shown, accepted, horizon),
          others: [],
        },
      },
    ]
  })
}
