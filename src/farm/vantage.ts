import { AdfsCheckFault } from '../fault.js'
import type { Asked, GivenFile } from './asked.js'
import { type Inventory, isEmpty } from './inventory.js'
import type { Farm, LeftOutName, ServedFarm, ServedSubject, Vantage } from './subject.js'
import { parseTarget } from './target.js'

/** More places than this are no farm's; each is a whole case in memory. */
export const maxVantages = 8
const maxLabel = 20

/** `inside` of `inside-case.json`. Null: nothing is left that tells the case apart. */
export function labelOf(path: string): string | null {
  const stem = path.replace(/^.*[/\\]/, '').replace(/\.[a-z0-9]+$/i, '')
  const label = stem
    .toLowerCase()
    .replace(/(^|[^a-z0-9])case(?=[^a-z0-9]|$)/g, '-')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, maxLabel)
    .replace(/^-+|-+$/g, '')
  return label === '' ? null : label
}

/**
 * A label for each case.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION where two places would have one name
 */
export function labelsOf(paths: readonly string[], given: readonly string[]): readonly string[] {
  const bad = (message: string) =>
    new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', message, {
      hint: 'Name the places in the order of the files: adfs-check join a.json b.json --as inside --as outside',
    })
  if (given.length > 0 && given.length !== paths.length)
    throw bad(`There are ${paths.length} cases and ${given.length} --as.`)
  const wrong = given.find((label) => labelOf(label) !== label)
  if (wrong !== undefined)
    throw bad(
      `"${wrong}" cannot name a place: at most ${maxLabel} lower-case letters, digits and single hyphens can.`,
    )
  const labels = given.length > 0 ? given : paths.flatMap((path) => labelOf(path) ?? [])
  if (new Set(labels).size < paths.length) throw bad('The names do not tell the places apart.')
  return labels
}

/** A farm and its servers as seen from one place: a server that is met from two of them is two subjects. */
export function seenFrom({ label }: Vantage) {
  const subject = (seen: ServedSubject): ServedSubject => {
    const [, name = ''] = /^(.*@)?/.exec(seen.id) ?? []
    const place = seen.id.slice(name.length)
    const node = { ...seen.node, id: `${label}/${seen.node.id}` }
    return { ...seen, id: `${name}${label}/${place}`, node, vantage: label }
  }
  const farm = (seen: ServedFarm): ServedFarm => ({
    ...seen,
    subjects: seen.subjects.map(subject),
    unresolved: seen.unresolved.map((one) => ({ ...one, detail: `from ${label}: ${one.detail}` })),
  })
  return { farm, subject }
}

/** One farm of what was seen from several places; of the first, what they have in common. */
export const joinedFarm = (vantages: readonly Vantage[], farms: readonly Farm[]): Farm =>
  vantages.length === 0
    ? farms[0]!
    : {
        ...farms[0]!,
        vantages,
        names: [
          ...new Map(farms.flatMap(({ names }) => names.map((name) => [name.ascii, name] as const))).values(),
        ],
        subjects: farms.flatMap(({ subjects }) => subjects),
        unresolved: farms.flatMap(({ unresolved }) => unresolved),
        leftOut: joinedLeftOut(vantages, farms),
      }

/** What is left out alike everywhere is told once; else with the place. */
function joinedLeftOut(vantages: readonly Vantage[], farms: readonly Farm[]): readonly LeftOutName[] {
  const told = new Map<string, { readonly one: LeftOutName; readonly from: string[] }>()
  for (const [index, { leftOut }] of farms.entries())
    for (const one of leftOut) {
      const key = JSON.stringify([one.name, one.reason, one.detail])
      const known = told.get(key) ?? { one, from: [] }
      known.from.push(vantages[index]!.label)
      told.set(key, known)
    }
  return [...told.values()].map(({ one, from }) =>
    from.length === farms.length ? one : { ...one, vantages: from },
  )
}

/** What was said of the farm at any of the places: each looks for itself, by what was said there. */
function joinedInventory(all: readonly Asked[]): Pick<Asked, 'inventory'> {
  const inventories = all.flatMap(({ inventory }) => inventory ?? [])
  const once = (of: (inventory: Inventory) => readonly string[]) => [...new Set(inventories.flatMap(of))]
  const nodes = new Map(inventories.flatMap((one) => one.nodes).map((node) => [node.name, node] as const))
  const inventory = {
    names: once(({ names }) => names),
    upnSuffixes: once(({ upnSuffixes }) => upnSuffixes),
    ports: [...new Set(inventories.flatMap(({ ports }) => ports))],
    nodes: [...nodes.values()],
  }
  return isEmpty(inventory) ? {} : { inventory }
}

/**
 * What all cases are judged by. They must have been asked of one name, and with one opinion of what phones trust: else one
 * report would judge by two measures.
 *
 * @throws AdfsCheckFault ADFS_CHECK_BAD_OPTION naming what differs
 */
export function joinedAsked(
  views: readonly { readonly path: string; readonly label: string; readonly asked: Asked }[],
  as: readonly string[],
): Asked {
  const [first, ...others] = views
  if (!first || others.length === 0)
    throw new AdfsCheckFault('ADFS_CHECK_BAD_OPTION', 'One case has nothing to be joined with.', {
      hint: 'Name two: adfs-check join inside-case.json outside-case.json; "replay" judges one.',
    })
  for (const other of others) {
    const what = measures.find(([, of]) => of(other.asked) !== of(first.asked))?.[0]
    if (what !== undefined)
      throw new AdfsCheckFault(
        'ADFS_CHECK_BAD_OPTION',
        `${first.path} and ${other.path} were saved with different ${what}, so one report cannot judge both.`,
        { hint: 'Save both with the same name, port and options of "How to judge".' },
      )
  }
  const same = <T>(of: (asked: Asked) => T, otherwise: T): T =>
    others.every(({ asked }) => of(asked) === of(first.asked)) ? of(first.asked) : otherwise
  const intermediates = new Map(
    views.flatMap(({ asked }) => asked.intermediates).map((file) => [file.path, file]),
  )
  const { inventory: _, ...common } = first.asked
  return {
    ...common,
    ...joinedInventory(views.map(({ asked }) => asked)),
    servers: [],
    family: same(({ family }) => family, null),
    intermediates: [...intermediates.values()],
    at: null,
    offline: views.every(({ asked }) => asked.offline),
    timeoutMs: same(({ timeoutMs }) => timeoutMs, null),
    repeat: Math.min(...views.map(({ asked }) => asked.repeat)),
    proxy: same(({ proxy }) => proxy, null),
    joined: {
      paths: views.map(({ path }) => path),
      as,
      views: Object.fromEntries(views.map(({ label, asked }) => [label, asked])),
    },
  }
}

const certificatesOf = (files: readonly GivenFile[]): string =>
  [...new Set(files.flatMap(({ certificates }) => certificates.map(({ certificate }) => certificate.sha256)))]
    .sort()
    .join()

const measures: readonly (readonly [string, (asked: Asked) => string])[] = [
  ['names', ({ target }) => parseTarget(target).name],
  ['ports', ({ target, port }) => String(parseTarget(target, port ?? undefined).port)],
  ['releases (--android)', ({ android }) => android ?? 'supported'],
  ['roots (--trust-anchor)', ({ trustAnchors }) => certificatesOf(trustAnchors)],
  ['authorities (--device-ca)', ({ deviceCas }) => certificatesOf(deviceCas)],
  ['remembered intermediates (--remembered)', ({ remembered }) => certificatesOf(remembered)],
  ['thresholds (--warn, --crit)', ({ warn, crit }) => JSON.stringify([warn, crit])],
]
