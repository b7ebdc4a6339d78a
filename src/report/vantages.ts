import type { ExaminedFarm } from '../checks/check.js'
import { inspectedIn, viewsOf } from '../checks/support/vantages.js'
import { listed, say, type Words } from '../words/words.js'
import { instant } from './instant.js'

/** What one place was shown, beside what the others were. Nothing where the farm was looked at from here alone. */
export function vantageReport(farm: ExaminedFarm) {
  const { vantages = [], subjects } = farm.farm
  if (vantages.length === 0) return {}
  const views = viewsOf(farm)
  return {
    vantages: {
      points: views.map(({ label, leaves }, index) => ({
        label,
        at: instant(vantages[index]!.at),
        subjects: subjects.flatMap((one) => (one.kind === 'served' && one.vantage === label ? [one.id] : [])),
        leaves: leaves.map(({ sha256 }) => sha256),
        keys: [...new Set(leaves.map(({ publicKey }) => publicKey.spkiSha256))],
      })),
      words: [...summary(farm)] as (string | { code: string })[],
    },
  }
}

function summary(farm: ExaminedFarm): Words {
  const views = viewsOf(farm)
  const silent = views.filter(({ leaves }) => leaves.length === 0)
  const names = (list: typeof views) => listed(list.map(({ label }) => [label]))
  if (silent.length > 0) return say`Nothing was seen from ${names(silent)}, so the places cannot be compared.`
  const inspected = inspectedIn(farm)
  const behind = views.filter(({ seen }) => seen.some(({ subject }) => inspected.has(subject.id)))
  const all = names(views)
  const places = views.map(({ seen }) => [...new Set(seen.map(placeOf))].sort().join())
  const where = new Set(places).size === 1 ? 'at the same addresses' : 'at different addresses'
  if (behind.length > 0)
    return say`From ${names(behind)} a device in between answers; the servers' own certificate cannot be compared there.`
  const differ = (of: (view: (typeof views)[number]) => readonly string[]) =>
    new Set(views.map((view) => [...new Set(of(view))].sort().join())).size > 1
  if (!differ(({ leaves }) => leaves.map(({ sha256 }) => sha256)))
    return say`${all} are shown the same certificate and key, ${where}.`
  if (!differ(({ leaves }) => leaves.map(({ publicKey }) => publicKey.spkiSha256)))
    return say`${all} are shown different certificates for the same key, ${where}.`
  return say`${all} are shown different certificates with different keys, ${where}.`
}

const placeOf = ({ subject }: ReturnType<typeof viewsOf>[number]['seen'][number]): string =>
  subject.kind === 'served' ? `${subject.node.address} ${subject.port}` : subject.id
