import { type TlsSignKind, tlsSigns } from '../adfs/tls-signs.js'
import type { Release } from '../android/releases.js'
import { releasesText } from '../android/releases-text.js'
import type { RepairReport, Report, SubjectReport } from '../report/schema.js'
import type { Style } from './format.js'
import { wrap } from './terminal-text.js'
import { nameOf, oneLine, placeOf, placesOf, spokenWords } from './text-words.js'

/** What --verbose adds: every finding, verdict, connection, certificate and fetch. */
export function details(report: Report, style: Style): string {
  return [
    findings(report, style),
    ...report.subjects.map((subject) => subjectDetails(report, subject, style)),
    certificates(report),
    environment(report, style),
  ]
    .filter((section) => section !== '')
    .join('\n\n')
}

function findings(report: Report, style: Style): string {
  return report.findings
    .map(({ severity, title, id, words, subjects }) =>
      [
        `  ${severity.padEnd(8)}  ${title}  [${id}]`,
        ...(subjects.length > 0 && report.subjects.length > 1
          ? [wrap(`on ${placesOf(report, subjects).join(', ')}`, style.columns, ' '.repeat(12))]
          : []),
        wrap(spokenWords(words, report), style.columns, ' '.repeat(12)),
      ].join('\n'),
    )
    .join('\n')
}

function subjectDetails(report: Report, subject: SubjectReport, style: Style): string {
  const line = (text: string) => wrap(text, style.columns, '    ', '      ')
  return [
    `  ${placeOf(report, subject.id)}`,
    ...subject.connections.map(({ hello, nth, sni, outcome, answer }) =>
      line(
        `${hello}${nth > 0 ? ` (${nth + 1}.)` : ''}${sni ? '' : ', without a name'}: ${oneLine(outcome)}${answer ? `, list ${answer}` : ''}`,
      ),
    ),
    ...(subject.strangeName
      ? [line(`with a name that nobody has: ${oneLine(subject.strangeName.outcome)}`)]
      : []),
    ...tlsEnd(report, subject).map(line),
    ...subject.answers.flatMap(({ id, releases, sent, handshake }) => [
      line(
        `list ${id}, to ${releases.length > 0 ? releasesText(releases as Release[]) : 'no release'}: ${sent.map((sha256) => nameOf(report, sha256)).join(', ')}`,
      ),
      ...(handshake
        ? [
            line(
              `  ${handshake.protocol}, ${handshake.cipherSuite}${handshake.group ? `, ${handshake.group}` : ''}${handshake.stapledOcsp ? ', OCSP stapled' : ''}${handshake.clientCertificateRequested ? ', asks for a client certificate' : ''}`,
            ),
          ]
        : []),
    ]),
    ...subject.verdicts.flatMap(({ releases, verdict, reason, path, alternatives, basis }) => [
      line(`${releasesText(releases as Release[])}: ${verdict} (${basis}). ${oneLine(reason)}`),
      ...(path.length > 0
        ? [line(`  by ${path.map((sha256) => nameOf(report, sha256, 40)).join(' < ')}`)]
        : []),
      ...alternatives.map((other) =>
        line(
          `  ${verdict === 'accepted' ? 'or by' : 'tried'} ${other.map((sha256) => nameOf(report, sha256, 40)).join(' < ')}`,
        ),
      ),
    ]),
    ...subject.elsewhere.map(({ client, verdict, reason }) =>
      line(`${clients[client]} (not counted): ${verdict}, ${reason}`),
    ),
    ...subject.repairs.flatMap((repair) => repairLines(report, repair).map(line)),
  ].join('\n')
}

/** What is known of who sends these certificates; a sign is told with what it leaves open. */
function tlsEnd(report: Report, { tlsEnd: end }: SubjectReport): readonly string[] {
  if (end === undefined) return []
  return [
    `TLS ends at: ${end.said ?? 'not said (--tls-ends-at)'}`,
    ...end.signs.map(({ kind, certificate, others }) => {
      const { proves, leavesOpen } = tlsSigns[kind as TlsSignKind]
      const about = [
        ...(certificate === null ? [] : [nameOf(report, certificate)]),
        ...others.map((id) => placeOf(report, id)),
      ]
      return `  ${kind}${about.length > 0 ? ` (${about.join(', ')})` : ''}: ${proves} Open: ${leavesOpen}`
    }),
  ]
}

function repairLines(report: Report, { answer, add, withdrawn, cutShort }: RepairReport): readonly string[] {
  return [
    ...(cutShort ? [`list ${answer}: the search for a repair was cut short; there may be a better one`] : []),
    ...add.flatMap(({ sha256, revocation }) => {
      if (!revocation) return []
      const { status, url, asOf = '', why = '' } = revocation
      const said =
        status === 'unknown'
          ? `whether its authority revoked it is not known: ${oneLine(why)}`
          : `not revoked, by its authority's list of ${asOf.slice(0, 10)}`
      return [`${nameOf(report, sha256)}: ${said}${url ? ` (${oneLine(url)})` : ''}`]
    }),
    ...(withdrawn ?? []).map(
      ({ sha256, from, state, since, source }) =>
        `${nameOf(report, sha256)} of ${oneLine(from)}: not proposed, ${state}${since ? ` on ${since.slice(0, 10)}` : ''} by its authority (${oneLine(source)})`,
    ),
  ]
}

const clients = { chrome: 'Chrome', webview: 'WebView', windows: 'Windows' }

const certificates = (report: Report): string =>
  Object.entries(report.certificates)
    .map(
      ([sha256, { name, key, signatureAlgorithm, notBefore, notAfter, thumbprint, subjectKeyIdentifier }]) =>
        [
          `  ${oneLine(name, 60)}`,
          `    ${key}, ${signatureAlgorithm}, ${notBefore.slice(0, 10)} to ${notAfter.slice(0, 10)}`,
          `    thumbprint ${thumbprint}${subjectKeyIdentifier ? `, key ${subjectKeyIdentifier}` : ''}`,
          `    SHA-256 ${sha256}`,
        ].join('\n'),
    )
    .join('\n')

function environment({ network, trustStores, fetches, policy }: Report, style: Style): string {
  const line = (text: string) => wrap(text, style.columns, '  ', '    ')
  return [
    line(
      `Depended on: clock, resolver (${network.resolver}), ${network.proxy === null ? 'no proxy' : `proxy ${oneLine(network.proxy)}`}${network.offline ? ', offline' : ''}; ${network.timeoutMs / 1000} s for each connection.`,
    ),
    ...fetches.map(({ url, outcome }) => line(`${oneLine(url)}: ${oneLine(outcome)}`)),
    line(
      `Trust stores as first shipped: ${trustStores.sources.map(({ releases, roots }) => `${releasesText(releases as Release[])} ${roots} roots`).join('; ')}.`,
    ),
    ...(trustStores.data
      ? [
          line(
            `Trust data of ${trustStores.data.date}, not the program's own: ${oneLine(trustStores.data.file ?? 'given by the caller')}, SHA-256 ${trustStores.data.sha256}.`,
          ),
        ]
      : []),
    line(
      `Counted by default: Android ${policy.supported.from} and newer as of ${policy.supported.asOf} (${policy.supported.source}).`,
    ),
  ].join('\n')
}
