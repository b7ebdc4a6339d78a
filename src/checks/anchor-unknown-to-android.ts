import { releases as allReleases, type Release } from '../android/releases.js'
import { listed, say, type Words } from '../words/words.js'
import { type Sha256, shortName } from '../x509/identity.js'
import { type Case, defineCheck, type ExaminedFarm, found } from './check.js'
import {
  applying,
  confirming,
  disabling,
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
import { fetchingPublished, type Published, publishedOf, wayWords } from './support/published.js'

export interface Evidence extends Beside {
  /**
   * `private`: no release has the root · `public`: none either, but it is a public authority's · `young`: newer
   * releases have it · `gone`: older ones do · `spelling`: they have it under another encoding of its name · `open`:
   * nobody knows whether the issuer named is a root · `none`: the chain ends nowhere.
   */
  readonly why: 'private' | 'public' | 'young' | 'gone' | 'spelling' | 'open' | 'none'
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
  /** What the authority published beside it, by the catalogue. */
  readonly published: Published
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
    const {
      why,
      root,
      rootName,
      top,
      firstRelease,
      trustedBy,
      alsoMissing,
      crossCertificates,
      widened,
      twins,
      published,
    } = evidence
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
            : published.reaches.length > 0
              ? wayWords(published)
              : say` Only a cross-certificate from one of the authority's older roots, if there is one, would let them follow.`
        return say`${which}The chain ends at ${name}, which ${who} does not have; the first release with this root is ${first}. The root is too new for the older phones.${cross}${twinWords(twins)}`
      }
      case 'gone': {
        const cross =
          crossCertificates.length > 0
            ? say` ${listed(crossCertificates.map((sha256) => [{ certificate: sha256 }]))}, issued by another root, would let ${{ releases: widened }} follow.`
            : say` Only a chain to a newer root helps: ask the authority for it.`
        return say`${which}The chain ends at ${name}, which ${who} no longer has; the last release with this root is ${{ releases: [...trustedBy.slice(-1)] }}.${cross}${twinWords(twins)}`
      }
      case 'public': {
        const where = published.inWindows ? ' Windows has it, so it works from a PC.' : ''
        const way =
          published.reaches.length > 0
            ? wayWords(published)
            : say` Ask the authority for a chain to a root that phones have, or order from another one.`
        return say`${which}The chain ends at ${name}, a root of a public authority that ${who} does not have.${where}${way}${twinWords(twins)}`
      }
      case 'private': {
        const also =
          alsoMissing.length > 0
            ? say` The server also leaves out ${listed(alsoMissing.map((sha256) => [{ certificate: sha256 }]))}, but importing that helps no release as long as phones do not have the root.`
            : []
        return say`${which}The chain ends at ${name}, which ${who} does not trust: most likely a private authority.${also} From Android 7 apps also ignore roots that users or device management install, unless the app asks for them, so neither intermediates nor instructions to users help.`
      }
      case 'open':
        if (published.reaches.length > 0)
          return say`${which}The chain ends at ${called(top)}, issued by ${name}, which ${who} does not have.${wayWords(published)}`
        if (published.isPublic)
          return say`${which}The chain ends at ${called(top)}, issued by ${name}, a public authority that ${who} does not have as a root. Ask the authority for a chain to a root that phones have.`
        return say`${which}The chain ends at ${called(top)}, issued by ${name}, which ${who} does not have. Whether ${name} is a private root or one more intermediate cannot be told from here, because it could not be got. If it is self-signed, only a certificate from a public authority helps; if it is not, it is missing and must be imported.`
      case 'none':
        return say`${which}No certificate that was sent leads to a root: the chain ends at ${called(top)}, issued by ${name}, in a circle of authorities. ${who} refuses the server.`
    }
  },
  short(evidence, told) {
    const { why, root, rootName, top, published } = evidence
    const name: Words = root ? [{ certificate: root }] : quoted(rootName)
    const end = say`${whichList(evidence, told)}The chain ends at ${name}, which ${concerned(evidence, told)} does not have`
    switch (why) {
      case 'private':
        return say`${end}: most likely a private authority. Apps also ignore roots that users or device management install, so only a public certificate helps.`
      case 'open':
        if (published.isPublic) return null
        return say`${end}. If it is self-signed, only a certificate from a public authority helps; if it is not, it is missing and must be imported above ${{ certificate: top.sha256 }}.`
      default:
        return null
    }
  },
  brief: ({ root, rootName }) =>
    say`${root ? [{ certificate: root }] : quoted(rootName)} is not on the phones`,
  actions({ why, leaf, top, crossCertificates, twins, published }, told) {
    const another = reissuing(leaf, { kind: 'known-authority' })
    if ((why === 'young' || why === 'gone') && crossCertificates.length > 0) {
      return [...importing(crossCertificates), ...disabling(twins), ...applying(told)]
    }
    const child = told.farm.certificates.get(top.sha256)
    if (child && published.reaches.length > 0 && (why === 'open' || why === 'public' || why === 'young')) {
      return [fetchingPublished(child, published), ...applying(told)]
    }
    if (why === 'open' && child && !published.isPublic) {
      return [
        { action: { verb: 'look', at: { kind: 'issuer-kind', certificate: child.sha256 } } },
        fetchingPublished(child, published),
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
  const newest = (list: readonly Release[]) =>
    Math.max(...list.map((release) => allReleases.indexOf(release)))
  const isGone = root !== null && unknown.length > 0 && newest(root.having) < newest(unknown)
  const isYoung = root !== null && root.having.length > 0 && !root.spelledDifferently
  const crosses = isYoung && root.acceptedNow ? add : []
  const after = shown.repair?.verdictsAfter ?? []
  const twins = rootTwins(shown)
  const named = root ? root.certificate.subject : top.issuer
  const keyIdentifier = root
    ? root.certificate.subjectKeyIdentifier
    : (top.authorityKeyIdentifier?.keyIdentifier ?? null)
  const published = publishedOf(named, keyIdentifier, unknown, farm.at)
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
            ? isGone
              ? 'gone'
              : 'young'
            : published.isPublic
              ? 'public'
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
      published,
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
