import { releases as allReleases } from '../android/releases.js'
import type { CaseKey, SubjectId } from '../farm/subject.js'
import type { Advice, Case, Check, ExaminedFarm, Told } from './check.js'
import type { Finding } from './result.js'

export const keyOf = (id: string, { subject, facet }: Case<unknown>): CaseKey =>
  `${id}|${subject ?? ''}|${facet}`

/** One finding for all cases that read alike: equal words, severity and certificate. In the order of the first ones. */
export function tellAll<E>(
  check: Check<string, E>,
  cases: readonly Case<E>[],
  farm: ExaminedFarm,
): Finding[] {
  const groups = new Map<string, Case<E>[]>()
  for (const one of cases) {
    const words = check.tell(one.evidence, toldOf(check, [one], farm))
    const reads = JSON.stringify([words, one.severity, one.certificate])
    groups.set(reads, [...(groups.get(reads) ?? []), one])
  }
  return [...groups.values()].map((group) => findingOf(check, toldOf(check, group, farm)))
}

function toldOf<E>(check: Check<string, E>, cases: readonly Case<E>[], farm: ExaminedFarm): Told<E> {
  const releases = new Set(cases.flatMap((one) => one.releases))
  return {
    cases: cases.map((one) => ({ ...one, key: keyOf(check.id, one) })),
    subjects: [...new Set(cases.flatMap(({ subject }) => subject ?? []))],
    releases: allReleases.filter((release) => releases.has(release)),
    severity: cases[0]!.severity,
    farm,
  }
}

function findingOf<E>(check: Check<string, E>, told: Told<E>): Finding {
  const { cases, subjects, releases, severity } = told
  const { evidence } = cases[0]!
  return {
    id: check.id,
    key: cases[0]!.key,
    severity,
    subjects,
    releases,
    certificate: cases[0]!.certificate,
    title: check.title,
    words: check.tell(evidence, told),
    short: check.short?.(evidence, told) ?? null,
    brief: check.brief?.(evidence, told) ?? null,
    cases: cases.map(({ key, subject, evidence }) => ({ key, subject, evidence })),
    advice: adviceOf(check, told),
    sources: check.sources,
  }
}

/** What every case asks for, each once. Advice that not every server needs names those that do. */
function adviceOf<E>(check: Check<string, E>, told: Told<E>): Advice[] {
  const asked = new Map<string, { advice: Advice; for: Set<SubjectId> }>()
  // Servers that are ill alike are advised alike, and advice looks at all of them: asked once for each illness.
  const known = new Map<string, readonly Advice[]>()
  for (const { evidence, subject } of told.cases) {
    const illness = JSON.stringify(evidence)
    const given = known.get(illness) ?? check.actions(evidence, told)
    known.set(illness, given)
    for (const advice of given) {
      const key = JSON.stringify(advice)
      const one = asked.get(key) ?? { advice, for: new Set() }
      asked.set(key, one)
      if (subject !== null) one.for.add(subject)
    }
  }
  return [...asked.values()].map(({ advice, for: subjects }) =>
    advice.on || subjects.size === told.subjects.length ? advice : { ...advice, on: [...subjects] },
  )
}
