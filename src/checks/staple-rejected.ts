import { rules as catalogue } from '../android/rules.js'
import { say } from '../words/words.js'
import { defineCheck, found } from './check.js'
import { confirming, reissuing } from './support/advice.js'
import { concerned } from './support/answers.js'
import { inBrackets } from './support/facts.js'
import { whichList } from './support/lists.js'
import { refusalCases, refusing } from './support/refusals.js'

const rules = [
  'staple-revoked',
  'staple-unknown',
  'staple-stale',
  'staple-unverified',
  'staple-unusable',
] as const

export const stapleRejected = defineCheck({
  id: 'staple-rejected',
  title: 'The stapled OCSP response is one that Android rejects',
  sources: [
    'RFC 6960',
    'RFC 6066 §8',
    'conscrypt TrustManagerImpl.java@android-8.0.0_r1 setOcspResponses, @android-14.0.0_r1 (no fallback)',
    'Microsoft: TLS registry settings (EnableOcspStaplingForSni)',
  ],
  rules,
  run: (farm) => found(refusalCases(farm, rules)),
  tell: (evidence, told) => {
    const titles = evidence.rules.map((rule) => catalogue[rule].title).join('; ')
    return say`${whichList(evidence, told)}${titles}${inBrackets(evidence.details)}; ${concerned(evidence, told)} ${refusing(evidence)} the server. Without any stapled response it would not ask.`
  },
  actions: ({ rules: broken, certificate }) =>
    broken.includes('staple-revoked')
      ? [reissuing(certificate?.sha256 ?? null, { kind: 'stronger-key' }), confirming]
      : [
          { action: { verb: 'look', at: { kind: 'ocsp-stapling' } }, by: 'adfs-admin' },
          { action: { verb: 'look', at: { kind: 'clock' } }, by: 'adfs-admin' },
          confirming,
        ],
})
