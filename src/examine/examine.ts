import { windowsWillSend } from '../adfs/chain-engine.js'
import type { Release } from '../android/releases.js'
import type { Network } from '../network/network.js'
import { IssuerPool, type Candidate } from '../repair/pool.js'
import { planRepair } from '../repair/plan.js'
import { judgeAll } from '../android/judge.js'
import { rootsNamed } from '../android/trust-store.js'
import type { Certificate } from '../x509/certificate.js'
import { isSelfIssued } from '../x509/identity.js'
import { verifySignature } from '../x509/signature.js'
import type { Attempt, Examination, Repair, Seen } from './examination.js'
import type { ServedSubject } from '../farm/subject.js'
import { IssuerSource } from './issuers.js'
import { type Answer, type AnswerId, certificatesOf } from './presented.js'
import { examineServed, judgePresented } from './served.js'
import type { Settings } from './settings.js'

export interface Examined {
  readonly examinations: readonly Examination[]
  /** What was downloaded, or tried to be, in order. */
  readonly issuers: IssuerSource
}

/** Judges what every subject showed, looks for what would make more releases accept it, and judges that too. */
export async function examine(
  observed: readonly { readonly subject: ServedSubject; readonly attempts: readonly Attempt[] }[],
  settings: Settings,
  network: Pick<Network, 'fetch'>,
): Promise<Examined> {
  const examinations = observed.map(({ subject, attempts }) => examineServed(subject, attempts, settings))
  const issuers = new IssuerSource(network)
  const repairs = new Repairs(examinations, issuers, settings)
  const repaired: Examination[] = []
  // One after the other: servers of a farm lack the same issuers, and equal lists are repaired once.
  for (const examination of examinations)
    repaired.push(
      examination.kind === 'seen'
        ? { ...examination, repairs: await repairs.of(examination) }
        : examination,
    )
  return { examinations: repaired, issuers }
}

class Repairs {
  readonly #known = new Map<string, Promise<Repair>>()
  readonly #pool = new IssuerPool()

  constructor(
    examinations: readonly Examination[],
    readonly issuers: IssuerSource,
    readonly settings: Settings,
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
    if (seen.subject.kind !== 'served') return []
    const { subject } = seen
    const repairs: Seen['repairs'][number][] = []
    for (const answer of seen.answers) {
      const wanted = this.#unhappy(seen, answer)
      if (wanted.length === 0 || !('certificate' in (answer.entries[0] ?? {}))) continue
      const key = [subject.name?.ascii ?? subject.node.address, ...answer.entries.map(({ sha256 }) => sha256), ...wanted].join()
      const known = this.#known.get(key) ?? this.#repair(answer, wanted, subject)
      this.#known.set(key, known)
      repairs.push({ answer: answer.id, repair: await known })
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

  async #repair(answer: Answer, wanted: readonly Release[], subject: ServedSubject): Promise<Repair> {
    const { settings, issuers } = this
    const presented = certificatesOf(answer.entries)
    // Only the chain can be repaired by importing certificates: name, protocol and staple are judged apart.
    const score = (list: readonly Certificate[]) =>
      new Set(
        judgeAll({ presented: list, anchors: settings.stores, at: settings.at }, wanted).flatMap(
          ({ kind, release }) => (kind === 'accepted' ? [release] : []),
        ),
      )
    const plan = await planRepair({
      presented,
      pool: this.#pool,
      ...(settings.offline ? {} : { fetch: (urls: readonly string[]) => issuers.fetch(urls) }),
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
    const met = add.length > 0 ? judged(presented, add.map(({ certificate }) => certificate)) : []
    return {
      add,
      drop: plan.remove,
      chain: plan.chain,
      verdictsAfter: add.length > 0 || plan.remove.length > 0 ? judged(plan.chain) : [],
      takesEffect: windowsWillSend(presented, plan, this.#selfSigned(plan.chain), settings.at),
      open: plan.unresolved && {
        ...plan.unresolved,
        asked: (await issuers.asked()).filter(({ url }) => plan.unresolved!.urls.includes(url)),
      },
      byLuck: met.flatMap(({ kind, release }) => (kind === 'depends' ? [release] : [])),
      cutShort: plan.cutShort,
    }
  }

  #isAnchored(certificate: Certificate): boolean {
    const { settings } = this
    return settings.releases.some((release) =>
      settings
        .stores(release)
        .named(certificate.issuer)
        .some((anchor) => verifySignature(certificate, anchor)),
    )
  }

  /** Self-signed certificates met anywhere that bear the name of one on the chain: Windows may trust them. */
  #selfSigned(chain: readonly Certificate[]): readonly Certificate[] {
    const met = this.#pool.all().map(({ certificate }: Candidate) => certificate).filter(isSelfIssued)
    return [...met, ...chain.flatMap(({ subject }) => rootsNamed(subject).flatMap((root) => root.certificate ?? []))]
  }
}

export type { AnswerId }
