import type { Release } from '../android/releases.js'
import type { ExaminedFarm } from '../checks/check.js'
import type { Seen } from '../examine/examination.js'
import { leafOf } from '../examine/presented.js'
import type { LiveServer, SubjectId } from '../farm/subject.js'
import type { Certificate } from '../x509/certificate.js'

/** What changes at one live server when the certificate of a file takes its place. */
export interface Difference {
  readonly subject: SubjectId
  /** False: the server could not be seen, so nothing is compared. */
  readonly seen: boolean
  readonly sameCertificate: boolean
  /** DNS names, as written in the certificates. */
  readonly names: { readonly gained: readonly string[]; readonly lost: readonly string[] }
  readonly releases: { readonly gained: readonly Release[]; readonly lost: readonly Release[] }
  readonly key: { readonly was: string | null; readonly is: string; readonly same: boolean }
  /** Whole names. */
  readonly issuer: { readonly was: string | null; readonly is: string }
  readonly notAfter: { readonly was: Date | null; readonly is: Date }
}

/** What every server of an examined farm presents to the newest release that is shown anything. */
export const liveServers = ({ examinations, releases }: ExaminedFarm): readonly LiveServer[] =>
  examinations.map((examination) => ({
    id: examination.subject.id,
    leaf: examination.kind === 'seen' ? leafOf(examination.answers[0]?.entries ?? []) : null,
    judged: releases,
    accepting:
      examination.kind === 'seen'
        ? examination.verdicts
            .filter(({ release, verdict }) => releases.includes(release) && verdict.kind === 'accepted')
            .map(({ release }) => release)
        : [],
  }))

/** Server by server, in the live farm's order; empty: nothing was to be compared. */
export function differencesOf({ subject, verdicts }: Seen): readonly Difference[] {
  if (subject.kind !== 'file' || subject.against === null) return []
  const { leaf } = subject
  const accepting = verdicts
    .filter(({ verdict }) => verdict.kind === 'accepted')
    .map(({ release }) => release)
  return subject.against.map(
    ({ id, leaf: live, judged, accepting: before }): Difference => ({
      subject: id,
      seen: live !== null,
      sameCertificate: live?.sha256 === leaf.sha256,
      names: {
        gained: live ? namesOf(leaf).filter((name) => !covers(live, name)) : [],
        lost: live ? namesOf(live).filter((name) => !covers(leaf, name)) : [],
      },
      releases: {
        gained: live
          ? judged.filter((release) => accepting.includes(release) && !before.includes(release))
          : [],
        lost: before.filter((release) => !accepting.includes(release)),
      },
      key: {
        was: live && keyText(live),
        is: keyText(leaf),
        same: live?.publicKey.spkiSha256 === leaf.publicKey.spkiSha256,
      },
      issuer: { was: live?.issuer.text ?? null, is: leaf.issuer.text },
      notAfter: { was: live?.notAfter ?? null, is: leaf.notAfter },
    }),
  )
}

/** DNS names, lower-case, each once. */
export const namesOf = ({ subjectAltNames }: Certificate): readonly string[] => [
  ...new Set(
    (subjectAltNames ?? []).flatMap(({ type, value }) => (type === 'dns' ? [value.toLowerCase()] : [])),
  ),
]

/** Whether a name stands in the certificate, or a wildcard of one label does for it; a wildcard only for itself. */
export function covers(certificate: Certificate, name: string): boolean {
  const names = namesOf(certificate)
  return names.includes(name) || (!name.startsWith('*.') && names.includes(name.replace(/^[^.]+/, '*')))
}

const keyText = ({ publicKey: { algorithm, curve, bits } }: Certificate): string =>
  [algorithm.toUpperCase(), curve ?? bits].filter((part) => part !== null).join(' ')
