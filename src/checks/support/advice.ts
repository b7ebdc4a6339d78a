import type { Demand, Renewal } from '../../adfs/actions.js'
import type { Words } from '../../words/words.js'
import { listed, say } from '../../words/words.js'
import type { Certificate } from '../../x509/certificate.js'
import type { Sha256 } from '../../x509/identity.js'
import type { Advice, Told } from '../check.js'
import { type Shown, shownAt, shownIn } from './answers.js'
import { chainOf, isSelfSigned } from './chain.js'
import { coveredNames } from './names.js'
import { neededIn } from './no-anchor.js'

/** The lists that the cases of a finding are about: those of their subjects that do not fare well, else all. */
function concernedLists({ subjects, farm }: Told<unknown>): readonly Shown[] {
  const all = shownAt(farm, subjects)
  const ill = all.filter(({ verdicts }) => verdicts.some(({ kind }) => kind !== 'accepted'))
  return ill.length > 0 ? ill : all
}

/** Makes the services present what is now in the stores, from the mildest to the surest way, and shows that it worked. */
export function applying(told: Told<unknown>): readonly Advice[] {
  const lists = concernedLists(told)
  const leaves = new Map(lists.flatMap(({ leaf }) => (leaf ? [[leaf.sha256, leaf] as const] : [])))
  const chains = new Map(
    lists.flatMap(({ repair }) => {
      const chain = repair?.chain.map(({ sha256 }) => sha256) ?? []
      return chain.length > 0 ? [[chain.join(), chain] as const] : []
    }),
  )
  return [
    { action: { verb: 'restart' } },
    ...[...leaves.keys()].map((certificate): Advice => ({ action: { verb: 'rebind', certificate } })),
    ...[...chains.values()].map((chain): Advice => ({ action: { verb: 'edit-bundle', chain } })),
    confirming,
  ]
}

/** For those who would begin with the phones. */
export const untouched = 'The phones are not the problem: change nothing on them.'

export const confirming: Advice = { action: { verb: 'confirm' } }

/** Adds intermediates to the store that Windows builds its chain from. */
export const importing = (certificates: readonly Sha256[]): readonly Advice[] =>
  certificates.length === 0 ? [] : [{ action: { verb: 'import', certificates, store: 'CA' } }]

/** Takes a certificate away, unless a release accepts by it somewhere on the same servers or would after the repair. */
export const removing = ({ farm, subjects }: Told<unknown>, certificate: Sha256): readonly Advice[] =>
  isNeeded(shownAt(farm, subjects), certificate) ? [] : [{ action: { verb: 'remove', certificate } }]

const isNeeded = (lists: readonly Shown[], sha256: Sha256): boolean =>
  lists.some((shown) => neededIn(shown).some((certificate) => certificate.sha256 === sha256))

/**
 * Puts another certificate of the same authority in the place of `culprit`, where the repair found one by which a
 * release of the finding accepts; null: it did not.
 */
export function replacing(told: Told<unknown>, culprit: Sha256): readonly Advice[] | null {
  const helped = concernedLists(told).filter(
    ({ repair }) =>
      repair?.drop.some(({ certificate }) => certificate.sha256 === culprit) &&
      repair.verdictsAfter.some(
        ({ kind, release }) => kind === 'accepted' && told.releases.includes(release),
      ),
  )
  if (helped.length === 0) return null
  const added = helped.flatMap(({ repair }) => repair?.add.map(({ certificate }) => certificate.sha256) ?? [])
  return [
    ...importing([...new Set(added)]),
    ...removing(told, culprit),
    ...disabling(helped.flatMap(rootTwins)),
    ...applying(told),
  ]
}

/** Where the issuer of `child` is to be had by hand. */
export const fetching = (child: Certificate): Advice => ({
  action: { verb: 'fetch-by-hand', child: child.sha256, urls: child.caIssuers },
})

/** Orders a certificate in place of `certificate`; the buyer's business. */
export const reissuing = (certificate: Sha256 | null, ...demands: readonly Demand[]): Advice => ({
  action: { verb: 'reissue', certificate, demands },
  by: 'certificate-buyer',
})

/**
 * In place of a leaf that ends: the one that another server of the farm has already, for the same names and accepted
 * there; else a new one.
 */
export function succeeding({ farm }: Told<unknown>, leaf: Sha256): Advice {
  const old = farm.certificates.get(leaf)
  const names = old ? coveredNames(old) : []
  const next = shownIn(farm).find(
    (shown) =>
      old !== undefined &&
      shown.leaf !== null &&
      shown.leaf.notAfter > old.notAfter &&
      shown.verdicts.some(({ kind }) => kind === 'accepted') &&
      names.every((name) => coveredNames(shown.leaf!).includes(name)),
  )?.leaf
  return next ? { action: { verb: 'bind', certificate: next.sha256 } } : reissuing(leaf, { kind: 'validity' })
}

/** Has the authority issue its certificate anew; where its name or key changes, the server's is issued by it anew too. */
export const renewing = (
  authority: Sha256,
  renewal: Renewal,
  leaf: Sha256 | null = null,
): readonly Advice[] => [
  { action: { verb: 'renew-authority', certificate: authority, renewal } },
  ...(leaf === null ? [] : [reissuing(leaf, { kind: 'renewed-issuer', certificate: authority })]),
  confirming,
]

/** Roots that keep Windows from sending what it imports (KB2831004), and the cross-certificates they are twins of. */
export interface RootTwin {
  readonly root: Sha256 | null
  readonly twinOf: Sha256
}

export const rootTwins = ({ repair }: Shown): readonly RootTwin[] =>
  (repair?.takesEffect.unless ?? []).flatMap((condition) =>
    condition.kind === 'root-disabled' ? [{ root: condition.root, twinOf: condition.twinOf }] : [],
  )

/** That an import alone may change nothing, and why; empty: there is no such condition. */
export const twinWords = (twins: readonly RootTwin[]): Words =>
  twins.length === 0
    ? []
    : say` Importing is not enough where Windows trusts the self-signed root of the same name and key as ${listed(
        [...new Set(twins.map(({ twinOf }) => twinOf))].map((sha256) => [{ certificate: sha256 }]),
      )}: it then goes on sending the shorter chain, until that root is disabled on the server.`

export const disabling = (twins: readonly RootTwin[]): readonly Advice[] =>
  twins.map(({ root, twinOf }) => ({ action: { verb: 'disable-root', root, twinOf } }))

/**
 * For whoever keeps the chain file of a device that is not Windows, where nothing is refused: what was sent, in order,
 * without what no release goes by.
 */
export function tidying(told: Told<unknown>): readonly Advice[] {
  const chains = new Map(
    shownAt(told.farm, told.subjects).map((shown) => {
      const chain = (shown.repair?.chain ?? sentInOrder(shown)).map(({ sha256 }) => sha256)
      return [chain.join(), chain]
    }),
  )
  return [
    ...[...chains.values()].flatMap((chain): Advice[] =>
      chain.length > 0 ? [{ action: { verb: 'edit-bundle', chain } }] : [],
    ),
    confirming,
  ]
}

function sentInOrder(shown: Shown): readonly Certificate[] {
  const sent = new Set(shown.certificates.map(({ sha256 }) => sha256))
  return (chainOf(shown)?.related ?? []).filter(
    (certificate, index) => sent.has(certificate.sha256) && (index === 0 || !isSelfSigned(certificate)),
  )
}
