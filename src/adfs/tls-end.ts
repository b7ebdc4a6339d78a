import type { Examination, Seen } from '../examine/examination.js'
import { certificatesOf, leafOf } from '../examine/presented.js'
import type { SubjectId } from '../farm/subject.js'
import { isSelfIssued, type Sha256 } from '../x509/identity.js'

/**
 * What was seen of who ends TLS: facts, and how far each goes. None of them is proof of a device, and none of its absence
 * (Application Proxy blog, 2014-06-19; KB954755; nginx 1.22 and HAProxy 2.6 were asked in tests; the rest follows).
 */
export const tlsSigns = {
  'answers-without-name': {
    proves: 'It has a certificate for connections without a server name.',
    leavesOpen:
      'AD FS and its proxies alone reset such a connection, but with a fallback binding (IP:port) Windows answers as well.',
  },
  'resets-without-name': {
    proves: 'It serves names only, as AD FS and its proxies do with host-name bindings.',
    leavesOpen: 'A device may be set to do so too, and a firewall may cut the connection.',
  },
  'alerts-without-name': {
    proves: 'It refuses connections without a server name, with an alert of TLS.',
    leavesOpen:
      'nginx (ssl_reject_handshake) and HAProxy (strict-sni) do when set to; AD FS and its proxies are known to reset instead, of every version or not.',
  },
  'root-sent': {
    proves: 'The list holds a root, which Windows leaves out of the chain it builds.',
    leavesOpen: 'Which device sends it, and from which file.',
  },
  'other-key-elsewhere': {
    proves:
      'The same name has another key at the other address: what is changed at one does not reach the other.',
    leavesOpen:
      'Whether one of them is a device in front: nodes that were not renewed together look the same.',
  },
  'other-certificate-elsewhere': {
    proves:
      'The same name has another certificate at the other address: what is changed at one does not reach the other.',
    leavesOpen:
      'Whether one of them is a device in front: nodes that were not renewed together look the same.',
  },
  'other-list-elsewhere': {
    proves:
      'The same certificate comes with another list at the other address: each has its own intermediates.',
    leavesOpen: 'Whether one of them is a device in front: nodes with different stores look the same.',
  },
} as const

export type TlsSignKind = keyof typeof tlsSigns

export interface TlsSign {
  readonly kind: TlsSignKind
  /** The root that is sent. */
  readonly certificate: Sha256 | null
  /** One of each group of servers that differ, at most `maxOthers`. */
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
      const roots = answers.flatMap(({ entries }) => certificatesOf(entries).slice(1).filter(isSelfIssued))
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
  readonly id: SubjectId
  readonly keys: string
  readonly leaves: string
  readonly lists: string
}

/** Servers of one name and port beside each other; one that varies by itself is no measure for others. */
function differing(seen: readonly Seen[]): (one: Seen) => TlsSign | null {
  const byName = new Map<string, Map<string, Shown>>()
  for (const one of seen.filter(({ varying }) => varying.length === 0)) {
    const shown = shownBy(one)
    const groups = byName.get(nameOf(one)) ?? new Map<string, Shown>()
    if (!groups.has(shown.lists)) groups.set(shown.lists, shown)
    byName.set(nameOf(one), groups)
  }
  return (one) => {
    if (one.varying.length > 0) return null
    const own = shownBy(one)
    const groups = [...(byName.get(nameOf(one))?.values() ?? [])].filter(({ lists }) => lists !== own.lists)
    const kinds = [
      ['other-key-elsewhere', groups.filter(({ keys }) => keys !== own.keys)],
      ['other-certificate-elsewhere', groups.filter(({ leaves }) => leaves !== own.leaves)],
      ['other-list-elsewhere', groups],
    ] as const
    const found = kinds.find(([, others]) => others.length > 0)
    return found
      ? { kind: found[0], certificate: null, others: found[1].slice(0, maxOthers).map(({ id }) => id) }
      : null
  }
}

const nameOf = ({ subject }: Seen): string =>
  subject.kind === 'file' ? subject.id : `${subject.name?.ascii ?? ''}:${subject.port}`

/** Of the lists that come for the name. */
function shownBy({ subject, answers, withoutName, reach }: Seen): Shown {
  const named = answers.filter(
    ({ id }) => id !== withoutName?.answer || reach.some((one) => one.answers.includes(id)),
  )
  const text = (parts: readonly string[]) => [...new Set(parts)].sort().join()
  const leaves = named.flatMap(({ entries }) => leafOf(entries) ?? [])
  return {
    id: subject.id,
    keys: text(leaves.map(({ publicKey }) => publicKey.spkiSha256)),
    leaves: text(leaves.map(({ sha256 }) => sha256)),
    lists: text(named.map(({ entries }) => entries.map(({ sha256 }) => sha256).join(' '))),
  }
}
