import { defineCheck } from './check.js'
import { called } from './support/certificates.js'
import { refusalFindings } from './support/refusals.js'
import { reissueSteps } from './support/steps.js'
import { affected } from './support/wording.js'

const rules = ['key-usage', 'tls-key-usage'] as const

export const unsuitableKeyUsage = defineCheck({
  id: 'unsuitable-key-usage',
  severity: 'error',
  title: 'The key usage of a certificate forbids what it is used for',
  sources: [
    'RFC 5280 §4.2.1.3',
    'RFC 8446 §4.4.2.2',
    'boringssl ssl/ssl_cert.cc, handshake_client.cc, tls13_both.cc@android-14.0.0_r1',
  ],
  rules,
  run: (context) => refusalFindings(context, rules),
  message: ({ certificate, details }, finding, context) =>
    `The key usage of ${certificate ? called(certificate) : 'a certificate'} does not fit (${details.join('; ')}); ${affected(finding.releases, context)} refuses the server.`,
  steps: ({ certificate }, finding, context) =>
    reissueSteps(
      context,
      finding,
      certificate === null || certificate.position === 0
        ? 'with the key usages Digital Signature and, for an RSA key, Key Encipherment'
        : 'under an authority whose certificate allows Certificate Signing',
    ),
})
