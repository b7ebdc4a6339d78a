import { say } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import {
  applying,
  confirming,
  disabling,
  importing,
  type RootTwin,
  reissuing,
  rootTwins,
} from './support/advice.js'
import {
  type Beside,
  beside,
  concerned,
  counting,
  facetOf,
  mergeCases,
  type Shown,
  severityFor,
  shownIn,
} from './support/answers.js'
import { type ListFact, listFact, whichList } from './support/lists.js'

export interface Evidence extends Beside {
  readonly root: Sha256
  /** Whether the server is accepted before or after the update. */
  readonly accepted: 'until' | 'after'
  /** `YYYY-MM` of the store that the update brings; when a phone gets it is not known. */
  readonly update: string
  readonly leaf: Sha256 | null
  /** Certificates by which these releases would accept the server with any store. */
  readonly instead: readonly Sha256[]
  readonly twins: readonly RootTwin[]
  readonly list: ListFact | null
}

export const systemUpdateDependent = defineCheck({
  id: 'system-update-dependent',
  title: 'A Play system update decides whether a phone has the root',
  sources: [
    'conscrypt apex/ca-certificates, tags android-16.0.0_r2, android-16.0.0_r4, android-17.0.0_r1',
    'home-assistant/android issues 5772 and 5891 (2025-09: updated phones refuse chains to AAA Certificate Services)',
  ],
  rules: ['system-update'],
  run: (farm) => found(mergeCases(shownIn(farm).flatMap((shown) => casesOf(farm, shown)))),
  tell(evidence, told) {
    const { root, accepted, update, instead } = evidence
    const which = whichList(evidence, told)
    const who = concerned(evidence, told)
    const fact =
      accepted === 'until'
        ? say`The chain ends at ${{ certificate: root }}, which ${who} has until the Play system update of ${update}; a phone that took it refuses the server.`
        : say`The chain ends at ${{ certificate: root }}, which ${who} has only after the Play system update of ${update}; a phone that did not take it refuses the server.`
    const way =
      instead.length > 0
        ? say` With what is to be imported the chain ends at a root that phones have before and after.`
        : []
    return [...which, ...fact, ' Which update a phone has cannot be seen from here.', ...way]
  },
  actions: ({ leaf, instead, twins }, told) =>
    instead.length > 0
      ? [...importing(instead), ...disabling(twins), ...applying(told)]
      : [...(leaf ? [reissuing(leaf, { kind: 'known-authority' })] : []), confirming],
})

function casesOf(farm: ExaminedFarm, shown: Shown): readonly Case<Evidence>[] {
  const depends = shown.verdicts.flatMap((verdict) =>
    verdict.kind === 'depends' && verdict.on === 'system-update' && verdict.update
      ? [{ release: verdict.release, root: verdict.needs[0]!, ...verdict.update }]
      : [],
  )
  const groups = new Map<string, typeof depends>()
  for (const one of depends) {
    const key = [one.root, one.accepted, one.update].join()
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()].map((group) => {
    const { root, accepted, update } = group[0]!
    const releases = group.map(({ release }) => release)
    const certificate = farm.certificates.get(root)
    const helps = shown.repair?.verdictsAfter.some(
      (after) => after.kind === 'accepted' && releases.includes(after.release),
    )
    return {
      facet: `${accepted} ${update} ${certificate ? facetOf(certificate, false) : root}`,
      subject: shown.seen.subject.id,
      releases: counting(farm, releases),
      severity: severityFor(farm, releases, 'warning'),
      certificate: root,
      evidence: {
        root,
        accepted,
        update,
        leaf: shown.leaf?.sha256 ?? null,
        instead: helps ? shown.repair!.add.map(({ certificate: { sha256 } }) => sha256) : [],
        twins: rootTwins(shown),
        list: listFact(shown),
        ...beside(farm, releases),
      },
    }
  })
}
