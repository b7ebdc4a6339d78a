import type { Release } from '../android/releases.js'
import { releasesText } from '../android/releases-text.js'
import type { Gated } from '../gate/gate.js'
import type { OwnerSummary } from '../gate/owners.js'
import type { CertificateReport, Report, VerdictReport } from '../report/schema.js'
import type { Format } from './format.js'
import { caseBlock } from './html-case.js'
import { css } from './html-css.js'
import { picture } from './html-picture.js'
import { leftOutText, othersText } from './machines.js'
import { cut, messageOf, verdictLine } from './outcomes.js'
import { ownerName, worstFarms } from './owners.js'
import { spokenPlan } from './speech.js'
import { oneLine, placesOf, spokenWords } from './text-words.js'
import { escaped } from './xml.js'

/**
 * One page that stands alone: no script that runs, no request (its policy forbids them), light and dark, for A4 too. Everything is
 * in headings, lists and tables, so that a keyboard and a screen reader get as much as the picture shows.
 */
export const html: Format = {
  name: 'html',
  streams: false,
  async write({ tool, at }, reports, end, sink) {
    const all: Gated[] = []
    for await (const gated of reports) all.push(gated)
    const { verdict, owners = [] } = await end
    const title =
      all.length === 1 ? verdictLine(all[0]!.report) : `${all.length} names: ${verdictWords[verdict]}`
    await sink.write(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>
${css}</style>
</head>
<body>
${all.length > 1 ? contents(all, owners) : ''}${all.length === 1 && all[0]!.gate.verdict !== verdict ? `<p>${othersText}: ${verdictWords[verdict]}.</p>\n` : ''}<main>
${all.map(({ report }, index) => article(report, `f${index}`, all.length > 1 ? 2 : 1)).join('')}</main>
<footer><p>${tool.name} ${escaped(tool.version)}, ${at.toISOString().slice(0, 19)}Z</p></footer>
${all.map(({ caseText }) => caseBlock(caseText?.())).join('')}</body>
</html>
`)
  },
}

const verdictWords: Record<Report['verdict'], string> = {
  ok: 'accepted',
  warning: 'accepted, with a warning',
  critical: 'refused, or about to be',
  unknown: 'could not be checked',
}

const contents = (all: readonly Gated[], owners: readonly OwnerSummary[]): string =>
  `<header><h1>${all.length} names checked</h1></header>
<nav aria-label="Names"><ul>${all
    .map(
      ({ report }, index) =>
        `<li><a href="#f${index}">${foreign(report.farm.id, 200)}</a>: <strong class="${report.verdict}">${verdictWords[report.verdict]}</strong></li>`,
    )
    .join('')}</ul></nav>
${ownerTable(owners)}`

/** Names that were thought of and are not checked. */
const leftOut = ({ farm }: Report): string =>
  (farm.leftOut ?? []).map((one) => `<p>${foreign(`${one.name} ${leftOutText(one)}`, 400)}</p>\n`).join('')

const ownerTable = (owners: readonly OwnerSummary[]): string =>
  owners.length === 0
    ? ''
    : `<div class="wide" tabindex="0"><table><caption>What the farms of each owner come to</caption>
<thead><tr><th scope="col">Owner</th><th scope="col">Farms</th><th scope="col">Critical</th><th scope="col">Unknown</th><th scope="col">Warning</th><th scope="col">Ok</th><th scope="col">The worst</th></tr></thead>
<tbody>
${owners
  .map((one) => {
    const { farms, verdicts } = one
    const cells = [farms, verdicts.critical, verdicts.unknown, verdicts.warning, verdicts.ok]
    return `<tr><th scope="row">${foreign(ownerName(one), 200)}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}<td>${foreign(worstFarms(one), 800)}</td></tr>\n`
  })
  .join('')}</tbody></table></div>
`

/** `level`: of the farm's own heading. */
function article(report: Report, id: string, level: 1 | 2): string {
  const section = (title: string, body: string) =>
    body === '' ? '' : `<section><h${level + 1}>${title}</h${level + 1}>\n${body}</section>\n`
  return `<article id="${id}">
<h${level}>${foreign(report.farm.id, 200)}</h${level}>
<p class="verdict ${report.verdict}"><strong>${escaped(verdictLine(report).slice(cut(report.farm.id, 100).length + 2))}</strong></p>
<p>Judged for ${releasesText(report.policy.releases)} on ${escaped(report.at)}.</p>
${report.vantages ? `<p>${sentence(spokenWords(report.vantages.words, report))}</p>\n` : ''}${leftOut(report)}${section('The farm', picture(report, `${id}p`))}${section('Servers and releases', matrix(report))}${section('What was found', findings(report, level + 2))}${section('What to do', steps(report))}${section('Files of the kit', files(report))}${section('Certificates', certificates(report))}${section('What this rests on', basis(report))}</article>
`
}

const foreign = (text: string, longest: number): string => `<bdi>${escaped(cut(text, longest))}</bdi>`

const cellWords: Record<VerdictReport['verdict'], string> = {
  accepted: 'accepted',
  refused: 'refused',
  depends: 'depends',
  undetermined: 'unknown',
}

/** Neighbouring releases that say the same of every server share a column. */
function matrix(report: Report): string {
  const { subjects } = report
  if (subjects.length === 0) return ''
  const said = (release: Release) =>
    subjects.map(
      ({ verdicts }) => verdicts.find((one) => one.releases.includes(release))?.verdict ?? 'undetermined',
    )
  const columns: Release[][] = []
  for (const release of report.policy.releases) {
    const last = columns.at(-1)
    if (last && said(last[0]!).join() === said(release).join()) last.push(release)
    else columns.push([release])
  }
  return `<div class="wide" tabindex="0"><table><caption>Which Android release accepts which server</caption>
<thead><tr><th scope="col">Server</th>${columns.map((column) => `<th scope="col">${releasesText(column)}</th>`).join('')}</tr></thead>
<tbody>
${subjects
  .map(
    ({ id }, index) =>
      `<tr><th scope="row">${foreign(id, 300)}</th>${columns
        .map(([release]) => said(release!)[index]!)
        .map((kind) => `<td class="${kind}">${cellWords[kind]}</td>`)
        .join('')}</tr>\n`,
  )
  .join('')}</tbody></table></div>
`
}

const findings = (report: Report, level: number): string =>
  report.findings
    .map(
      (finding) =>
        `<div class="finding ${finding.severity}"><h${level}><span class="severity">${finding.severity}</span> ${escaped(finding.title)}</h${level}>
<p>${escaped(messageOf(report, finding, 4000))}</p>
<p class="quiet"><code>${escaped(finding.id)}</code>${
          finding.subjects.length > 0
            ? ` at ${placesOf(report, finding.subjects)
                .map((place) => `<bdi>${escaped(place.slice(0, 300))}</bdi>`)
                .join(', ')}`
            : ''
        }${finding.releases.length > 0 ? `, for ${releasesText(finding.releases)}` : ''}</p></div>
`,
    )
    .join('')

function steps(report: Report): string {
  const plan = spokenPlan(report)
  return plan.length === 0
    ? ''
    : `<ol>
${plan
  .map(
    ({ who, text, lines, expected }) =>
      `<li><p><strong>${sentence(spokenWords(who, report))}:</strong> ${sentence(spokenWords(text, report))}${lines.length > 0 ? ':' : '.'}</p>${
        lines.length > 0
          ? `<pre><code>${lines.map((line) => escaped(oneLine(line))).join('\n')}</code></pre>`
          : ''
      }${expected ? `<p class="quiet">Then: ${sentence(spokenWords(expected, report))}.</p>` : ''}</li>
`,
  )
  .join('')}</ol>
`
}

const sentence = (text: string): string => escaped(cut(text, 4000))

const files = ({ kit }: Report): string =>
  kit === null
    ? ''
    : `<p>In the folder ${foreign(kit.folder, 300)}:</p>\n<ul>${kit.files.map((file) => `<li><code>${escaped(cut(file, 300))}</code></li>`).join('')}</ul>\n`

const certificates = (report: Report): string =>
  Object.entries(report.certificates)
    .map(
      ([sha256, certificate]) =>
        `<details><summary>${foreign(certificate.name, 200)}, until ${certificate.notAfter.slice(0, 10)}</summary>
<dl>${rows(sha256, certificate)
          .map(([term, value]) => `<dt>${term}</dt><dd>${foreign(value, 1000)}</dd>`)
          .join('')}</dl>
<pre><code>${escaped(certificate.pem.trim())}</code></pre></details>
`,
    )
    .join('')

const rows = (sha256: string, certificate: CertificateReport): readonly (readonly [string, string])[] =>
  (
    [
      ['Subject', certificate.subject],
      ['Issuer', certificate.issuer],
      ['Names', certificate.names.join(', ')],
      ['Valid', `${certificate.notBefore} to ${certificate.notAfter}`],
      ['Key', `${certificate.key}, signed with ${certificate.signatureAlgorithm}`],
      ['Serial number', certificate.serialNumber],
      ['SHA-256', sha256],
      ['Thumbprint', certificate.thumbprint],
      ['Where it came from', certificate.origins.join(', ')],
    ] as const
  ).filter(([, value]) => value !== '')

const basis = ({ network, trustStores, subjects }: Report): string => {
  const connections = subjects.reduce((sum, subject) => sum + subject.connections.length, 0)
  return `<p>${connections} connections; names resolved by ${foreign(network.resolver, 100)}${network.proxy ? `, through the proxy ${foreign(network.proxy, 200)}` : ''}${network.offline ? ', nothing fetched' : ''}. Trust stores as shipped: ${escaped(trustStores.sources.map(({ releases, roots }) => `${releasesText(releases)} (${roots} roots)`).join(', '))}${trustStores.added.length > 0 ? `, and ${trustStores.added.length} root${trustStores.added.length > 1 ? 's' : ''} added by you` : ''}.${trustStores.data ? ` Trust data of ${trustStores.data.date}, SHA-256 ${trustStores.data.sha256}, not the program’s own.` : ''}</p>
`
}
