import type { ExaminedFarm } from '../checks/check.js'
import { inspectedIn, type View, viewsOf } from '../checks/support/vantages.js'
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
  const inspected = inspectedIn(farm)
  const all = viewsOf(farm)
  const isBehind = ({ seen }: View) => seen.some(({ subject }) => inspected.has(subject.id))
  const silent = all.filter(({ leaves }) => leaves.length === 0)
  const behind = all.filter(isBehind)
  const rest = all.filter((view) => view.leaves.length > 0 && !isBehind(view))
  const sentences = [
    ...(rest.length > 1 ? [compared(rest)] : []),
    ...(behind.length > 0 ? [say`From ${names(behind)} a device in between answers, not the servers.`] : []),
    ...(silent.length > 0 ? [say`Nothing was seen from ${names(silent)}.`] : []),
    ...(rest.length < 2 ? [say`So there is nothing to compare with what ${names(rest)} is shown.`] : []),
  ]
  const told = rest.length === 0 ? sentences.slice(0, -1) : sentences
  return told.flatMap((sentence, index): Words => (index === 0 ? sentence : [' ', ...sentence]))
}

function compared(views: readonly View[]): Words {
  const places = views.map(({ seen }) => [...new Set(seen.map(placeOf))].sort().join())
  const where = new Set(places).size === 1 ? 'at the same addresses' : 'at different addresses'
  const differ = (of: (view: View) => readonly string[]) =>
    new Set(views.map((view) => [...new Set(of(view))].sort().join())).size > 1
  if (!differ(({ leaves }) => leaves.map(({ sha256 }) => sha256)))
    return say`${names(views)} are shown the same certificate and key, ${where}.`
  if (!differ(({ leaves }) => leaves.map(({ publicKey }) => publicKey.spkiSha256)))
    return say`${names(views)} are shown different certificates for the same key, ${where}.`
  return say`${names(views)} are shown different certificates with different keys, ${where}.`
}

const names = (views: readonly View[]): Words => listed(views.map(({ label }) => [label]))

const placeOf = ({ subject }: View['seen'][number]): string =>
  subject.kind === 'served' ? `${subject.node.address} ${subject.port}` : subject.id
