import type { Certificate } from '../x509/certificate.js'
import { matchesHost, presentedNames } from './hostname.js'
import type { ReleaseRules, Verifier } from './release-rules.js'
import type { Problem, Verdict } from './verdict.js'

/** More names than that say nothing more to a reader. */
const maxListedNames = 10

/** The verdict on the chain, narrowed by what the release makes of the host name. Without a host it stands. */
export function hostVerdict(
  verdict: Extract<Verdict, { kind: 'accepted' | 'depends' }>,
  leaf: Certificate,
  host: string | undefined,
  rules: ReleaseRules,
): Verdict {
  if (host === undefined) return verdict
  const names = presentedNames(leaf, rules)
  const matches = (verifier: Verifier): boolean => matchesHost(names, host, verifier)
  const [shipped, patched] = [matches(rules.verifier), matches(rules.patchedVerifier)]
  if (shipped && patched) return verdict
  const { release, path } = verdict
  const reason = hostProblem(leaf, host, matches('V3'))
  if (!shipped && !patched) {
    const attempted = path ? [{ certificates: path.certificates, problems: [reason] }] : []
    return { kind: 'refused', release, reason, attempted }
  }
  if (verdict.kind === 'depends') return verdict
  const when = shipped
    ? 'refused from the security patch of 2021-02 on'
    : 'accepted from the security patch of 2021-02 on'
  return {
    kind: 'depends',
    release,
    on: 'security-patch',
    reason: { ...reason, detail: `${reason.detail}; ${when}` },
    path,
    needs: [],
  }
}

function hostProblem(leaf: Certificate, host: string, inCommonName: boolean): Problem {
  const { subjectAltNames } = presentedNames(leaf, { oddNameSpoilsList: false })
  const listed = (subjectAltNames ?? []).filter(({ type }) => type === 'dns' || type === 'ip')
  const rest = listed.length - maxListedNames
  const names =
    listed
      .slice(0, maxListedNames)
      .map(({ value }) => value)
      .join(', ') + (rest > 0 ? ` and ${rest} more` : '')
  const detail = `"${host}" is not among ${names || 'the subject alternative names: there are none'}`
  return { rule: inCommonName ? 'cn-only' : 'host-name', certificate: leaf.sha256, detail }
}
