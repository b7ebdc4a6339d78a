import type { Release } from '../../android/releases.js'
import type { Verdict } from '../../android/verdict.js'
import type { Repair, Seen } from '../../examine/examination.js'
import { type Answer, certificatesOf, leafOf } from '../../examine/presented.js'
import type { SubjectId } from '../../farm/subject.js'
import { say, type Word, type Words } from '../../words/words.js'
import type { Certificate } from '../../x509/certificate.js'
import type { Sha256 } from '../../x509/identity.js'
import type { Case, ExaminedFarm, Severity, Told } from '../check.js'

/** One list that a subject sends, with who gets it and what they make of it. */
export interface Shown {
  readonly seen: Seen
  readonly answer: Answer
  /** Every release that gets it, counting or not, oldest first. */
  readonly releases: readonly Release[]
  /** Verdicts said of this list. A release that gets several lists has its verdict by one of them. */
  readonly verdicts: readonly Verdict[]
  readonly repair: Repair | null
  /** The certificates that could be read, in order, duplicates kept. */
  readonly certificates: readonly Certificate[]
  /** The first one; null: nothing was sent or the first entry cannot be read. */
  readonly leaf: Certificate | null
}

/** The subjects that sent something. */
export const seenOf = (farm: ExaminedFarm): readonly Seen[] =>
  farm.examinations.filter((examination): examination is Seen => examination.kind === 'seen')

const remembered = new WeakMap<Seen, readonly Shown[]>()

/** The lists that some release gets; what only came without a server name is not among them. */
export function answersOf(seen: Seen): readonly Shown[] {
  let shown = remembered.get(seen)
  if (!shown) {
    shown = seen.answers.flatMap((answer): Shown[] => {
      const releases = seen.reach.flatMap(({ release, answers }) =>
        answers.includes(answer.id) ? [release] : [],
      )
      if (releases.length === 0) return []
      return [
        {
          seen,
          answer,
          releases,
          verdicts: seen.verdicts.flatMap((said) => (said.answer === answer.id ? [said.verdict] : [])),
          repair: seen.repairs.find((one) => one.answer === answer.id)?.repair ?? null,
          certificates: certificatesOf(answer.entries),
          leaf: leafOf(answer.entries),
        },
      ]
    })
    remembered.set(seen, shown)
  }
  return shown
}

/** All lists of the farm that some release gets. */
export function shownIn(farm: ExaminedFarm): readonly Shown[] {
  const all = shownOf.get(farm) ?? seenOf(farm).flatMap(answersOf)
  shownOf.set(farm, all)
  return all
}
const shownOf = new WeakMap<ExaminedFarm, readonly Shown[]>()

/** Each certificate once, in the order received. */
export const distinct = (certificates: readonly Certificate[]): readonly Certificate[] => [
  ...new Map(certificates.map((certificate) => [certificate.sha256, certificate])).values(),
]

/** A certificate as evidence speaks of it: details are in the report's `certificates`. */
export interface Placed {
  readonly sha256: Sha256
  /** Index in the list as received; null: not sent. */
  readonly position: number | null
}

export function placed({ answer }: Shown, { sha256 }: { readonly sha256: Sha256 }): Placed {
  return { sha256, position: answer.entries.find((entry) => entry.sha256 === sha256)?.index ?? null }
}

/** `"Contoso Issuing CA" (presented[1])`. */
export const called = ({ sha256, position }: Placed): Words =>
  position === null ? [{ certificate: sha256 }] : [{ certificate: sha256 }, ` (presented[${position}])`]

/** A name that a certificate gives, for which there is no certificate to speak of. */
export const quoted = (name: string): Words => say`"${{ untrusted: name }}"`

/**
 * The end-entity certificate where an authority was sent in its place: then the order is the whole trouble, and what
 * Android says of the authority as a server helps nobody. Null: no such thing, or a release accepts it all the same.
 */
export function leafElsewhere({ leaf, certificates, verdicts }: Shown): Certificate | null {
  if (!leaf?.basicConstraints?.ca || verdicts.some(({ kind }) => kind === 'accepted')) return null
  return certificates.find((certificate) => !certificate.basicConstraints?.ca) ?? null
}

/** Of these releases, those that set the verdict. */
export const counting = (farm: ExaminedFarm, releases: readonly Release[]): readonly Release[] =>
  farm.releases.filter((release) => releases.includes(release))

/** What a case about these releases weighs: nothing where none of them counts. */
export const severityFor = (farm: ExaminedFarm, releases: readonly Release[], weight: Severity): Severity =>
  counting(farm, releases).length > 0 ? weight : 'info'

/** Evidence of every case that is about releases: those that the verdict does not count. */
export interface Beside {
  readonly others: readonly Release[]
}

export const beside = (farm: ExaminedFarm, releases: readonly Release[]): Beside => ({
  others: farm.others.filter((release) => releases.includes(release)),
})

/** The releases a sentence is about: those that count, or where none does the others. */
export const concerned = ({ others }: Beside, { releases }: Pick<Told<unknown>, 'releases'>): Word => ({
  releases: releases.length > 0 ? releases : others,
})

/** What some `Shown` of one subject found, under one facet: a server with two lists may have one defect twice. */
export function mergeCases<E extends Beside>(cases: readonly Case<E>[]): readonly Case<E>[] {
  const merged = new Map<string, Case<E>>()
  for (const one of cases) {
    const key = `${one.subject}|${one.facet}`
    const first = merged.get(key)
    if (!first) {
      merged.set(key, one)
      continue
    }
    const grave = weights[one.severity] > weights[first.severity] ? one : first
    merged.set(key, {
      ...grave,
      releases: united(first.releases, one.releases),
      evidence: { ...grave.evidence, others: united(first.evidence.others, one.evidence.others) },
    })
  }
  return [...merged.values()]
}

const weights: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 }
const united = (a: readonly Release[], b: readonly Release[]): readonly Release[] => [
  ...new Set([...a, ...b]),
]

/** What outlives a renewal: subject and key of an authority; of an end-entity certificate only its kind of key. */
export const facetOf = (certificate: Certificate, isLeaf: boolean): string =>
  isLeaf
    ? `leaf ${certificate.publicKey.algorithm}`
    : `${certificate.subject.text} ${certificate.subjectKeyIdentifier ?? ''}`.trimEnd()

/** The lists of these subjects as the farm holds them, for advice that must not touch what is needed. */
export function shownAt(farm: ExaminedFarm, subjects: readonly SubjectId[]): readonly Shown[] {
  const wanted = new Set(subjects)
  return shownIn(farm).filter(({ seen }) => wanted.has(seen.subject.id))
}
