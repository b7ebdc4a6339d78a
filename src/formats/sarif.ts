import type { Report } from '../report/schema.js'
import type { Format, Head } from './format.js'
import { escapedJson } from './json.js'
import { cut, fingerprintOf, type Outcome, outcomesOf, sourceOf, stepLines, verdictLine } from './outcomes.js'

/**
 * SARIF 2.1.0 (OASIS): one run, a rule for each check, a result for each check at each server. `kind` says pass,
 * notApplicable and open (could not be told) as §3.27.9 has them. GitHub's code scanning shows every result as an alert
 * whatever its kind, so what is uploaded there keeps the kind `fail` only (docs/guides/ci.md).
 */
export const sarif: Format = {
  name: 'sarif',
  streams: false,
  async write(head, reports, end, sink) {
    const all: Report[] = []
    for await (const { report } of reports) all.push(report)
    const { exitCode } = await end
    await sink.write(`${escapedJson(logOf(head, all, exitCode))}\n`)
  },
}

function logOf({ tool }: Head, reports: readonly Report[], exitCode: number) {
  const told = reports.map((report) => ({ report, outcomes: outcomesOf(report) }))
  const rules = new Map(
    told.flatMap(({ outcomes }) => outcomes.map(({ check }) => [check.id, ruleOf(check.id, check.title)])),
  )
  const ids = [...rules.keys()]
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: tool.name,
            version: tool.version,
            semanticVersion: tool.version,
            rules: [...rules.values()],
          },
        },
        automationDetails: { id: 'adfs-check/' },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            // Whether we did our work, not what came of it: a farm that nobody could reach was not analysed.
            executionSuccessful: reports.every(({ verdict }) => verdict !== 'unknown'),
            exitCode,
            toolExecutionNotifications: reports.flatMap(notifications),
          },
        ],
        results: told.flatMap(({ report, outcomes }) =>
          outcomes.map((outcome) => resultOf(report, outcome, ids.indexOf(outcome.check.id))),
        ),
      },
    ],
  }
}

const ruleOf = (id: string, title: string) => ({
  id,
  name: id.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  shortDescription: { text: title },
  fullDescription: { text: title },
  help: {
    text: `What it means on each Android release, common causes on AD FS, proxies and balancers, and how to fix it: adfs-check explain ${id}`,
    markdown: `What it means on each Android release, common causes on AD FS, proxies and balancers, and how to fix it: \`adfs-check explain ${id}\``,
  },
})

const levels = { critical: 'error', warning: 'warning', info: 'note' } as const
const kinds = { pass: 'pass', 'not-applicable': 'notApplicable', open: 'open', unseen: 'open' } as const

function resultOf(report: Report, outcome: Outcome, ruleIndex: number) {
  const { check, subject, status, finding, key, text } = outcome
  const isFinding = status === 'found' || status === 'error'
  return {
    ruleId: check.id,
    ruleIndex,
    kind: isFinding ? 'fail' : kinds[status],
    level: isFinding ? (status === 'error' ? 'error' : levels[finding!.severity]) : 'none',
    message: {
      text: isFinding
        ? [text, ...steps(report)].join('\n')
        : text || `${check.id} was looked for and not found.`,
    },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: sourceOf(subject) },
          region: { startLine: 1 },
        },
        logicalLocations: [{ fullyQualifiedName: cut(subject?.id ?? report.farm.id, 300), kind: 'resource' }],
      },
    ],
    ...(key === null ? {} : { partialFingerprints: fingerprints(key) }),
    properties: {
      farm: report.farm.id,
      subject: subject?.id ?? null,
      ...(finding && { key, releases: finding.releases, certificate: finding.certificate }),
    },
  }
}

/** Case keys outlive renewals. GitHub tracks alerts by the second, which has to look like its own. */
const fingerprints = (key: string) => {
  const hash = fingerprintOf(key)
  return { 'adfsCheckCase/v1': hash, primaryLocationLineHash: `${hash.slice(0, 16)}:1` }
}

const steps = (report: Report): readonly string[] => {
  const lines = stepLines(report)
  return lines.length === 0 ? [] : ['', 'What to do:', ...lines]
}

const notifications = (report: Report) =>
  report.verdict === 'unknown' ? [{ level: 'error', message: { text: verdictLine(report) } }] : []
