import type { Release } from '../android/releases.js'
import type { RepairOrigin } from '../examine/examination.js'
import { listed, say, type Words } from '../words/words.js'
import type { Certificate } from '../x509/certificate.js'
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
  untouched,
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
import { isSelfSigned, isTwin } from './support/chain.js'
import { type ListFact, listFact, whichList } from './support/lists.js'
import { type NoAnchor, noAnchor } from './support/no-anchor.js'
import { fetchingPublished, type Published, publishedOf, wayWords } from './support/published.js'

export interface Evidence extends Beside {
  readonly sent: number
  readonly child: Placed
  readonly issuer: { readonly name: string; readonly subject: string; readonly keyIdentifier: string | null }
  /** Where `child` says its issuer is to be had; empty: nowhere, so that Windows cannot fetch it either. */
  readonly urls: readonly string[]
  readonly missing: readonly {
    readonly sha256: Sha256
    readonly origin: RepairOrigin
    readonly from: string
    readonly issued: Sha256
    /** Name of its issuer where a root of the same name and key is about; null: its own name says enough. */
    readonly asIssuedBy: string | null
  }[]
  /** The certificate above which nobody knows anything, beside what is missing for certain. */
  readonly open: { readonly sha256: Sha256; readonly issuer: string } | null
  /** Of the issuer that nobody could supply. */
  readonly published: Published | null
  /** What can be got of it, and is not proposed; missing: nothing was got, or something is proposed. */
  readonly withdrawn?: {
    readonly leaf: Sha256
    readonly sha256: Sha256
    readonly from: string
    readonly state: 'revoked' | 'superseded'
    /** ISO 8601; null: the day is not known. */
    readonly since: string | null
    readonly source: string
  }
  readonly byLuck: readonly Release[]
  readonly twins: readonly RootTwin[]
  readonly list: ListFact | null
}

export const intermediateMissing = defineCheck({
  id: 'intermediate-missing',
  title: 'The server does not send every intermediate certificate',
  sources: [
    'RFC 8446 §4.4.2',
    'RFC 5246 §7.4.2',
    'conscrypt TrustManagerImpl.java@android-16.0.0_r2',
    'Microsoft: Android device is missing a required certificate (2026-03-30)',
  ],
  rules: ['no-path-missing-issuer'],
  run: (farm) =>
    found(
      mergeCases(
        noAnchor(farm).flatMap((trouble) => (trouble.missing.length > 0 ? [caseOf(farm, trouble)] : [])),
      ),
    ),
  tell(evidence, told) {
    const { child, missing, issuer, urls, byLuck, open, published, withdrawn } = evidence
    const who = concerned(evidence, told)
    const names = namesOf(missing)
    const unsent = say`The server does not send the issuer of ${called(child)}, ${quoted(issuer.name)}${issuer.keyIdentifier ? say` (key identifier ${{ code: issuer.keyIdentifier.slice(0, 8) }})` : ''}`
    const fact =
      missing.length === 0
        ? withdrawn
          ? say`${unsent}, and what can be got of it was ${withdrawn.state === 'revoked' ? 'revoked' : 'replaced'} by its authority${withdrawn.since ? say` on ${{ date: new Date(withdrawn.since) }}` : []}, so it is not proposed; ${who} refuses the server.`
          : say`${unsent}, and it could not be got from here; ${who} refuses the server.`
        : missing.length === 1
          ? say`The server does not send ${names}, the issuer of ${called(child)}; ${who} refuses it.`
          : say`The server does not send ${names}, which lead from ${called(child)} to a root; ${who} refuses it.`
    const pc = withdrawn
      ? say` Windows and Chrome may go by it until they learn of that. Ask the authority for what replaced it.`
      : urls.length > 0
        ? say` Windows and Chrome fetch a missing certificate from the address that ${{ certificate: child.sha256 }} names (AIA), which is why it works for you; apps on Android do not.`
        : say` A PC may have it in a store of its own and be content; apps on Android go by what is sent.`
    const luck =
      byLuck.length > 0
        ? say` An app that has met ${missing.length > 1 ? 'them' : 'it'} on another server accepts this one until its process ends.`
        : []
    const above =
      published && published.reaches.length > 0
        ? wayWords(published)
        : open
          ? say` Whether ${quoted(open.issuer)}, the issuer of ${{ certificate: open.sha256 }}, is a root or one more missing intermediate cannot be told from here.`
          : []
    return [...whichList(evidence, told), ...fact, ...pc, ...luck, ...above, ...twinWords(evidence.twins)]
  },
  short(evidence, told) {
    const { missing, issuer, urls, withdrawn } = evidence
    if (withdrawn)
      return say`${whichList(evidence, told)}The server does not send ${quoted(issuer.name)}, and its authority ${withdrawn.state === 'revoked' ? 'revoked' : 'replaced'} what can be got of it. Ask the authority for what replaced it. ${untouched}`
    const names = missing.length === 0 ? quoted(issuer.name) : namesOf(missing)
    const it = missing.length > 1 ? 'them' : 'it'
    const pc = urls.length > 0 ? 'PCs do, so they look fine' : `PCs may have ${it}`
    return say`${whichList(evidence, told)}The server does not send ${names}; Android apps do not download ${it}, ${pc}. ${untouched}`
  },
  brief: ({ missing, issuer }) =>
    missing.length > 1
      ? say`${{ certificate: missing[0]!.sha256 }} and ${{ count: [missing.length - 1, 'other', 'others'] }} are missing`
      : say`${missing[0] ? { certificate: missing[0].sha256 } : quoted(issuer.name)} is missing`,
  actions({ child, missing, open, twins, published, withdrawn }, told) {
    const unknown = told.farm.certificates.get(open?.sha256 ?? (missing.length === 0 ? child.sha256 : ''))
    if (unknown && withdrawn) {
      const { action } = fetchingPublished(unknown, published ?? noneKnown, [withdrawn.from])
      return action.urls.length > 0
        ? [{ action }, ...applying(told)]
        : [reissuing(withdrawn.leaf, { kind: 'known-authority' }), confirming]
    }
    return [
      ...(unknown
        ? [
            ...(published?.isPublic
              ? []
              : [
                  {
                    action: { verb: 'look', at: { kind: 'issuer-kind', certificate: unknown.sha256 } },
                  } as const,
                ]),
            fetchingPublished(unknown, published ?? noneKnown),
          ]
        : []),
      ...importing(missing.map(({ sha256 }) => sha256)),
      ...disabling(twins),
      ...applying(told),
    ]
  },
})

const noneKnown = { way: [], reaches: [], isPublic: false, inWindows: false }

const namesOf = (missing: Evidence['missing']): Words =>
  listed(
    missing.map(
      ({ sha256, asIssuedBy }): Words =>
        asIssuedBy === null
          ? [{ certificate: sha256 }]
          : say`${{ certificate: sha256 }} as issued by ${quoted(asIssuedBy)}`,
    ),
  )

function caseOf(farm: ExaminedFarm, { shown, chain, missing, open }: NoAnchor): Case<Evidence> {
  const add = shown.repair?.add ?? []
  const child = add[0]?.issued ?? open ?? chain.tops.at(-1) ?? chain.leaf
  const twins = rootTwins(shown)
  const isNamedLikeRoot = (certificate: Certificate) =>
    hasRootTwin(farm, certificate) || twins.some(({ twinOf }) => twinOf === certificate.sha256)
  const keyIdentifier = child.authorityKeyIdentifier?.keyIdentifier ?? null
  const unsupplied = add.length === 0 ? child : open
  const withdrawn = add.length === 0 && open ? shown.repair?.withdrawn?.[0] : undefined
  return {
    facet: `${child.issuer.text} ${keyIdentifier ?? ''}`.trimEnd(),
    subject: shown.seen.subject.id,
    releases: counting(farm, missing),
    severity: severityFor(farm, missing, 'critical'),
    certificate: add[0]?.certificate.sha256 ?? null,
    evidence: {
      sent: shown.answer.entries.length,
      child: placed(shown, child),
      issuer: { name: shortName(child.issuer), subject: child.issuer.text, keyIdentifier },
      urls: child.caIssuers,
      missing: add.map(({ certificate, origin, from, issued }) => ({
        sha256: certificate.sha256,
        origin,
        from,
        issued: issued.sha256,
        asIssuedBy: isNamedLikeRoot(certificate) ? shortName(certificate.issuer) : null,
      })),
      open: add.length > 0 && open ? { sha256: open.sha256, issuer: shortName(open.issuer) } : null,
      published:
        unsupplied &&
        publishedOf(
          unsupplied.issuer,
          unsupplied.authorityKeyIdentifier?.keyIdentifier ?? null,
          missing,
          farm.at,
        ),
      ...(withdrawn && {
        withdrawn: {
          leaf: chain.leaf.sha256,
          sha256: withdrawn.certificate.sha256,
          from: withdrawn.from,
          state: withdrawn.state,
          since: withdrawn.since?.toISOString() ?? null,
          source: withdrawn.source,
        },
      }),
      byLuck: counting(farm, shown.repair?.byLuck ?? []),
      twins,
      list: listFact(shown),
      ...beside(farm, missing),
    },
  }
}

/** The name alone would be mistaken for that of the root. */
const hasRootTwin = (farm: ExaminedFarm, certificate: Certificate): boolean =>
  [...farm.certificates.values()].some((other) => isTwin(other, certificate) && isSelfSigned(other))
