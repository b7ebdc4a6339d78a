import type { Verdict } from '../android/verdict.js'
import { listed, say } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { applying, disabling, importing, type RootTwin, rootTwins, twinWords } from './support/advice.js'
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
import { findsNoAnchor } from './support/no-anchor.js'

export interface Evidence extends Beside {
  /** Certificates that the app must have met on another server. */
  readonly needs: readonly Sha256[]
  readonly on: 'remembered-intermediate' | 'security-patch'
  readonly missing: readonly Sha256[]
  readonly twins: readonly RootTwin[]
  readonly list: ListFact | null
}

export const worksByLuck = defineCheck({
  id: 'works-by-luck',
  title: 'The server works only on some phones, by luck',
  sources: [
    'conscrypt TrustedCertificateIndex.java, TrustManagerImpl.java@android-16.0.0_r2',
    'conscrypt commit 198aca1f (2016-03: remembered intermediates are no anchors)',
  ],
  rules: [],
  run: (farm) => found(mergeCases(shownIn(farm).flatMap((shown) => casesOf(farm, shown)))),
  tell(evidence, told) {
    const { needs, on, twins } = evidence
    const which = whichList(evidence, told)
    const who = concerned(evidence, told)
    const names =
      needs.length > 0 ? listed(needs.map((sha256) => [{ certificate: sha256 }])) : say`an intermediate`
    const words =
      on === 'security-patch'
        ? say`${who} accepts this only before or after a certain update (${names}); two phones of one release can differ.`
        : say`The list lacks ${names}. An app on ${who} accepts the server only if its process met ${needs.length > 1 ? 'them' : 'it'} on another server since it was started; the next phone, or the same one tomorrow, refuses.`
    return [...which, ...words, ...twinWords(twins)]
  },
  actions: ({ missing, twins }, told) => [...importing(missing), ...disabling(twins), ...applying(told)],
})

type Depends = Extract<Verdict, { kind: 'depends' }>

function casesOf(farm: ExaminedFarm, shown: Shown): readonly Case<Evidence>[] {
  const groups = new Map<string, Depends[]>()
  for (const verdict of shown.verdicts) {
    if (verdict.kind !== 'depends' || verdict.on === 'app-configuration' || !findsNoAnchor(verdict)) continue
    const key = [verdict.on, ...verdict.needs].join()
    groups.set(key, [...(groups.get(key) ?? []), verdict])
  }
  return [...groups.values()].map((verdicts) => {
    const { on, needs } = verdicts[0]!
    const releases = verdicts.map(({ release }) => release)
    const add = shown.repair?.add.map(({ certificate }) => certificate.sha256) ?? []
    return {
      facet: needs.flatMap((sha256) => facetsOf(farm, sha256)).join(', ') || on,
      subject: shown.seen.subject.id,
      releases: counting(farm, releases),
      severity: severityFor(farm, releases, 'warning'),
      certificate: needs[0] ?? null,
      evidence: {
        needs,
        on: on === 'security-patch' ? on : 'remembered-intermediate',
        // What the phone must know already is what the server should send, whoever found it.
        missing: add.length > 0 ? add : on === 'security-patch' ? [] : needs,
        twins: rootTwins(shown),
        list: listFact(shown),
        ...beside(farm, releases),
      },
    }
  })
}

const facetsOf = ({ certificates }: ExaminedFarm, sha256: Sha256): readonly string[] => {
  const certificate = certificates.get(sha256)
  return certificate ? [facetOf(certificate, false)] : []
}
