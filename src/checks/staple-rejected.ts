import { rules as catalogue } from '../android/rules.js'
import { defineCheck } from './check.js'
import { refusalFindings } from './support/refusals.js'
import { atServer, confirm, reissueSteps } from './support/steps.js'
import { affected } from './support/wording.js'

const rules = [
  'staple-revoked',
  'staple-unknown',
  'staple-stale',
  'staple-unverified',
  'staple-unusable',
] as const

export const stapleRejected = defineCheck({
  id: 'staple-rejected',
  severity: 'error',
  title: 'The stapled OCSP response is one that Android rejects',
  sources: [
    'RFC 6960',
    'RFC 6066 §8',
    'conscrypt TrustManagerImpl.java@android-8.0.0_r1 setOcspResponses, @android-14.0.0_r1 (no fallback)',
    'Microsoft: TLS registry settings (EnableOcspStaplingForSni)',
  ],
  rules,
  run: (context) => refusalFindings(context, rules),
  message: ({ rules: broken, details }, finding, context) =>
    `${broken.map((rule) => catalogue[rule].title).join('; ')}${details.some(Boolean) ? ` (${details.join('; ')})` : ''}; ${affected(finding.releases, context)} refuses the server. Without any stapled response it would not ask.`,
  steps: ({ rules: broken }, finding, context) =>
    broken.includes('staple-revoked')
      ? [
          'Whoever orders the certificates: ask the authority why it revoked the certificate.',
          ...reissueSteps(context, finding, 'with a new key'),
        ]
      : [
          `AD FS administrator, on ${atServer(finding)}: Windows staples for named bindings only if someone set EnableOcspStaplingForSni under HKLM:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL. Let the server reach the OCSP address of its certificate over HTTP (certutil -verify -urlfetch LEAF.cer shows it), check its clock, or set the value to 0 and reboot.`,
          'If a load balancer ends TLS here, its administrator refreshes the OCSP response or turns stapling off.',
          confirm(context, finding, 'the response is good or absent'),
        ],
})
