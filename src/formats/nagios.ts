import { leastLeft, type Threshold } from '../gate/thresholds.js'
import type { Report } from '../report/schema.js'
import type { Format } from './format.js'
import { machinesOf, shownBy } from './machines.js'
import { type NagiosCode, nagiosCode, worstNagiosCode } from './nagios-code.js'
import { cut, messageOf, verdictLine } from './outcomes.js'
import { ownerName, ownerVerdicts } from './owners.js'
import { placesOf } from './text-words.js'

/**
 * A monitoring plugin's output (Monitoring Plugins Development Guidelines): one line with the state and performance data,
 * then the long output, which has neither `|` nor data of its own.
 */
export const nagios: Format = {
  name: 'nagios',
  streams: false,
  async write(_head, reports, end, sink) {
    const all: Report[] = []
    for await (const { report } of reports) all.push(report)
    const { verdict, owners = [] } = await end
    const code = worstNagiosCode(all, verdict)
    const first =
      all.length === 1
        ? verdictLine(all[0]!)
        : `${all.length} names: ${all.filter(({ verdict }) => verdict !== 'ok').length} with a problem`
    const data = all.flatMap((report, index) => perfdata(report, all.length > 1 ? `${index + 1} ` : ''))
    await sink.write(
      [
        `ADFS-CHAIN ${states[code]} - ${text(first, maxFirst)} | ${data.join(' ')}`,
        ...owners.map((one) => text(`${ownerName(one)}: ${ownerVerdicts(one)}`, 200)),
        ...all.flatMap((report) => longOutput(report, all.length > 1)),
        '',
      ].join('\n'),
    )
  },
}

export const states: Record<NagiosCode, string> = { 0: 'OK', 1: 'WARNING', 2: 'CRITICAL', 3: 'UNKNOWN' }

/** About 80 characters fit into a pager and a status map; what is longer is in the long output. */
const maxFirst = 160

/** `|` begins performance data. */
const text = (line: string, longest: number): string => cut(line, longest).replaceAll('|', '/')

function longOutput(report: Report, several: boolean): string[] {
  return [
    ...(several ? [`${states[nagiosCode(report)]}: ${verdictLine(report)}`] : []),
    ...report.findings
      .filter(({ severity }) => severity !== 'info')
      .map((finding) => {
        const all = placesOf(report, finding.subjects)
        const at = all.slice(0, 5).map((place) => place.slice(0, 100))
        return `${finding.severity}: ${messageOf(report, finding)}${at.length > 0 ? ` (${at.join(', ')}${all.length > 5 ? ', ...' : ''})` : ''}`
      }),
    ...(report.findings[0] && report.verdict !== 'ok'
      ? [`How to fix it: adfs-check ${report.farm.id}, and adfs-check explain ${report.findings[0].id}`]
      : []),
  ].map((line) => text(line, 4000))
}

/** Days, to a hundredth: rounded to whole ones a state and its data could disagree. */
const inDays = (ms: number): number => Math.floor(ms / 864_000) / 100

/**
 * `'label'=value;warn;crit;min;max`. Days left are bad when low, so their ranges are `30:` and `7:`. No label has a quote
 * or an equals sign, and all differ in their first 19 characters.
 */
function perfdata(report: Report, prefix: string): string[] {
  const lists = report.subjects.flatMap(shownBy).map(({ sent }) => sent)
  const sent = new Set(lists.flat().filter((id) => report.certificates[id]))
  const leaves = new Set(lists.flatMap((list) => list.slice(0, 1)))
  const lifetimes = [...sent].map((sha256) => ({ sha256, ...lifetimeOf(report, sha256) }))
  const total = machinesOf(report.subjects)
  const servers = (kind: string) =>
    machinesOf(
      report.subjects.filter(({ verdicts }) => verdicts.some((row) => row.counts && row.verdict === kind)),
    )
  const unseen = machinesOf(report.subjects.filter(({ verdicts }) => verdicts.length === 0))
  return [
    ...days(
      `'${prefix}days_leaf'`,
      lifetimes.filter(({ sha256 }) => leaves.has(sha256)),
    ),
    ...days(`'${prefix}days_chain'`, lifetimes),
    `'${prefix}servers_refused'=${servers('refused')};0;0;0;${total}`,
    `'${prefix}servers_unseen'=${unseen};0;0;0;${total}`,
    `'${prefix}servers'=${total};;;0;`,
  ]
}

interface Lifetime {
  readonly left: number
  readonly warn: number
  readonly crit: number
}

/** The certificate that ends first, with the thresholds of its own lifetime. */
function days(label: string, lifetimes: readonly Lifetime[]): string[] {
  const [first] = [...lifetimes].sort((a, b) => a.left - b.left)
  return first ? [`${label}=${first.left};${first.warn}:;${first.crit}:;;`] : []
}

function lifetimeOf(report: Report, sha256: string): Lifetime {
  const certificate = report.certificates[sha256]!
  const validity = { notBefore: new Date(certificate.notBefore), notAfter: new Date(certificate.notAfter) }
  const least = (threshold: Threshold) => inDays(leastLeft(threshold, validity))
  return {
    left: inDays(validity.notAfter.getTime() - new Date(report.at).getTime()),
    warn: least(report.policy.warn),
    crit: least(report.policy.crit),
  }
}
