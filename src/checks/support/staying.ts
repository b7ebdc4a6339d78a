import { knownAgainst, type PublishedIssuer, usableIssuers } from '../../android/catalogue.js'
import type { Release } from '../../android/releases.js'
import { scheduledRemoval } from '../../android/root-schedule.js'
import { releasesHaving, rootOfHash, rootsNamed } from '../../android/trust-store.js'
import type { Verdict } from '../../android/verdict.js'
import { listed, say, type Words } from '../../words/words.js'
import type { Certificate } from '../../x509/certificate.js'
import { isSelfIssued, type Sha256, shortName } from '../../x509/identity.js'
import { sameName } from '../../x509/name-match.js'
import { verifySignature } from '../../x509/signature.js'
import type { ExaminedFarm } from '../check.js'
import { quoted, type Shown } from './answers.js'
import { stepsWords, type Way, wayOf } from './published.js'

/** A path to a root that is not due, beside one that is. */
export interface Staying {
  /** `sent`: the list leads there already · `known`: certificates at hand do · `published`: such as the catalogue has. */
  readonly by: 'sent' | 'known' | 'published'
  readonly rootName: string
  /** ISO 8601: when the schedule takes that root out. */
  readonly removal: string
  /** Of the releases that go by the root that is due, those that have the other one. */
  readonly releases: readonly Release[]
  /** Certificates to be sent beside the others; of `known`. */
  readonly add: readonly Sha256[]
  /** The same as facts; of `published`. */
  readonly way: readonly Way[]
}

type Accepted = Extract<Verdict, { kind: 'accepted' }>

/** Certificates between a path and another root: more are nobody's. */
const maxDepth = 3
/** Signatures: an operator's list of all intermediates has thousands of certificates, few of one name. */
const maxTried = 64

/**
 * Of the paths known to roots that are taken out after `until`, the one for the most of the releases of `accepted`; what
 * asks for the least of a server first. Null: none is known.
 */
export function stayingPath(
  farm: ExaminedFarm,
  shown: Shown,
  accepted: readonly Accepted[],
  until: Date,
): Staying | null {
  const releases = accepted.map(({ release }) => release)
  const found: Staying[] = []
  const add = (
    root: { readonly notBefore: Date; readonly name: string },
    having: readonly Release[],
    how: Pick<Staying, 'by'> & Partial<Staying>,
  ) => {
    const removal = scheduledRemoval(root)
    const helped = releases.filter((release) => having.includes(release))
    if (removal > until && helped.length > 0)
      found.push({
        rootName: root.name,
        removal: removal.toISOString(),
        releases: helped,
        add: [],
        way: [],
        ...how,
      })
  }
  const named = ({ subject, notBefore }: Certificate) => ({ notBefore, name: shortName(subject) })
  const sent = new Set(shown.certificates.map(({ sha256 }) => sha256))

  const path = accepted[0]!.path.certificates.map(({ certificate }) => certificate)
  let tried = 0
  const climb = (child: Certificate, through: readonly Certificate[]): void => {
    for (const certificate of rootsOver(farm, child))
      if (tried++ < maxTried && verifySignature(child, certificate)) {
        const lacking = through.map(({ sha256 }) => sha256).filter((sha256) => !sent.has(sha256))
        const how = lacking.length === 0 ? { by: 'sent' as const } : { by: 'known' as const, add: lacking }
        add(named(certificate), farm.releasesTrusting(certificate), how)
      }
    if (through.length >= maxDepth) return
    for (const issuer of farm.certificates.values())
      if (
        sameName(issuer.subject, child.issuer) &&
        isUsable(issuer, farm.at) &&
        ![...path, ...through].includes(issuer) &&
        tried++ < maxTried &&
        verifySignature(child, issuer)
      )
        climb(issuer, [...through, issuer])
  }
  for (const child of path.slice(0, -1)) climb(child, [])

  const ascend = (rows: readonly PublishedIssuer[], through: readonly PublishedIssuer[]): void => {
    for (const row of rows) {
      const way = [...through, row]
      const root = row.leadsTo === null ? null : rootOfHash(row.leadsTo)
      if (root?.certificate)
        add(named(root.certificate), releasesHaving(root.sha256), {
          by: 'published',
          way: way.map(wayOf),
        })
      if (way.length < maxDepth) ascend(usableIssuers(row.issuer, row.issuerKeyIdentifier, farm.at), way)
    }
  }
  for (const child of path.slice(0, -1))
    ascend(usableIssuers(child.issuer, child.authorityKeyIdentifier?.keyIdentifier ?? null, farm.at), [])

  // Of equals what is sent already, then what is at hand.
  const order = ['sent', 'known', 'published'] as const
  found.sort((a, b) => order.indexOf(a.by) - order.indexOf(b.by))
  return found.reduce<Staying | null>(
    (best, one) => (best && best.releases.length >= one.releases.length ? best : one),
    null,
  )
}

/** Of the stores, and met in the run. */
const rootsOver = (farm: ExaminedFarm, { issuer }: Certificate): readonly Certificate[] => [
  ...rootsNamed(issuer).flatMap(({ certificate }) => certificate ?? []),
  ...[...farm.certificates.values()].filter(
    (root) => sameName(root.subject, issuer) && isSelfIssued(root) && farm.releasesTrusting(root).length > 0,
  ),
]

const isUsable = (issuer: Certificate, at: Date): boolean =>
  issuer.basicConstraints?.ca === true &&
  !isSelfIssued(issuer) &&
  issuer.notAfter > at &&
  knownAgainst(issuer.sha256) === null

export function stayingWords(staying: Staying | null): Words {
  if (staying === null) return say` No path to a root that stays is known here.`
  const { by, rootName, removal, releases, add, way } = staying
  const root = say`${quoted(rootName)}, which is not due before ${{ date: new Date(removal) }}`
  const whom = say` on ${{ releases: [...releases] }}`
  switch (by) {
    case 'sent':
      return say` What is sent also leads to ${root}: that path stays${whom}.`
    case 'known':
      return say` ${listed(add.map((sha256) => [{ certificate: sha256 }]))}, at hand here, leads to ${root}: sending it keeps a path${whom}.`
    case 'published':
      return say` The authority publishes ${stepsWords(way)}, which leads to ${root}: sending ${way.length > 1 ? 'them' : 'it'} keeps a path${whom}.`
  }
}
