import type { ExaminedFarm } from '../checks/check.js'
import { isSelfIssued, type Sha256 } from '../x509/identity.js'
import type { Action } from './actions.js'
import type { Wish } from './place.js'

/** One import for each store; a certificate goes into the first store asked for, a root into none. */
export function importsOf(wishes: readonly Wish[], { certificates }: ExaminedFarm): Wish[] {
  const taken = new Set<Sha256>()
  const byStore = new Map<string, Wish & { readonly action: Action & { verb: 'import' } }>()
  for (const wish of wishes) {
    const { action } = wish
    if (action.verb !== 'import') continue
    const fresh = action.certificates.filter((sha256) => {
      const certificate = certificates.get(sha256)
      return !taken.has(sha256) && !(certificate && isSelfIssued(certificate))
    })
    for (const sha256 of fresh) taken.add(sha256)
    const before = byStore.get(action.store)
    const all = [...(before?.action.certificates ?? []), ...fresh]
    if (all.length === 0) continue
    byStore.set(action.store, {
      action: { ...action, certificates: all },
      by: before?.by ?? wish.by,
      because: union(before?.because ?? [], wish.because),
    })
  }
  return [...byStore.values()]
}

/** Equal actions once, with the keys of all who asked; demands on one new certificate together. */
export function merged(wishes: readonly Wish[]): Wish[] {
  const found = new Map<string, Wish>()
  for (const wish of wishes) {
    const key = identity(wish.action)
    const before = found.get(key)
    found.set(
      key,
      before
        ? {
            action: combined(before.action, wish.action),
            by: before.by,
            because: union(before.because, wish.because),
          }
        : wish,
    )
  }
  const all = [...found.values()]
  // A twin that is known by its hash makes the same step about an unknown one superfluous.
  return all.filter(
    ({ action }) =>
      action.verb !== 'disable-root' ||
      action.root !== null ||
      !all.some(
        ({ action: other }) =>
          other.verb === 'disable-root' && other.root !== null && other.twinOf === action.twinOf,
      ),
  )
}

function identity(action: Action): string {
  switch (action.verb) {
    case 'reissue':
      return `reissue ${action.certificate}`
    case 'fetch-by-hand':
      return `fetch-by-hand ${action.child}`
    case 'import':
      return `import ${action.store}`
    default:
      return JSON.stringify(action)
  }
}

function combined(a: Action, b: Action): Action {
  if (a.verb === 'reissue' && b.verb === 'reissue') {
    const names = [...a.demands, ...b.demands].flatMap((demand) =>
      demand.kind === 'names' ? demand.names : [],
    )
    const others = [...a.demands, ...b.demands].filter(({ kind }) => kind !== 'names')
    const distinct = [...new Map(others.map((demand) => [JSON.stringify(demand), demand])).values()]
    return {
      ...a,
      demands: [
        ...(names.length > 0 ? [{ kind: 'names' as const, names: [...new Set(names)] }] : []),
        ...distinct,
      ],
    }
  }
  if (a.verb === 'fetch-by-hand' && b.verb === 'fetch-by-hand') return { ...a, urls: union(a.urls, b.urls) }
  return a
}

/** Both, each once, in order. */
export const union = <T>(a: readonly T[], b: readonly T[]): readonly T[] => [...new Set([...a, ...b])]
