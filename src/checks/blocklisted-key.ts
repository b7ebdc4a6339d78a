import { say, type Words } from '../words/words.js'
import { defineCheck, found } from './check.js'
import { confirming, reissuing, replacing } from './support/advice.js'
import { called, concerned } from './support/answers.js'
import { factWords } from './support/facts.js'
import { whichList } from './support/lists.js'
import { refusalCases } from './support/refusals.js'

const rules = ['blocklisted'] as const

export const blocklistedKey = defineCheck({
  id: 'blocklisted-key',
  title: 'A key or serial number is on a block list of Android',
  sources: [
    'bouncycastle CertBlacklist.java (4.4-6.0)',
    'conscrypt CertBlocklistImpl.java@android-16.0.0_r2',
  ],
  rules,
  run: (farm) => found(refusalCases(farm, rules)),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}${evidence.certificate ? called(evidence.certificate) : 'A certificate of the path'} is blocked by Android itself (${blockedBy(evidence.details)}); ${concerned(evidence, told)} refuses the server. The key counts as compromised until the authority says otherwise.`,
  actions: ({ certificate }, told) =>
    replacing(told, certificate?.sha256 ?? '') ?? [
      // A new key of the server's own is enough; a blocked authority's certificates are refused whatever their keys.
      certificate?.position === 0
        ? reissuing(certificate.sha256, { kind: 'stronger-key' })
        : reissuing(certificate?.sha256 ?? null, { kind: 'stronger-key' }, { kind: 'known-authority' }),
      confirming,
    ],
})

/** The certificate was named already. */
const blockedBy = (details: readonly string[]): Words =>
  factWords(details.map((detail) => detail.replace(/^the key of ".*" is /s, 'its key is ')))
