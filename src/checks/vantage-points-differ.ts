import type { Release } from '../android/releases.js'
import { userCertificatePort } from '../farm/inventory.js'
import { listed, say, type Words } from '../words/words.js'
import type { Certificate } from '../x509/certificate.js'
import type { Sha256 } from '../x509/identity.js'
import { nameKey } from '../x509/name-match.js'
import { type Advice, type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import { confirming } from './support/advice.js'
import { answersOf, counting, distinct } from './support/answers.js'
import { isSelfSigned } from './support/chain.js'
import { isTrusted, leavesOf, namesOf, ownAnswers, type View, viewsOf } from './support/vantages.js'

interface Side {
  readonly vantage: string
  readonly leaves: readonly Sha256[]
  readonly intermediates: readonly Sha256[]
}

export interface Evidence {
  /**
   * `authority`: one place is shown a certificate that leads to no root of the phones, and it cannot be told whose it is ·
   * `key`: another certificate with another key · `certificate`: another one of the same key · `intermediates`: the same
   * with other intermediates.
   */
  readonly differs: 'authority' | 'key' | 'certificate' | 'intermediates'
  readonly sides: readonly Side[]
  /** The certificate of one side that renews the others': same names and issuer, ends later, accepted. */
  readonly renewal: Sha256 | null
}

export const vantagePointsDiffer = defineCheck({
  id: 'vantage-points-differ',
  title: 'Inside and outside are shown different certificates',
  sources: [
    'Microsoft: AD FS requirements (the same certificate on AD FS servers and proxies)',
    'Zscaler Help, "Choosing the CA Certificate for SSL Inspection"',
  ],
  rules: [],
  run: (farm) => {
    const own = ownAnswers(farm)
    const all = viewsOf(own)
    if (all.length === 0) return { status: 'not-applicable', why: 'the farm was looked at from one place' }
    const views = comparable(all.filter(({ leaves }) => leaves.length > 0))
    if (views.length < 2)
      return { status: 'undetermined', why: "fewer than two places were shown the servers' own certificates" }
    return found([...authorityCases(views, farm), ...certificateCases(views, own)])
  },
  tell({ differs, sides }, { farm }) {
    const lines = sides.map(({ vantage, leaves, intermediates }): Words => {
      const shown = differs === 'intermediates' ? intermediates : leaves
      const what: Words =
        shown.length > 0 ? listed(shown.map((sha256) => [{ certificate: sha256 }])) : ['no intermediate']
      const mark = differs === 'intermediates' ? [] : marksOf(leaves, farm)
      return say`${vantage}: ${what}${mark}`
    })
    return say`${consequences[differs]} ${lines.flatMap((line, index): Words => (index === 0 ? line : ['; ', ...line]))}.`
  },
  short: ({ differs, renewal }) => [
    renewal === null
      ? consequences[differs]
      : 'One place is shown the renewed certificate, another one still the old. Every phone accepts each of them until the old one ends.',
  ],
  brief: ({ differs, sides }) =>
    differs === 'authority'
      ? say`another authority than from ${listed(sides.slice(1).map(({ vantage }) => [vantage]))}; the server's own, or TLS inspection?`
      : ['not the same everywhere'],
  actions({ differs, renewal, sides }, told) {
    if (differs === 'intermediates') return [confirming]
    if (differs === 'authority')
      return [
        { action: { verb: 'look', at: { kind: 'own-certificate', certificate: sides[0]!.leaves[0]! } } },
        confirming,
      ]
    const bindings: Advice = { action: { verb: 'look', at: { kind: 'bindings' } } }
    const device: Advice = { action: { verb: 'look', at: { kind: 'device-at-address' } } }
    if (renewal === null) return [bindings, device, confirming]
    const behind = viewsOf(told.farm)
      .filter(({ leaves }) => !leaves.some(({ sha256 }) => sha256 === renewal))
      .flatMap(({ seen }) => seen.map(({ subject }) => subject.id))
    return [bindings, { action: { verb: 'bind', certificate: renewal }, on: behind }, confirming]
  },
})

const consequences: Record<Evidence['differs'], string> = {
  authority:
    "One place is shown a certificate of an authority that phones do not have, another one is not. That may be the server's own there, or TLS inspection in between: compare its SHA-256 with what is bound on the server.",
  key: 'The places are shown different certificates with different keys: different devices end TLS there, or one was renewed and the other was not. Where extended protection or Windows authentication through the proxy is used, AD FS and its proxies must have the same certificate.',
  certificate:
    'The places are shown different certificates for the same key, so no TLS inspection is in between: one side was renewed and the other was not.',
  intermediates:
    'The places are shown the same certificate with different intermediates. Every phone accepts each, so nothing breaks today.',
}

/** What each place saw of the doors that all of them saw: a name that one place was asked for may have a certificate of its own. */
function comparable(views: readonly View[]): readonly View[] {
  const doors = views.map(({ seen }) => new Set(seen.map(doorOf)))
  return views.flatMap((view) => {
    const seen = view.seen.filter((one) => doors.every((known) => known.has(doorOf(one))))
    return seen.length > 0 ? [{ ...view, seen, leaves: leavesOf(seen) }] : []
  })
}

/** Ports may be others inside; where users are asked for certificates it is another binding. */
const doorOf = ({ subject }: View['seen'][number]): string => {
  const isForUsers = subject.kind === 'served' && subject.port === userCertificatePort
  return `${subject.name?.ascii}${isForUsers ? ' for user certificates' : ''}`
}

/** What tells certificates of one name apart. */
const marksOf = (leaves: readonly Sha256[], farm: ExaminedFarm): Words =>
  leaves.flatMap((sha256): Words => {
    const certificate = farm.certificates.get(sha256)
    return certificate
      ? say` (until ${{ date: certificate.notAfter }}, SHA-256 ${{ code: sha256.slice(0, 16) }})`
      : []
  })

const sideOf = ({ label, seen, leaves }: View): Side => ({
  vantage: label,
  leaves: leaves.map(({ sha256 }) => sha256),
  intermediates: intermediatesOf(seen).map(({ sha256 }) => sha256),
})

/** Order, copies and roots change nothing for a phone and have findings of their own. */
const intermediatesOf = (seen: View['seen']): readonly Certificate[] =>
  distinct(seen.flatMap(answersOf).flatMap(({ certificates }) => certificates.slice(1))).filter(
    (certificate) => !isSelfSigned(certificate) && certificate.basicConstraints?.ca,
  )

/** Servers whose authority no phone has, where another place is shown one whose authority phones have. */
function authorityCases(views: readonly View[], farm: ExaminedFarm): Case<Evidence>[] {
  const trusted = views.flatMap((view) => {
    const seen = view.seen.filter(isTrusted)
    return seen.length > 0 ? [{ ...view, seen, leaves: leavesOf(seen) }] : []
  })
  const issuers = new Set(trusted.flatMap(({ leaves }) => leaves.map(({ issuer }) => nameKey(issuer))))
  return views.flatMap(({ label, seen }) =>
    seen.flatMap((one): Case<Evidence>[] => {
      const others = trusted.filter((view) => view.label !== label)
      const leaves = leavesOf([one])
      const isStranger = leaves.some(({ issuer }) => !issuers.has(nameKey(issuer)))
      if (isTrusted(one) || others.length === 0 || !isStranger) return []
      const refusing = one.verdicts.flatMap(({ release, verdict }): Release[] =>
        verdict.kind === 'accepted' ? [] : [release],
      )
      return [
        {
          facet: 'authority',
          subject: one.subject.id,
          releases: counting(farm, refusing),
          severity: counting(farm, refusing).length > 0 ? 'critical' : 'warning',
          certificate: leaves[0]!.sha256,
          evidence: {
            differs: 'authority',
            sides: [sideOf({ label, seen: [one], leaves }), ...others.map(sideOf)],
            renewal: null,
          },
        },
      ]
    }),
  )
}

/** What is left: servers that lead to a root of the phones, compared place by place. */
function certificateCases(views: readonly View[], farm: ExaminedFarm): Case<Evidence>[] {
  const sides = views.flatMap((view) => {
    const seen = view.seen.filter(isTrusted)
    return seen.length > 0 ? [{ ...view, seen, leaves: leavesOf(seen) }] : []
  })
  if (sides.length < 2) return []
  const differ = (of: (view: View) => readonly string[]) =>
    new Set(sides.map((view) => [...new Set(of(view))].sort().join())).size > 1
  const isSound = ({ seen }: View) =>
    seen.every(({ verdicts }) =>
      verdicts.every(
        ({ release, verdict }) => verdict.kind === 'accepted' || !farm.releases.includes(release),
      ),
    )
  const differs = !differ(({ leaves }) => leaves.map(({ sha256 }) => sha256))
    ? sides.every(isSound) && differ(({ seen }) => intermediatesOf(seen).map(({ sha256 }) => sha256))
      ? 'intermediates'
      : null
    : differ(({ leaves }) => leaves.map(({ publicKey }) => publicKey.spkiSha256))
      ? 'key'
      : 'certificate'
  if (differs === null) return []
  return [
    {
      facet: differs,
      subject: null,
      releases: [],
      severity: differs === 'intermediates' ? 'info' : 'warning',
      certificate: null,
      evidence: { differs, sides: sides.map(sideOf), renewal: renewalIn(sides.filter(isSound), sides) },
    },
  ]
}

function renewalIn(sound: readonly View[], sides: readonly View[]): Sha256 | null {
  const all = sides.flatMap(({ leaves }) => leaves)
  const [newest] = sound.flatMap(({ leaves }) => leaves).sort((a, b) => +b.notAfter - +a.notAfter)
  const renews = (old: Certificate) =>
    nameKey(old.issuer) === nameKey(newest!.issuer) && namesOf(old) === namesOf(newest!)
  return newest && all.every((leaf) => leaf.notAfter <= newest.notAfter && renews(leaf))
    ? newest.sha256
    : null
}
