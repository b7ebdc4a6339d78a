import { prediction } from '../adfs/chain-engine.js'
import { judgeAllStores } from '../android/judge-stores.js'
import type { Release } from '../android/releases.js'
import { rootsNamed } from '../android/trust-store.js'
import type { Verdict } from '../android/verdict.js'
import { mendedAs, type ServedSubject, type Subject } from '../farm/subject.js'
import type { Network } from '../network/network.js'
import type { Budget } from '../path/limits.js'
import { observationOf } from '../tls/exchange-end.js'
import type { ProbeOutcome } from '../tls/observation.js'
import type { Certificate } from '../x509/certificate.js'
import { isSelfIssued } from '../x509/identity.js'
import { nameKey } from '../x509/name-match.js'
import { verifySignature } from '../x509/signature.js'
import type { Attempt, Examination, Repair, Seen } from './examination.js'
import { type AskedUrl, IssuerSource } from './issuers.js'
import { IssuerPool } from './pool.js'
import { type Answer, certificatesOf, leafOf } from './presented.js'
import { planRepair } from './repair.js'
import { RevocationSource } from './revocation.js'
import { examineServed, hostOf, judgePresented } from './served.js'
import type { Settings } from './settings.js'

/**
 * Lets signals and timers have their turn: hostile certificates can make the search for a repair long. False: the run
 * is to end, and what was found so far is told without a repair.
 */
export type Pause = () => Promise<boolean>

class Ended extends Error {}

export interface Examined {
  readonly examinations: readonly Examination[]
  /** What was downloaded, or tried to be, in order. */
  readonly fetches: readonly AskedUrl[]
}

/** Judges what every subject showed, looks for what would make more releases accept it, and judges that too. */
export async function examine(
  observed: readonly {
    readonly subject: ServedSubject
    readonly attempts: readonly Attempt[]
    readonly strange?: ProbeOutcome | null
  }[],
  settings: Settings,
  network: Pick<Network, 'fetch'>,
  pause: Pause,
): Promise<Examined> {
  const examinations = observed.map(({ subject, attempts, strange }): Examination => {
    const examination = examineServed(subject, attempts, settings)
    if (examination.kind === 'unseen' || !strange) return examination
    const entries = settings.entries(observationOf(strange)?.certificates ?? [])
    return { ...examination, strangeName: { outcome: strange, entries } }
  })
  return repaired(examinations, settings, network, pause)
}

/** Looks for what would make more releases accept what was judged, and judges that too. */
export async function repaired(
  examinations: readonly Examination[],
  settings: Settings,
  network: Pick<Network, 'fetch'>,
  pause: Pause,
): Promise<Examined> {
  const issuers = new IssuerSource(network)
  const revocation = new RevocationSource(network, settings.offline, settings.at)
  const repairs = new Repairs(examinations, issuers, revocation, settings, pause)
  const done: Examination[] = []
  // One after the other: servers of a farm lack the same issuers, and equal lists are repaired once.
  for (const examination of examinations)
    done.push(
      examination.kind === 'seen' ? { ...examination, repairs: await repairs.of(examination) } : examination,
    )
  return { examinations: done, fetches: [...(await issuers.asked()), ...(await revocation.asked())] }
}

/** Nothing stands first that could be repaired: unreadable, or an authority where the server's own certificate should be. */
function isLeafMisplaced(entries: Answer['entries']): boolean {
  const leaf = leafOf(entries)
  const isAuthority = ({ basicConstraints }: Certificate) => basicConstraints?.ca ?? false
  return leaf === null || (isAuthority(leaf) && !certificatesOf(entries).every(isAuthority))
}

/** A device sends what its file holds; what Windows would make of the same certificates is no matter there. */
const effective = (repair: Repair, subject: Subject): Repair =>
  subject.kind === 'served' && mendedAs(subject.node) === 'balancer'
    ? { ...repair, takesEffect: { predicted: true, unless: [] } }
    : repair

/** Roots of any release whose key signed it. */
const rootsOver = (certificate: Certificate): readonly Certificate[] =>
  rootsNamed(certificate.issuer).flatMap((root) =>
    root.certificate && verifySignature(certificate, root.certificate) ? [root.certificate] : [],
  )

class Repairs {
  readonly #known = new Map<string, Promise<Repair>>()
  readonly #pool = new IssuerPool()

  constructor(
    examinations: readonly Examination[],
    readonly issuers: IssuerSource,
    readonly revocation: RevocationSource,
    readonly settings: Settings,
    readonly pause: Pause,
  ) {
    for (const { certificate, from } of settings.intermediates)
      this.#pool.add({ certificate, origin: 'operator', from })
    for (const seen of examinations) {
      if (seen.kind === 'unseen') continue
      for (const { entries } of seen.answers)
        for (const certificate of certificatesOf(entries.slice(1)))
          this.#pool.add({ certificate, origin: 'other-server', from: seen.subject.id })
    }
  }

  async of(seen: Seen): Promise<Seen['repairs']> {
    const { subject } = seen
    const repairs: Seen['repairs'][number][] = []
    for (const answer of seen.answers) {
      const wanted = this.#unhappy(seen, answer)
      if (wanted.length === 0 || isLeafMisplaced(answer.entries)) continue
      const list = answer.entries.map(({ sha256 }) => sha256)
      const key = [hostOf(subject), ...list, ...wanted].join()
      const known = this.#known.get(key) ?? this.#repair(answer, wanted, subject)
      this.#known.set(key, known)
      try {
        repairs.push({ answer: answer.id, repair: effective(await known, subject) })
      } catch (error) {
        if (!(error instanceof Ended)) throw error
      }
    }
    return repairs
  }

  /** All releases that count and get this list, where one of them does not accept it. */
  #unhappy({ reach, verdicts }: Seen, { id }: Answer): readonly Release[] {
    const getting = reach
      .filter(({ release, answers }) => answers.includes(id) && this.settings.releases.includes(release))
      .map(({ release }) => release)
    const accepts = (release: Release) =>
      verdicts.find((verdict) => verdict.release === release)!.verdict.kind === 'accepted'
    return getting.every(accepts) ? [] : getting
  }

  async #repair(answer: Answer, wanted: readonly Release[], subject: Subject): Promise<Repair> {
    const { settings, issuers } = this
    const presented = certificatesOf(answer.entries)
    // Only the chain can be repaired by importing certificates: name, protocol and staple are judged apart.
    const score = async (list: readonly Certificate[], within: Budget) => {
      const accepting = new Set<Release>()
      const { stores: anchors, updated, at } = settings
      const input = { presented: list, anchors, updated, at, decided: new Map<string, Verdict>() }
      for (const release of wanted) {
        const [verdict] = judgeAllStores(input, [release], [], within)
        if (verdict!.kind === 'accepted') accepting.add(release)
        if (!(await this.pause())) throw new Ended()
      }
      return accepting
    }
    const plan = await planRepair({
      presented,
      pool: this.#pool,
      ...(settings.offline ? {} : { fetch: (urls: readonly string[]) => issuers.fetch(urls) }),
      revocation: {
        begin: (certificate) => this.revocation.begin(certificate),
        of: (certificate, found) =>
          this.revocation.of(certificate, [
            ...found,
            ...this.#anchorsOf(certificate),
            ...rootsOver(certificate),
          ]),
      },
      score,
      wanted: new Set(wanted),
      anchored: (certificate) => this.#isAnchored(certificate),
      at: settings.at,
    })
    const judged = (list: readonly Certificate[], remembered?: readonly Certificate[]) => {
      const { presented: shown } = answer.exchanges[0]!
      const entries = settings.entries(list.map(({ der }) => der))
      return judgePresented({ ...shown, entries }, wanted, settings, subject, remembered)
    }
    const add = plan.missing
    const met =
      add.length > 0
        ? judged(
            presented,
            add.map(({ certificate }) => certificate),
          )
        : []
    return {
      add,
      ...(plan.withdrawn.length > 0 ? { withdrawn: plan.withdrawn } : {}),
      drop: plan.remove,
      chain: plan.chain,
      verdictsAfter: add.length > 0 || plan.remove.length > 0 ? judged(plan.chain) : [],
      takesEffect: prediction({
        presented,
        repair: { add, drop: plan.remove, chain: plan.chain },
        rootsKnown: await this.#selfSigned(plan.chain),
        at: settings.at,
      }),
      open: plan.unresolved && {
        ...plan.unresolved,
        asked: (await issuers.asked()).filter(({ url }) => plan.unresolved!.urls.includes(url)),
      },
      byLuck: met.flatMap((verdict) =>
        verdict.kind === 'depends' && verdict.on === 'remembered-intermediate' ? [verdict.release] : [],
      ),
      cutShort: plan.isCutShort,
    }
  }

  #isAnchored(certificate: Certificate): boolean {
    return this.#namedAnchors(certificate).some((anchor) => verifySignature(certificate, anchor))
  }

  /** Roots of releases that count, or of the operator, whose key signed it. */
  #anchorsOf(certificate: Certificate): readonly Certificate[] {
    return [...new Set(this.#namedAnchors(certificate))].filter((anchor) =>
      verifySignature(certificate, anchor),
    )
  }

  #namedAnchors({ issuer }: Certificate): readonly Certificate[] {
    const { settings } = this
    return settings.releases.flatMap((release) => settings.stores(release).named(issuer))
  }

  /** Self-signed certificates met anywhere that bear the name of one on the chain: Windows may trust them. */
  async #selfSigned(chain: readonly Certificate[]): Promise<readonly Certificate[]> {
    const fetched = (await this.issuers.asked()).flatMap(({ certificates }) => certificates)
    const met = chain.flatMap(({ subject }) => [
      ...this.#pool.named(nameKey(subject)).map(({ certificate }) => certificate),
      ...fetched.filter((certificate) => nameKey(certificate.subject) === nameKey(subject)),
      ...rootsNamed(subject).flatMap(({ certificate }) => certificate ?? []),
    ])
    return met.filter(isSelfIssued)
  }
}
