import { algorithmName } from '../x509/algorithm-name.js'
import { defineCheck } from './check.js'
import { called, findCertificate } from './support/certificates.js'
import { refusalFindings } from './support/refusals.js'
import { applySteps, confirm, reissueSteps, removeStep } from './support/steps.js'
import { affected } from './support/wording.js'

const rules = ['weak-signature'] as const

export const weakSignature = defineCheck({
  id: 'weak-signature',
  severity: 'error',
  title: 'A certificate is signed with an algorithm that Android refuses',
  sources: [
    'conscrypt ChainStrengthAnalyzer.java@android-5.0.0_r1, @android-6.0.0_r1, @android-10.0.0_r1 (commit 1d6a0b84)',
    'libcore security.properties jdk.certpath.disabledAlgorithms',
  ],
  rules,
  run: (context) =>
    refusalFindings(context, rules).map((finding) => {
      const endpoint = context.endpoints.find(({ id }) => id === finding.endpoint)
      const sha256 = finding.evidence.certificate?.sha256 ?? null
      const certificate = endpoint ? findCertificate(endpoint, sha256) : null
      return {
        ...finding,
        evidence: {
          ...finding.evidence,
          algorithm: certificate ? algorithmName(certificate.signatureAlgorithm) : null,
        },
      }
    }),
  message: ({ certificate, algorithm, details }, finding, context) =>
    certificate
      ? `${called(certificate)} is signed with ${algorithm ?? 'a weak algorithm'}; ${affected(finding.releases, context)} refuses the server. A root may be signed so, a certificate below it may not.`
      : `${details.join('; ')}: ${affected(finding.releases, context)} refuses the server.`,
  steps: ({ certificate }, finding, context) =>
    certificate && certificate.position !== 0
      ? [
          `AD FS administrator: ask the authority for "${certificate.name}" signed with SHA-256, same name and key, or for a server certificate under a newer intermediate.`,
          removeStep(finding, certificate),
          'There too, for the new file: Import-Certificate -FilePath FILE.cer -CertStoreLocation Cert:\\LocalMachine\\CA.',
          ...applySteps(context, finding),
          confirm(context, finding, 'no weak signature is left'),
        ]
      : reissueSteps(context, finding, 'signed with SHA-256'),
})
