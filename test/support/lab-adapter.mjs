// What the diagnosis lab may know of the product: its arguments, its JSON, its finding ids. True to the JSON as it is.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Product finding ids in the lab's own words. */
const causes = {
  'intermediate-missing': 'missing-intermediate',
  'wrong-intermediate': 'wrong-intermediate',
  'anchor-unknown-to-android': 'untrusted-root',
  'certificate-expired': 'expired',
  'certificate-not-yet-valid': 'not-yet-valid',
  'hostname-not-covered': 'name-mismatch',
  'common-name-only': 'common-name-only',
  'weak-signature': 'weak-signature',
  'weak-key': 'weak-key',
  'unsuitable-extended-key-usage': 'purpose',
  'unsuitable-key-usage': 'key-usage',
  'path-constraint-violated': 'constraint',
  'staple-rejected': 'bad-staple',
  'key-not-proven': 'key-mismatch',
  'handshake-refused-to-release': 'handshake',
  'certificate-expiring': 'expiring',
  'could-not-connect': 'no-connection',
  'verdict-undetermined': 'no-connection',
  'leaf-not-first': 'leaf-not-first',
  'certificate-list-too-large': 'list-too-large',
  'device-ca-dependent': 'device-ca',
  'several-servers-behind-address': 'several-servers',
  'self-signed-certificate': 'untrusted-root',
  'intermediate-named-like-root': 'wrong-intermediate',
}

/** Command line for one check; `kit` is a folder to write the repair into. */
export const command = ({ name, servers, at, anchors, allowPrivate, kit, args }) => [
  name,
  ...servers.flatMap((server) => ['--server', server]),
  ...anchors.flatMap((file) => ['--trust-anchor', file]),
  '--at',
  at,
  ...(allowPrivate ? ['--aia-allow-private'] : []),
  '--timeout',
  '2',
  '--no-proxy',
  '--format',
  'json',
  ...(args.includes('--android') ? [] : ['--android', 'all']),
  ...(kit ? ['--kit', kit] : []),
  ...args,
]

const place = (id) => id.replace(/^.*@/, '')

/** Product JSON in the lab's terms; hashes are SHA-256 in lower-case hex, servers are address:port. */
export function read(document) {
  const [report] = document.reports
  const serious = report.findings.filter(({ severity }) => severity !== 'info')
  const [worst] = serious
  // That several servers stand behind an address is said first; what is wrong with one of them is the next finding.
  const first =
    worst?.id === 'several-servers-behind-address'
      ? (serious.find(({ id, severity }) => id !== worst.id && severity === worst.severity) ?? worst)
      : worst
  const nameOf = (sha256) => report.certificates[sha256]?.name ?? null
  const releases = (rows, kind) =>
    rows.filter((row) => row.counts !== false && row.verdict === kind).flatMap((row) => row.releases)
  const bySubject = (make) => new Map(report.subjects.map((subject) => [place(subject.id), make(subject)]))
  const repairOf = (subject) => subject.repairs.find(({ add, drop }) => add.length + drop.length > 0)
  /** What a repair could be is told too; what is advised is in the plan. */
  const isAdvised = (id) =>
    report.plan.steps.some(
      ({ on, action }) => on.includes(id) && ['import', 'edit-bundle', 'remove'].includes(action.verb),
    )
  const removals = (id) =>
    report.plan.steps.flatMap(({ on, action }) =>
      action.verb === 'remove' && on.includes(id) ? [report.certificates[action.certificate]] : [],
    )
  return {
    verdict: document.verdict,
    /** What the report puts first: cause, the certificate it is about (hash, or only a name), servers it is said of. */
    first: first && {
      cause: causes[first.id] ?? first.id,
      ...subject(first, nameOf),
      text: first.message,
      servers: serious
        .filter(({ id, severity }) => id === first.id && severity === first.severity)
        .flatMap(({ subjects }) => subjects.map(place)),
    },
    /** Causes of all errors and warnings. */
    causes: serious.map(({ id }) => causes[id] ?? id),
    /** Servers that some error (if there is none: some warning) is about. */
    blamed: [
      ...new Set(
        serious
          .filter(({ severity }) => severity === first.severity)
          .flatMap(({ subjects }) => subjects.map(place)),
      ),
    ],
    /** Everything told to the reader, for sentences that must not be there. */
    prose: report.findings.map(({ title, message }) => `${title}\n${message}`).join('\n'),
    sent: bySubject(({ answers }) => answers[0]?.sent ?? []),
    accepted: bySubject(({ verdicts }) => releases(verdicts, 'accepted')),
    depends: bySubject(({ verdicts }) => releases(verdicts, 'depends')),
    /** Releases that the report says would accept after the repair; only servers for which it proposes one. */
    promised: new Map(
      report.subjects.flatMap((one) => {
        const repair = repairOf(one)
        if (!repair || repair.add.length === 0) return []
        const elsewhere = releases(
          one.verdicts.filter(({ answer }) => answer !== repair.answer),
          'accepted',
        )
        return [[place(one.id), [...releases(repair.verdictsAfter, 'accepted'), ...elsewhere]]]
      }),
    ),
    /** What to serve instead, leaf first; and what is to be imported on Windows. */
    chains: new Map(
      report.subjects.flatMap((one) => {
        const repair = repairOf(one)
        return repair && isAdvised(one.id) ? [[place(one.id), repair.chain]] : []
      }),
    ),
    imports: bySubject((one) => repairOf(one)?.add.map(({ sha256 }) => sha256) ?? []),
    /** Certificates that the reader is told to remove from a server's stores: SHA-1, lower-case hex. */
    removals: bySubject(({ id }) => removals(id).map(({ thumbprint }) => thumbprint.toLowerCase())),
    /** Command lines of the product that the reader is told to run, as arguments. */
    commands: [
      ...new Map(
        // Checking by the name asks another question on purpose: the run was about an address.
        report.plan.steps.flatMap(({ argv, action }) =>
          argv && action.verb !== 'check-by-name' ? [[argv.join('\0'), argv]] : [],
        ),
      ).values(),
    ],
    releases: report.policy.releases,
    /** Statements "these releases refuse this server" made by errors. */
    claims: serious
      .filter(({ severity }) => severity === 'critical')
      .flatMap(({ id, subjects, releases: claimed }) =>
        subjects.map((server) => ({ cause: causes[id] ?? id, server: place(server), releases: claimed })),
      ),
    pem: (sha256) => report.certificates[sha256]?.pem,
  }
}

/** What the first finding is about: a certificate, or only the name of one that nobody has. */
function subject({ certificate, cases }, nameOf) {
  if (certificate) return { sha256: certificate, name: nameOf(certificate) }
  const issuer = cases[0]?.evidence?.issuer
  const name = typeof issuer === 'string' ? issuer : (issuer?.name ?? issuer?.subject ?? null)
  return { sha256: null, name: name && (/(?:^|,)CN=((?:[^,\\]|\\.)+)/.exec(name)?.[1] ?? name) }
}

/** What the kit holds: the chains to serve, and the certificates to import, as SHA-256. */
export function kit(folder) {
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : []
  const hash = (der) => createHash('sha256').update(der).digest('hex')
  const pems = (file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END/g)].map(
      (match) => hash(Buffer.from(match[1], 'base64')),
    )
  return {
    chains: files.filter((file) => /fullchain[^/\\]*\.pem$/.test(file)).map(pems),
    imports: files
      .filter((file) => file.endsWith('.cer'))
      .map((file) => hash(readFileSync(join(folder, file)))),
  }
}
