import type { Release } from '../android/releases.js'
import { releasesText } from '../android/releases-text.js'
import type { FindingReport, Report, SubjectReport, VerdictReport } from '../report/schema.js'
import type { Word, Words } from '../words/words.js'
import { doorPlace } from './machines.js'
import { neutralised } from './terminal-text.js'

/** Longest name of a certificate in a sentence: the list above the sentence has it, and the JSON has all of it. */
const maxName = 60

/** One line of text for a terminal: whatever a certificate or a server said cannot move a cursor or reverse a line. */
export function oneLine(text: string, longest = Number.POSITIVE_INFINITY): string {
  const safe = neutralised(text.replace(/\s+/g, ' ').trim())
  return safe.length > longest ? `${safe.slice(0, longest - 3)}...` : safe
}

export const nameOf = (report: Report, sha256: string, longest = maxName): string => {
  const certificate = report.certificates[sha256]
  return certificate ? oneLine(certificate.name, longest) : `certificate ${sha256.slice(0, 16)}`
}

/** Where a subject is, for people: without the name, which is the report's. */
export const placeOf = (report: Report, id: string): string => {
  const subject = report.subjects.find((other) => other.id === id)
  if (subject?.kind === 'file') return oneLine(subject.label)
  if (subject?.node !== undefined) return oneLine(doorPlace(report, subject))
  return oneLine(subject ? subject.id.replace(/^.*@/, '') : id)
}

/** Where these are, each machine once where it is all of its subjects. */
export function placesOf(report: Report, ids: readonly string[]): readonly string[] {
  const wanted = new Set(ids)
  const open = new Set(report.subjects.flatMap(({ id, node }) => (wanted.has(id) ? [] : (node ?? []))))
  const nodes = new Map(report.subjects.map(({ id, node }) => [id, node]))
  const place = (id: string) => {
    const node = nodes.get(id)
    return node !== undefined && !open.has(node) ? oneLine(node) : placeOf(report, id)
  }
  return [...new Set(ids.map(place))]
}

/** `.12` where the servers differ in the last part of an IPv4 address only, as people call them; else the place. */
export function shortPlaceOf(report: Report, id: string): string {
  const machine = report.subjects.find((subject) => subject.id === id)?.node
  if (machine !== undefined) return oneLine(machine)
  const parts = report.subjects.map(({ address, port }) =>
    /^(\d+\.\d+\.\d+)(\.\d+)$/.exec(address ?? '')?.concat(`${port}`),
  )
  const [first] = parts
  const alike = parts.every((part) => part && part[1] === first?.[1] && part[3] === first?.[3])
  const own = parts[report.subjects.findIndex((subject) => subject.id === id)]
  const distinct = new Set(parts.map((part) => part?.[2])).size === parts.length
  return alike && distinct && parts.length > 1 && own ? own[2]! : placeOf(report, id)
}

type AnyWord = Word | FindingReport['words'][number]

export function spokenWords(
  words: Words | FindingReport['words'],
  report: Report,
  place: typeof placeOf = placeOf,
): string {
  return (words as readonly AnyWord[])
    .map((word) => {
      if (typeof word === 'string') return word
      if ('code' in word) return oneLine(word.code)
      if ('untrusted' in word) return oneLine(word.untrusted)
      if ('certificate' in word) return `"${nameOf(report, word.certificate)}"`
      if ('releases' in word) return releasesText(word.releases as Parameters<typeof releasesText>[0])
      if ('subject' in word) return place(report, word.subject)
      if ('date' in word) return new Date(word.date).toISOString().slice(0, 10)
      const [count, one, many] = word.count
      return `${count} ${count === 1 ? one : many}`
    })
    .join('')
}

export const lowerFirst = (title: string): string =>
  /^[A-Z][a-z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

/** `leaf only`, `leaf + 1`, `leaf + 1 + root`. */
export function sentText(report: Report, sent: readonly string[]): string {
  if (sent.length === 0) return 'no certificate'
  const rest = sent.slice(1).map((sha256) => report.certificates[sha256])
  const roots = rest.filter((certificate) => certificate && certificate.subject === certificate.issuer).length
  const others = rest.length - roots
  return `leaf${rest.length === 0 ? ' only' : ''}${others > 0 ? ` + ${others}` : ''}${roots > 0 ? ' + root' : ''}`
}

/** `2027-04-02 (128 d)`, counted from the moment of the check. */
export function until(notAfter: string, { at }: Report): string {
  const days = Math.floor((new Date(notAfter).getTime() - new Date(at).getTime()) / 86_400_000)
  return `${notAfter.slice(0, 10)} (${days < 0 ? `${-days} d ago` : `${days} d`})`
}

/** What is more than a remark, the cause first. */
export const seriousIn = (report: Report): readonly FindingReport[] =>
  report.findings.filter(
    ({ severity, cases }) => severity !== 'info' && cases.some(({ waived }) => waived === undefined),
  )

export const counts = (report: Report, release: string): boolean =>
  report.policy.releases.includes(release as Release)

export const verdictOf = (subject: SubjectReport, release: string): VerdictReport | undefined =>
  subject.verdicts.find(({ releases }) => releases.includes(release as Release))

/** Verdicts of the releases that count. */
export const kindsOf = (subject: SubjectReport): ReadonlySet<string> =>
  new Set(subject.verdicts.filter((row) => row.counts).map(({ verdict }) => verdict))
