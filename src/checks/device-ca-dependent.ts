import { listed, say } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import { defineCheck, found } from './check.js'
import { confirming, reissuing } from './support/advice.js'
import {
  type Beside,
  beside,
  concerned,
  counting,
  facetOf,
  mergeCases,
  severityFor,
  shownIn,
} from './support/answers.js'
import { type ListFact, listFact, whichList } from './support/lists.js'

export interface Evidence extends Beside {
  readonly authorities: readonly Sha256[]
  readonly leaf: Sha256 | null
  readonly list: ListFact | null
}

export const deviceCaDependent = defineCheck({
  id: 'device-ca-dependent',
  title: 'Only apps that trust installed authorities accept the server',
  sources: [
    'frameworks/base NetworkSecurityConfig.java (getDefaultBuilder)',
    'Microsoft: Android device is missing a required certificate (2026-03-30), private authorities',
  ],
  rules: [],
  run: (farm) =>
    found<Evidence>(
      mergeCases(
        shownIn(farm).flatMap((shown) => {
          const depends = shown.verdicts.flatMap((verdict) =>
            verdict.kind === 'depends' && verdict.on === 'app-configuration' ? [verdict] : [],
          )
          if (depends.length === 0) return []
          const releases = depends.map(({ release }) => release)
          const authorities = [...new Set(depends.flatMap(({ needs }) => needs))]
          const known = authorities.flatMap((sha256) => farm.certificates.get(sha256) ?? [])
          return [
            {
              facet: known.map((certificate) => facetOf(certificate, false)).join(', ') || 'device',
              subject: shown.seen.subject.id,
              releases: counting(farm, releases),
              severity: severityFor(farm, releases, 'warning'),
              certificate: authorities[0] ?? null,
              evidence: {
                authorities,
                leaf: shown.leaf?.sha256 ?? null,
                list: listFact(shown),
                ...beside(farm, releases),
              },
            },
          ]
        }),
      ),
    ),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}The chain ends at ${evidence.authorities.length > 0 ? listed(evidence.authorities.map((sha256) => [{ certificate: sha256 }])) : 'an authority'}, installed by users or device management. From Android 7 an app uses such authorities only if its makers opted in, so on ${concerned(evidence, told)} most apps refuse the server; and before enrolment nothing is installed yet. Whether an app opted in, its makers know; instructions to users change nothing.`,
  actions: ({ leaf }) => [reissuing(leaf, { kind: 'known-authority' }), confirming],
})
