import type { OwnerSummary } from '../gate/owners.js'
import type { Style } from './format.js'
import { cut } from './outcomes.js'
import { paint, wrap } from './terminal-text.js'
import { oneLine } from './text-words.js'

/** The summary that runs over farms of several owners end with. */

export const ownerName = ({ owner }: OwnerSummary): string =>
  owner === null ? 'no owner named' : cut(owner, 60)

const columns = ['critical', 'unknown', 'warning', 'ok'] as const

/** `2 critical, 1 ok`. */
export const ownerVerdicts = ({ verdicts }: OwnerSummary): string =>
  columns.flatMap((verdict) => (verdicts[verdict] > 0 ? [`${verdicts[verdict]} ${verdict}`] : [])).join(', ')

/** `sts.contoso.com critical, fs.fabrikam.com unknown, 3 more`. */
export function worstFarms({ worst, farms, verdicts }: OwnerSummary): string {
  const more = farms - verdicts.ok - worst.length
  return [
    ...worst.map(({ farm, verdict }) => `${cut(farm, 100)} ${verdict}`),
    ...(more > 0 ? [`${more} more`] : []),
  ].join(', ')
}

/** A row for each owner, and below it the farms that need somebody. */
export function ownerLines(owners: readonly OwnerSummary[], style: Style): string {
  const width = Math.min(32, Math.max(5, ...owners.map((one) => ownerName(one).length)))
  const row = (name: string, cells: readonly string[]) =>
    `  ${oneLine(name, width).padEnd(width)}${cells.map((cell) => cell.padStart(10)).join('')}`
  return [
    row('Owner', ['farms', ...columns]),
    ...owners.flatMap((one) => {
      const line = row(ownerName(one), [one.farms, ...columns.map((key) => one.verdicts[key])].map(String))
      const colour = one.verdicts.critical > 0 ? 'red' : one.verdicts.ok === one.farms ? 'green' : 'yellow'
      return [
        paint(style, colour, line),
        ...(one.worst.length > 0 ? [wrap(worstFarms(one), style.columns, '    ', '    ')] : []),
      ]
    }),
  ].join('\n')
}
