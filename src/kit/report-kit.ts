import { decodeBase64 } from '../containers/pem.js'
import { releasesText } from '../report/releases-text.js'
import { isCutShortStep, repairSteps } from '../report/repair-steps.js'
import type { Report } from '../report/report.js'
import { formatEndpoint } from '../target/target.js'
import type { Certificate } from '../x509/certificate.js'
import { sameName } from '../x509/name-match.js'
import { parseCertificate } from '../x509/parse.js'
import { type KitInput, planKit } from './plan.js'
import { writeKit } from './write.js'

/**
 * Writes the kit for what a report found missing; the report returned names its files. A report without anything to
 * import is returned as it is, and no folder is made.
 *
 * @throws AdfsCheckFault ADFS_CHECK_WRITE_FAILED
 */
export async function writeReportKit(report: Report, folder: string): Promise<Report> {
  const input = kitInput(report)
  if (input.intermediates.length === 0 && input.unresolved.length === 0) return report
  const files = await writeKit(folder, planKit(input))
  const steps = [
    ...report.repair.steps.filter(isCutShortStep),
    ...repairSteps(report.target, report.repair, folder),
  ]
  return { ...report, repair: { ...report.repair, files, steps } }
}

export function kitInput(report: Report): KitInput {
  const { repair, target, endpoints } = report
  const certificate = (sha256: string) => fromPem(report.certificates[sha256]!.pem)
  return {
    name: target.name,
    port: target.port,
    at: new Date(report.at),
    version: report.tool.version,
    servers: endpoints.map(({ address, port }) => formatEndpoint(address, port)),
    intermediates: repair.missing.map(({ sha256, from, endpoints: servers }) => ({
      certificate: certificate(sha256),
      from,
      servers,
    })),
    chains: repair.chains.map(({ endpoints: servers, chain }) => ({
      servers,
      chain: chain.map(certificate),
    })),
    unresolved: repair.unresolved.map(({ subject, urls, endpoints: servers }) => ({
      subject,
      urls,
      servers,
    })),
    wrongRoot: wrongRoot(report),
    promise: promise(report),
  }
}

/**
 * A missing certificate with the name and key of a root means that the chain exists in two lengths, and that Windows
 * sends the short one for as long as it trusts that root. The report holds such a root where some release's path ends
 * in it.
 */
function wrongRoot({ repair, certificates }: Report): KitInput['wrongRoot'] {
  const all = Object.values(certificates).map(({ pem }) => fromPem(pem))
  for (const { sha256 } of repair.missing) {
    const crossSigned = all.find((certificate) => certificate.sha256 === sha256)!
    const root = all.find(
      ({ subject, issuer, publicKey }) =>
        sameName(subject, issuer) &&
        sameName(subject, crossSigned.subject) &&
        publicKey.spkiSha256 === crossSigned.publicKey.spkiSha256,
    )
    if (root) return { root, crossSigned }
  }
  return null
}

function promise({ endpoints, releases }: Report): string {
  const repaired = endpoints.filter(({ afterRepair }) => afterRepair.length > 0)
  const accepted = releases.filter((release) =>
    repaired.every(({ afterRepair }) =>
      afterRepair.some((verdict) => verdict.release === release && verdict.verdict === 'accepted'),
    ),
  )
  if (repaired.length === 0 || accepted.length === 0) return ''
  return `The chain below was judged by the rules of each release before it was written here: ${releasesText(accepted)} would accept it.`
}

/** PEM that we wrote ourselves. */
function fromPem(pem: string): Certificate {
  const der = decodeBase64(pem.replace(/-----[^-]+-----/g, ''))
  const parsed = der && parseCertificate(der)
  if (!parsed?.ok) throw new Error('a certificate of the report cannot be read back')
  return parsed.certificate
}
