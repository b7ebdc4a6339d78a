import { releases as allReleases, type Release } from '../android/releases.js'
import { listed, say, type Words } from '../words/words.js'
import { type Sha256, shortName } from '../x509/identity.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import {
  applying,
  confirming,
  disabling,
  fetching,
  importing,
  type RootTwin,
  reissuing,
  rootTwins,
  twinWords,
} from './support/advice.js'
import {
  type Beside,
  beside,
  called,
  concerned,
  counting,
  mergeCases,
  type Placed,
  placed,
  quoted,
  severityFor,
} from './support/answers.js'
import { isTwin } from './support/chain.js'
import { type ListFact, listFact, whichList } from './support/lists.js'
import { type NoAnchor, noAnchor } from './support/no-anchor.js'

export interface Evidence extends Beside {
  /**
   * `private`: no release has the root · `young`: newer releases have it · `spelling`: they have it under another
   * encoding of its name · `open`: nobody knows whether the issuer named is a root · `none`: the chain ends nowhere.
   */
  readonly why: 'private' | 'young' | 'spelling' | 'open' | 'none'
  readonly root: Sha256 | null
  readonly rootName: string
  readonly rootSubject: string
  /** The end of the chain below the root. */
  readonly top: Placed
  readonly leaf: Sha256
  readonly trustedBy: readonly Release[]
  readonly firstRelease: Release | null
  /** Missing as well, in vain. */
  readonly alsoMissing: readonly Sha256[]
  /** Certificates that lead to an older root, and those whom they help. */
  readonly crossCertificates: readonly Sha256[]
  readonly widened: readonly Release[]
  readonly twins: readonly RootTwin[]
  readonly list: ListFact | null
}

export const anchorUnknownToAndroid = defineCheck({
  id: 'anchor-unknown-to-android',
  title: 'The chain ends at a root that Android does not trust',
  sources: [
    'AOSP system/ca-certificates and conscrypt apex/ca-certificates, per release',
    'frameworks/base NetworkSecurityConfig.java (user-added authorities from Android 7)',
    'Microsoft KB2831004 (several trusted paths on Windows)',
  ],
  rules: ['anchor-unknown'],
  run: (farm) =>
    found(
      mergeCases(
        noAnchor(farm).flatMap((trouble) => (trouble.unknown.length > 0 ? [caseOf(farm, trouble)] : [])),
      ),
    ),
  tell(evidence, told) {
    const { why, root, rootName, top, firstRelease, alsoMissing, crossCertificates, widened, twins } =
      evidence
    const who = concerned(evidence, told)
    const name: Words = root ? [{ certificate: root }] : quoted(rootName)
    const which = whichList(evidence, told)
    switch (why) {
      case 'spelling':
        return say`${which}The chain ends at ${name}, but ${called(top)} writes that name with another string type; ${who} looks roots up by the encoded name and does not find it.`
      case 'young': {
        const first: Words = firstRelease ? [{ releases: [firstRelease] }] : []
        const cross =
          crossCertificates.length > 0
            ? say` ${listed(crossCertificates.map((sha256) => [{ certificate: sha256 }]))}, issued by an older root, would let ${{ releases: widened }} follow.`
            : say` Only a cross-certificate from one of the authority's older roots, if there is one, would let them follow.`
        return say`${which}The chain ends at ${name}, which ${who} does not have; the first release with this root is ${first}. The root is too new for the older phones.${cross}${twinWords(twins)}`
      }
      case 'private': {
        const also =
          alsoMissing.length > 0
            ? say` The server also leaves out ${listed(alsoMissing.map((sha256) => [{ certificate: sha256 }]))}, but importing that helps no release as long as phones do not have the root.`
            : []
        return say`${which}The chain ends at ${name}, which ${who} does not trust: most likely a private authority.${also} From Android 7 apps also ignore roots that users or device management install, unless the app asks for them, so neither intermediates nor instructions to users help.`
      }
      case 'open':
        return say`${which}The chain ends at ${called(top)}, issued by ${name}, which ${who} does not have. Whether ${name} is a private root or one more intermediate cannot be told from here, because it could not be got. If it is self-signed, only a certificate from a public authority helps; if it is not, it is missing and must be imported.`
      case 'none':
        return say`${which}No certificate that was sent leads to a root: the chain ends at ${called(top)}, issued by ${name}, in a circle of authorities. ${who} refuses the server.`
    }
  },
  short(evidence, told) {
    const { why, root, rootName, top } = evidence
    const name: Words = root ? [{ certificate: root }] : quoted(rootName)
    const end = say`${whichList(evidence, told)}The chain ends at ${name}, which ${concerned(evidence, told)} does not have`
    switch (why) {
      case 'private':
        return say`${end}: most likely a private authority. Apps also ignore roots that users or device management install, so only a public certificate helps.`
      case 'open':
        return say`${end}. If it is self-signed, only a certificate from a public authority helps; if it is not, it is missing and must be imported above ${{ certificate: top.sha256 }}.`
      default:
        return null
    }
  },
  brief: ({ root, rootName }) =>
    say`${root ? [{ certificate: root }] : quoted(rootName)} is not on the phones`,
  actions({ why, leaf, top, crossCertificates, twins }, told) {
    const another = reissuing(leaf, { kind: 'known-authority' })
    if (why === 'young' && crossCertificates.length > 0) {
      return [...importing(crossCertificates), ...disabling(twins), ...applying(told)]
    }
    const child = told.farm.certificates.get(top.sha256)
    if (why === 'open' && child) {
      return [
        { action: { verb: 'look', at: { kind: 'issuer-kind', certificate: child.sha256 } } },
        fetching(child),
        ...applying(told).filter(({ action }) => action.verb !== 'confirm'),
        another,
        confirming,
      ]
    }
    return [another, confirming]
  },
})

function caseOf(farm: ExaminedFarm, trouble: NoAnchor): Case<Evidence> {
  const { shown, chain, unknown, root, open } = trouble
  const add = shown.repair?.add.map(({ certificate }) => certificate) ?? []
  const below =
    open ?? chain.tops.findLast((top) => top !== root?.certificate) ?? chain.related.at(-1) ?? chain.leaf
  const spelledBy =
    root?.spelledDifferently &&
    chain.related.find(
      ({ issuer }) =>
        issuer.text === root.certificate.subject.text &&
        !Buffer.from(issuer.der).equals(root.certificate.subject.der),
    )
  const top = spelledBy || below
  const isYoung = root !== null && root.having.length > 0 && !root.spelledDifferently
  const crosses = isYoung && root.acceptedNow ? add : []
  const after = shown.repair?.verdictsAfter ?? []
  const twins = rootTwins(shown)
  const named = root ? root.certificate.subject : top.issuer
  const keyIdentifier = root
    ? root.certificate.subjectKeyIdentifier
    : (top.authorityKeyIdentifier?.keyIdentifier ?? null)
  return {
    facet: `${named.text} ${keyIdentifier ?? ''}`.trimEnd(),
    subject: shown.seen.subject.id,
    releases: counting(farm, unknown),
    severity: severityFor(farm, unknown, 'critical'),
    certificate: root?.certificate.sha256 ?? top.sha256,
    evidence: {
      why: root
        ? root.spelledDifferently
          ? 'spelling'
          : isYoung
            ? 'young'
            : 'private'
        : chain.tops.length > 0
          ? 'open'
          : 'none',
      root: root?.certificate.sha256 ?? null,
      rootName: shortName(named),
      rootSubject: named.text,
      top: placed(shown, top),
      leaf: chain.leaf.sha256,
      trustedBy: root?.having ?? [],
      firstRelease: allReleases.find((release) => root?.having.includes(release)) ?? null,
      alsoMissing: crosses.length > 0 ? [] : add.map(({ sha256 }) => sha256),
      crossCertificates: crosses.map(({ sha256 }) => sha256),
      widened: after.flatMap(({ kind, release }) =>
        kind === 'accepted' && unknown.includes(release) ? [release] : [],
      ),
      // Windows prefers the shorter path to a root that it has, and it has this one if phones do (KB2831004).
      twins:
        twins.length > 0 || !root
          ? twins
          : crosses
              .filter((cross) => isTwin(cross, root.certificate))
              .map(({ sha256 }) => ({ root: root.certificate.sha256, twinOf: sha256 })),
      list: listFact(shown),
      ...beside(farm, unknown),
    },
  }
}
