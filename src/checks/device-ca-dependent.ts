import { defineCheck, type Finding } from './check.js'
import { type CertificateFact, factOf, findCertificate } from './support/certificates.js'
import { confirm, reissueSteps } from './support/steps.js'
import { affected, listSome } from './support/wording.js'

interface Evidence {
  readonly authorities: readonly CertificateFact[]
}

export const deviceCaDependent = defineCheck<Evidence>({
  id: 'device-ca-dependent',
  severity: 'warning',
  title: 'Only apps that trust installed authorities accept the server',
  sources: [
    'frameworks/base NetworkSecurityConfig.java (getDefaultBuilder)',
    'Microsoft: Android device is missing a required certificate (2026-03-30), private authorities',
  ],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap((endpoint): Finding<Evidence>[] => {
      const depends = endpoint.verdicts.filter(
        (verdict) => verdict.kind === 'depends' && verdict.on === 'app-configuration',
      )
      if (depends.length === 0) return []
      const needs = new Set(depends.flatMap((verdict) => (verdict.kind === 'depends' ? verdict.needs : [])))
      return [
        {
          endpoint: endpoint.id,
          releases: depends.map(({ release }) => release),
          evidence: {
            authorities: [...needs].flatMap((sha256) => {
              const certificate = findCertificate(endpoint, sha256)
              return certificate ? [factOf(certificate)] : []
            }),
          },
        },
      ]
    }),
  message: ({ authorities }, finding, context) =>
    `The chain ends at ${listSome(authorities.map(({ name }) => `"${name}"`)) || 'an authority'}, installed by users or device management. From Android 7 an app uses such authorities only if its makers opted in, so on ${affected(finding.releases, context)} most apps refuse the server; and before enrolment nothing is installed yet.`,
  steps: (_evidence, finding, context) => [
    'Mobile device administrator: find out from the makers of the apps in use whether they trust user-installed authorities; sending users instructions to install one does not change it.',
    ...reissueSteps(context, finding, 'from a public authority whose root the phones already have').slice(
      0,
      -1,
    ),
    confirm(context, finding, 'it is accepted without --device-ca'),
  ],
})
