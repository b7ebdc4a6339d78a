import { defineCheck } from './check.js'
import { called } from './support/certificates.js'
import { refusalFindings } from './support/refusals.js'
import { reissueSteps } from './support/steps.js'
import { affected } from './support/wording.js'

const rules = ['weak-key'] as const

export const weakKey = defineCheck({
  id: 'weak-key',
  severity: 'error',
  title: 'A key is too short or of a kind that Android refuses',
  sources: [
    'conscrypt ChainStrengthAnalyzer.java@android-5.0.0_r1 and @android-6.0.0_r1',
    'libcore security.properties jdk.certpath.disabledAlgorithms',
  ],
  rules,
  run: (context) => refusalFindings(context, rules),
  message: ({ certificate, details }, finding, context) =>
    `${certificate ? `The key of ${called(certificate)} is no good` : 'A key of the path is no good'} (${details.join('; ')}); ${affected(finding.releases, context)} refuses the server.`,
  steps: ({ certificate }, finding, context) =>
    reissueSteps(
      context,
      finding,
      certificate?.position === 0
        ? 'with a new RSA key of 2048 bits or more, or an EC key on P-256'
        : 'under an authority with an RSA key of 2048 bits or more, or an EC key on P-256',
    ),
})
