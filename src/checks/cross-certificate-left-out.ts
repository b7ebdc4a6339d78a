import type { Release } from '../android/releases.js'
import type { Seen } from '../examine/examination.js'
import { listed, say } from '../words/words.js'
import type { Sha256 } from '../x509/identity.js'
import { type Case, defineCheck, found } from './check.js'

export interface Evidence {
  /** Cross-signed certificates of the file, each with its self-signed twin. */
  readonly crossed: readonly Sha256[]
  /** Releases that count, accept what is predicted and refuse the shorter list. */
  readonly refusing: readonly Release[]
}

export const crossCertificateLeftOut = defineCheck({
  id: 'cross-certificate-left-out',
  title: 'Windows may leave out a cross-signed certificate of the file',
  sources: ['Microsoft KB2831004 (of several paths Windows sends the shortest)'],
  rules: [],
  run: (farm) => {
    const files = farm.examinations.filter(
      (one): one is Seen => one.kind === 'seen' && one.prediction !== undefined,
    )
    if (files.length === 0) return { status: 'not-applicable', why: 'no file was given' }
    return found<Evidence>(files.flatMap((seen) => caseOf(seen, farm.releases)))
  },
  tell: ({ crossed, refusing }) =>
    say`${listed(crossed.map((sha256) => [{ certificate: sha256 }]))} is cross-signed. A server whose Trusted Root store holds its self-signed twin, which Windows fetches by itself where it can, sends a shorter chain without it; ${
      refusing.length === 0
        ? 'every release judged accepts that too.'
        : say`${{ releases: [...refusing] }} would refuse that.`
    }`,
  actions: () => [],
})

/** Where the shorter list is refused and nobody said what the server holds, "accepted" would be a guess. */
function caseOf({ subject, prediction, verdicts }: Seen, counting: readonly Release[]): Case<Evidence>[] {
  if (!prediction?.otherwise) return []
  const accepting = verdicts
    .filter(({ verdict }) => verdict.kind === 'accepted')
    .map(({ release }) => release)
  const refusing = prediction.otherwise.verdicts
    .filter(
      ({ kind, release }) => kind !== 'accepted' && counting.includes(release) && accepting.includes(release),
    )
    .map(({ release }) => release)
  const crossed = prediction.unless.flatMap((condition) =>
    condition.kind === 'root-disabled' ? [condition.twinOf] : [],
  )
  return [
    {
      facet: 'twin',
      subject: subject.id,
      releases: refusing,
      severity: refusing.length > 0 && !prediction.storesKnown ? 'warning' : 'info',
      certificate: crossed[0] ?? null,
      evidence: { crossed: [...new Set(crossed)], refusing },
    },
  ]
}
