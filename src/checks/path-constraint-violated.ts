import { rules as catalogue } from '../android/rules.js'
import { defineCheck } from './check.js'
import { called } from './support/certificates.js'
import { refusalFindings } from './support/refusals.js'
import { confirm, reissueSteps } from './support/steps.js'
import { affected, sentence } from './support/wording.js'

const rules = [
  'not-a-ca',
  'path-length',
  'name-constraints',
  'policy',
  'critical-extension',
  'aki-mismatch',
  'name-chaining',
] as const

export const pathConstraintViolated = defineCheck({
  id: 'path-constraint-violated',
  severity: 'error',
  title: 'The chain breaks a rule of certification paths',
  sources: [
    'RFC 5280 §6.1',
    'bouncycastle RFC3280CertPathUtilities (4.4-6.0), sun.security.provider.certpath (7.0 and later)',
  ],
  rules,
  run: (context) => refusalFindings(context, rules),
  message: ({ certificate, rules: broken, details }, finding, context) =>
    `${broken.map((rule) => catalogue[rule].title).join('; ')}: ${certificate ? `${called(certificate)}, ` : ''}${details.join('; ')}. ${sentence(affected(finding.releases, context))} refuses the server.`,
  steps: ({ certificate }, finding, context) =>
    certificate?.position === 0
      ? reissueSteps(context, finding, 'that keeps to what its issuer may certify')
      : [
          `AD FS administrator: send ${certificate ? `"${certificate.name}" and ` : ''}this report to the authority that issued the chain; on Windows nothing can be set to cure it. A renewed or cross-signed intermediate may: import it with Import-Certificate into Cert:\\LocalMachine\\CA and remove the old one.`,
          ...reissueSteps(
            context,
            finding,
            'under a chain without this fault, if the authority has none',
          ).slice(0, -1),
          confirm(context, finding, 'no rule is broken'),
        ],
})
