import { isSelfSigned } from '../checks/support/chain.js'
import type { Examination, Seen } from '../examine/examination.js'
import { certificatesOf, leafOf } from '../examine/presented.js'
import type { SubjectId } from '../farm/subject.js'
import type { Sha256 } from '../x509/identity.js'
import type { TlsSignKind } from './tls-signs.js'

export interface TlsSign {
  readonly kind: TlsSignKind
  /** The root that is sent. */
  readonly certificate: Sha256 | null
  /** One server for each other key, certificate or list, at most `maxOthers`. */
  readonly others: readonly SubjectId[]
}

/** A farm of thousands may have as many lists. */
const maxOthers = 8

/** By subject; servers that were not seen, and files, have none. */
export function tlsSignsOf(examinations: readonly Examination[]): ReadonlyMap<SubjectId, readonly TlsSign[]> {
  const seen = examinations.filter((one): one is Seen => one.kind === 'seen' && one.subject.kind === 'served')
  const elsewhere = differing(seen)
  return new Map(
    seen.map((one) => {
      const { subject, answers } = one
      const roots = answers.flatMap(({ entries }) => certificatesOf(entries).slice(1).filter(isSelfSigned))
      const other = elsewhere(one)
      return [
        subject.id,
        [
          ...nameless(one),
          ...(roots[0] ? [{ kind: 'root-sent' as const, certificate: roots[0].sha256, others: [] }] : []),
          ...(other ? [other] : []),
        ],
      ] as const
    }),
  )
}

function nameless({ withoutName, subject }: Seen): readonly TlsSign[] {
  if (withoutName === null || (subject.kind === 'served' && subject.name === null)) return []
  const sign = (kind: TlsSignKind): readonly TlsSign[] => [{ kind, certificate: null, others: [] }]
  if (withoutName.answer !== null) return sign('answers-without-name')
  switch (withoutName.outcome.kind) {
    case 'reset':
    case 'closed':
      return sign('resets-without-name')
    case 'alert':
      return sign('alerts-without-name')
    default:
      return []
  }
}

interface Shown {
  readonly keys: string
  readonly leaves: string
  readonly lists: string
}

/** Servers of one name and port beside each other; one that varies by itself is no measure for others. */
function differing(seen: readonly Seen[]): (one: Seen) => TlsSign | null {
  /** By name and part, each value with the first server that has it: a farm may have thousands of either. */
  const first = new Map<string, Map<string, SubjectId>>()
  const valuesOf = (one: Seen, part: string) => {
    const key = `${part} ${nameOf(one)}`
    const values = first.get(key) ?? new Map<string, SubjectId>()
    first.set(key, values)
    return values
  }
  for (const one of seen.filter(({ varying }) => varying.length === 0)) {
    const shown = shownBy(one)
    for (const [, part] of kinds) {
      const values = valuesOf(one, part)
      if (!values.has(shown[part])) values.set(shown[part], one.subject.id)
    }
  }
  return (one) => {
    if (one.varying.length > 0) return null
    const own = shownBy(one)
    for (const [kind, part] of kinds) {
      const others: SubjectId[] = []
      for (const [value, id] of valuesOf(one, part)) {
        if (others.length === maxOthers) break
        if (value !== own[part]) others.push(id)
      }
      if (others.length > 0) return { kind, certificate: null, others }
    }
    return null
  }
}

/** What differs most is told. */
const kinds = [
  ['other-key-elsewhere', 'keys'],
  ['other-certificate-elsewhere', 'leaves'],
  ['other-list-elsewhere', 'lists'],
] as const

const nameOf = ({ subject }: Seen): string =>
  subject.kind === 'file' ? subject.id : `${subject.name?.ascii ?? ''}:${subject.port}`

/** Of the lists that come for the name. */
function shownBy({ answers, withoutName, reach }: Seen): Shown {
  const named = answers.filter(
    ({ id }) => id !== withoutName?.answer || reach.some((one) => one.answers.includes(id)),
  )
  const text = (parts: readonly string[]) => [...new Set(parts)].sort().join()
  const leaves = named.flatMap(({ entries }) => leafOf(entries) ?? [])
  return {
    keys: text(leaves.map(({ publicKey }) => publicKey.spkiSha256)),
    leaves: text(leaves.map(({ sha256 }) => sha256)),
    lists: text(named.map(({ entries }) => entries.map(({ sha256 }) => sha256).join(' '))),
  }
}
