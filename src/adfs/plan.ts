import type { Advice, ExaminedFarm } from '../checks/check.js'
import type { Finding } from '../checks/result.js'
import type { Asked } from '../farm/asked.js'
import { type CaseKey, endingTls, type SubjectId } from '../farm/subject.js'
import type { Sha256 } from '../x509/identity.js'
import type { Action, Lookup, Person, Step } from './actions.js'
import { here } from './fitting.js'
import { importsOf, merged, union } from './merge.js'
import { inTurn, leavesAt, neededAt, type Place, placesFor, placesOf, repairsAt, type Wish } from './place.js'
import { argvOf } from './step-command.js'

/**
 * What is done first; equal ranks keep the order of the findings. One file: how wishes become steps, in the order of
 * their becoming.
 */
const order: readonly Action['verb'][] = [
  'look',
  'check-by-name',
  'exempt',
  'name-nodes',
  'renew-authority',
  'fetch-by-hand',
  'reissue',
  'save',
  'drain',
  'import',
  'remove',
  'disable-root',
  'delete-binding',
  'repair-key',
  'restart',
  'bind',
  'rebind',
  'reboot',
  'edit-bundle',
  'tidy',
  'run-again',
  'confirm',
  'undo',
]

/** Changes of Windows' stores, and what makes its services notice them. */
const storeVerbs: readonly Action['verb'][] = ['import', 'remove', 'disable-root']
const windowsVerbs: readonly Action['verb'][] = [...storeVerbs, 'restart', 'bind', 'rebind', 'reboot']
/** What is imported under a name that only its maker knows. */
const obtained: readonly Action['verb'][] = ['fetch-by-hand', 'renew-authority']
/** After these somebody wants to know whether it worked. */
const changes: readonly Action['verb'][] = [
  ...windowsVerbs,
  'reissue',
  'exempt',
  'delete-binding',
  'edit-bundle',
  'repair-key',
  ...obtained,
]
/** What the kit has files for. */
const kitVerbs: readonly Action['verb'][] = ['import', 'fetch-by-hand', 'edit-bundle']

/**
 * The advice of all findings as one plan: each thing once, in an order in which it can be done, machines whose steps are
 * equal together. Nothing is removed that a list of the same machine needs; what follows from a change (restart, rebind,
 * confirm) is added where no finding asked for it.
 */
export function planOf(findings: readonly Finding[], farm: ExaminedFarm, asked: Asked): readonly Step[] {
  const places = placesOf(farm)
  for (const finding of findings)
    for (const advice of finding.advice) {
      const named = placesFor(advice, finding, places)
      for (const place of named) {
        const action = here(inRenewal(advice.action, place, farm), place, named)
        const by = action?.verb === advice.action.verb ? advice.by : undefined
        if (action)
          place.wishes.push(...wishesOf({ action, ...(by === undefined ? {} : { by }) }, finding, place))
      }
    }
  for (const place of places.values()) place.wishes = settled(place, farm)
  return shared(rolling(inTurn([...places.values()])), farm, asked)
}

/** What is to be ordered is there already: the certificate of the renewal takes the place of whatever is served. */
const inRenewal = (action: Action, place: Place, { renewal }: ExaminedFarm): Action =>
  action.verb === 'reissue' && renewal && !leavesAt(place).includes(renewal.leaf.sha256)
    ? { verb: 'bind', certificate: renewal.leaf.sha256 }
    : action

function wishesOf(
  { action, by }: Advice,
  finding: Finding,
  { role, subjects, seen }: Place,
): readonly Wish[] {
  const cases = casesBySubject(finding)
  const here = [...(cases.get(null) ?? []), ...subjects.flatMap(({ id }) => cases.get(id) ?? [])]
  const because = here.length > 0 ? here.map(({ key }) => key) : [finding.key]
  // Nobody looks after Windows where a balancer ends TLS.
  const asked = by ?? doer(action)
  const wish = {
    action,
    by: role === 'balancer' && asked === 'adfs-admin' ? 'network-admin' : asked,
    because,
  } as const
  const touched =
    action.verb === 'import' ? action.certificates : action.verb === 'remove' ? [action.certificate] : []
  if (touched.length === 0) return [wish]
  // What must hold for an import or a removal to show is part of it, whether or not a check says so too.
  const conditions = repairsAt(seen)
    .filter(({ add, drop }) =>
      (action.verb === 'import' ? add : drop).some(({ certificate }) => touched.includes(certificate.sha256)),
    )
    .flatMap(({ takesEffect }) => takesEffect.unless)
  return [
    wish,
    ...conditions.flatMap((condition): Wish[] =>
      condition.kind === 'root-disabled'
        ? [
            {
              ...wish,
              action: { verb: 'disable-root', root: condition.root, twinOf: condition.twinOf },
            },
          ]
        : condition.kind === 'removed'
          ? [{ ...wish, action: { verb: 'remove', certificate: condition.certificate } }]
          : [],
    ),
  ]
}

const filed = new WeakMap<Finding, Map<SubjectId | null, Finding['cases'][number][]>>()

function casesBySubject(finding: Finding): ReadonlyMap<SubjectId | null, Finding['cases'][number][]> {
  const known = filed.get(finding)
  if (known) return known
  const cases = new Map<SubjectId | null, Finding['cases'][number][]>()
  for (const one of finding.cases) {
    const others = cases.get(one.subject)
    if (others) others.push(one)
    else cases.set(one.subject, [one])
  }
  filed.set(finding, cases)
  return cases
}

function doer(action: Action): Person {
  switch (action.verb) {
    case 'reissue':
      return 'certificate-buyer'
    case 'renew-authority':
      return 'ca-admin'
    case 'edit-bundle':
      return 'network-admin'
    case 'exempt':
      return 'network-admin'
    case 'look':
      return looker(action.at)
    case 'save':
    case 'name-nodes':
    case 'check-by-name':
    case 'run-again':
    case 'confirm':
      return 'whoever-checks'
    default:
      return 'adfs-admin'
  }
}

const looker = ({ kind }: Lookup): Person =>
  kind === 'firewall' || kind === 'device-at-address' || kind === 'dns' ? 'network-admin' : 'adfs-admin'

/** The wishes at one place, merged: one import a store, each other thing once, nothing that undoes another. */
function settled(place: Place, farm: ExaminedFarm): Wish[] {
  const { role, wishes } = place
  const imports = importsOf(wishes, farm)
  const needed = new Set([
    ...neededAt(place.seen),
    ...imports.flatMap(({ action }) => (action.verb === 'import' ? action.certificates : [])),
  ])
  const kept = merged([...imports, ...wishes.filter(({ action }) => action.verb !== 'import')]).filter(
    ({ action }) => !((action.verb === 'remove' || action.verb === 'tidy') && needed.has(action.certificate)),
  )
  return withConsequences(place, kept).filter(({ action }) => {
    const { verb } = action
    // A server known to be Windows has no bundle; a balancer has no Windows stores; a file is imported, not restarted.
    if (action.verb === 'edit-bundle')
      return role !== 'adfs' && role !== 'wap' && isWorthAFile(action.chain, place)
    if (verb === 'repair-key') return role !== 'file'
    if (role === 'balancer' && verb === 'bind') return true
    if (role === 'balancer' && verb === 'delete-binding') return false
    if (!windowsVerbs.includes(verb) || role === 'adfs' || role === 'wap' || role === 'unknown') return true
    return role === 'file' && verb === 'import'
  })
}

/** Not the certificate alone, which everybody has, unless it is the whole chain and a release accepts it. */
function isWorthAFile(chain: readonly Sha256[], { seen }: Place): boolean {
  return (
    chain.length > 1 ||
    repairsAt(seen).some(
      (repair) =>
        repair.chain.length === 1 &&
        repair.chain[0]!.sha256 === chain[0] &&
        repair.verdictsAfter.some(({ kind }) => kind === 'accepted'),
    )
  )
}

/** Adds what every change of a store is followed by. */
function withConsequences(place: Place, wishes: readonly Wish[]): Wish[] {
  // What is exported by hand is imported like the rest.
  const stored = wishes.filter(({ action: { verb } }) => storeVerbs.includes(verb) || obtained.includes(verb))
  const rebinds = wishes.filter(({ action }) => action.verb === 'rebind')
  const binds = wishes.some(({ action }) => action.verb === 'bind')
  const renewed = new Set(
    wishes.flatMap(({ action }) =>
      action.verb === 'reissue' || action.verb === 'renew-authority' ? [action.certificate] : [],
    ),
  )
  const leaves = [...new Set(leavesAt(place))]
  const because = stored.reduce<readonly CaseKey[]>((keys, wish) => union(keys, wish.because), [])
  const follow = (action: Action): Wish => ({ action, by: doer(action), because })
  const chains = repairsAt(place.seen)
    .filter(({ add, drop, chain }) => chain.length > 0 && add.length + drop.length > 0)
    .map(({ chain }) => chain.map(({ sha256 }) => sha256))
  const [leaf] = leaves
  const consequences = [
    follow({ verb: 'restart' }),
    ...(rebinds.length === 0 && leaves.length === 1 && leaf
      ? [follow({ verb: 'rebind', certificate: leaf })]
      : []),
    follow({ verb: 'reboot' }),
    ...chains.map((chain) => follow({ verb: 'edit-bundle', chain })),
  ]
  return merged([...wishes, ...(stored.length > 0 ? consequences : [])]).filter(
    ({ action }) =>
      // What is to be issued anew is not to be written down as it is.
      (action.verb !== 'edit-bundle' || !action.chain.some((sha256) => renewed.has(sha256))) &&
      (action.verb !== 'rebind' ||
        // The cmdlet sets one certificate for every binding: with several it would take the others' away.
        (!binds && rebinds.length <= 1 && leaves.length <= 1 && !renewed.has(action.certificate))),
  )
}

/**
 * Several servers are changed one after the other, and it is said beforehand how to put them back; a device whose recipe
 * is known is told its way back, too.
 */
function rolling(places: readonly Place[]): readonly Place[] {
  const asks = ({ wishes }: Place, ...verbs: readonly Action['verb'][]) =>
    wishes.filter(({ action }) => verbs.includes(action.verb))
  const restarted = places.filter((place) => asks(place, 'restart').length > 0)
  return places.map((place) => {
    const drains = restarted.length > 1 && restarted.includes(place)
    const isKnown = place.subjects.some((one) => one.kind === 'served' && endingTls(one.node) !== null)
    const undoable = drains || isKnown ? asks(place, 'import', 'edit-bundle') : []
    const further = (action: Action, wishes: readonly Wish[]): readonly Wish[] =>
      wishes.length === 0
        ? []
        : [{ action, by: wishes[0]!.by, because: [...new Set(wishes.flatMap(({ because }) => because))] }]
    return {
      ...place,
      wishes: [
        ...place.wishes,
        ...(drains ? further({ verb: 'drain' }, asks(place, ...storeVerbs)) : []),
        ...further({ verb: 'undo' }, undoable),
      ],
    }
  })
}

/** Steps of all places, equal ones together, with the commands of ours. */
function shared(places: readonly Place[], farm: ExaminedFarm, asked: Asked): readonly Step[] {
  const steps = new Map<string, { on: Set<SubjectId>; because: Set<CaseKey>; wish: Wish }>()
  const add = (on: readonly SubjectId[], wish: Wish) => {
    // A new certificate is one for the whole farm, and "check again" one command.
    const key = `${wish.by} ${JSON.stringify(wish.action)}`
    const step = steps.get(key) ?? { on: new Set(), because: new Set(), wish }
    for (const id of on) step.on.add(id)
    for (const caseKey of wish.because) step.because.add(caseKey)
    steps.set(key, step)
  }
  for (const { subjects, wishes: wished } of places) {
    const ids = subjects.map(({ id }) => id)
    const from = vantageAt(subjects)
    const wishes = wished.map((wish) => ({ ...wish, action: fromThere(wish.action, from) }))
    for (const wish of wishes) add(ids, wish)
    for (const [verb, verbs] of [
      ['save', kitVerbs],
      ['confirm', changes],
    ] as const) {
      const asking = wishes.filter(({ action }) => verbs.includes(action.verb))
      const because = asking.reduce<readonly CaseKey[]>((keys, wish) => union(keys, wish.because), [])
      if (asking.length > 0) add(ids, { action: fromThere({ verb }, from), by: 'whoever-checks', because })
    }
  }
  const told = [...steps.values()]
    .map(({ on, because, wish }) => {
      const ids = [...on]
      return { on: ids, ...wish, because: [...because], argv: argvOf(wish.action, ids, farm, asked) }
    })
    .sort((a, b) => order.indexOf(a.action.verb) - order.indexOf(b.action.verb))
  // "Run it where the servers can be reached" checks again too.
  const again = told.flatMap(({ action, argv }) => (action.verb === 'run-again' ? [argv?.join('\0')] : []))
  return told.filter(({ action, argv }) => action.verb !== 'confirm' || !again.includes(argv?.join('\0')))
}

const vantageAt = ([subject]: Place['subjects']): string | undefined =>
  subject?.kind === 'served' ? subject.vantage : undefined

/** What is seen from one place only is looked at from there again. */
const fromThere = (action: Action, from: string | undefined): Action =>
  from !== undefined && (action.verb === 'confirm' || action.verb === 'run-again')
    ? { ...action, from }
    : action
