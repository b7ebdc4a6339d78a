import { defineCheck } from './check.js'
import { called } from './support/certificates.js'
import { type HostNameEvidence, hostNameFindings } from './support/host-names.js'
import { reissueSteps } from './support/steps.js'
import { affected, listSome, safe } from './support/wording.js'

export const commonNameOnly = defineCheck<HostNameEvidence>({
  id: 'common-name-only',
  severity: 'error',
  title: 'The name is only in the common name, where Android no longer looks',
  sources: [
    'RFC 9525 §6.3',
    'okhttp OkHostnameVerifier.java@android-9.0.0_r1 and android-security-8.1.0_r85',
  ],
  rules: ['cn-only'],
  run: (context) => hostNameFindings(context, { inCommonName: true }),
  message({ certificate, wanted, names, commonNames, patchDependent }, finding, context) {
    const sure = finding.releases.filter((release) => !patchDependent.includes(release))
    const refuse = sure.length > 0 ? `${affected(sure, context)} looks only there and refuses it` : ''
    const depends =
      patchDependent.length > 0
        ? `${affected(patchDependent, context)} refuses it from the security patch of 2021-02 on`
        : ''
    const alternatives = names.length > 0 ? listSome(names) : 'none'
    return `${called(certificate)} has ${wanted} only in its common name (${listSome(commonNames.map(safe))}), not among its subject alternative names (${alternatives}); ${[refuse, depends].filter(Boolean).join('; ')}.`
  },
  steps: (_evidence, finding, context) =>
    reissueSteps(context, finding, 'that lists this name as a DNS subject alternative name'),
})
