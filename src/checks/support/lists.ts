import type { Words } from '../../words/words.js'
import { say } from '../../words/words.js'
import type { Certificate } from '../../x509/certificate.js'
import type { Told } from '../check.js'
import { answersOf, type Beside, concerned, type Shown } from './answers.js'

/** Which of several lists of one subject a case is about, so that nobody looks at the wrong one. */
export interface ListFact {
  /** What sets it apart: the node that answered, the kind of key, the TLS version, or only its content. */
  readonly by: 'node' | 'key' | 'version' | 'content'
  /** Kind of key of its first certificate, e.g. `RSA`. */
  readonly key: string
  /** Kinds of key of the other lists. */
  readonly otherKeys: readonly string[]
  /** `TLS 1.2`, those that the list was sent in. */
  readonly versions: readonly string[]
  readonly count: number
}

/** Null: the subject sends one list to everybody. */
export function listFact(shown: Shown): ListFact | null {
  const others = answersOf(shown.seen).filter(({ answer }) => answer.id !== shown.answer.id)
  if (others.length === 0) return null
  const key = keyKind(shown.leaf)
  const otherKeys = [...new Set(others.map(({ leaf }) => keyKind(leaf)))]
  const versions = versionsOf(shown)
  const elsewhere = others.flatMap(versionsOf)
  const by = shown.seen.varying.includes(shown.answer.id)
    ? 'node'
    : !otherKeys.includes(key)
      ? 'key'
      : versions.length > 0 && versions.every((version) => !elsewhere.includes(version))
        ? 'version'
        : 'content'
  return { by, key, otherKeys, versions, count: shown.answer.entries.length }
}

/** A first sentence that says which list is meant and who gets it; nothing where there is only one. */
export function whichList(evidence: Beside & { readonly list: ListFact | null }, told: Told<unknown>): Words {
  const { list } = evidence
  if (!list) return []
  const who = concerned(evidence, told)
  const size = { count: [list.count, 'certificate', 'certificates'] } as const
  switch (list.by) {
    case 'node':
      return say`One of the servers behind this address sends a list of ${size} of its own. `
    case 'key':
      return say`Besides the ${list.otherKeys.join(' and ')} certificate the server has an ${list.key} one, in a list of ${size}; ${who} gets that one. `
    case 'version':
      return say`In ${list.versions.join(' and ')} the server sends another list than otherwise, of ${size}; ${who} gets that one. `
    case 'content':
      return say`The server sends different lists to different clients; ${who} gets one of ${size}. `
  }
}

/** `RSA`, `ECDSA`, as people call the certificate that holds such a key. */
function keyKind(leaf: Certificate | null): string {
  const names: Partial<Record<Certificate['publicKey']['algorithm'], string>> = {
    rsa: 'RSA',
    'rsa-pss': 'RSA-PSS',
    ec: 'ECDSA',
    dsa: 'DSA',
    ed25519: 'Ed25519',
    ed448: 'Ed448',
  }
  return leaf === null ? 'unreadable' : (names[leaf.publicKey.algorithm] ?? 'unknown')
}

const versionNames: Readonly<Record<number, string>> = {
  769: 'TLS 1.0',
  770: 'TLS 1.1',
  771: 'TLS 1.2',
  772: 'TLS 1.3',
}

const versionsOf = ({ answer }: Shown): readonly string[] => [
  ...new Set(
    answer.exchanges.flatMap(({ presented }) => {
      const name = versionNames[presented.handshake?.protocolVersion ?? 0]
      return name === undefined ? [] : [name]
    }),
  ),
]
