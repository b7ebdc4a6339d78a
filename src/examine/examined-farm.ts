import { releasesOf, rootsNamed } from '../android/trust-store.js'
import type { ExaminedFarm } from '../checks/check.js'
import type { Farm } from '../farm/subject.js'
import type { Policy } from '../gate/policy.js'
import type { Certificate } from '../x509/certificate.js'
import type { Examination } from './examination.js'
import type { AskedUrl } from './issuers.js'
import { certificatesOf } from './presented.js'
import { releasesTrusting, type Settings } from './settings.js'

/** What checks look at. */
export function examinedFarm(
  farm: Farm,
  examinations: readonly Examination[],
  { releases, others, warn, crit }: Policy,
  settings: Settings,
  fetches: readonly AskedUrl[],
): ExaminedFarm {
  return {
    farm,
    examinations,
    at: settings.at,
    releases,
    others,
    warn,
    crit,
    releasesTrusting: (certificate) => releasesTrusting(certificate, settings),
    isPublicAnchor: (certificate) => releasesOf(certificate).length > 0,
    certificates: metIn(examinations, settings, fetches),
  }
}

/**
 * Every certificate met in the run by its SHA-256: sent, proposed, fetched, given by the operator or on a path; and roots
 * of the names at their ends.
 */
function metIn(
  examinations: readonly Examination[],
  { trustAnchors, deviceCas, remembered, intermediates }: Settings,
  fetches: readonly AskedUrl[],
): ReadonlyMap<string, Certificate> {
  const met = new Map<string, Certificate>()
  const add = (certificate: Certificate) => void met.set(certificate.sha256, certificate)
  for (const { certificates } of fetches) certificates.forEach(add)
  for (const certificate of [...trustAnchors, ...deviceCas, ...remembered]) add(certificate)
  for (const { certificate } of intermediates) add(certificate)
  for (const examination of examinations) {
    if (examination.kind === 'unseen') continue
    for (const { entries } of [
      ...examination.answers,
      ...(examination.strangeName ? [examination.strangeName] : []),
    ])
      certificatesOf(entries).forEach(add)
    for (const { repair } of examination.repairs) {
      repair.chain.forEach(add)
      for (const { unless } of [repair.takesEffect])
        for (const condition of unless)
          if (condition.kind === 'root-disabled' && condition.root !== null)
            for (const link of repair.chain)
              for (const { certificate } of rootsNamed(link.subject))
                if (certificate?.sha256 === condition.root) add(certificate)
    }
    for (const { verdict } of examination.verdicts) {
      const paths =
        verdict.kind === 'refused'
          ? verdict.attempted
          : verdict.kind === 'accepted'
            ? [verdict.path, ...verdict.others]
            : verdict.kind === 'depends' && verdict.path
              ? [verdict.path]
              : []
      for (const { certificates } of paths) for (const { certificate } of certificates) add(certificate)
    }
  }
  return met
}
