import type { Report, SubjectReport } from '../report/schema.js'
import type { Format, Head } from './format.js'
import { shownBy } from './machines.js'
import { cut } from './outcomes.js'

/**
 * Prometheus' text format for node_exporter's textfile collector: no timestamps, one group for each metric. What was sent
 * is told whatever the verdict. Names of blackbox_exporter and ssl_exporter where they mean the same, so that existing
 * alerts work; a metric without a value is left out rather than sent as nonsense.
 */
export const prometheus: Format = {
  name: 'prometheus',
  streams: false,
  async write(head, reports, _end, sink) {
    const all: Report[] = []
    for await (const { report } of reports) all.push(report)
    await sink.write(metrics.map((metric) => group(metric, all, head)).join(''))
  },
}

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]

interface Metric {
  readonly name: string
  readonly help: string
  readonly samples: (report: Report, head: Head) => readonly Sample[]
}

const verdicts = ['ok', 'warning', 'critical', 'unknown'] as const
const severities = ['critical', 'warning', 'info'] as const

const metrics: readonly Metric[] = [
  {
    name: 'adfs_check_success',
    help: 'Whether every counting Android release accepts every server, without a warning.',
    samples: (report) => [[farm(report), Number(report.verdict === 'ok')]],
  },
  {
    name: 'adfs_check_verdict',
    help: 'The verdict: 1 for the one that holds, 0 for the others.',
    samples: (report) =>
      verdicts.map((verdict) => [{ ...farm(report), verdict }, Number(report.verdict === verdict)]),
  },
  {
    name: 'adfs_check_last_run_timestamp_seconds',
    help: 'When the farm was checked.',
    samples: (report) => [[farm(report), seconds(report.at)]],
  },
  {
    name: 'adfs_check_build_info',
    help: 'The version that checked.',
    samples: (report, { tool }) => [[{ ...farm(report), version: tool.version }, 1]],
  },
  {
    name: 'adfs_check_findings',
    help: 'Cases by severity.',
    samples: (report) =>
      severities.map((severity) => [
        { ...farm(report), severity },
        report.findings
          .filter((finding) => finding.severity === severity)
          .reduce((sum, { cases }) => sum + cases.length, 0),
      ]),
  },
  {
    name: 'adfs_check_finding_info',
    help: 'What was found where; server is empty where it is about the whole farm.',
    samples: (report) =>
      report.findings.flatMap(({ id, severity, subjects }) =>
        (subjects.length > 0 ? subjects : [null]).map((subjectId): Sample => {
          const subject = report.subjects.find((one) => one.id === subjectId)
          return [
            { ...(subject ? server(report, subject) : { ...farm(report), server: '' }), id, severity },
            1,
          ]
        }),
      ),
  },
  {
    name: 'adfs_check_server_answered',
    help: 'Whether the server showed a certificate list.',
    samples: ofServers((subject) => [[{}, Number(subject.answers.length > 0)]]),
  },
  {
    name: 'adfs_check_android_accepted',
    help: 'Whether the Android release accepts the server; missing where it could not be told.',
    samples: ofServers((subject) =>
      subject.verdicts
        .filter(({ counts, verdict }) => counts && verdict !== 'undetermined')
        .flatMap(({ releases, verdict }) =>
          releases.map((android): Sample => [{ android }, Number(verdict === 'accepted')]),
        ),
    ),
  },
  {
    name: 'adfs_check_sent_certificates',
    help: 'Certificates in each list that the server sends, duplicates counted.',
    samples: ofServers((subject) =>
      subject.answers.map(({ id, sent }): Sample => [{ answer: id }, sent.length]),
    ),
  },
  {
    name: 'adfs_check_missing_certificates',
    help: 'Certificates to be added to each list, as far as they are known.',
    samples: ofServers((subject) =>
      subject.repairs.map(({ answer, add, open }): Sample => [{ answer }, add.length + (open ? 1 : 0)]),
    ),
  },
  {
    name: 'probe_ssl_earliest_cert_expiry',
    help: 'Returns earliest SSL cert expiry in unixtime',
    samples: ofServers((subject, report) => {
      const ends = sentBy(subject).flatMap((sha256) => report.certificates[sha256]?.notAfter ?? [])
      return ends.length === 0 ? [] : [[{}, Math.min(...ends.map(seconds))]]
    }),
  },
  {
    name: 'ssl_cert_not_after',
    help: 'NotAfter expressed as a Unix Epoch Time',
    samples: ofServers((subject, report) =>
      sentBy(subject).flatMap((sha256): Sample[] => {
        const certificate = report.certificates[sha256]
        return certificate
          ? [
              [
                {
                  serial_no: certificate.serialNumber.slice(0, 60),
                  cn: cut(certificate.name, 128),
                  issuer_cn: cut(commonName(certificate.issuer), 128),
                  fingerprint_sha256: sha256,
                },
                seconds(certificate.notAfter),
              ],
            ]
          : []
      }),
    ),
  },
  {
    name: 'probe_tls_version_info',
    help: 'Returns the TLS version used or NaN when unknown',
    samples: ofServers(({ answers }) =>
      [...new Set(answers.slice(0, 1).flatMap(({ handshake }) => handshake?.protocol ?? []))].map(
        (version): Sample => [{ version }, 1],
      ),
    ),
  },
]

const farm = (report: Report): Labels => ({ target: cut(report.farm.id, 200) })

/** Names in a farm tell apart servers that share an address and port. */
const server = (report: Report, { id, name, label, address, port }: SubjectReport): Labels => ({
  ...farm(report),
  server: cut(address === null ? label : id.replace(/^.*@/, ''), 200),
  ...(name === null || name === report.farm.id || port === null ? {} : { name: cut(name, 200) }),
})

function ofServers(
  samples: (subject: SubjectReport, report: Report) => readonly Sample[],
): Metric['samples'] {
  return (report) =>
    report.subjects.flatMap((subject) =>
      samples(subject, report).map(
        ([labels, value]): Sample => [{ ...server(report, subject), ...labels }, value],
      ),
    )
}

const sentBy = (subject: SubjectReport): readonly string[] => [
  ...new Set(shownBy(subject).flatMap(({ sent }) => sent)),
]

const seconds = (instant: string): number => new Date(instant).getTime() / 1000
const commonName = (subject: string): string => /(?:^|,)CN=((?:[^,\\]|\\.)+)/.exec(subject)?.[1] ?? subject

function group({ name, help, samples }: Metric, reports: readonly Report[], head: Head): string {
  // A farm named twice would say everything twice, which Prometheus refuses.
  const lines = new Map(
    reports.flatMap((report) =>
      samples(report, head)
        .filter(([, value]) => Number.isFinite(value))
        .map(([labels, value]) => [`${name}{${labelsText(labels)}}`, value]),
    ),
  )
  return lines.size === 0
    ? ''
    : `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${[...lines].map(([series, value]) => `${series} ${value}\n`).join('')}`
}

const labelsText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`)
    .join(',')
