import { defineCheck, type Finding } from './check.js'
import { type CertificateFact, called, distinct, factOf } from './support/certificates.js'
import { chainOf } from './support/chain.js'
import { applySteps, atServer, confirm, reissueSteps } from './support/steps.js'
import { affected, day, daysBetween, plural } from './support/wording.js'

interface Evidence {
  readonly certificate: CertificateFact
  readonly isLeaf: boolean
  readonly daysLeft: number
}

export const certificateExpiring = defineCheck<Evidence>({
  id: 'certificate-expiring',
  severity: 'warning',
  title: 'A certificate expires soon',
  sources: ['RFC 5280 §4.1.2.5'],
  rules: [],
  run: (context) =>
    context.endpoints.flatMap((endpoint) => {
      const chain = chainOf(endpoint)
      if (!chain) return []
      // Paths that releases take; where none is accepted, what hangs together by signatures.
      const paths = endpoint.verdicts.flatMap((verdict) =>
        verdict.kind === 'accepted' ? verdict.path.certificates : [],
      )
      const needed = new Set(
        (paths.length > 0 ? paths.map(({ certificate }) => certificate) : chain.related).map(
          ({ sha256 }) => sha256,
        ),
      )
      return distinct(endpoint.presented)
        .filter(({ sha256, notAfter }) => needed.has(sha256) && notAfter >= context.at)
        .map((certificate) => ({ certificate, left: daysBetween(context.at, certificate.notAfter) }))
        .filter(({ left }) => left < Math.max(context.warnDays, context.critDays))
        .map(
          ({ certificate, left }): Finding<Evidence> => ({
            endpoint: endpoint.id,
            releases: context.releases,
            severity: left < context.critDays ? 'error' : 'warning',
            evidence: {
              certificate: factOf(certificate, endpoint),
              isLeaf: certificate === chain.leaf,
              daysLeft: left,
            },
          }),
        )
    }),
  message: ({ certificate, daysLeft }, finding, context) =>
    `${called(certificate)} expires on ${day(certificate.notAfter)}, in ${plural(daysLeft, 'day')}; then ${affected(finding.releases, context)} refuses the server.`,
  steps: ({ certificate, isLeaf }, finding, context) =>
    isLeaf
      ? reissueSteps(context, finding, 'before the old one expires')
      : [
          `AD FS administrator: ask the authority for the successor of "${certificate.name}", or order a certificate under its current intermediate.`,
          `On ${atServer(finding)}, as local administrator: Import-Certificate -FilePath FILE.cer -CertStoreLocation Cert:\\LocalMachine\\CA.`,
          ...applySteps(context, finding),
          confirm(context, finding, 'nothing expires soon'),
        ],
})
