import { say } from '../words/words.js'
import { defineCheck, found } from './check.js'
import { confirming, reissuing, renewing } from './support/advice.js'
import { called, concerned } from './support/answers.js'
import { inBrackets } from './support/facts.js'
import { whichList } from './support/lists.js'
import { refusalCases, refusing } from './support/refusals.js'

const rules = ['eku'] as const

export const unsuitableExtendedKeyUsage = defineCheck({
  id: 'unsuitable-extended-key-usage',
  title: 'A certificate is not meant for servers',
  sources: [
    'RFC 5280 §4.2.1.12',
    'conscrypt TrustManagerImpl.java@android-5.0.0_r1 ExtendedKeyUsagePKIXCertPathChecker',
  ],
  rules,
  run: (farm) => found(refusalCases(farm, rules)),
  tell: (evidence, told) =>
    say`${whichList(evidence, told)}The extended key usage of ${evidence.certificate ? called(evidence.certificate) : 'a certificate'} does not allow TLS servers${inBrackets(evidence.details)}; ${concerned(evidence, told)} ${refusing(evidence)} it.`,
  actions: ({ certificate }) =>
    certificate === null || certificate.position === 0
      ? [
          // A token-signing or client certificate may be bound, with the right one beside it.
          { action: { verb: 'look', at: { kind: 'bindings' } }, by: 'adfs-admin' },
          reissuing(certificate?.sha256 ?? null, { kind: 'server-authentication' }),
          confirming,
        ]
      : renewing(certificate.sha256, { kind: 'server-authentication' }),
})
