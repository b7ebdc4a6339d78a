import { defineCheck } from './check.js'
import { called } from './support/certificates.js'
import { refusalFindings } from './support/refusals.js'
import { reissueSteps } from './support/steps.js'
import { affected } from './support/wording.js'

const rules = ['blocklisted'] as const

export const blocklistedKey = defineCheck({
  id: 'blocklisted-key',
  severity: 'error',
  title: 'A key or serial number is on a block list of Android',
  sources: [
    'bouncycastle CertBlacklist.java (4.4-6.0)',
    'conscrypt CertBlocklistImpl.java@android-16.0.0_r2',
  ],
  rules,
  run: (context) => refusalFindings(context, rules),
  message: ({ certificate, details }, finding, context) =>
    `${certificate ? called(certificate) : 'A certificate of the path'} is blocked by Android itself (${details.join('; ')}); ${affected(finding.releases, context)} refuses the server.`,
  steps: (_evidence, finding, context) => [
    'AD FS administrator: treat the key as compromised until the authority says otherwise. On Android 4.4-5.1 three serial numbers are blocked whoever issued them: there a new certificate from the same authority is enough.',
    ...reissueSteps(context, finding, 'with a new key, from an authority that is not blocked'),
  ],
})
