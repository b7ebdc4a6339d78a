import { listed, say } from '../words/words.js'
import { defineCheck, found } from './check.js'
import { called } from './support/answers.js'
import { hostNameCases, nameAdvice } from './support/host-names.js'
import { whichList } from './support/lists.js'

export const commonNameOnly = defineCheck({
  id: 'common-name-only',
  title: 'The name is only in the common name, where Android no longer looks',
  sources: [
    'RFC 9525 §6.3',
    'okhttp OkHostnameVerifier.java@android-9.0.0_r1 and android-security-8.1.0_r85',
  ],
  rules: ['cn-only'],
  run: (farm) => found(hostNameCases(farm, { inCommonName: true })),
  tell: (evidence, told) => {
    const { wanted, names, others } = evidence
    const releases = told.releases.length > 0 ? told.releases : others
    const patchDependent = releases.filter((release) => evidence.patchDependent.includes(release))
    const sure = releases.filter((release) => !patchDependent.includes(release))
    const refusing = [
      ...(sure.length > 0 ? [say`${{ releases: sure }} looks only there and refuses it`] : []),
      ...(patchDependent.length > 0
        ? [say`${{ releases: patchDependent }} refuses it from the security patch of 2021-02 on`]
        : []),
    ]
    const alternatives = names.length > 0 ? listed(names.map((name) => [{ untrusted: name }])) : ['none']
    return say`${whichList(evidence, told)}${called(evidence.certificate)} has ${{ untrusted: wanted }} only in its common name, not among its subject alternative names (${alternatives}); ${listed(refusing)}.`
  },
  brief: () => ['its name is in the common name only'],
  actions: nameAdvice,
})
