import { say } from '../words/words.js'
import { defineCheck, found } from './check.js'
import { confirming, reissuing, renewing } from './support/advice.js'
import { called, concerned, shownAt } from './support/answers.js'
import { inBrackets } from './support/facts.js'
import { whichList } from './support/lists.js'
import { refusalCases, refusing } from './support/refusals.js'

const rules = ['weak-key'] as const

export const weakKey = defineCheck({
  id: 'weak-key',
  title: 'A key is too short or of a kind that Android refuses',
  sources: [
    'conscrypt ChainStrengthAnalyzer.java@android-5.0.0_r1 and @android-6.0.0_r1',
    'libcore security.properties jdk.certpath.disabledAlgorithms',
  ],
  rules,
  run: (farm) => found(refusalCases(farm, rules)),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}${evidence.certificate ? say`The key of ${called(evidence.certificate)}` : 'A key of the path'} is no good${inBrackets(evidence.details)}; ${concerned(evidence, told)} ${refusing(evidence)} the server.`,
  brief: ({ certificate }) =>
    certificate ? say`the key of ${{ certificate: certificate.sha256 }} is weak` : ['a key is weak'],
  actions: ({ certificate }, told) =>
    certificate === null || certificate.position === 0
      ? [reissuing(certificate?.sha256 ?? null, { kind: 'stronger-key' }), confirming]
      : renewing(
          certificate.sha256,
          { kind: 'stronger-key' },
          shownAt(told.farm, told.subjects)[0]?.leaf?.sha256 ?? null,
        ),
})
