import type { Release } from '../android/releases.js'
import type { Seen } from '../examine/examination.js'
import type { SubjectReport } from './schema.js'

/**
 * What Chrome and WebView make of a server: they ask the platform, and where it finds no trusted root they fetch
 * issuers over AIA and ask again (chromium net/cert/cert_verify_proc_android.cc). Said of the newest release only, to
 * explain "it opens in Chrome on the phone"; it never counts.
 */
export function chromium(
  { verdicts, repairs }: Seen,
  releases: readonly Release[],
): SubjectReport['chromium'] {
  const newest = verdicts.findLast(({ release }) => releases.includes(release))
  if (!newest || newest.verdict.kind === 'undetermined') return null
  if (newest.verdict.kind === 'accepted')
    return { verdict: 'accepted', reason: 'needs nothing that is not sent' }
  const repair = repairs.find(({ answer }) => answer === newest.answer)?.repair
  if (!repair) return { verdict: 'refused', reason: 'has nothing to fetch that would help' }
  const helps = repair.verdictsAfter.some(
    ({ kind, release }) => kind === 'accepted' && release === newest.release,
  )
  if (helps && repair.add.every(({ origin }) => origin === 'aia'))
    return { verdict: 'accepted', reason: 'fetches the missing intermediates over AIA; apps do not' }
  const children = [...repair.add.map(({ issued }) => issued), ...(repair.open ? [repair.open.child] : [])]
  if ((helps || repair.open) && children.every(({ caIssuers }) => caIssuers.length > 0)) {
    return {
      verdict: 'unknown',
      reason:
        'would try to fetch the missing intermediates over AIA, which did not succeed here; apps do not',
    }
  }
  return { verdict: 'refused', reason: 'has nothing to fetch that would help' }
}
