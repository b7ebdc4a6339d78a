import type { Release } from '../android/releases.js'
import { say } from '../words/words.js'
import { type Sha256, shortName, thumbprintOf } from '../x509/identity.js'
import { sameName } from '../x509/name-match.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import {
  applying,
  disabling,
  fetching,
  importing,
  type RootTwin,
  removing,
  rootTwins,
  tidying,
  twinWords,
  untouched,
} from './support/advice.js'
import {
  type Beside,
  beside,
  called,
  concerned,
  counting,
  facetOf,
  mergeCases,
  type Placed,
  placed,
  quoted,
  type Shown,
  severityFor,
  shownIn,
} from './support/answers.js'
import { chainOf, isSelfSigned } from './support/chain.js'
import { type ListFact, listFact, whichList } from './support/lists.js'
import { culpritOf, type NoAnchor, neededIn, noAnchor } from './support/no-anchor.js'

export interface Evidence extends Beside {
  /** What is followed in vain: never one that some release needs. Null: none could be told. */
  readonly wrong: (Placed & { readonly issuer: string; readonly keyIdentifier: string | null }) | null
  readonly child: Placed
  /** Whether the key of `wrong` signed `child`: then it is an issuer, but one that leads to no anchor. */
  readonly signed: boolean
  readonly wantedKeyIdentifier: string | null
  /** The certificate that does lead to a root, where it was sent too. */
  readonly right: Placed | null
  readonly replacements: readonly { readonly sha256: Sha256; readonly from: string }[]
  /** Nobody could supply the right one. */
  readonly isReplacementUnknown: boolean
  readonly twins: readonly RootTwin[]
  readonly list: ListFact | null
}

export const wrongIntermediate = defineCheck({
  id: 'wrong-intermediate',
  title: 'The server sends the wrong intermediate certificate',
  sources: [
    'RFC 5280 §6.1.3',
    'conscrypt TrustManagerImpl.java@android-6.0.1_r1 (first name match) and @android-7.0.0_r1 (all candidates)',
  ],
  rules: ['wrong-key'],
  run(farm) {
    const troubles = noAnchor(farm).filter(({ wrong }) => wrong.length > 0)
    return found(
      mergeCases([
        ...troubles.flatMap((trouble) => casesOf(farm, trouble)),
        ...shownIn(farm)
          .filter((shown) => !troubles.some((trouble) => trouble.shown === shown))
          .flatMap((shown) => harmless(farm, shown)),
      ]),
    )
  },
  tell(evidence, told) {
    const { wrong, child, signed, wantedKeyIdentifier, right, twins } = evidence
    const who = concerned(evidence, told)
    const isHarmless = told.releases.length === 0 && evidence.others.length === 0
    const which = whichList(evidence, told)
    if (wrong === null) {
      return say`${which}${who} does not get from ${called(child)} to the root that it has, and follows no certificate that could be left out.`
    }
    if (signed) {
      const instead = right ? say`; ${called(right)} leads to one that it has` : []
      return say`${which}${called(wrong)}, issued by ${quoted(wrong.issuer)}, is the issuer of ${called(child)} but leads to no root that ${who} has${instead}. These releases take the first certificate that fits and look no further.${twinWords(twins)}`
    }
    const keys = say`its key identifier is ${wrong.keyIdentifier ? { code: wrong.keyIdentifier.slice(0, 8) } : 'absent'}, ${wantedKeyIdentifier ? { code: wantedKeyIdentifier.slice(0, 8) } : 'another'} is wanted`
    const consequence = isHarmless
      ? say`Android finds its way without it: harmless, but worth removing.`
      : right
        ? say`${who} takes it before ${called(right)}, which did, and finds no way to a root.`
        : say`${who} finds no way to a root.`
    return say`${which}${called(wrong)} has the name of the issuer of ${called(child)} but another key: it did not sign it (${keys}). ${consequence}${twinWords(twins)}`
  },
  short(evidence, told) {
    const { wrong, child, signed, right } = evidence
    if (wrong === null || signed || told.releases.length === 0) return null
    return say`${whichList(evidence, told)}${called(wrong)} has the right name and the wrong key: it did not issue ${{ certificate: child.sha256 }}${right ? say`, as ${called(right)} did` : ''}. ${untouched}`
  },
  brief({ wrong, signed }, { farm }) {
    const certificate = wrong && farm.certificates.get(wrong.sha256)
    if (!certificate) return ['no way to a root']
    const thumbprint = { code: thumbprintOf(certificate).slice(0, 8) }
    return say`wrong ${{ certificate: certificate.sha256 }} (other ${signed ? 'issuer' : 'key'}, ${thumbprint})`
  },
  actions({ wrong, child, replacements, isReplacementUnknown, twins }, told) {
    const removed = wrong ? removing(told, wrong.sha256) : []
    if (told.severity === 'info') return [...removed, ...tidying(told)]
    const unknown = isReplacementUnknown ? told.farm.certificates.get(child.sha256) : undefined
    return [
      ...(unknown ? [fetching(unknown)] : []),
      ...importing(replacements.map(({ sha256 }) => sha256)),
      ...removed,
      ...disabling(twins),
      ...applying(told),
    ]
  },
})

/** One case for each certificate that releases follow in vain. */
function casesOf(farm: ExaminedFarm, trouble: NoAnchor): readonly Case<Evidence>[] {
  const { shown, chain, wrong, open } = trouble
  const culprits = new Map<string, { culprit: ReturnType<typeof culpritOf>; releases: Release[] }>()
  for (const verdict of wrong) {
    const culprit = culpritOf(verdict, shown, chain)
    const group = culprits.get(culprit?.sha256 ?? '') ?? { culprit, releases: [] }
    culprits.set(culprit?.sha256 ?? '', { culprit, releases: [...group.releases, verdict.release] })
  }
  return [...culprits.values()].map(({ culprit, releases }) => {
    const impostor = chain.impostors.find(({ certificate }) => certificate.sha256 === culprit?.sha256)
    const child =
      impostor?.child ??
      (culprit && chain.related.find((one) => one !== culprit && sameName(one.issuer, culprit.subject))) ??
      chain.leaf
    const right = neededIn(shown).find(
      (one) => one !== chain.leaf && sameName(one.subject, child.issuer) && one.sha256 !== culprit?.sha256,
    )
    const atRight = right ? placed(shown, right) : null
    const add = shown.repair?.add ?? []
    return {
      facet: culprit ? facetOf(culprit, false) : `${child.issuer.text}`,
      subject: shown.seen.subject.id,
      releases: counting(farm, releases),
      severity: severityFor(farm, releases, 'critical'),
      certificate: culprit?.sha256 ?? child.sha256,
      evidence: {
        wrong: culprit && {
          ...placed(shown, culprit),
          issuer: shortName(culprit.issuer),
          keyIdentifier: culprit.subjectKeyIdentifier,
        },
        child: placed(shown, child),
        signed: culprit !== null && impostor === undefined,
        wantedKeyIdentifier: child.authorityKeyIdentifier?.keyIdentifier ?? null,
        right: atRight?.position == null ? null : atRight,
        replacements: add.map(({ certificate, from }) => ({ sha256: certificate.sha256, from })),
        isReplacementUnknown: add.length === 0 && open !== null,
        twins: rootTwins(shown),
        list: listFact(shown),
        ...beside(farm, releases),
      },
    }
  })
}

/** Stale namesakes beside a chain that is found all the same. */
function harmless(farm: ExaminedFarm, shown: Shown): readonly Case<Evidence>[] {
  const chain = chainOf(shown)
  const needed = new Set(neededIn(shown).map(({ sha256 }) => sha256))
  const stray = chain?.impostors.find(
    ({ certificate, issuerSent }) =>
      issuerSent && !isSelfSigned(certificate) && !needed.has(certificate.sha256),
  )
  // Nothing is harmless where nobody accepts; what is refused is told by what it is refused for.
  if (!chain || !stray || shown.verdicts.every(({ kind }) => kind !== 'accepted')) return []
  return [
    {
      facet: facetOf(stray.certificate, false),
      subject: shown.seen.subject.id,
      releases: [],
      severity: 'info',
      certificate: stray.certificate.sha256,
      evidence: {
        wrong: {
          ...placed(shown, stray.certificate),
          issuer: shortName(stray.certificate.issuer),
          keyIdentifier: stray.certificate.subjectKeyIdentifier,
        },
        child: placed(shown, stray.child),
        signed: false,
        wantedKeyIdentifier: stray.child.authorityKeyIdentifier?.keyIdentifier ?? null,
        right: null,
        replacements: [],
        isReplacementUnknown: false,
        twins: [],
        list: listFact(shown),
        ...beside(farm, []),
      },
    },
  ]
}
