import { matchesHost, verifierOf } from '../../android/hostname.js'
import { releases } from '../../android/releases.js'
import type { Verdict } from '../../android/verdict.js'
import type { Seen } from '../../examine/examination.js'
import type { SubjectId } from '../../farm/subject.js'
import type { Certificate } from '../../x509/certificate.js'
import type { Sha256 } from '../../x509/identity.js'
import { nameKey } from '../../x509/name-match.js'
import type { ExaminedFarm } from '../check.js'
import { answersOf, distinct, seenOf } from './answers.js'
import { coveredNames } from './names.js'

/** What the servers show to one place. */
export interface View {
  readonly label: string
  readonly seen: readonly Seen[]
  /** First certificates, each once. */
  readonly leaves: readonly Certificate[]
}

/** Empty where the farm was looked at from here alone. */
export const viewsOf = (farm: ExaminedFarm): readonly View[] =>
  (farm.farm.vantages ?? []).map(({ label }) => {
    const seen = seenOf(farm).filter(({ subject }) => subject.kind === 'served' && subject.vantage === label)
    return { label, seen, leaves: leavesOf(seen) }
  })

export const leavesOf = (seen: readonly Seen[]): readonly Certificate[] =>
  distinct(seen.flatMap(answersOf).flatMap(({ leaf }) => leaf ?? []))

/** Why what came back is not the server's own. */
export type InspectionSign =
  /** The authority bears the name of a product that issues such certificates on the fly. */
  | { readonly kind: 'product'; readonly product: string; readonly certificate: Sha256 }
  /** Names and both dates of the certificate that another place is shown, to the second, under another key and authority. */
  | {
      readonly kind: 'copied'
      readonly certificate: Sha256
      readonly original: Sha256
      readonly from: string
    }

/**
 * What inspection products call the authority they issue by unless they are given the company's own. Zscaler Help, "Choosing
 * the CA Certificate for SSL Inspection"; Netskope, "Certificates"; Cisco Umbrella, "Install the Cisco Umbrella Root
 * Certificate"; Fortinet, "Deep inspection" (Fortinet_CA_SSL); mitmproxy and Fiddler by their documentation.
 */
const products: readonly (readonly [RegExp, string])[] = [
  [/\bzscaler\b/i, 'Zscaler'],
  [/\bnetskope\b|\bgoskope\.com\b/i, 'Netskope'],
  [/\bCisco Umbrella\b/i, 'Cisco Umbrella'],
  [/\bO=Fortinet\b/i, 'Fortinet'],
  [/\bO=mitmproxy\b/i, 'mitmproxy'],
  [/\bDO_NOT_TRUST_FiddlerRoot\b/i, 'Fiddler'],
]

const known = new WeakMap<ExaminedFarm, ReadonlyMap<SubjectId, InspectionSign>>()

/** Subjects whose answers a device in between made. Only what proves it: another authority alone may be the server's own. */
export function inspectedIn(farm: ExaminedFarm): ReadonlyMap<SubjectId, InspectionSign> {
  const signs = known.get(farm) ?? new Map(viewsOf(farm).flatMap((view) => signsIn(view, farm)))
  known.set(farm, signs)
  return signs
}

function signsIn(view: View, farm: ExaminedFarm): [SubjectId, InspectionSign][] {
  const others = viewsOf(farm).filter(({ label }) => label !== view.label)
  return view.seen.flatMap((seen): [SubjectId, InspectionSign][] => {
    const [leaf] = leavesOf([seen])
    // A public authority vouches for no product's forgery.
    if (!leaf || rootsOf(seen).some(farm.isPublicAnchor) || !isForHost(leaf, seen)) return []
    const sign = productSign(seen, leaf) ?? copiedSign(seen, leaf, others)
    return sign ? [[seen.subject.id, sign]] : []
  })
}

const isForHost = (leaf: Certificate, { subject }: Seen): boolean =>
  subject.name !== null && matchesHost(leaf, subject.name.ascii, verifierOf(releases.at(-1)!).shipped)

function productSign(seen: Seen, leaf: Certificate): InspectionSign | null {
  const sent = answersOf(seen).flatMap(({ certificates }) => certificates)
  const issuing = [leaf, ...sent.filter(({ subject }) => nameKey(subject) === nameKey(leaf.issuer))]
  for (const { issuer } of issuing)
    for (const [pattern, product] of products)
      if (pattern.test(issuer.text)) return { kind: 'product', product, certificate: leaf.sha256 }
  return null
}

/** By chance no two authorities issue for the same names from the same second to the same second. */
function copiedSign(seen: Seen, leaf: Certificate, others: readonly View[]): InspectionSign | null {
  if (isTrusted(seen)) return null
  for (const { label, seen: there } of others)
    for (const original of leavesOf(there.filter(isTrusted)))
      if (
        original.publicKey.spkiSha256 !== leaf.publicKey.spkiSha256 &&
        nameKey(original.issuer) !== nameKey(leaf.issuer) &&
        +original.notBefore === +leaf.notBefore &&
        +original.notAfter === +leaf.notAfter &&
        namesOf(original) === namesOf(leaf)
      )
        return { kind: 'copied', certificate: leaf.sha256, original: original.sha256, from: label }
  return null
}

export const namesOf = (leaf: Certificate): string =>
  coveredNames(leaf)
    .map((name) => name.toLowerCase())
    .sort()
    .join()

/** Whether its list leads to a root of a phone's system store, as shipped or as the operator says; with the repair, too. */
export const isTrusted = (seen: Seen): boolean => rootsOf(seen).length > 0

/** Roots at the ends of all paths that were found from what it sends, or from what it should send. */
function rootsOf({ verdicts, repairs }: Seen): readonly Certificate[] {
  const said: readonly Verdict[] = [
    ...verdicts.map(({ verdict }) => verdict),
    ...repairs.flatMap(({ repair }) => repair.verdictsAfter),
  ]
  const paths = said.flatMap((verdict) =>
    verdict.kind === 'accepted'
      ? [verdict.path, ...verdict.others]
      : verdict.kind === 'refused'
        ? verdict.attempted
        : verdict.kind === 'depends' && verdict.path
          ? [verdict.path]
          : [],
  )
  return paths.flatMap(({ certificates }) => {
    const end = certificates.at(-1)
    return end?.origin === 'anchor' ? [end.certificate] : []
  })
}

const without = new WeakMap<ExaminedFarm, ExaminedFarm>()

/** The farm without what was not its own answer: what most checks look at. */
export function ownAnswers(farm: ExaminedFarm): ExaminedFarm {
  const inspected = inspectedIn(farm)
  if (inspected.size === 0) return farm
  const own = without.get(farm) ?? {
    ...farm,
    examinations: farm.examinations.filter(({ subject }) => !inspected.has(subject.id)),
  }
  without.set(farm, own)
  return own
}
