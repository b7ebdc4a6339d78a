import { type Checked, check, type Hooks } from '../check.js'
import { examine, type Pause } from '../examine/examine.js'
import { settingsOf } from '../examine/settings.js'
import type { Asked } from '../farm/asked.js'
import { farmOf } from '../farm/farm.js'
import type { Farm, ServedFarm, ServedSubject, SubjectId } from '../farm/subject.js'
import { compared, isMended, type Standing } from '../gate/changes.js'
import { policyOf } from '../gate/policy.js'
import type { Network } from '../network/network.js'
import { answerKey } from '../observe/answer-key.js'
import { endpointOf, observe } from '../observe/observe.js'
import type { ChangeReport } from '../report/schema.js'
import { type Slots, slots } from './slots.js'
import { toldOf } from './told.js'
import { kept, newlyWatched, type Watched } from './watched.js'

/** What is judged is judged anew after so long, whatever servers answer: the clock alone can change a verdict. */
const maxAgeMs = 10 * 60_000
/** With two servers in turn behind an address, one of 9 equal connections meets the other but once in 256 times. */
const toMeetOthers = 8
/** Kept for the report of a watch that goes on for days. */
const maxChanges = 1_000

export interface WatchHooks {
  /** A farm was judged anew, and something differs. */
  readonly changed: (farm: WatchedFarm, changes: readonly ChangeReport[]) => void
  /** For the downloads of one judgement; default: the network of the watch, where it has no time limit for all of them. */
  readonly fetching?: () => Pick<Network, 'fetch'>
}

/**
 * One farm under watch. A look is one connection to each server, with the hellos of the full set in turn; where its answer
 * is not the last one to the same hello, the full set follows and the farm is judged again. Names are looked up each time:
 * addresses that come are watched too; one that goes is watched until it does not answer any more.
 */
export class WatchedFarm {
  readonly #watched = new Map<SubjectId, Watched>()
  #farm!: Farm
  #checked!: Checked
  #standing: Standing | null = null
  #judgedAt = 0
  #judging: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null
  #changes: readonly ChangeReport[] = []

  constructor(
    readonly asked: Asked,
    readonly network: Network,
    readonly hooks: Hooks & WatchHooks,
    readonly signal: AbortSignal,
    readonly now: () => Date = () => new Date(),
  ) {
    const { concurrency } = hooks
    this.#slots = typeof concurrency === 'number' ? slots(concurrency) : concurrency
  }

  readonly #slots: Slots

  /** The check that the watch begins with, which a limit of the watch does not cut short. */
  async first(network: Network, pause: Pause): Promise<Checked> {
    const { hooks } = this
    const at = this.now()
    this.#judgedAt = at.getTime()
    this.#checked = await check(this.asked, network, at, {
      ...hooks,
      pause,
      resolved: (farm) => {
        this.#farm = farm
        // In the farm's order, whoever answers first.
        for (const subject of farm.subjects) if (subject.kind === 'served') this.#add(subject)
        hooks.resolved?.(farm)
      },
      observed: (subject, attempts, strange) => {
        const one = this.#add(subject)
        one.strange = strange
        kept(one, attempts)
        hooks.observed?.(subject, attempts, strange)
      },
    })
    // Without names that turned out to be none of it, and with one that a certificate brought up.
    this.#farm = this.#checked.examined.farm
    const stays = new Set(this.#farm.subjects.map(({ id }) => id))
    for (const id of this.#watched.keys()) if (!stays.has(id)) this.#watched.delete(id)
    this.#standing = compared(null, this.#checked.report).standing
    return this.#checked
  }

  /** As last judged, with what has changed since the watch began. */
  get checked(): Checked {
    return { ...this.#checked, report: { ...this.#checked.report, changes: [...this.#changes] } }
  }

  get isMended(): boolean {
    return isMended(this.#checked.report)
  }

  /** Judged as of now, not of some time ago. */
  async refreshed(maxMs: number): Promise<void> {
    if (this.now().getTime() - this.#judgedAt > maxMs) await this.#judge()
  }

  async look(): Promise<void> {
    const isMoved = this.#follow(await farmOf(this.asked, this.network))
    if (this.signal.aborted) return
    await Promise.all(
      machinesOf([...this.#watched.values()]).map(async (own) => {
        const said = await Promise.all(own.map((one) => this.#slots(() => this.#lookAt(one))))
        if (said.includes(true)) await this.#judge()
      }),
    )
    if (isMoved) await this.#judge()
    else await this.refreshed(maxAgeMs)
  }

  /** Whether the farm is another than it was. */
  #follow(found: ServedFarm): boolean {
    if (this.signal.aborted) return false
    const before = JSON.stringify([[...this.#watched.keys()], this.#farm.unresolved])
    const isListed = new Set(found.subjects.map(({ id }) => id))
    const isLookedUp = new Set(found.names.map(({ ascii }) => ascii))
    const isOurs = new Set(this.#farm.names.map(({ ascii }) => ascii))
    for (const subject of found.subjects)
      if (subject.name === null || isOurs.has(subject.name.ascii)) this.#add(subject)
    for (const [id, one] of this.#watched) {
      const { name } = one.subject
      const listed = isListed.has(id) || (name !== null && !isLookedUp.has(name.ascii))
      // Where a name leads is not known this time.
      if (!listed && found.unresolved.length > 0) continue
      if (one.listed && !listed) this.#tell([this.#unlisted(id)])
      one.listed = listed
      if (!listed && !answers(one)) this.#watched.delete(id)
    }
    const subjects = [...this.#watched.values()].map(({ subject }) => subject)
    this.#farm = { ...this.#farm, unresolved: found.unresolved, subjects }
    return before !== JSON.stringify([[...this.#watched.keys()], this.#farm.unresolved])
  }

  #unlisted(subject: SubjectId): ChangeReport {
    const state = this.#standing?.subjects[subject]?.state ?? null
    const at = this.now()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z')
    return { at, kind: 'unlisted', subject, name: null, case: null, was: state, is: state }
  }

  #add(subject: ServedSubject): Watched {
    const one = this.#watched.get(subject.id) ?? newlyWatched(subject)
    this.#watched.set(subject.id, one)
    return one
  }

  /** Whether the full set was said. */
  async #lookAt(one: Watched): Promise<boolean> {
    const { asked, network, signal } = this
    const { subject } = one
    let returns = false
    const offers = [...new Map(one.attempts.map(({ offer }) => [offer.id, offer])).values()]
    // What comes without a name sets no verdict.
    const named = offers.filter(({ sni }) => sni)
    const offer = named[one.looks++ % Math.max(1, named.length)]
    if (offer && !one.varies) {
      const key = answerKey(await network.probe(endpointOf(subject), offer, 0))
      const last = one.last.get(offer.id)!
      if (signal.aborted || (key.list === last.list && one.known.has(key.whole))) return false
      returns = key.hasList && last.hasList && key.list !== last.list && one.known.has(key.list)
    }
    const attempts = await observe(
      subject,
      { ...policyOf(asked), repeat: Math.max(asked.repeat, one.varies || returns ? toMeetOthers : 0) },
      network,
    )
    if (signal.aborted) return false
    kept(one, attempts)
    return true
  }

  /** Servers that answer while a judgement is at work are judged together in the next one. */
  #judge(): Promise<void> {
    this.#next ??= this.#judging.then(() => {
      this.#next = null
      return this.#judgeNow()
    })
    this.#judging = this.#next
    return this.#next
  }

  async #judgeNow(): Promise<void> {
    const { asked, network, hooks, signal } = this
    const at = this.now()
    const settings = settingsOf(asked, policyOf(asked), at)
    const observed = [...this.#watched.values()].filter(({ attempts }) => attempts.length > 0)
    const examined = await examine(observed, settings, hooks.fetching?.() ?? network, hooks.pause)
    // Half of a judgement is none.
    if (signal.aborted) return
    this.#judgedAt = at.getTime()
    this.#checked = toldOf(this.#farm, examined, settings, asked, hooks)
    const { standing, changes } = compared(this.#standing, this.#checked.report)
    this.#standing = standing
    this.#tell(changes)
  }

  #tell(changes: readonly ChangeReport[]): void {
    this.#changes = [...this.#changes, ...changes].slice(-maxChanges)
    if (changes.length > 0) this.hooks.changed(this, changes)
  }
}

/** What is mended on one machine is told together, whatever names and ports it has. */
function machinesOf(all: readonly Watched[]): readonly (readonly Watched[])[] {
  const machines = new Map<string, Watched[]>()
  for (const one of all) {
    const { id } = one.subject.node
    machines.set(id, [...(machines.get(id) ?? []), one])
  }
  return [...machines.values()]
}

const answers = ({ attempts }: Watched): boolean =>
  attempts.length === 0 ||
  attempts.some(({ outcome }) => outcome.kind !== 'unreachable' && outcome.kind !== 'timed-out')
