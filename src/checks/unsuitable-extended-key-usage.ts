import { defineCheck } from './check.js'
import { called } from './support/certificates.js'
import { refusalFindings } from './support/refusals.js'
import { reissueSteps } from './support/steps.js'
import { affected } from './support/wording.js'

const rules = ['eku'] as const

export const unsuitableExtendedKeyUsage = defineCheck({
  id: 'unsuitable-extended-key-usage',
  severity: 'error',
  title: 'A certificate is not meant for servers',
  sources: [
    'RFC 5280 §4.2.1.12',
    'conscrypt TrustManagerImpl.java@android-5.0.0_r1 ExtendedKeyUsagePKIXCertPathChecker',
  ],
  rules,
  run: (context) => refusalFindings(context, rules),
  message: ({ certificate, details }, finding, context) =>
    `The extended key usage of ${certificate ? called(certificate) : 'a certificate'} does not allow TLS servers (${details.join('; ')}); ${affected(finding.releases, context)} refuses it.`,
  steps: (_evidence, finding, context) => [
    'AD FS administrator: make sure that the TLS certificate is in use, not a token-signing or client certificate: Get-AdfsSslCertificate, on a proxy Get-WebApplicationProxySslCertificate.',
    ...reissueSteps(context, finding, 'with the purpose Server Authentication (1.3.6.1.5.5.7.3.1)'),
  ],
})
