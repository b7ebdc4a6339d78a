import { judgeAllWithDeviceCas } from './device-ca.js'
import type { Release } from './releases.js'
import type { TrustAnchors } from './trust-anchors.js'
import type { Verdict } from './verdict.js'

type DeviceInput = Parameters<typeof judgeAllWithDeviceCas>[0]

/** A store that may have replaced the one a release shipped with. */
export interface UpdatedStore {
  /** `YYYY-MM` */
  readonly update: string
  readonly anchors: TrustAnchors
}

export interface StoresInput extends DeviceInput {
  /** Oldest first; empty where a release keeps the store it shipped with. */
  readonly updated: (release: Release) => readonly UpdatedStore[]
}

/**
 * Verdicts by every store that a phone of a release may have. From Android 14 the store comes with a Play system update
 * (conscrypt apex/ca-certificates), and which one a phone has taken cannot be seen: what one store accepts and another
 * does not, depends.
 */
export function judgeAllStores(
  input: StoresInput,
  releases: readonly Release[],
  ...more: [
    deviceCas: Parameters<typeof judgeAllWithDeviceCas>[2],
    within?: Parameters<typeof judgeAllWithDeviceCas>[3],
  ]
): readonly Verdict[] {
  return judgeAllWithDeviceCas(input, releases, ...more).map((shipped) => {
    const { release } = shipped
    const others = input
      .updated(release)
      .filter((store) => differs(input, input.anchors(release), store.anchors))
    const updated = others.map(({ update, anchors }) => ({
      update,
      verdict: judgeAllWithDeviceCas({ ...input, anchors: () => anchors }, [release], ...more)[0]!,
    }))
    return together(shipped, updated)
  })
}

/** Whether two stores differ in a root that a path search over what was sent could ask for: it asks for no other names. */
function differs({ presented, remembered = [] }: StoresInput, a: TrustAnchors, b: TrustAnchors): boolean {
  const names = [...presented, ...remembered].flatMap((one) =>
    'der' in one ? [one.subject, one.issuer] : [],
  )
  const hashes = (store: TrustAnchors) =>
    names.flatMap((name) => [...store.named(name), ...store.unknownRoots(name)].map(({ sha256 }) => sha256))
  return hashes(a).join() !== hashes(b).join()
}

function together(
  shipped: Verdict,
  updated: readonly { readonly update: string; readonly verdict: Verdict }[],
): Verdict {
  const all = [shipped, ...updated.map(({ verdict }) => verdict)]
  const accepted = all.find((verdict) => verdict.kind === 'accepted')
  const unknown = all.find(({ kind }) => kind === 'undetermined')
  if (!accepted) return all.find(({ kind }) => kind === 'depends') ?? unknown ?? shipped
  const changed = updated.find(
    ({ verdict }) => (verdict.kind === 'accepted') !== (shipped.kind === 'accepted'),
  )
  if (!changed || unknown) return unknown ?? shipped
  const { release, path } = accepted
  const anchor = path.certificates.at(-1)!.certificate
  const when = shipped.kind === 'accepted' ? 'until' : 'after'
  return {
    kind: 'depends',
    release,
    on: 'system-update',
    reason: {
      rule: 'system-update',
      certificate: anchor.sha256,
      detail: `"${anchor.subject.text}" is in the store of this release ${when === 'until' ? 'until' : 'only after'} the Play system update of ${changed.update}`,
    },
    path,
    needs: [anchor.sha256],
    update: { accepted: when, update: changed.update },
  }
}
