import { defineCheck } from './check.js'
import { called } from './support/certificates.js'
import { applySteps, confirm, reissueSteps, removeStep } from './support/steps.js'
import { type ValidityEvidence, validityFindings } from './support/validity.js'
import { affected, day, daysBetween, plural, sentence } from './support/wording.js'

export const certificateExpired = defineCheck<ValidityEvidence>({
  id: 'certificate-expired',
  severity: 'error',
  title: 'A certificate has expired',
  sources: [
    'RFC 5280 §4.1.2.5',
    'conscrypt TrustManagerImpl.java@android-16.0.0_r2 (expired issuers skipped)',
  ],
  rules: ['expired'],
  run: (context) => validityFindings(context, ['expired'], ({ notAfter }, at) => notAfter < at),
  message({ certificate, isLeaf, details }, finding, context) {
    if (!certificate) return `A certificate of the path has expired: ${details.join('; ')}.`
    const ago = plural(daysBetween(new Date(certificate.notAfter), context.at), 'day')
    const fact = `${called(certificate)} expired on ${day(certificate.notAfter)}, ${ago} ago`
    if (finding.severity === 'info') {
      return `${fact}. No checked Android release needs it to reach a root, so nothing breaks.`
    }
    const alone = finding.releases.length < context.releases.length && !isLeaf
    return `${fact}; ${affected(finding.releases, context)} ${finding.severity === 'error' ? 'refuses' : 'may refuse'} the server.${
      alone ? ` ${sentence('the other releases find another way or pass it over.')}` : ''
    }`
  },
  steps({ certificate, isLeaf }, finding, context) {
    if (isLeaf || !certificate) return reissueSteps(context, finding, 'now')
    return [
      removeStep(finding, certificate),
      'AD FS administrator: get the current intermediate of the same name from the authority (its web site or the AIA address in the certificate below) and, as local administrator there, Import-Certificate -FilePath FILE.cer -CertStoreLocation Cert:\\LocalMachine\\CA.',
      ...applySteps(context, finding),
      confirm(context, finding, 'no expired certificate is sent'),
    ]
  },
})
