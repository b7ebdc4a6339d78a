import type { Report } from '../report/schema.js'
import { type Gone, goneFrom, identityOf, levels } from './baseline.js'
import type { Format, Head } from './format.js'
import { escapedJson } from './json.js'
import { cut, farmKey, fingerprintOf, listingOf, type Outcome, outcomesOf, verdictLine } from './outcomes.js'
import { stepLines } from './step-lines.js'

/**
 * SARIF 2.1.0 (OASIS): one run, a rule for each check, a result for each check at each server. `kind` says pass,
 * notApplicable and open (could not be told) as §3.27.9 has them. GitHub's code scanning shows every result as an alert
 * whatever its kind, so what is uploaded there keeps the kind `fail` only, without what is absent (docs/guides/ci.md).
 * Waivers are suppressions (§3.27.23); with a baseline each case has its state (§3.27.24).
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

function logOf(head: Head, reports: readonly Report[], exitCode: number) {
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
            name: head.tool.name,
            version: head.tool.version,
            semanticVersion: head.tool.version,
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
        results: [
          ...told.flatMap(({ report, outcomes }) =>
            outcomes.map((outcome) => resultOf(head, report, outcome, ids.indexOf(outcome.check.id))),
          ),
          ...(head.baseline ? goneFrom(head.baseline, told) : []).map((gone) =>
            goneResult(head, gone, ids.indexOf(gone.rule)),
          ),
        ],
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

const kinds = { pass: 'pass', 'not-applicable': 'notApplicable', open: 'open', unseen: 'open' } as const

function resultOf(head: Head, report: Report, outcome: Outcome, ruleIndex: number) {
  const { check, subject, status, finding, key, waived, text } = outcome
  const isFinding = status === 'found' || status === 'error'
  const level = isFinding ? (status === 'error' ? 'error' : levels[finding!.severity]) : 'none'
  return {
    ruleId: check.id,
    ruleIndex,
    kind: isFinding ? 'fail' : kinds[status],
    level,
    message: {
      text: isFinding
        ? [text, ...steps(report)].join('\n')
        : text || `${check.id} was looked for and not found.`,
    },
    locations: locationsOf(head, report.farm, subject),
    // Of one run, all results have them or none (§3.27.23).
    suppressions: waived ? [suppressionOf(waived)] : [],
    ...(key === null ? {} : caseFields(head, report.farm, subject, key, level)),
    properties: {
      farm: report.farm.id,
      ports: report.farm.ports,
      subject: subject?.id ?? null,
      ...(finding && { key, releases: finding.releases, certificate: finding.certificate }),
    },
  }
}

const goneResult = (
  head: Head,
  { rule, title, level, fingerprint, farm, subject }: Gone,
  ruleIndex: number,
) => ({
  ruleId: rule,
  ruleIndex,
  kind: 'fail',
  level,
  message: { text: `No longer found: ${title}` },
  locations: locationsOf(head, farm, subject),
  suppressions: [],
  partialFingerprints: fingerprints(fingerprint),
  baselineState: 'absent',
  properties: { farm: farm.id, ports: farm.ports, subject: subject?.id ?? null },
})

function caseFields(
  { baseline }: Head,
  farm: Report['farm'],
  subject: Outcome['subject'],
  key: string,
  level: string,
) {
  const fingerprint = fingerprintOf(key)
  const before = baseline?.get(identityOf({ fingerprint, farm: farmKey(farm), subject: subject?.id ?? null }))
  return {
    partialFingerprints: fingerprints(fingerprint),
    ...(baseline && {
      baselineState: before === undefined ? 'new' : before.level === level ? 'unchanged' : 'updated',
    }),
  }
}

const locationsOf = (head: Head, farm: Report['farm'], subject: Outcome['subject']) => {
  const { uri, line } = listingOf(head, farm, subject)
  return [
    {
      physicalLocation: { artifactLocation: { uri }, region: { startLine: line } },
      logicalLocations: [{ fullyQualifiedName: cut(subject?.id ?? farm.id, 300), kind: 'resource' }],
    },
  ]
}

const suppressionOf = ({ reason, owner, until }: NonNullable<Outcome['waived']>) => ({
  kind: 'external',
  status: 'accepted',
  justification: `${cut(reason, 1000)} (${cut(owner, 200)}, until ${until})`,
})

/** Case keys outlive renewals. GitHub tracks alerts by the second, which has to look like its own. */
const fingerprints = (hash: string) => ({
  'adfsCheckCase/v1': hash,
  primaryLocationLineHash: `${hash.slice(0, 16)}:1`,
})

const steps = (report: Report): readonly string[] => {
  const lines = stepLines(report)
  return lines.length === 0 ? [] : ['', 'What to do:', ...lines]
}

const notifications = (report: Report) => [
  ...(report.verdict === 'unknown' ? [{ level: 'error', message: { text: verdictLine(report) } }] : []),
  ...(report.waivers ?? [])
    .filter(({ state }) => state === 'expired')
    .map(({ finding, subject, owner, until }) => ({
      level: 'warning',
      message: {
        text: `The waiver of ${cut(owner, 200)} expired on ${until}: ${finding} at ${cut(subject ?? report.farm.id, 300)}`,
      },
    })),
]
