import type { Release } from '../android/releases.js'
import { releasesText } from '../android/releases-text.js'
import type { Gated } from '../gate/gate.js'
import type { OwnerSummary } from '../gate/owners.js'
import type { Report } from '../report/schema.js'
import type { Words } from '../words/words.js'
import type { Format } from './format.js'
import { leftOutText, nameOfMachine, othersText, shownBy } from './machines.js'
import { codeSpan, commands, markdown as spoken } from './markdown-text.js'
import { ownerName, worstFarms } from './owners.js'
import { spokenPlan } from './speech.js'
import { nameOf, placeOf, sentText } from './text-words.js'

/** For change tickets, pull requests and step summaries: verdict, servers, findings, steps. */
export const markdown: Format = {
  name: 'markdown',
  streams: false,
  async write(_head, reports, end, sink) {
    let names = 0
    let last: Gated['gate'] | null = null
    for await (const { report, gate } of reports) {
      await sink.write(`${names++ > 0 ? '\n' : ''}${page(report)}`)
      last = gate
    }
    const { owners, verdict } = await end
    if (owners && names > 1) await sink.write(ownerTable(owners))
    if (names > 1) await sink.write(`\nAll ${names} names: **${verdict}**\n`)
    else if (last && last.verdict !== verdict) await sink.write(`\n${othersText}: **${verdict}**\n`)
  },
}

/** A bar would begin the next cell, in code too. */
const inCell = (text: string): string => codeSpan(text).replaceAll('|', '\\|')

const ownerTable = (owners: readonly OwnerSummary[]): string =>
  [
    '',
    '## By owner',
    '',
    '| owner | farms | critical | unknown | warning | ok | the worst |',
    '|---|--:|--:|--:|--:|--:|---|',
    ...owners.map((one) => {
      const { farms, verdicts } = one
      const worst = worstFarms(one)
      return `| ${inCell(ownerName(one))} | ${farms} | ${verdicts.critical} | ${verdicts.unknown} | ${verdicts.warning} | ${verdicts.ok} | ${worst === '' ? '' : inCell(worst)} |`
    }),
    '',
  ].join('\n')

const words: Record<Report['verdict'], string> = {
  ok: 'accepted',
  warning: 'accepted, with a warning',
  critical: 'refused, or about to be',
  unknown: 'could not be checked',
}

function page(report: Report): string {
  return [
    `## ${codeSpan(report.farm.id)}: ${words[report.verdict]}`,
    '',
    `Judged for ${releasesText(report.policy.releases)}, ${report.at}.`,
    ...(report.subjects.length === 0
      ? []
      : [
          '',
          '| server | sends | verdict |',
          '|---|---|---|',
          ...report.subjects.map(
            (subject) =>
              `| ${serverCell(subject)} | ${[...new Set(shownBy(subject).map(({ sent }) => sentText(report, sent)))].join('; ') || codeSpan(subject.outcome.detail)} | ${
                subject.verdicts
                  .filter((row) => row.counts)
                  .map(({ releases, verdict }) => `${verdict} (${releasesText(releases as Release[])})`)
                  .join('; ') || 'no answer'
              } |`,
          ),
        ]),
    ...(report.vantages ? ['', markdownWords(report.vantages.words, report)] : []),
    ...report.farm.unresolved.map(
      ({ host, detail }) => `\n${codeSpan(host)} could not be resolved: ${codeSpan(detail)}`,
    ),
    ...(report.farm.leftOut ?? []).map((one) => `\n${codeSpan(one.name)} ${codeSpan(leftOutText(one))}`),
    ...report.findings
      .filter(({ severity }) => severity !== 'info')
      .flatMap(({ severity, title, id, words: said }) => [
        '',
        `### ${severity}: ${title}`,
        '',
        `${markdownWords(said, report)} (${codeSpan(`adfs-check explain ${id}`)})`,
      ]),
    ...steps(report),
    '',
  ].join('\n')
}

/** By the name that the steps call it by, where it has one. */
function serverCell(subject: Report['subjects'][number]): string {
  const name = nameOfMachine(subject)
  return `${name === null ? '' : `${codeSpan(name)} `}${codeSpan(subject.id)}`
}

function steps(report: Report): string[] {
  const plan = spokenPlan(report)
  if (plan.length === 0) return []
  return [
    '',
    '### What to do',
    '',
    ...plan.flatMap(({ who, text, lines, expected }, index) => [
      `${index + 1}. ${markdownWords(who, report)}: ${markdownWords(text, report)}${expected ? `. ${markdownWords(expected, report)}` : ''}`,
      ...(lines.length > 0 ? ['', commands(lines), ''] : []),
    ]),
  ]
}

function markdownWords(said: Words | Report['findings'][number]['words'], report: Report): string {
  return spoken(said as Words, {
    certificate: (sha256) => nameOf(report, sha256),
    subject: (id) => placeOf(report, id),
    releases: releasesText,
  })
}
