import { judge } from '../android/judge.js'
import { chromeAnchors, isInWindows } from '../android/public-roots.js'
import type { Release } from '../android/releases.js'
import { rootsNamed } from '../android/trust-store.js'
import type { Repair, Seen } from '../examine/examination.js'
import { certificatesOf } from '../examine/presented.js'
import type { Certificate } from '../x509/certificate.js'
import { verifySignature } from '../x509/signature.js'
import type { SubjectReport } from './schema.js'

type Elsewhere = SubjectReport['elsewhere']
type Line = Omit<Elsewhere[number], 'client'>

/**
 * Why a server may work for whoever tries it, though apps on Android refuse: clients that fetch missing issuers or have
 * roots of their own. Said of the list that the newest release that counts gets; it never counts.
 */
export function elsewhere(seen: Seen, releases: readonly Release[], at: Date): Elsewhere {
  const known = told.get(seen.verdicts)
  // Servers that answer alike share their verdicts, and what would help.
  const repairs = seen.repairs.map(({ repair }) => repair)
  const isSame =
    known?.repairs.length === repairs.length && known.repairs.every((one, i) => one === repairs[i])
  if (isSame) return known.lines
  const lines = elsewhereOf(seen, releases, at)
  told.set(seen.verdicts, { repairs, lines })
  return lines
}

const told = new WeakMap<
  Seen['verdicts'],
  { readonly repairs: readonly Repair[]; readonly lines: Elsewhere }
>()

function elsewhereOf(seen: Seen, releases: readonly Release[], at: Date): Elsewhere {
  const newest = seen.verdicts.findLast(({ release }) => releases.includes(release))
  const answer = newest && seen.answers.find(({ id }) => id === newest.answer)
  const sent = answer ? certificatesOf(answer.entries) : []
  if (!newest || !answer || sent.length === 0) return []
  const repair = seen.repairs.find((one) => one.answer === answer.id)?.repair ?? null
  const host = seen.subject.name?.ascii
  return [
    { client: 'chrome', ...chrome(sent, repair, at, host) },
    { client: 'webview', ...webView(newest, repair) },
    { client: 'windows', ...windows(sent, repair) },
  ]
}

/** Chrome on Android and on desktops (since 115 and 108): its own roots and verifier, which fetches issuers over AIA. */
function chrome(
  sent: readonly Certificate[],
  repair: Repair | null,
  at: Date,
  host: string | undefined,
): Line {
  const accepts = (list: readonly Certificate[]) =>
    judge({ presented: list, anchors: chromeAnchors, at, release: '17', ...(host && { host }) }).kind ===
    'accepted'
  if (accepts(sent))
    return { verdict: 'accepted', reason: 'has a root store of its own, and this root in it' }
  const fetched = (repair?.add ?? [])
    .filter(({ origin }) => origin === 'aia')
    .map(({ certificate }) => certificate)
  if (fetched.length > 0 && accepts([...sent, ...fetched]))
    return { verdict: 'accepted', reason: 'fetches the missing intermediates over AIA; apps do not' }
  return (
    mightFetch(repair) ?? {
      verdict: 'refused',
      reason: 'has no root to which what is sent or could be fetched leads',
    }
  )
}

/**
 * WebView asks the platform, and where that finds no trusted root fetches issuers over AIA and asks again (chromium
 * net/cert/cert_verify_proc_android.cc; that it still does in 2026 is not confirmed).
 */
function webView({ verdict, release }: Seen['verdicts'][number], repair: Repair | null): Line {
  if (verdict.kind === 'accepted') return { verdict: 'accepted', reason: 'needs nothing that is not sent' }
  if (verdict.kind === 'undetermined')
    return { verdict: 'unknown', reason: 'what the platform makes of it is not known' }
  const helps = repair?.verdictsAfter.some((after) => after.kind === 'accepted' && after.release === release)
  if (helps && repair!.add.every(({ origin }) => origin === 'aia'))
    return { verdict: 'accepted', reason: 'fetches the missing intermediates over AIA; apps do not' }
  return (
    ((helps || repair?.open) && mightFetch(repair)) || {
      verdict: 'refused',
      reason: 'has nothing to fetch that would help',
    }
  )
}

/** Schannel: fetches issuers over AIA, remembers those it met, and loads roots of Microsoft's list when it needs them. */
function windows(sent: readonly Certificate[], repair: Repair | null): Line {
  const top = (repair && repair.add.length > 0 ? repair.chain : sent).at(-1)!
  const roots = [top, ...rootsNamed(top.issuer).flatMap(({ certificate }) => certificate ?? [])]
  const root = roots.find((one) => isInWindows(one) && (one === top || verifySignature(top, one)))
  if (!root)
    return mightFetch(repair) ?? { verdict: 'unknown', reason: 'whether a PC has the root is not known here' }
  return repair && repair.add.length > 0
    ? {
        verdict: 'accepted',
        reason: 'has the root, and fetches or remembers the intermediates that are missing',
      }
    : { verdict: 'accepted', reason: 'has the root' }
}

/** Null: nothing is missing that an address is known for. */
function mightFetch(repair: Repair | null): Line | null {
  if (!repair) return null
  const children = [...repair.add.map(({ issued }) => issued), ...(repair.open ? [repair.open.child] : [])]
  return children.length > 0 && children.every(({ caIssuers }) => caIssuers.length > 0)
    ? {
        verdict: 'unknown',
        reason:
          'would try to fetch the missing intermediates over AIA, which did not succeed here; apps do not',
      }
    : null
}
