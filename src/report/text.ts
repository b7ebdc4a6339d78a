import { listText, releasesText } from '../android/releases-text.js'
import { formatEndpoint } from '../farm/target.js'
import type { MatrixColumn } from './matrix.js'
import { matrixColumns, verdictFor } from './matrix.js'
import type { EndpointReport, FindingReport, Report, Severity, VerdictReport } from './report.js'
import { type Colour, inAscii, neutralised, paint, type TextStyle, wrap } from './style.js'

/**
 * The report for a person at a terminal: verdict, matrix of servers and releases, what was sent, what is wrong and
 * what to do, in that order. Ends with a newline.
 */
export function renderText(untrusted: Report, style: TextStyle): string {
  const report = neutralised(untrusted)
  const sections = [
    headline(report, style),
    matrix(report, style),
    ...sentGroups(report).map((group) => sentSection(report, group, style)),
    findingsSection(report, style),
    repairSection(report, style),
  ].filter((section) => section !== '')
  const text = `${sections.join('\n\n')}\n`
  return style.unicode ? text : inAscii(text)
}

const marks: Record<VerdictReport['verdict'], { mark: string; colour: Colour; word: string }> = {
  accepted: { mark: '✓', colour: 'green', word: 'accepted' },
  refused: { mark: '✗', colour: 'red', word: 'refused' },
  depends: { mark: '~', colour: 'yellow', word: 'depends' },
  undetermined: { mark: '?', colour: 'yellow', word: 'could not tell' },
}

function headline(report: Report, style: TextStyle): string {
  const name = `${report.target.displayName}${report.target.port === 443 ? '' : `:${report.target.port}`}`
  const observed = report.endpoints.filter(({ verdicts }) => verdicts.length > 0)
  const refused = observed.filter(({ verdicts }) => verdicts.some(({ verdict }) => verdict === 'refused'))
  const unseen = report.endpoints.length - observed.length
  const servers = report.endpoints.length === 1 ? 'the server' : `all ${report.endpoints.length} servers`
  const silent = unseen > 0 ? `${unseen} of ${report.endpoints.length} could not be checked` : ''
  const [mark, colour, sentence]: [string, Colour, string] =
    refused.length > 0
      ? [
          '✗',
          'red',
          `${who(report, refused)} will refuse ${report.endpoints.length === 1 ? 'this server' : `${refused.length} of ${report.endpoints.length} servers`}${silent && `; ${silent}`}`,
        ]
      : report.endpoints.length === 0
        ? ['?', 'red', 'nothing could be checked']
        : unseen === report.endpoints.length
          ? [
              '?',
              'red',
              report.endpoints.length === 1
                ? 'the server could not be checked'
                : `none of ${report.endpoints.length} servers could be checked`,
            ]
          : unseen > 0
            ? ['?', 'yellow', `Android accepts the servers that answered; ${silent}`]
            : report.verdict === 'ok'
              ? ['✓', 'green', `${releasesText(report.releases)} accepts ${servers}`]
              : ['!', 'yellow', `${report.verdict === 'critical' ? 'act now' : 'accepted, but see below'}`]
  return `${paint(style, 'bold', name)}  ${paint(style, colour, `${mark} ${sentence}`)}`
}

function who(report: Report, refused: readonly EndpointReport[]): string {
  const releases = report.releases.filter((release) =>
    refused.some((endpoint) => verdictFor(endpoint, release)?.verdict === 'refused'),
  )
  return releases.length === report.releases.length ? 'Android' : releasesText(releases)
}

function matrix(report: Report, style: TextStyle): string {
  const columns = matrixColumns(report)
  // Shown where it differs: then somebody has said that it opens in Chrome.
  const withChromium = report.endpoints.some(
    ({ chromium, verdicts }) => chromium && chromium.verdict !== verdicts.at(-1)?.verdict,
  )
  const rows = report.endpoints.map((endpoint) => ({
    endpoint,
    server: formatAddress(endpoint),
    sent: sentSummary(report, endpoint),
  }))
  if (rows.length === 0) return ''
  const serverWidth = Math.max('server'.length, ...rows.map(({ server }) => server.length))
  const sentWidth = Math.max('sent'.length, ...rows.map(({ sent }) => sent.length))
  const cellsWidth =
    'Android'.length +
    (withChromium ? 4 : 0) +
    columns.reduce((width, { label }) => width + label.length + 1, 0)
  const wide = 2 + serverWidth + 2 + sentWidth + 2 + cellsWidth <= style.columns
  const head = ['Android', ...columns.map(({ label }) => label), ...(withChromium ? ['web'] : [])].join(' ')
  const lines = wide
    ? [
        paint(style, 'dim', `  ${'server'.padEnd(serverWidth)}  ${'sent'.padEnd(sentWidth)}  ${head}`),
        ...rows.map(
          ({ endpoint, server, sent }) =>
            `  ${server.padEnd(serverWidth)}  ${sent.padEnd(sentWidth)}  ${' '.repeat('Android'.length)}${cells(endpoint, columns, style)}${withChromium ? chromiumCell(endpoint, style) : ''}`,
        ),
      ]
    : [
        paint(style, 'dim', `    ${head}`),
        ...rows.flatMap(({ endpoint, server, sent }) => [
          `  ${server}  ${sent}`,
          `    ${' '.repeat('Android'.length)}${cells(endpoint, columns, style)}${withChromium ? chromiumCell(endpoint, style) : ''}`,
        ]),
      ]
  const web = withChromium
    ? [
        paint(
          style,
          'dim',
          wrap(
            'web: Chrome and WebView on Android fetch missing intermediates; apps do not, so it never counts.',
            style.columns,
            '  ',
          ),
        ),
      ]
    : []
  return [...lines, ...legend(report, style), ...web].join('\n')
}

function cells(endpoint: EndpointReport, columns: readonly MatrixColumn[], style: TextStyle): string {
  return columns
    .map(({ label, releases }) => {
      const verdict = verdictFor(endpoint, releases[0]!)
      const cell = verdict ? paint(style, marks[verdict.verdict].colour, marks[verdict.verdict].mark) : '-'
      return `${' '.repeat(label.length)}${cell}`
    })
    .join('')
}

function chromiumCell({ chromium }: EndpointReport, style: TextStyle): string {
  const mark = chromium ? marks[chromium.verdict === 'unknown' ? 'undetermined' : chromium.verdict] : null
  return `   ${mark ? paint(style, mark.colour, mark.mark) : '-'}`
}

/** Explains the symbols that are not self-evident; in ASCII none is. */
function legend(report: Report, style: TextStyle): string[] {
  const used = new Set(report.endpoints.flatMap(({ verdicts }) => verdicts.map(({ verdict }) => verdict)))
  const all = Object.entries(marks).filter(([verdict]) => used.has(verdict as VerdictReport['verdict']))
  const worth = style.unicode
    ? all.filter(([verdict]) => verdict === 'depends' || verdict === 'undetermined')
    : all
  const words = worth.map(([, { mark, word }]) => `${mark} ${word}`)
  return words.length === 0 ? [] : [paint(style, 'dim', `  (${words.join('   ')})`)]
}

function sentSummary(report: Report, endpoint: EndpointReport): string {
  if (endpoint.sent.length === 0) return endpoint.outcome.kind === 'observed' ? 'no certificate' : 'no answer'
  const rest = endpoint.sent.slice(1).map((sha256) => report.certificates[sha256])
  const roots = rest.filter(
    (certificate) => certificate !== undefined && certificate.subject === certificate.issuer,
  ).length
  const others = rest.length - roots
  return `leaf${rest.length === 0 ? ' only' : ''}${others > 0 ? ` + ${others}` : ''}${roots > 0 ? ` + root` : ''}`
}

/** Servers that sent the same list are shown once. */
function sentGroups(report: Report): readonly (readonly EndpointReport[])[] {
  const groups = new Map<string, EndpointReport[]>()
  for (const endpoint of report.endpoints) {
    if (endpoint.sent.length === 0) continue
    const key = endpoint.sent.join()
    groups.set(key, [...(groups.get(key) ?? []), endpoint])
  }
  return [...groups.values()]
}

function sentSection(report: Report, group: readonly EndpointReport[], style: TextStyle): string {
  const first = group[0]!
  const lines = first.sent.map((sha256, index) =>
    certificateLine(report, `presented[${index}]`, sha256, style),
  )
  const addresses = new Set(group.map(formatAddress))
  for (const missing of report.repair.missing) {
    if (missing.endpoints.some((endpoint) => addresses.has(endpoint)))
      lines.push(certificateLine(report, 'MISSING', missing.sha256, style))
  }
  for (const unresolved of report.repair.unresolved) {
    if (unresolved.endpoints.some((endpoint) => addresses.has(endpoint))) {
      lines.push(`    ${paint(style, 'red', 'MISSING'.padEnd(labelWidth))}${unresolved.subject}`)
    }
  }
  lines.push(...anchorLines(report, first, style))
  const shake = first.handshake
  return [
    paint(style, 'bold', wrap(`Sent by ${group.map(formatAddress).join(', ')}`, style.columns, '  ', '    ')),
    ...(shake
      ? [
          paint(
            style,
            'dim',
            `    ${shake.protocol}, ${shake.cipherSuite}, ${keyProofText[shake.keyProof]}; ${first.connections.length} connections`,
          ),
        ]
      : []),
    ...lines,
  ].join('\n')
}

const keyProofText = {
  proven: 'key proven',
  failed: 'KEY NOT PROVEN',
  'not-provable': 'key not provable',
} as const

const labelWidth = 'presented[0]'.length + 2

function certificateLine(report: Report, label: string, sha256: string, style: TextStyle): string {
  const certificate = report.certificates[sha256]
  if (!certificate)
    return `    ${label.padEnd(labelWidth)}unreadable certificate, SHA-256 ${sha256.slice(0, 16)}…`
  const missing = label === 'MISSING'
  const origin = missing
    ? ` (from ${report.repair.missing.find((item) => item.sha256 === sha256)?.from ?? 'elsewhere'})`
    : ''
  return [
    `    ${paint(style, missing ? 'red' : 'dim', label.padEnd(labelWidth))}${shortName(certificate.subject)}${origin}`,
    paint(
      style,
      'dim',
      `    ${' '.repeat(labelWidth)}until ${certificate.notAfter.slice(0, 10)}, ${certificate.key}, SHA-256 ${sha256.slice(0, 16)}…`,
    ),
  ].join('\n')
}

/** Anchors that accepted paths end at, with the releases for which they do. */
function anchorLines(report: Report, endpoint: EndpointReport, style: TextStyle): string[] {
  const verdicts = endpoint.verdicts.some(({ verdict }) => verdict === 'accepted')
    ? endpoint.verdicts
    : endpoint.afterRepair
  const byAnchor = new Map<string, VerdictReport['release'][]>()
  for (const { verdict, path, release } of verdicts) {
    const anchor = path.at(-1)
    if (verdict === 'accepted' && anchor !== undefined)
      byAnchor.set(anchor, [...(byAnchor.get(anchor) ?? []), release])
  }
  return [...byAnchor].map(([anchor, releases]) => {
    const trusted = report.trustStores.added.includes(anchor)
      ? 'added by you'
      : `trusted by ${releasesText(releases)}`
    return `    ${paint(style, 'dim', 'trust anchor'.padEnd(labelWidth))}${shortName(report.certificates[anchor]?.subject ?? anchor)} (${trusted})`
  })
}

const severityMarks: Record<Severity, { mark: string; colour: Colour }> = {
  error: { mark: '✗', colour: 'red' },
  warning: { mark: '!', colour: 'yellow' },
  info: { mark: 'i', colour: 'cyan' },
}

/** Findings of one kind that say the same of several servers are one paragraph. */
function findingsSection(report: Report, style: TextStyle): string {
  const groups = new Map<string, { finding: FindingReport; endpoints: string[] }>()
  for (const finding of report.findings) {
    const key = JSON.stringify([finding.id, finding.severity, finding.message, finding.releases])
    const group = groups.get(key) ?? { finding, endpoints: [] }
    if (finding.endpoint !== null) group.endpoints.push(finding.endpoint)
    groups.set(key, group)
  }
  return [...groups.values()].map((group) => findingText(report, group, style)).join('\n\n')
}

function findingText(
  report: Report,
  { finding, endpoints }: { finding: FindingReport; endpoints: readonly string[] },
  style: TextStyle,
): string {
  const { mark, colour } = severityMarks[finding.severity]
  const where =
    endpoints.length > 0 && report.endpoints.length > 1
      ? [wrap(`on ${endpoints.join(', ')}`, style.columns, '    ')]
      : []
  const steps = finding.severity === 'info' ? [] : finding.steps
  const idFits = finding.title.length + finding.id.length + '  ✗   []'.length <= style.columns
  return [
    `  ${paint(style, colour, `${mark} ${finding.title}`)}${idFits ? '  ' : '\n    '}${paint(style, 'dim', `[${finding.id}]`)}`,
    ...where,
    wrap(finding.message, style.columns, '    '),
    ...steps.map((step, index) =>
      wrap(`${index + 1}. ${forAll(step, finding, endpoints)}`, style.columns, '    ', '       '),
    ),
  ].join('\n')
}

/** A step written for one server, for all that share the finding. */
function forAll(step: string, { endpoint }: FindingReport, endpoints: readonly string[]): string {
  if (endpoint === null || endpoints.length < 2) return step
  return step
    .replaceAll(`--server ${endpoint}`, endpoints.map((other) => `--server ${other}`).join(' '))
    .replaceAll(
      new RegExp(`(?<!--server )${endpoint.replace(/[.[\]]/g, '\\$&')}(?![\\d])`, 'g'),
      listText(endpoints),
    )
}

function repairSection(report: Report, style: TextStyle): string {
  const { repair } = report
  const lines: string[] = []
  const repaired = report.endpoints.filter(({ afterRepair }) => afterRepair.length > 0)
  if (repaired.length > 0) {
    const accepted = report.releases.filter((release) =>
      repaired.every(
        ({ afterRepair }) =>
          afterRepair.find((verdict) => verdict.release === release)?.verdict === 'accepted',
      ),
    )
    const others = report.releases.filter((release) => !accepted.includes(release))
    const gain = accepted.length === 0 ? 'No release' : releasesText(accepted)
    lines.push(
      `  ${paint(style, 'bold', 'After the import')}`,
      wrap(
        `${gain} would accept ${repaired.map(formatAddress).join(', ')}: the repaired chain was judged by the same rules.${others.length > 0 && accepted.length > 0 ? ` Not yet: ${releasesText(others)}.` : ''}`,
        style.columns,
        '    ',
      ),
    )
  }
  for (const step of repair.steps) {
    lines.push(`  ${paint(style, 'bold', step.title)}`, wrap(step.where, style.columns, '    '))
    if (step.command !== null)
      lines.push(...step.command.split('\n').map((line) => `      ${paint(style, 'cyan', line)}`))
    if (step.expected !== null) lines.push(wrap(step.expected, style.columns, '    '))
  }
  if (repair.files.length > 0)
    lines.push(`  ${paint(style, 'bold', 'Files')}`, ...repair.files.map((file) => `    ${file}`))
  return lines.join('\n')
}

const formatAddress = ({ address, port }: EndpointReport) => formatEndpoint(address, port)

/** The common name where there is one: the whole name is in the JSON. */
function shortName(subject: string): string {
  return /(?:^|,)(CN=(?:[^,\\]|\\.)+)/.exec(subject)?.[1] ?? subject
}
