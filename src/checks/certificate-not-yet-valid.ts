import { defineCheck } from './check.js'
import { called } from './support/certificates.js'
import { atServer, confirm } from './support/steps.js'
import { type ValidityEvidence, validityFindings } from './support/validity.js'
import { affected, day } from './support/wording.js'

export const certificateNotYetValid = defineCheck<ValidityEvidence>({
  id: 'certificate-not-yet-valid',
  severity: 'error',
  title: 'A certificate is not valid yet',
  sources: ['RFC 5280 §4.1.2.5', 'conscrypt TrustManagerImpl.java@android-16.0.0_r2'],
  rules: ['not-yet-valid'],
  run: (context) => validityFindings(context, ['not-yet-valid'], ({ notBefore }, at) => notBefore > at),
  message({ certificate, details }, finding, context) {
    if (!certificate) return `A certificate of the path is not valid yet: ${details.join('; ')}.`
    const fact = `${called(certificate)} is valid from ${day(certificate.notBefore)}, after the date of this check (${day(context.at.toISOString())})`
    return finding.severity === 'info'
      ? `${fact}. No checked Android release needs it to reach a root, so nothing breaks.`
      : `${fact}; ${affected(finding.releases, context)} refuses the server until then.`
  },
  steps: ({ certificate, isLeaf }, finding, context) => [
    'Whoever runs this check: compare the clock of this computer, or the --at date, with the real time.',
    isLeaf
      ? `AD FS administrator, on ${atServer(finding)}: set the previous certificate again, while it is valid (Set-AdfsSslCertificate, on a proxy Set-WebApplicationProxySslCertificate), and switch after ${certificate ? day(certificate.notBefore) : 'the first day of validity'}. Phones with a slow clock need another day.`
      : `AD FS administrator, on ${atServer(finding)}: keep the previous intermediate in Cert:\\LocalMachine\\CA until the new one is valid, then restart the services.`,
    confirm(context, finding, 'every certificate is valid'),
  ],
})
