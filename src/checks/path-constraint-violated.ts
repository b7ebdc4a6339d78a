import { rules as catalogue } from '../android/rules.js'
import { failsByItsDot } from '../path/name-constraints-libcore.js'
import { libcoreView } from '../path/view-libcore.js'
import { defineCheck, type JudgedEndpoint } from './check.js'
import { type CertificateFact, called, distinct, factOf, leafOf } from './support/certificates.js'
import { type RefusalEvidence, refusalFindings } from './support/refusals.js'
import { applySteps, atServer, confirm, reissueSteps, removeStep } from './support/steps.js'
import { affected, safe, sentence } from './support/wording.js'

const rules = [
  'not-a-ca',
  'path-length',
  'name-constraints',
  'policy',
  'critical-extension',
  'aki-mismatch',
  'name-chaining',
] as const

interface Evidence extends RefusalEvidence {
  /** Permitted DNS names with a leading dot that would cover a name of the leaf without it, and whose they are. */
  readonly dotted: readonly { readonly certificate: CertificateFact; readonly constraint: string }[]
}

/** Of 7.0 and later; on older releases such a constraint covers the domain. */
function dottedOf(
  { rules: broken }: RefusalEvidence,
  endpoint: JudgedEndpoint | undefined,
): Evidence['dotted'] {
  if (!endpoint || !broken.includes('name-constraints')) return []
  const hosts = (leafOf(endpoint)?.subjectAltNames ?? []).filter(({ type }) => type === 'dns')
  return distinct(endpoint.presented).flatMap((certificate) => {
    const permitted = libcoreView(certificate).nameConstraints?.permitted ?? []
    const base = permitted.find((subtree) => hosts.some(({ value }) => failsByItsDot(subtree, value)))?.name
    return base?.kind === 'dns'
      ? [{ certificate: factOf(certificate, endpoint), constraint: safe(base.text) }]
      : []
  })
}

export const pathConstraintViolated = defineCheck<Evidence>({
  id: 'path-constraint-violated',
  severity: 'error',
  title: 'The chain breaks a rule of certification paths',
  sources: [
    'RFC 5280 §6.1',
    'bouncycastle RFC3280CertPathUtilities (4.4-6.0), sun.security.provider.certpath (7.0 and later)',
  ],
  rules,
  run: (context) =>
    refusalFindings(context, rules).map((finding) => ({
      ...finding,
      evidence: {
        ...finding.evidence,
        dotted: dottedOf(
          finding.evidence,
          context.endpoints.find(({ id }) => id === finding.endpoint),
        ),
      },
    })),
  message: ({ certificate, rules: broken, details, dotted }, finding, context) =>
    `${broken.map((rule) => catalogue[rule].title).join('; ')}: ${certificate ? `${called(certificate)}, ` : ''}${details.join('; ')}. ${sentence(affected(finding.releases, context))} refuses the server.${dotted
      .map(
        (one) =>
          ` ${called(one.certificate)} permits ${one.constraint} with a dot in front: Android 7 and later take that to cover no name at all, Windows and older Android the whole domain.`,
      )
      .join('')}`,
  steps: ({ certificate, dotted }, finding, context) =>
    dotted.length > 0
      ? [
          ...dotted.map(
            (one) =>
              `Administrator of the authority that issued "${one.certificate.name}": issue it anew, same name and key, with the constraint written without the dot: ${one.constraint.slice(1)} (RFC 5280 section 4.2.1.10; AD CS: section NameConstraintsPermitted of Policy.inf). It still covers everything below, on Windows too, and server certificates need not be replaced.`,
          ),
          `AD FS administrator, on ${atServer(finding)}: import the new one with Import-Certificate -FilePath FILE.cer -CertStoreLocation Cert:\\LocalMachine\\CA.`,
          ...dotted.map((one) => removeStep(finding, one.certificate)),
          ...applySteps(context, finding),
          confirm(context, finding, 'no rule is broken'),
        ]
      : certificate?.position === 0
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
